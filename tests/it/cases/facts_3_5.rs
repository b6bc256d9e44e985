//! Facts 3.5: the shapes of pivots and totals.

use crate::harness::doc::{Doc, TOTAL, by, doc};
use crate::harness::field::{calc, count, measure, month, number, text, time};
use crate::table::{Case, TIMESERIES, outline, read, series};
use serde_json::{Value, json};

fn status(doc: Doc) -> Doc {
    doc.pivot_field(text("orders.status"))
        .column("cancelled", json!({"orders.status": "cancelled"}))
        .column("complete", json!({"orders.status": "complete"}))
        .column("pending", json!({"orders.status": "pending"}))
}

fn orders() -> Doc {
    status(doc().dim(time("orders.created_date", "date")).measure(count("orders.count")))
        .row(&["2019-12-22", &by(&[("cancelled", "1"), ("complete", "null"), ("pending", "38")])])
        .row(&["2019-12-21", &by(&[("pending", "51")])])
}

pub fn cases() -> Vec<Case> {
    let fact = |name: &str, doc: &Doc, pivot: &str| read(TIMESERIES, format!("fact 3.5: {name}"), doc).choose("pivot", pivot);
    let pick = |value: &str| json!({"orders.status": value}).to_string();
    let shipped = doc()
        .dim(text("orders.region"))
        .measure(count("orders.count"))
        .pivot_field(number("orders.shipped_year"))
        .pivot_field(time("orders.shipped_week", "week"))
        .column("2025|FIELD|2025-12-29", json!({"orders.shipped_year": 2025, "orders.shipped_week": "2025-12-29"}))
        .column("2026|FIELD|2025-12-29", json!({"orders.shipped_year": 2026, "orders.shipped_week": "2025-12-29"}))
        .column("2026|FIELD|2026-01-05", json!({"orders.shipped_year": 2026, "orders.shipped_week": "2026-01-05"}))
        .row(&["West", &by(&[("2025|FIELD|2025-12-29", "1"), ("2026|FIELD|2025-12-29", "2"), ("2026|FIELD|2026-01-05", "3")])]);
    let nulls = doc()
        .dim(month("orders.month"))
        .measure(count("orders.count"))
        .pivot_field(text("orders.region"))
        .pivot_field(text("orders.kind"))
        .column("orders.region___null|FIELD|orders.kind___null", json!({"orders.region": null, "orders.kind": null}))
        .column("West|FIELD|orders.kind___null", json!({"orders.region": "West", "orders.kind": null}))
        .row(&["2019-12", &by(&[("orders.region___null|FIELD|orders.kind___null", "4"), ("West|FIELD|orders.kind___null", "5")])]);
    // The pivot's values stand in `data`; some payloads have them in `metadata` alone.
    let metadata = doc()
        .dim(month("orders.month"))
        .measure(count("orders.count"))
        .pivot_field(text("orders.status"))
        .top("pivots", json!([{"key": "k", "is_total": false, "metadata": {"orders.status": {"value": "complete", "links": []}}}]))
        .row(&["2019-12", &by(&[("k", "7")])]);
    let ratio = status(doc().dim(month("orders.month")).measure(measure("orders.rate", "average")))
        .total_column()
        .row(&["2019-12", &by(&[("cancelled", "0.818"), ("complete", "0.802"), ("pending", "0.839"), (TOTAL, "0.814097")])])
        .totals(&[&by(&[("cancelled", "null"), (TOTAL, r#"{"value":0.5,"html":"50%","links":[]}"#)])]);
    let super_measure = status(
        doc()
            .dim(month("orders.month"))
            .measure(count("orders.count"))
            .calc(calc("share", "number", "measure"))
            .calc(calc("overall", "number", "measure").with("can_pivot", false)),
    )
    .row(&["2019-12", &by(&[("complete", "8")]), &by(&[("complete", r#"{"value":0.8,"rendered":"80%"}"#)]), "10"]);
    let one_week = |key: &str| {
        doc()
            .dim(text("orders.region"))
            .measure(count("orders.count"))
            .pivot_field(time("orders.week", "week"))
            .column(key, json!({"orders.week": "2022-06-27"}))
            .row(&["West", &by(&[(key, "6")])])
    };
    let subtotals = orders().top("has_subtotals", true).top(
        "subtotals_data",
        json!({"1": [{"orders.count": {"pending": {"value": 1000}}, "$$$__grouping__$$$": ["orders.created_date"]}]}),
    );
    let year_2026 = r#"{"orders.shipped_year":2026}"#;
    let nothing = r#"{"orders.region":null,"orders.kind":null}"#;
    vec![
        fact("dimensions stay flat, measures lie by pivot", &orders(), &pick("pending")).gives("38").at("2019-12-22"),
        fact("a null cell of a pivot", &orders(), &pick("complete")).choose("at", "2019-12-22").fails(&["no-data"]),
        fact("a key missing from a row is a null cell", &orders(), &pick("cancelled")).choose("at", "2019-12-21").fails(&["no-data"]),
        fact(
            "two pivots, joined in the key, a number among them",
            &shipped,
            r#"{"orders.shipped_year":2026,"orders.shipped_week":"2025-12-29"}"#,
        )
        .choose("x", "orders.region")
        .choose("at", "West")
        .gives("2"),
        fact("a week in two years, told apart by the year", &shipped, year_2026)
            .choose("x", "orders.shipped_week")
            .choose("at", "2025-12-29")
            .gives("2"),
        fact("the latest week of a year", &shipped, year_2026).choose("x", "orders.shipped_week").gives("3").at("2026-01-05"),
        fact("nulls in the key", &nulls, nothing).gives("4"),
        fact("a null beside a value", &nulls, r#"{"orders.region":"West","orders.kind":null}"#).gives("5"),
        fact("values in metadata", &metadata, &pick("complete")).gives("7"),
        fact("a key that gained a sort field is the same value", &one_week("2022-06-27|FIELD|3"), r#"{"orders.week":"2022-06-27"}"#)
            .choose("x", "orders.region")
            .choose("at", "West")
            .gives("6"),
        read(TIMESERIES, "fact 3.5: time on the pivot is x, under any key", &one_week("2022-06-27|FIELD|3"))
            .choose("x", "orders.week")
            .gives("6")
            .at("2022-06-27"),
        fact("the row total of a ratio is no sum", &ratio, "total").gives("0.814097"),
        fact("the total of totals carries html", &ratio, "total").choose("row", "total").gives("0.5"),
        fact("a column total that is null", &ratio, &pick("cancelled")).choose("row", "total").fails(&["no-data"]),
        fact("a calculation that pivots", &super_measure, &pick("complete")).choose("y", "share").gives("0.8"),
        read(TIMESERIES, "fact 3.5: a calculation that does not", &super_measure).choose("y", "overall").gives("10"),
        fact(
            "row totals that are said where no pivot is",
            &doc().dim(month("a.m")).measure(count("a.c")).row(&["2019-12", "5"]).top("has_row_totals", true),
            "total",
        )
        .blames(&["bad-selection"], "pivot"),
        fact("subtotals are no rows", &subtotals, &pick("pending")).gives("38"),
        series(TIMESERIES, "fact 3.5: subtotals are no points", &subtotals)
            .choose("pivot", pick("pending"))
            .points(&[("2019-12-21", "51"), ("2019-12-22", "38")]),
        outline(TIMESERIES, "fact 3.5: labels are shown without their HTML", &orders()).shows("pivot", "pending"),
        outline(TIMESERIES, "fact 3.5: a pivot series hidden by name", &orders())
            .vis(json!({"hidden_series": ["cancelled - orders.count"]}))
            .groups("pivot", r#"{"orders.status":"cancelled"}"#, "Hidden"),
        outline(
            TIMESERIES,
            "fact 3.5: no pivots at all where the list is empty",
            &doc()
                .dim(month("a.m"))
                .measure(count("a.c"))
                .row(&["2019-12", "5"])
                .top("pivots", json!([]))
                .top("has_row_totals", Value::Bool(false)),
        )
        .controls(&["y", "x", "at", "format"]),
    ]
}
