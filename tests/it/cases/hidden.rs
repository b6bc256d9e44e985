//! Product 8: hidden fields stand under a heading of their own; hidden points don't count.

use super::by_status;
use crate::harness::doc::{Doc, TOTAL, by, doc};
use crate::harness::field::{calc, count, measure, month, text, yesno};
use crate::table::{Case, PIVOT_TABLE, SINGLE, TIMESERIES, outline, read, series};
use serde_json::{Value, json};

fn two_measures() -> Doc {
    doc()
        .ran_at("2024-04-15T10:00:00Z")
        .dim(month("sales.month"))
        .measure(count("sales.count"))
        .measure(measure("sales.total", "sum"))
        .rows(&[&["2024-03", "1", "100"], &["2024-04", "2", "200"]])
}

/// Rows that the calculation `shown` marks as drawn or not.
fn marked(marks: [&str; 3]) -> Doc {
    doc().dim(month("sales.month")).measure(count("sales.count")).calc(calc("shown", "yesno", "dimension")).rows(&[
        &["2024-02", "1", marks[0]],
        &["2024-03", "2", marks[1]],
        &["2024-04", "3", marks[2]],
    ])
}

pub fn cases() -> Vec<Case> {
    let hide = |fields: &[&str]| json!({"type": "looker_line", "hidden_fields": fields});
    let points = json!({"type": "looker_line", "hidden_points_if_no": ["shown"]});
    let flagged = doc()
        .dim(month("sales.month"))
        .dim(yesno("sales.shown"))
        .measure(count("sales.count"))
        .rows(&[&["2024-03", "Yes", "1"], &["2024-04", "No", "9"]]);
    let first_hidden =
        doc().measure(measure("sales.rate", "average")).calc(calc("shown", "yesno", "dimension")).rows(&[&["1", "No"], &["2", "Yes"]]);
    let two_dims = doc()
        .dim(month("sales.created_month"))
        .dim(month("sales.shipped_month"))
        .measure(count("sales.count"))
        .row(&["2024-03", "2024-04", "5"]);
    let gone = doc()
        .dim(month("sales.month"))
        .measure(count("sales.count"))
        .raw_row(r#"{"sales.month":{"value":"2024-04"},"sales.count":{"value":5},"sales.total":{"value":6}}"#);
    vec![
        read(TIMESERIES, "8 hidden: the first visible measure is y", &two_measures())
            .vis(hide(&["sales.count"]))
            .gives("200")
            .is("/why/field", "sales.total"),
        read(TIMESERIES, "8 hidden: a hidden y may be chosen", &two_measures())
            .vis(hide(&["sales.count"]))
            .choose("y", "sales.count")
            .gives("2"),
        read(SINGLE, "8 hidden: the single value skips it too", &two_measures()).vis(hide(&["sales.count"])).gives("100"),
        read(PIVOT_TABLE, "8 hidden: the table skips it too", &two_measures()).vis(hide(&["sales.count"])).gives("200"),
        read(TIMESERIES, "8 hidden: `query` says it as well", &two_measures())
            .query(json!({"vis_config": hide(&["sales.count"])}))
            .gives("200"),
        outline(TIMESERIES, "8 hidden: offered under a heading", &two_measures())
            .vis(hide(&["sales.count"]))
            .default("y", "sales.total")
            .offers("y", &["sales.total", "sales.count"])
            .groups("y", "sales.count", "Hidden")
            .groups("y", "sales.total", ""),
        outline(TIMESERIES, "8 hidden: nothing visible, nothing by default", &two_measures())
            .vis(hide(&["sales.count", "sales.total"]))
            .default("y", Value::Null)
            .required("y", true),
        read(TIMESERIES, "8 hidden: nothing visible must be chosen", &two_measures())
            .vis(hide(&["sales.count", "sales.total"]))
            .blames(&["bad-selection"], "y"),
        read(TIMESERIES, "8 hidden: x is the visible time dimension", &two_dims)
            .vis(hide(&["sales.created_month"]))
            .gives("5")
            .at("2024-04"),
        outline(TIMESERIES, "8 hidden: a hidden x is offered under its heading", &two_dims)
            .vis(hide(&["sales.created_month"]))
            .default("x", "sales.shipped_month")
            .groups("x", "sales.created_month", "Hidden"),
        read(TIMESERIES, "8 hidden: a field that is not there hides nothing", &two_measures()).vis(hide(&["sales.nothing"])).gives("2"),
        read(TIMESERIES, "8 hidden: a cell without a field is no field", &gone).choose("y", "sales.total").blames(&["bad-selection"], "y"),
        outline(TIMESERIES, "8 hidden: and is not offered", &gone).offers("y", &["sales.count"]),
        read(TIMESERIES, "8 hidden points: a row with No does not count", &marked(["Yes", "Yes", "No"]))
            .vis(points.clone())
            .gives("2")
            .at("2024-03"),
        read(TIMESERIES, "8 hidden points: nor by its x", &marked(["Yes", "Yes", "No"]))
            .vis(points.clone())
            .choose("at", "2024-04")
            .fails(&["no-data"]),
        read(TIMESERIES, "8 hidden points: without the setting it does", &marked(["Yes", "Yes", "No"])).gives("3"),
        read(TIMESERIES, "8 hidden points: a dimension may say it", &flagged)
            .vis(json!({"hidden_points_if_no": ["sales.shown"]}))
            .choose("at", "latest")
            .choose("row", r#"{"sales.shown":"Yes"}"#)
            .gives("1")
            .at("2024-03"),
        read(TIMESERIES, "8 hidden points: false is no", &marked(["true", "true", "false"])).vis(points.clone()).gives("2"),
        read(TIMESERIES, "8 hidden points: all of them", &marked(["No", "No", "No"])).vis(points.clone()).fails(&["no-data"]),
        read(SINGLE, "8 hidden points: the first row that is drawn", &first_hidden).vis(points.clone()).gives("2"),
        series(TIMESERIES, "8 hidden points: not in a series", &marked(["No", "Yes", "Yes"]))
            .vis(points)
            .points(&[("2024-03", "2"), ("2024-04", "3")]),
        outline(TIMESERIES, "8 hidden: a pivot hidden as a whole", &by_status())
            .vis(json!({"hidden_pivots": {"pending": {"is_entire_pivot_hidden": true, "measure_names": []}}}))
            .groups("pivot", r#"{"sales.status":"pending"}"#, "Hidden")
            .groups("pivot", r#"{"sales.status":"complete"}"#, ""),
        outline(TIMESERIES, "8 hidden: a series hidden by its name", &by_status())
            .vis(json!({"hidden_series": ["pending - sales.count"]}))
            .groups("pivot", r#"{"sales.status":"pending"}"#, "Hidden"),
        outline(
            TIMESERIES,
            "8 hidden: the row total hidden",
            &doc()
                .dim(month("sales.month"))
                .measure(count("sales.count"))
                .pivot_field(text("sales.status"))
                .column("a", json!({"sales.status": "a"}))
                .total_column()
                .row(&["2024-04", &by(&[("a", "1"), (TOTAL, "1")])]),
        )
        .vis(json!({"hidden_pivots": {TOTAL: {"is_entire_pivot_hidden": true, "measure_names": []}}}))
        .groups("pivot", "total", "Hidden")
        .groups("pivot", r#"{"sales.status":"a"}"#, ""),
        read(TIMESERIES, "8 hidden: a hidden pivot may be chosen", &by_status())
            .vis(json!({"hidden_pivots": {"complete": {"is_entire_pivot_hidden": true, "measure_names": []}}}))
            .choose("pivot", r#"{"sales.status":"complete"}"#)
            .gives("21"),
    ]
}
