//! Product 8: pivots are named by value, never by key, and never mistaken for totals.

use super::by_status;
use crate::harness::doc::{Doc, TOTAL, by, doc};
use crate::harness::field::{calc, count, month, number, text, time, yesno};
use crate::table::{Case, PIVOT_TABLE, SINGLE, TIMESERIES, outline, read, series};
use serde_json::{Value, json};

/// Sales by region, pivoted by week: the time axis lies on the columns.
fn by_week() -> Doc {
    doc()
        .ran_at("2024-04-17T10:00:00Z")
        .dim(text("sales.region"))
        .measure(count("sales.count"))
        .pivot_field(time("sales.week", "week"))
        .column("2024-04-15", json!({"sales.week": "2024-04-15"}))
        .column("2024-04-08", json!({"sales.week": "2024-04-08"}))
        .total_column()
        .row(&["West", &by(&[("2024-04-15", "5"), ("2024-04-08", "8"), (TOTAL, "13")])])
        .row(&["East", &by(&[("2024-04-15", "50"), ("2024-04-08", "80"), (TOTAL, "130")])])
}

/// One row by month, pivoted by region and yes/no.
fn two_pivots() -> Doc {
    let column = |doc: Doc, key: &str, region: &str, new: &str| doc.column(key, json!({"sales.region": region, "sales.new": new}));
    let doc =
        doc().dim(month("sales.month")).measure(count("sales.count")).pivot_field(text("sales.region")).pivot_field(yesno("sales.new"));
    let doc = column(doc, "West|FIELD|No", "West", "No");
    let doc = column(doc, "West|FIELD|Yes", "West", "Yes");
    column(doc, "East|FIELD|No", "East", "No")
        .row(&["2024-04", &by(&[("West|FIELD|No", "1"), ("West|FIELD|Yes", "2"), ("East|FIELD|No", "3")])])
}

/// One row by month, one pivot column beside others, under any key and value.
fn keyed(key: &str, value: Value) -> Doc {
    doc()
        .dim(month("sales.month"))
        .measure(count("sales.count"))
        .pivot_field(text("sales.kind"))
        .column("other", json!({"sales.kind": "other"}))
        .column(key, json!({"sales.kind": value}))
        .row(&["2024-04", &by(&[("other", "1"), (key, "7")])])
}

