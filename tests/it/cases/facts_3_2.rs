//! Facts 3.1 and 3.2: envelopes and field metadata, new and old.

use super::{one, sales};
use crate::harness::doc::{Doc, doc};
use crate::harness::field::{Field, calc, count, measure, month, number, text};
use crate::table::{Case, SINGLE, TIMESERIES, outline, read};
use serde_json::{Value, json};

fn dated(x: Field) -> Doc {
    doc().ran_at("2024-04-15T10:00:00Z").dim(x).measure(count("sales.count")).rows(&[
        &["2024-04", "40"],
        &["2024-05", "50"],
        &["2024-03", "30"],
    ])
}

pub fn cases() -> Vec<Case> {
    let fact = |name: &str, doc: &Doc| read(TIMESERIES, format!("fact 3.2: {name}"), doc);
    let envelope = |name: &str, doc: &Doc| read(TIMESERIES, format!("fact 3.1: {name}"), doc);
    let old = month("sales.month").without(&["category", "is_fiscal", "time_interval", "week_start_day", "dynamic", "tags"]);
    let typed = old.clone().without(&["is_timeframe"]);
    let flagged = old.clone().with("type", "string");
    let bare = month("sales.month").without(&["category", "is_fiscal", "time_interval", "is_timeframe", "type", "measure"]);
    let runner = doc()
        .ran_at("2024-04-15T10:00:00Z")
        .dim(text("DAY").with("type", "date").without(&[
            "label_short",
            "value_format",
            "is_timeframe",
            "time_interval",
            "is_fiscal",
            "category",
        ]))
        .measure(measure("ORDERS", "number").without(&["label_short", "value_format", "category"]))
        .rows(&[&["2024-04-13", "3"], &["2024-04-14", "4"], &["2024-04-15", "5"], &["2024-04-16", "6"]]);
    let with_calc = |field: Field| {
        doc().ran_at("2024-04-15T10:00:00Z").dim(month("sales.month")).calc(field).rows(&[&["2024-03", "30"], &["2024-04", "40"]])
    };
    let both = doc()
        .dim(month("sales.month"))
        .measure(count("sales.count"))
        .calc(calc("growth", "number", "measure"))
        .calc(calc("rank", "number", "dimension"))
        .calc(calc("verdict", "string", "measure"))
        .row(&["2024-04", "1", "2", "3", "good"]);
    let no_measures = doc().dim(month("sales.month")).dim(number("sales.size")).row(&["2024-04", "7"]);
    let custom_vis = doc()
        .without(&["status"])
        .top("parent_id", Value::Null)
        .top("sql_changed", false)
        .top("id", "query-result-9:{\"hidden_points_if_no\":[],\"hidden_fields\":[\"sales.total\"]}")
        .top("pivotTableColumns", json!([]))
        .top("drill_metadata", json!({}))
        .dim(month("sales.month"))
        .measure(count("sales.count"))
        .raw_row(r#"{"sales.total":{"value":9},"sales.month":{"value":"2024-04"},"sales.count":{"value":5}}"#);
    let like = r#"{"measures":[{"name":"sales.count","type":"count","is_numeric":true}],"dimensions":[],"table_calculations":[],"pivots":[],
        "measure_like":[{"name":"sales.count"}],"dimension_like":[],"supermeasure_like":[]}"#;
    let adapted = format!(r#"{{"data":[{{"sales.count":{{"value":5}}}}],"fields":{like}}}"#);
    let no_lists = r#"{"fields":{"measures":[{"name":"sales.count","label":"Count","type":"count","is_numeric":true}]},"data":[{"sales.count":{"value":5}}]}"#;

    vec![
        envelope(
            "every member that a newer instance sends",
            &sales()
                .top("from_cache", true)
                .top("runtime", "0.624")
                .top("expired", false)
                .top("null_sort_treatment", "low")
                .top("added_params", Value::Null)
                .top("forecast_result", Value::Null)
                .top("applied_filters", json!({"sales.month": {"field": {"name": "sales.month"}, "value": "12 months"}}))
                .top("fill_fields", json!(["sales.month"]))
                .top("number_format", "1.234,56")
                .top("explore", json!({"name": "sales", "label": "Sales"}))
                .top("drill_menu_build_time", 0.28)
                .top("subtotals_data", json!({"1": []})),
        )
        .gives("40"),
        envelope("a runtime that is null", &sales().top("runtime", Value::Null)).gives("40"),
        envelope("members that nobody knows yet", &sales().top("brand_new", json!([{"deep": [1, 2, {"x": null}]}]))).gives("40"),
        envelope("no zone at all", &sales().without(&["timezone"])).gives("40"),
        read(SINGLE, "fact 3.1: fields and data alone", &one("5").without(&["status", "timezone", "has_totals"])).gives("5"),
        crate::table::call("read", SINGLE, "fact 3.1: the lists beside the fields are passed over", adapted).gives("5"),
        crate::table::call("read", SINGLE, "fact 3.1: lists of fields that are absent are empty", no_lists.into()).gives("5"),
        envelope("a custom visualisation's envelope", &custom_vis).gives("5"),
        envelope("whose hidden cells are no fields", &custom_vis).choose("y", "sales.total").blames(&["bad-selection"], "y"),
        fact("a month with all its metadata", &dated(month("sales.month"))).gives("40"),
        fact("an older release names only type and flag", &dated(old)).gives("40"),
        fact("the type alone makes a time axis", &dated(typed)).gives("40"),
        fact("the flag alone makes a time axis", &dated(flagged)).gives("40"),
        fact("without either the shape of the values does", &dated(bare)).gives("40"),
        fact("SQL Runner: a date by type and value", &runner).gives("5").at("2024-04-15").is("/why/field", "ORDERS").is("/label", "ORDERS"),
        fact("SQL Runner: nothing says whether a date stands for a day, a week or a month, so none is known to be over", &runner)
            .choose("at", "latest-complete")
            .blames(&["bad-selection"], "at"),
        fact("a calculation with measure", &with_calc(calc("growth", "number", "measure"))).gives("40"),
        fact(
            "a calculation of old, with is_measure",
            &with_calc(calc("growth", "number", "measure").without(&["measure"]).with("is_measure", true)),
        )
        .gives("40"),
        fact("a calculation that says neither is like a measure", &with_calc(calc("growth", "number", "measure").without(&["measure"])))
            .gives("40"),
        fact("a calculation without is_numeric", &with_calc(calc("growth", "number", "measure").without(&["is_numeric"]))).gives("40"),
        fact("measures, then calculations, then numbers like dimensions", &both).gives("1"),
        outline(TIMESERIES, "fact 3.2: y in that order, numbers only", &both).offers("y", &["sales.count", "growth", "rank"]),
        outline(TIMESERIES, "fact 3.2: a calculation like a dimension may be x", &both).offers("x", &["sales.month", "rank"]),
        fact("a number dimension is y where there is no measure", &no_measures).gives("7").is("/why/field", "sales.size"),
        fact("a field hidden in the model's menu is still drawn", &dated(month("sales.month").with("hidden", true))).gives("40"),
        fact(
            "null where a newer release has an object",
            &dated(month("sales.month").with("sorted", Value::Null).with("enumerations", Value::Null)),
        )
        .gives("40"),
        fact(
            "tags, links and descriptions are no matter",
            &dated(month("sales.month").with("tags", json!(["email"])).with("description", "x").with("lookml_link", "/projects/x")),
        )
        .gives("40"),
    ]
}
