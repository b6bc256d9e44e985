//! The form of a tile.

mod support;

use lensmount_sdk::chart::Offering;
use lensmount_sdk::layout::Layout;
use serde_json::{Value, json};
use support::{
    Case, control, dimension, first_choices, flat, labels, measure, months, pivoted, values, with,
};

fn names(outline: &Offering) -> Vec<&str> {
    outline
        .controls
        .iter()
        .map(|control| control.name.as_str())
        .collect()
}

#[test]
fn a_chart_of_months() {
    let body = months(&[
        ("2024-01", json!(1)),
        ("2024-03", json!(3)),
        ("2024-02", json!(2)),
    ]);
    let outline = Case::new(Layout::Axis, body.clone()).outline(&[]).unwrap();
    assert_eq!(names(&outline), ["y", "x", "at", "format"]);
    assert_eq!(
        values(&outline, "at"),
        ["latest", "latest-complete", "2024-03", "2024-02", "2024-01"]
    );
    assert_eq!(
        values(&outline, "format"),
        ["exact", "percentage", "times-100"]
    );
    let at = control(&outline, "at").unwrap();
    assert_eq!((at.required, at.default.as_deref()), (true, Some("latest")));
    assert_eq!(
        control(&outline, "y").unwrap().default.as_deref(),
        Some("sales.count")
    );
    assert_eq!(
        control(&outline, "x").unwrap().default.as_deref(),
        Some("sales.month")
    );
    assert_eq!(labels(&outline, "x"), ["Shop sales.month"]);
    assert_eq!(control(&outline, "x").unwrap().label, "X axis");
    let single = Case::new(Layout::Single, body).outline(&[]).unwrap();
    assert_eq!(names(&single), ["y", "row", "format"]);
    assert!(!control(&single, "row").unwrap().required);
}

#[test]
fn labels_are_those_of_the_chart() {
    let body = months(&[("2024-01", json!(1))]);
    let case = Case::new(Layout::Axis, body).vis(json!({
        "x_axis_label": "When", "y_axes": [{"label": "How many"}], "series_labels": {"sales.count": "Orders"},
    }));
    let outline = case.outline(&[]).unwrap();
    assert_eq!(
        (
            control(&outline, "x").unwrap().label.as_str(),
            labels(&outline, "x")
        ),
        ("When", vec!["When".to_owned()])
    );
    assert_eq!(
        (
            control(&outline, "y").unwrap().label.as_str(),
            labels(&outline, "y")
        ),
        ("How many", vec!["Orders".to_owned()])
    );
    assert_eq!(case.read(&[]).unwrap().label, "Orders");
    let short = Case::new(Layout::Axis, months(&[("2024-01", json!(1))]))
        .vis(json!({"show_view_names": false, "x_axis_label": ""}));
    assert_eq!(short.read(&[]).unwrap().label, "sales.count");
    assert_eq!(labels(&short.outline(&[]).unwrap(), "x"), ["sales.month"]);
}

#[test]
fn hidden_fields_stand_under_a_heading() {
    let mut body = months(&[("2024-01", json!(1))]);
    body["fields"]["measures"] = json!([measure("sales.raw"), measure("sales.count")]);
    body["fields"]["table_calculations"] = json!([
        {"name": "text", "type": "string", "measure": true}, {"name": "ratio", "type": "number", "is_numeric": true},
        {"name": "group", "type": "string", "measure": false}]);
    let case = Case::new(Layout::Axis, body).vis(json!({"hidden_fields": ["sales.raw", "group"]}));
    let outline = case.outline(&[]).unwrap();
    assert_eq!(
        values(&outline, "y"),
        ["sales.count", "ratio", "Hidden: sales.raw"]
    );
    assert_eq!(values(&outline, "x"), ["sales.month", "Hidden: group"]);
    assert_eq!(
        control(&outline, "y").unwrap().default.as_deref(),
        Some("sales.count")
    );
    let all = Case::new(Layout::Axis, months(&[("2024-01", json!(1))]))
        .vis(json!({"hidden_fields": ["sales.count"]}));
    let outline = all.outline(&[]).unwrap();
    let y = control(&outline, "y").unwrap();
    assert_eq!(values(&outline, "y"), ["Hidden: sales.count"]);
    assert!(y.required && y.default.is_none());
    assert_eq!(all.read(&[]).unwrap_err().control.as_deref(), Some("y"));
}

