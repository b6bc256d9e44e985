//! Product 3: labels are those the chart shows, and never change what is read.

use super::{by_status, sales};
use crate::harness::doc::doc;
use crate::harness::field::{calc, count, measure, month};
use crate::table::{Case, PIVOT_TABLE, SINGLE, TIMESERIES, outline, read};
use serde_json::json;

pub fn cases() -> Vec<Case> {
    let labelled = |name: &str, vis: serde_json::Value| read(TIMESERIES, format!("3 label: {name}"), &sales()).vis(vis).gives("40");
    let calculated = doc().dim(month("sales.month")).calc(calc("growth", "number", "measure")).row(&["2024-04", "5"]);
    let misleading = doc()
        .dim(month("sales.month"))
        .measure(count("sales.count").with("label", "Sales Total"))
        .measure(measure("sales.total", "sum").with("label", "Sales Count"))
        .row(&["2024-04", "1", "2"]);
    let complete = r#"{"sales.status":"complete"}"#;
    vec![
        labelled("Looker's label where nothing is set", json!({})).is("/label", "Sales Count"),
        labelled("a series label by field", json!({"series_labels": {"sales.count": "Deals"}})).is("/label", "Deals"),
        labelled("a series label of another field", json!({"series_labels": {"sales.total": "Deals"}})).is("/label", "Sales Count"),
        labelled("without view names the short label", json!({"show_view_names": false})).is("/label", "Count"),
        labelled("with view names the whole one", json!({"show_view_names": true})).is("/label", "Sales Count"),
        labelled("a series label is stronger than either", json!({"show_view_names": false, "series_labels": {"sales.count": "Deals"}}))
            .is("/label", "Deals"),
        read(TIMESERIES, "3 label: a calculation has no short one", &calculated)
            .vis(json!({"show_view_names": false}))
            .is("/label", "Growth"),
        read(TIMESERIES, "3 label: no label is a field's name", &misleading)
            .choose("y", "sales.count")
            .gives("1")
            .is("/label", "Sales Total"),
        read(TIMESERIES, "3 label: of a pivot's series", &by_status())
            .choose("pivot", complete)
            .vis(json!({"series_labels": {"complete - sales.count": "Done"}}))
            .gives("21")
            .is("/label", "Done"),
        read(TIMESERIES, "3 label: of another pivot's series", &by_status())
            .choose("pivot", complete)
            .vis(json!({"series_labels": {"pending - sales.count": "Open"}}))
            .gives("21")
            .is("/label", "complete - Sales Count"),
        read(SINGLE, "3 label: the single value's", &sales()).vis(json!({"series_labels": {"sales.count": "Deals"}})).is("/label", "Deals"),
        read(PIVOT_TABLE, "3 label: the table's", &sales()).vis(json!({"series_labels": {"sales.count": "Deals"}})).is("/label", "Deals"),
        outline(TIMESERIES, "3 label: of the x axis", &sales()).vis(json!({"x_axis_label": "Month of sale"})).shows("x", "Month of sale"),
        outline(TIMESERIES, "3 label: an empty one is none", &sales()).vis(json!({"x_axis_label": ""})).shows("x", "Sales Month"),
        outline(TIMESERIES, "3 label: of the y axis", &sales())
            .vis(json!({"y_axes": [{"label": "Deals a month"}]}))
            .shows("y", "Deals a month"),
        outline(TIMESERIES, "3 label: of a series among the choices", &sales())
            .vis(json!({"series_labels": {"sales.count": "Deals"}}))
            .shows("y", "Deals"),
        outline(TIMESERIES, "3 label: Looker's where nothing is set", &sales()).shows("x", "Sales Month").shows("y", "Sales Count"),
        read(TIMESERIES, "3 label: settings of another shape are passed over", &sales())
            .vis(json!({"series_labels": [], "y_axes": {}, "x_axis_label": 5, "hidden_fields": null, "show_view_names": "no"}))
            .gives("40")
            .is("/label", "Sales Count"),
    ]
}