pub fn cases() -> Vec<Case> {
    let pick = |name: &str, doc: &Doc, pivot: &str| read(TIMESERIES, format!("8 pivot: {name}"), doc).choose("pivot", pivot);
    let complete = r#"{"sales.status":"complete"}"#;
    let missing = by_status().row(&["2024-05", &by(&[("pending", "1")])]);
    let years = doc()
        .dim(month("sales.month"))
        .measure(count("sales.count"))
        .pivot_field(number("sales.year"))
        .column("2023", json!({"sales.year": 2023}))
        .row(&["2024-04", &by(&[("2023", "9")])]);
    let null_and_total = doc()
        .dim(month("sales.month"))
        .measure(count("sales.count"))
        .pivot_field(text("sales.kind"))
        .column("a", json!({"sales.kind": "a"}))
        .total_column()
        .row(&["2024-04", &by(&[("a", "1"), (TOTAL, "100")])]);
    let named_total = doc()
        .dim(month("sales.month"))
        .measure(count("sales.count"))
        .pivot_field(text("sales.kind"))
        .column("total", json!({"sales.kind": "total"}))
        .total_column()
        .row(&["2024-04", &by(&[("total", "70"), (TOTAL, "71")])]);
    let mixed = doc()
        .dim(month("sales.month"))
        .measure(count("sales.count"))
        .calc(calc("all_sales", "number", "measure").with("can_pivot", false).with("pivoted", false))
        .pivot_field(text("sales.status"))
        .column("complete", json!({"sales.status": "complete"}))
        .row(&["2024-04", &by(&[("complete", "21")]), "99"]);
    let week_and_region = doc()
        .dim(text("sales.team"))
        .measure(count("sales.count"))
        .pivot_field(time("sales.week", "week"))
        .pivot_field(text("sales.region"))
        .column("k1", json!({"sales.week": "2024-04-01", "sales.region": "West"}))
        .column("k2", json!({"sales.week": "2024-04-08", "sales.region": "West"}))
        .column("k3", json!({"sales.week": "2024-04-08", "sales.region": "East"}))
        .row(&["A", &by(&[("k1", "1"), ("k2", "2"), ("k3", "3")])]);
    let west = r#"{"sales.region":"West"}"#;
    let on_columns = |name: &str| read(TIMESERIES, format!("8 x on the pivot: {name}"), &by_week()).choose("x", "sales.week");

    vec![
        read(TIMESERIES, "8 a pivot has no default", &by_status()).blames(&["bad-selection"], "pivot"),
        read(SINGLE, "8 nor has it in a single value", &by_status()).blames(&["bad-selection"], "pivot"),
        read(PIVOT_TABLE, "8 nor in a table", &by_status()).blames(&["bad-selection"], "pivot"),
        series(TIMESERIES, "8 nor in a series", &by_status()).blames(&["bad-selection"], "pivot"),
        pick("by its value", &by_status(), complete).gives("21").at("2024-04").is("/why/pivot", complete),
        pick("blanks in the choice do no harm", &by_status(), r#" { "sales.status" : "complete" } "#).gives("21"),
        pick("latest is the latest of that pivot", &by_status(), r#"{"sales.status":"pending"}"#).gives("12").at("2024-03"),
        pick("a null cell at a given x", &by_status(), r#"{"sales.status":"pending"}"#).choose("at", "2024-04").fails(&["no-data"]),
        pick("an absent cell is a null one", &missing, complete).choose("at", "2024-05").fails(&["no-data"]),
        pick("and is passed over by latest", &missing, complete).now("2024-05-15T00:00:00Z").gives("21").at("2024-04"),
        pick("a number matches as JSON", &years, r#"{"sales.year":2023}"#).gives("9"),
        pick("a number matches as text", &years, r#"{"sales.year":"2023"}"#).gives("9"),
        pick("both fields of two", &two_pivots(), r#"{"sales.new":"Yes","sales.region":"West"}"#).gives("2"),
        pick("one field of two", &two_pivots(), west).blames(&["bad-selection"], "pivot"),
        pick("a combination that is not there", &two_pivots(), r#"{"sales.new":"Yes","sales.region":"East"}"#)
            .blames(&["bad-selection"], "pivot"),
        pick("a key that looks joined", &keyed("Monday|FIELD|0", json!("Monday")), r#"{"sales.kind":"Monday"}"#).gives("7"),
        pick("a key is no value", &keyed("Monday|FIELD|0", json!("Monday")), r#"{"sales.kind":"Monday|FIELD|0"}"#)
            .blames(&["bad-selection"], "pivot"),
        pick("a key named value", &keyed("value", json!("value")), r#"{"sales.kind":"value"}"#).gives("7"),
        pick("null", &keyed("sales.kind___null", Value::Null), r#"{"sales.kind":null}"#).gives("7"),
        pick("an empty text is not null", &keyed("sales.kind___null", Value::Null), r#"{"sales.kind":""}"#)
            .blames(&["bad-selection"], "pivot"),
        pick("quotes and marks in a value", &keyed("k", json!("a\"b\\c,é")), r#"{"sales.kind":"a\"b\\c,é"}"#).gives("7"),
        pick("the total's nulls are no null value", &null_and_total, r#"{"sales.kind":null}"#).blames(&["bad-selection"], "pivot"),
        pick("a value that reads total", &named_total, r#"{"sales.kind":"total"}"#).gives("70"),
        pick("the row total beside a value that reads total", &named_total, "total").gives("71"),
        pick("the total's key is no value", &null_and_total, r#"{"sales.kind":"$$$_row_total_$$$"}"#).blames(&["bad-selection"], "pivot"),
        pick("a calculation that is not pivoted needs none", &mixed, complete).choose("y", "all_sales").blames(&["bad-selection"], "pivot"),
        read(TIMESERIES, "8 pivot: and reads without", &mixed).choose("y", "all_sales").gives("99"),
        outline(TIMESERIES, "8 pivot: and offers none", &mixed).choose("y", "all_sales").controls(&["y", "x", "at", "format"]),
        outline(TIMESERIES, "8 pivots are offered by value", &by_status())
            .offers("pivot", &[r#"{"sales.status":"complete"}"#, r#"{"sales.status":"pending"}"#]),
        series(TIMESERIES, "8 a series of one pivot", &by_status())
            .choose("pivot", r#"{"sales.status":"pending"}"#)
            .points(&[("2024-03", "12")]),
        read(PIVOT_TABLE, "8 the table reads a pivot the same", &by_status()).choose("pivot", complete).gives("21").at("2024-04"),
        read(SINGLE, "8 the single value reads the first row of a pivot", &by_status()).choose("pivot", complete).gives("11"),
        on_columns("several rows").blames(&["ambiguous"], "row"),
        on_columns("latest of a row").choose("row", west).gives("5").at("2024-04-15"),
        on_columns("latest-complete of a row").choose("row", west).choose("at", "latest-complete").gives("8").at("2024-04-08"),
        on_columns("a given x").choose("row", west).choose("at", "2024-04-08").gives("8"),
        on_columns("a given x that is not there").choose("row", west).choose("at", "2024-04-01").fails(&["no-data"]),
        on_columns("the x is no pivot to name")
            .choose("row", west)
            .choose("pivot", r#"{"sales.week":"2024-04-15"}"#)
            .blames(&["bad-selection"], "pivot"),
        series(TIMESERIES, "8 x on the pivot: a series, without the total", &by_week())
            .choose("x", "sales.week")
            .choose("row", west)
            .points(&[("2024-04-08", "8"), ("2024-04-15", "5")]),
        outline(TIMESERIES, "8 x on the pivot: the total is no x", &by_week())
            .choose("x", "sales.week")
            .offers("at", &["latest", "latest-complete", "2024-04-15", "2024-04-08"]),
        outline(TIMESERIES, "8 x on the pivot: offered under a heading", &by_week()).groups("x", "sales.week", "Pivot").groups(
            "x",
            "sales.region",
            "",
        ),
        read(TIMESERIES, "8 x on one of two pivots: the other is named", &week_and_region)
            .choose("x", "sales.week")
            .choose("pivot", west)
            .gives("2")
            .at("2024-04-08"),
        read(TIMESERIES, "8 x on one of two pivots: the other is required", &week_and_region)
            .choose("x", "sales.week")
            .blames(&["bad-selection"], "pivot"),
        read(TIMESERIES, "8 x on one of two pivots: naming both is wrong", &week_and_region)
            .choose("x", "sales.week")
            .choose("pivot", r#"{"sales.region":"West","sales.week":"2024-04-08"}"#)
            .blames(&["bad-selection"], "pivot"),
    ]
}
