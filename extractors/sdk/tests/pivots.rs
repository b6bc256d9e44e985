//! Columns, totals, and the rows that more than x tells apart.

mod support;

use lensmount_sdk::layout::Layout;
use serde_json::{Value, json};
use support::{Case, control, dimension, measure, pivoted, values, with};

fn table(body: Value) -> Case {
    Case::new(Layout::Table, body)
}

const OPEN: (&str, &str) = ("pivot", r#"{"sales.status":"open"}"#);
const WON: (&str, &str) = ("pivot", r#"{"sales.status":"won"}"#);
const TOTAL: (&str, &str) = ("pivot", "total");

#[test]
fn columns_are_found_by_what_they_stand_for() {
    for layout in [Layout::Table, Layout::Axis] {
        let case = Case::new(layout, pivoted());
        case.check(&[OPEN], "5@2024-02");
        case.check(&[WON], "4@2024-01");
        case.check(&[WON, ("at", "2024-02")], "NoData");
        case.check(&[("pivot", r#"{"sales.status":null}"#)], "1@2024-01");
        case.check(&[TOTAL], "6@2024-02");
        case.check(&[], "BadSelection pivot");
        for bad in [
            "",
            "open",
            "[]",
            "{}",
            r#"{"sales.status":"lost"}"#,
            r#"{"sales.status":"null"}"#,
            r#"{"sales.status":"open","sales.month":"2024-01"}"#,
            r#"{"gone":"open"}"#,
            "open|FIELD|1",
            r#"{"sales.status":"$$$_row_total_$$$"}"#,
            r#"{"sales.status":"open|FIELD|1"}"#,
        ] {
            case.check(&[("pivot", bad)], "BadSelection pivot");
        }
        case.check_series(&[OPEN], "3@2024-01 5@2024-02");
        case.check_series(&[WON], "4@2024-01");
        case.check_series(&[TOTAL], "8@2024-01 6@2024-02");
    }
}

#[test]
fn a_reading_says_which_column() {
    let reading = table(pivoted()).read(&[OPEN]).unwrap();
    assert_eq!(reading.label, "open - Shop sales.count");
    assert!(
        reading
            .attributes
            .contains(&("pivot".into(), OPEN.1.into()))
    );
    let total = table(pivoted()).read(&[TOTAL]).unwrap();
    assert_eq!(total.label, "Row Total - Shop sales.count");
    assert!(total.attributes.contains(&("pivot".into(), "total".into())));
    let named =
        table(pivoted()).vis(json!({"series_labels": {"open - sales.count": "In progress"}}));
    assert_eq!(named.read(&[OPEN]).unwrap().label, "In progress");
}

#[test]
fn totals_over_rows_and_columns() {
    let case = table(pivoted());
    let row = ("row", "total");
    case.check(&[row, OPEN], "8");
    case.check(&[row, TOTAL], "14");
    case.check(&[row], "BadSelection pivot");
    case.check(&[row, OPEN, ("at", "no such month")], "8");
    case.check(&[row, ("pivot", r#"{"sales.status":null}"#)], "NoData");
    case.check_series(&[row, OPEN], "8");
    let mut without = pivoted();
    without.as_object_mut().unwrap().remove("totals_data");
    table(without).check(&[row, OPEN], "BadSelection row");
    let mut without = pivoted();
    without["pivots"].as_array_mut().unwrap().pop();
    table(without.clone()).check(&[TOTAL], "BadSelection pivot");
    assert!(!values(&table(without).outline(&[]).unwrap(), "pivot").contains(&"total".to_owned()));
}

#[test]
fn where_the_total_column_has_no_cell() {
    let mut body = pivoted();
    for row in body["data"].as_array_mut().unwrap() {
        row["sales.count"]
            .as_object_mut()
            .unwrap()
            .remove("$$$_row_total_$$$");
    }
    table(body.clone()).check(&[TOTAL], "NoData");
    table(body).check_series(&[TOTAL], "");
}

#[test]
fn values_stand_in_metadata_too() {
    let mut body = pivoted();
    let pivot = &mut body["pivots"][0];
    pivot.as_object_mut().unwrap().remove("data");
    pivot["metadata"] = json!({"sales.status": {"value": "open", "links": []}});
    table(body.clone()).check(&[OPEN], "5@2024-02");
    // Nothing is ever found by a key.
    body["pivots"][0]
        .as_object_mut()
        .unwrap()
        .remove("metadata");
    table(body).check(&[OPEN], "BadSelection pivot");
}

#[test]
fn columns_cut_off() {
    let case = table(with(pivoted(), json!({"columns_truncated": true})));
    case.check(&[OPEN], "5@2024-02");
    case.check(
        &[("pivot", r#"{"sales.status":"lost"}"#)],
        "Incomplete pivot",
    );
}

#[test]
fn keys_named_like_parts_of_a_cell() {
    let mut body = pivoted();
    body["pivots"] = json!([
        {"key": "value", "data": {"sales.status": "value"}}, {"key": "rendered", "data": {"sales.status": "rendered"}}]);
    body["data"] = json!([{"sales.month": {"value": "2024-01"},
        "sales.count": {"value": {"value": 1, "links": []}, "rendered": {"value": 2}}}]);
    table(body.clone()).check(&[("pivot", r#"{"sales.status":"value"}"#)], "1@2024-01");
    table(body).check(&[("pivot", r#"{"sales.status":"rendered"}"#)], "2@2024-01");
}

#[test]
fn pivots_of_another_shape_are_malformed() {
    for pivots in [json!({}), json!([3]), json!([{"data": {}}]), json!("x")] {
        table(with(pivoted(), json!({"pivots": pivots}))).check(&[OPEN], "Malformed");
    }
    let mut mixed = pivoted();
    mixed["data"][1]["sales.count"] = json!({"value": 3});
    table(mixed).check_series(&[OPEN], "Malformed");
    let mut odd = pivoted();
    odd["data"][1]["sales.count"] = json!({"open|FIELD|1": 3});
    table(odd).check(&[OPEN], "Malformed");
}

#[test]
fn a_calculation_beside_the_pivot() {
    let mut body = pivoted();
    body["fields"]["table_calculations"] = json!([{"name": "share", "label": "Share", "type": "number", "is_numeric": true, "measure": true, "can_pivot": false}]);
    body["data"][0]["share"] = json!({"value": 0.5, "rendered": "50%", "links": [], "html": "x"});
    body["data"][1]["share"] = json!({"value": 0.25});
    let case = table(body.clone());
    let y = ("y", "share");
    case.check(&[y], "0.5@2024-02");
    assert_eq!(case.read(&[y]).unwrap().rendered.as_deref(), Some("50%"));
    case.check(&[y, OPEN], "BadSelection pivot");
    case.check(&[y, ("x", "sales.status")], "BadSelection x");
    assert!(control(&case.outline(&[y]).unwrap(), "pivot").is_none());
    // The cells tell where the metadata does not.
    body["fields"]["table_calculations"][0]
        .as_object_mut()
        .unwrap()
        .remove("can_pivot");
    table(body).check(&[y], "0.5@2024-02");
}

/// Regions down the rows, months across the columns.
fn months_across() -> Value {
    let pivot =
        |month: &str| json!({"key": month, "data": {"sales.month": month}, "is_total": false});
    json!({
        "ran_at": "2024-03-10T12:00:00+00:00",
        "fields": {
            "measures": [measure("sales.count")], "dimensions": [dimension("sales.region", "string")],
            "pivots": [dimension("sales.month", "date_month")],
        },
        "pivots": [pivot("2024-01"), pivot("2024-03"), pivot("2024-02"), pivot("2024-09"),
            {"key": "$$$_row_total_$$$", "data": {"sales.month": null}, "is_total": true}],
        "data": [
            {"sales.region": {"value": "EU"}, "sales.count": {"2024-01": {"value": 1}, "2024-02": {"value": 2}, "2024-03": {"value": null}, "2024-09": {"value": 9}, "$$$_row_total_$$$": {"value": 12}}},
            {"sales.region": {"value": "US"}, "sales.count": {"2024-01": {"value": 10}, "2024-02": {"value": 20}, "$$$_row_total_$$$": {"value": 30}}},
        ],
        "totals_data": {"sales.count": {"2024-01": {"value": 11}, "2024-02": {"value": 22}, "$$$_row_total_$$$": {"value": 42}}},
    })
}

#[test]
fn the_axis_may_head_the_columns() {
    let case = table(months_across());
    let eu = ("row", r#"{"sales.region":"EU"}"#);
    case.check(&[eu], "2@2024-02");
    assert_eq!(
        case.notes(&[eu]),
        ["forecast-skipped", "partial-period"].map(str::to_owned)[..1]
    );
    case.check(&[eu, ("at", "2024-01")], "1@2024-01");
    case.check(&[eu, ("at", "2024-04")], "NoData at");
    case.check(&[], "Ambiguous row");
    case.check(&[("row", r#"{"sales.region":"ASIA"}"#)], "NoData row");
    case.check(&[eu, TOTAL], "12");
    case.check(&[eu, OPEN], "BadSelection pivot");
    case.check(&[("row", "total")], "22@2024-02");
    case.check(&[("row", "total"), TOTAL], "42");
    case.check_series(&[eu], "1@2024-01 2@2024-02 9@2024-09");
    case.check_series(&[("row", "total")], "11@2024-01 22@2024-02");
    let outline = case.outline(&[]).unwrap();
    assert!(control(&outline, "pivot").is_none());
    assert_eq!(
        values(&outline, "row"),
        [
            r#"{"sales.region":"EU"}"#,
            r#"{"sales.region":"US"}"#,
            "total"
        ]
    );
    assert!(control(&outline, "row").unwrap().required);
    assert_eq!(
        values(&outline, "at"),
        [
            "latest",
            "latest-complete",
            "2024-09",
            "2024-03",
            "2024-02",
            "2024-01"
        ]
    );
    // A row read along the columns keeps its own dimensions.
    let reading = case.read(&[eu]).unwrap();
    assert!(reading.attributes.contains(&("row".into(), eu.1.into())));
    assert!(reading.attributes.iter().all(|(name, _)| name != "pivot"));
}

#[test]
fn columns_along_the_axis_cut_off() {
    let eu = ("row", r#"{"sales.region":"EU"}"#);
    let cut = |sorts: Value| {
        table(with(months_across(), json!({"columns_truncated": true})))
            .query(json!({"sorts": sorts}))
    };
    cut(json!([])).check(&[eu], "Incomplete at");
    cut(json!(["sales.count desc 0", "sales.month desc"])).check(&[eu], "2@2024-02");
    cut(json!(["sales.month"])).check(&[eu], "Incomplete at");
    cut(json!([])).check(&[eu, ("at", "2024-01")], "1@2024-01");
    cut(json!([])).check(&[eu, ("at", "2023-01")], "Incomplete at");
    let rows_cut = table(with(months_across(), json!({"truncated": true})));
    rows_cut.check(&[eu], "2@2024-02");
    rows_cut.check(&[("row", r#"{"sales.region":"ASIA"}"#)], "Incomplete row");
    rows_cut.check(&[("row", "{}")], "Ambiguous row");
}

#[test]
fn two_fields_head_the_columns() {
    let pivot = |month: &str, won: &str, key: &str| json!({"key": key, "data": {"sales.month": month, "sales.won": won}});
    let body = json!({
        "ran_at": "2024-03-10T12:00:00+00:00",
        "fields": {"measures": [measure("sales.count")], "dimensions": [],
            "pivots": [dimension("sales.month", "date_month"), dimension("sales.won", "yesno")]},
        "pivots": [pivot("2024-01", "Yes", "a"), pivot("2024-01", "No", "b"), pivot("2024-02", "Yes", "c")],
        "data": [{"sales.count": {"a": {"value": 1}, "b": {"value": 2}, "c": {"value": 3}}}],
    });
    let case = Case::new(Layout::Axis, body);
    case.check(&[], "BadSelection pivot");
    case.check(&[("pivot", r#"{"sales.won":"Yes"}"#)], "3@2024-02");
    case.check(&[("pivot", r#"{"sales.won":"No"}"#)], "2@2024-01");
    case.check(
        &[("pivot", r#"{"sales.won":"Yes","sales.month":"2024-01"}"#)],
        "BadSelection pivot",
    );
    assert_eq!(
        values(&case.outline(&[]).unwrap(), "pivot"),
        [r#"{"sales.won":"Yes"}"#, r#"{"sales.won":"No"}"#]
    );
    case.check_series(
        &[("pivot", r#"{"sales.won":"Yes"}"#)],
        "1@2024-01 3@2024-02",
    );
}

/// Months by region, flat.
fn by_region() -> Value {
    let row = |month: &str, region: Value, count: i64| json!({"sales.month": {"value": month}, "sales.region": {"value": region}, "sales.count": {"value": count}});
    json!({
        "ran_at": "2024-03-10T12:00:00+00:00",
        "fields": {"measures": [measure("sales.count")],
            "dimensions": [dimension("sales.month", "date_month"), dimension("sales.region", "number")]},
        "data": [row("2024-02", json!(7), 1), row("2024-02", json!(8), 2), row("2024-01", json!(7), 3), row("2024-01", json!(null), 4)],
    })
}

#[test]
fn rows_are_told_apart_by_what_they_hold() {
    let case = table(by_region());
    case.check(&[], "Ambiguous row");
    case.check_series(&[], "Ambiguous row");
    case.check(&[("row", r#"{"sales.region":7}"#)], "1@2024-02");
    case.check(&[("row", r#"{"sales.region":"7"}"#)], "1@2024-02");
    case.check(&[("row", r#"{"sales.region":7.0}"#)], "1@2024-02");
    case.check(&[("row", r#"{"sales.region":null}"#)], "4@2024-01");
    case.check(&[("row", r#"{"sales.region":9}"#)], "NoData row");
    case.check(
        &[("row", r#"{"sales.region":8}"#), ("at", "2024-01")],
        "NoData at",
    );
    case.check(&[("row", "{}")], "Ambiguous row");
    for bad in [
        "",
        "7",
        "null",
        r#"{"sales.month":"2024-01"}"#,
        r#"{"gone":1}"#,
        r#"{"sales.count":1}"#,
        "{",
    ] {
        case.check(&[("row", bad)], "BadSelection row");
    }
    case.check_series(&[("row", r#"{"sales.region":7}"#)], "3@2024-01 1@2024-02");
    let outline = case.outline(&[]).unwrap();
    assert!(control(&outline, "row").unwrap().required);
    assert_eq!(
        values(&outline, "row"),
        [
            r#"{"sales.region":7}"#,
            r#"{"sales.region":8}"#,
            r#"{"sales.region":null}"#
        ]
    );
}

#[test]
fn rows_cut_off_may_hold_another() {
    let cut = table(with(by_region(), json!({"truncated": true})))
        .query(json!({"sorts": ["sales.month desc"]}));
    cut.check(&[("row", r#"{"sales.region":7}"#)], "1@2024-02");
    cut.check(&[("row", "{}"), ("at", "2024-02")], "Ambiguous row");
    let mut single = by_region();
    single["data"] = json!([single["data"][0].clone()]);
    let cut = table(with(single, json!({"truncated": true})))
        .query(json!({"sorts": ["sales.month desc"]}));
    cut.check(&[], "Incomplete row");
    cut.check(&[("at", "2024-02")], "Incomplete row");
    cut.check_series(&[], "Incomplete row");
    assert!(control(&cut.outline(&[]).unwrap(), "row").unwrap().required);
}

#[test]
fn single_values() {
    let body = by_region();
    let case = Case::new(Layout::Single, body.clone());
    case.check(&[], "1");
    assert_eq!(case.notes(&[]), ["first-row"]);
    case.check(
        &[("row", r#"{"sales.month":"2024-01","sales.region":7}"#)],
        "3",
    );
    case.check(&[("row", r#"{"sales.month":"2024-01"}"#)], "Ambiguous row");
    case.check(&[("y", "sales.region")], "7");
    case.check_series(&[], "1");
    Case::new(Layout::Single, with(body, json!({"truncated": true}))).check(&[], "1");
    let case = Case::new(Layout::Single, pivoted());
    case.check(&[], "BadSelection pivot");
    case.check(&[OPEN], "5");
    case.check(&[OPEN, ("row", "total")], "8");
    // What the tile shows stands first, and may be hidden or a text.
    let two = json!({"fields": {"measures": [measure("a"), measure("b")], "dimensions": []},
        "data": [{"a": {"value": "high"}, "b": {"value": 2}}]});
    Case::new(Layout::Single, two.clone()).check(&[], "NotNumeric");
    Case::new(Layout::Single, two.clone())
        .vis(json!({"hidden_fields": ["a"]}))
        .check(&[], "2");
    Case::new(Layout::Single, two)
        .vis(json!({"hidden_fields": ["a", "b"]}))
        .check(&[], "BadSelection y");
    let empty = json!({"fields": {"measures": [measure("a")]}, "data": []});
    Case::new(Layout::Single, empty.clone()).check(&[], "NoData");
    Case::new(Layout::Single, empty).check_series(&[], "NoData");
}

#[test]
fn points_hidden_in_one_column() {
    let mut body = pivoted();
    body["data"][0]["shown"] =
        json!({"open|FIELD|1": {"value": "No"}, "won|FIELD|2": {"value": "Yes"}});
    table(body)
        .vis(json!({"hidden_points_if_no": ["shown"]}))
        .check(&[OPEN], "3@2024-01");
}
