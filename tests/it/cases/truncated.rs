//! Product 7: results that Looker cut short.

use super::{by_status, months_and_regions, regions, sales};
use crate::harness::doc::{Doc, by, doc};
use crate::harness::field::{Field, count, measure, month, text, time};
use crate::table::{Case, PIVOT_TABLE, SINGLE, TIMESERIES, outline, read, series};
use serde_json::{Value, json};

fn cut(x: Field) -> Doc {
    doc().ran_at("2024-04-15T10:00:00Z").dim(x).measure(count("sales.count")).rows(&[&["2024-04", "40"], &["2024-03", "30"]]).truncated()
}

fn sorts(list: &[&str]) -> Value {
    json!({"sorts": list, "vis_config": {"type": "looker_line"}})
}

pub fn cases() -> Vec<Case> {
    let newest = || cut(month("sales.month").sorted(true));
    let oldest = || cut(month("sales.month").sorted(false)).reversed();
    let unsorted = || cut(month("sales.month"));
    let gone: &[&str] = &["incomplete"];
    let latest = |name: &str, doc: &Doc| read(TIMESERIES, format!("7 truncated: {name}"), doc).choose("at", "latest");
    let by_count = doc()
        .dim(month("sales.month"))
        .measure(count("sales.count").sorted(true))
        .rows(&[&["2024-04", "40"], &["2024-03", "30"]])
        .truncated();
    let second_key = cut(month("sales.month").with("sorted", json!({"sort_index": 1, "desc": true})));
    let all_null = doc().dim(month("sales.month").sorted(true)).measure(count("sales.count")).row(&["2024-04", "null"]).truncated();
    let several = months_and_regions().truncated();
    let first_row = doc().measure(measure("sales.rate", "average")).rows(&[&["5"], &["6"]]).truncated();
    let columns = |desc| {
        doc()
            .dim(text("sales.region"))
            .measure(count("sales.count"))
            .pivot_field(time("sales.week", "week").sorted(desc))
            .column("2024-04-08", json!({"sales.week": "2024-04-08"}))
            .column("2024-04-01", json!({"sales.week": "2024-04-01"}))
            .row(&["West", &by(&[("2024-04-08", "8"), ("2024-04-01", "1")])])
            .top("columns_truncated", true)
    };
    vec![
        latest("newest first by the field's sort", &newest()).gives("40").at("2024-04"),
        latest("newest first by added_params", &unsorted().top("added_params", json!({"sorts": ["sales.month desc"]}))).gives("40"),
        latest("newest first by the query's sorts", &unsorted()).query(sorts(&["sales.month desc 0"])).gives("40"),
        latest("newest first by the query's sorts, without an index", &unsorted()).query(sorts(&["sales.month desc"])).gives("40"),
        latest("oldest first by the field's sort", &oldest()).fails(gone),
        latest("oldest first by added_params", &unsorted().top("added_params", json!({"sorts": ["sales.month"]}))).fails(gone),
        latest("oldest first by the query's sorts", &unsorted()).query(sorts(&["sales.month"])).fails(gone),
        latest("oldest first, said aloud", &unsorted()).query(sorts(&["sales.month asc 0"])).fails(gone),
        latest("rows that stand newest first prove nothing", &unsorted()).fails(gone),
        latest("x is the second sort key of the query", &unsorted())
            .query(sorts(&["sales.count desc 0", "sales.month desc 1"]))
            .fails(gone),
        latest("x is the second sort key of the field", &second_key).fails(gone),
        latest("sorted by the measure", &by_count).fails(gone),
        latest("not sorted at all", &unsorted()).query(sorts(&["__UNSORTED__"])).fails(gone),
        latest("a field whose name begins like x", &unsorted()).query(sorts(&["sales.month_num desc 0"])).fails(gone),
        latest("sources that disagree", &newest()).query(sorts(&["sales.count desc 0"])).fails(gone),
        latest("nothing but nulls", &all_null).fails(gone),
        read(TIMESERIES, "7 truncated: latest-complete, newest first", &newest()).choose("at", "latest-complete").gives("30"),
        read(TIMESERIES, "7 truncated: latest-complete, oldest first", &oldest()).choose("at", "latest-complete").fails(gone),
        read(TIMESERIES, "7 truncated: latest is the default here too", &oldest()).fails(gone),
        read(PIVOT_TABLE, "7 truncated: the table judges the same", &oldest()).choose("at", "latest").fails(gone),
        read(TIMESERIES, "7 truncated: a given x that is there", &oldest()).choose("at", "2024-03").gives("30"),
        read(TIMESERIES, "7 truncated: a given x that is not there", &newest()).choose("at", "2023-01").fails(gone),
        read(TIMESERIES, "7 truncated: a category that is not there", &regions().truncated()).choose("at", "South").fails(gone),
        read(TIMESERIES, "7 truncated: a given x whose cell is null is no data", &all_null).choose("at", "2024-04").fails(&["no-data"]),
        read(TIMESERIES, "7 truncated: false is whole", &sales().top("truncated", false)).choose("at", "2023-01").fails(&["no-data"]),
        read(TIMESERIES, "7 truncated: a row that is not there", &several)
            .choose("row", r#"{"sales.region":"South"}"#)
            .choose("at", "2024-04")
            .fails(gone),
        read(
            TIMESERIES,
            "7 truncated: the one row seen may not be the only one",
            &doc()
                .dim(month("sales.month").sorted(true))
                .dim(text("sales.region"))
                .measure(count("sales.count"))
                .row(&["2024-04", "West", "3"])
                .truncated(),
        )
        .choose("at", "2024-04")
        .blames(gone, "row"),
        read(TIMESERIES, "7 truncated: a row that pins every dimension", &several)
            .choose("row", r#"{"sales.region":"West"}"#)
            .choose("at", "2024-04")
            .gives("3"),
        read(SINGLE, "7 truncated: the first row is the first row", &first_row).gives("5"),
        series(TIMESERIES, "7 truncated: a series says that there is more", &oldest())
            .points(&[("2024-03", "30"), ("2024-04", "40")])
            .notes("truncated"),
        read(TIMESERIES, "7 columns truncated: a pivot that is there", &by_status().top("columns_truncated", true))
            .choose("pivot", r#"{"sales.status":"complete"}"#)
            .gives("21"),
        read(TIMESERIES, "7 columns truncated: a pivot that is not there", &by_status().top("columns_truncated", true))
            .choose("pivot", r#"{"sales.status":"lost"}"#)
            .fails(gone),
        read(TIMESERIES, "7 columns truncated: latest column, newest first", &columns(true)).choose("x", "sales.week").gives("8"),
        read(TIMESERIES, "7 columns truncated: latest column, oldest first", &columns(false)).choose("x", "sales.week").fails(gone),
        read(TIMESERIES, "7 columns truncated: a given column that is there", &columns(false))
            .choose("x", "sales.week")
            .choose("at", "2024-04-01")
            .gives("1"),
        read(TIMESERIES, "7 columns truncated: a given column that is not there", &columns(false))
            .choose("x", "sales.week")
            .choose("at", "2024-03-25")
            .fails(gone),
        outline(TIMESERIES, "7 truncated: rows are to be told apart where they could be several", &several).required("row", true),
        read(SINGLE, "7 truncated: a chosen row that is not there", &several).choose("row", r#"{"sales.region":"South"}"#).fails(gone),
    ]
}