#[test]
fn columns_that_the_chart_hides() {
    let case = Case::new(Layout::Table, pivoted()).vis(json!({
        "hidden_pivots": {"open|FIELD|1": {"is_entire_pivot_hidden": true, "measure_names": []}}, "hidden_series": ["∅ - sales.count"]}));
    let outline = case.outline(&[]).unwrap();
    assert_eq!(
        values(&outline, "pivot"),
        [
            r#"{"sales.status":"won"}"#,
            r#"Hidden: {"sales.status":"open"}"#,
            r#"Hidden: {"sales.status":null}"#,
            "total"
        ]
    );
    assert_eq!(labels(&outline, "pivot"), ["won", "open", "∅", "Row total"]);
    assert_eq!(names(&outline), ["y", "x", "pivot", "row", "at", "format"]);
    assert_eq!(values(&outline, "row"), ["total"]);
    assert_eq!(
        values(&outline, "x"),
        ["sales.month", "Pivot: sales.status"]
    );
}

#[test]
fn a_thousand_choices() {
    let days: Vec<_> = (0..1_500)
        .map(|day| (format!("d{day:04}"), json!(day)))
        .collect();
    let days: Vec<_> = days
        .iter()
        .map(|(name, value)| (name.as_str(), value.clone()))
        .collect();
    let case = Case::new(Layout::Axis, flat(dimension("d", "string"), &days));
    let outline = case.outline(&[]).unwrap();
    assert_eq!(values(&outline, "at").len(), 1_000);
    assert_eq!(outline.notes[0].code, "choices-cut");
    case.check(&[("at", "d1499")], "1499@d1499");
    assert_eq!(case.series(&[]).unwrap().len(), 1_500);
}

#[test]
fn a_table_without_dimensions() {
    let body = json!({"fields": {"measures": [measure("a"), measure("b")], "dimensions": []},
        "data": [{"a": {"value": 1}, "b": {"value": 2}}]});
    let case = Case::new(Layout::Table, body.clone());
    assert_eq!(names(&case.outline(&[]).unwrap()), ["y", "format"]);
    case.check(&[("y", "b")], "2");
    case.check(&[("at", "latest")], "BadSelection at");
    let mut two = body;
    two["data"]
        .as_array_mut()
        .unwrap()
        .push(json!({"a": {"value": 3}}));
    Case::new(Layout::Table, two).check(&[], "Ambiguous row");
}

/// All defaults, with the first choice of each required control, never are a bad selection.
#[test]
fn the_first_choices_are_valid() {
    let regions = json!({
        "fields": {"measures": [measure("n")], "dimensions": [dimension("r", "string"), dimension("s", "string")]},
        "data": [{"r": {"value": null}, "s": {"value": "q"}, "n": {"value": 0}}, {"r": {"value": "a"}, "s": {"value": "p"}, "n": {"value": 1}},
                 {"r": {"value": "a"}, "s": {"value": "q"}, "n": {"value": 2}}],
    });
    let bodies = [
        months(&[("2024-01", json!(1)), ("2024-02", json!(2))]),
        pivoted(),
        with(
            months(&[("2024-01", json!(1))]),
            json!({"totals_data": {"sales.count": {"value": 9}}}),
        ),
        regions.clone(),
    ];
    for body in bodies {
        for layout in [Layout::Axis, Layout::Table, Layout::Single] {
            let case = Case::new(layout, body.clone());
            let selection = first_choices(&case.outline(&[]).unwrap());
            let selection: Vec<_> = selection
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str()))
                .collect();
            assert!(
                case.read(&selection).is_ok(),
                "{layout:?} {selection:?} {:?}",
                case.read(&selection)
            );
        }
    }
    Case::new(Layout::Axis, regions).check(&[("at", "a"), ("row", r#"{"s":"q"}"#)], "2@a");
}

#[test]
fn what_is_chosen_shapes_the_rest() {
    let case = Case::new(Layout::Table, pivoted());
    let outline = case.outline(&[("x", "sales.status")]).unwrap();
    assert_eq!(names(&outline), ["y", "x", "row", "at", "format"]);
    assert_eq!(values(&outline, "at"), ["open", "won"]);
    assert_eq!(control(&outline, "at").unwrap().default, None);
    assert_eq!(
        case.outline(&[("z", "1")]).unwrap_err().control.as_deref(),
        Some("z")
    );
    assert_eq!(
        case.outline(&[("y", "gone")])
            .unwrap_err()
            .control
            .as_deref(),
        Some("y")
    );
    assert!(
        case.outline(&[("pivot", "stale"), ("at", "stale"), ("row", "{}")])
            .is_ok()
    );
    let _: Value = json!({});
}
