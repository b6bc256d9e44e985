//! In doubt it fails: results that could be read in two ways are not read at all.

mod support;

use lensmount_sdk::layout::Layout;
use serde_json::{Value, json};
use support::{Case, control, dimension, flat, measure, months};

fn axis(body: Value) -> Case {
    Case::new(Layout::Axis, body)
}

#[test]
fn a_text_finer_than_the_axis_names_none_of_its_periods() {
    let years = axis(flat(
        dimension("sales.year", "date_year"),
        &[("2017", json!(1200))],
    ));
    for at in ["2017-01", "2017-Q1", "2017-01-01", "2017-01-01 00"] {
        years.check(&[("at", at)], "NoData at");
    }
    years.check(&[("at", "2017")], "1200@2017");
}

#[test]
fn two_texts_for_one_period_are_two_answers() {
    let case = axis(months(&[("2024-01", json!(1)), ("2024-01-01", json!(2))]));
    case.check(&[("at", "2024-01")], "Ambiguous row");
    case.check(&[("at", "latest")], "Ambiguous row");
}

#[test]
fn columns_that_share_a_key_cannot_be_told_apart() {
    let mut body = months(&[]);
    body["fields"]["pivots"] = json!([
        dimension("sales.a", "string"),
        dimension("sales.b", "string")
    ]);
    body["pivots"] = json!([
        {"key": "A|FIELD|B|FIELD|C", "data": {"sales.a": "A|FIELD|B", "sales.b": "C"}},
        {"key": "A|FIELD|B|FIELD|C", "data": {"sales.a": "A", "sales.b": "B|FIELD|C"}},
    ]);
    body["data"] = json!([{"sales.month": {"value": "2024-01"}, "sales.count": {"A|FIELD|B|FIELD|C": {"value": 2}}}]);
    let pivot = r#"{"sales.a":"A","sales.b":"B|FIELD|C"}"#;
    axis(body).check(&[("pivot", pivot)], "Ambiguous pivot");
}

#[test]
fn a_subtotal_over_some_columns_is_no_row_total() {
    let mut body = months(&[]);
    body["fields"]["pivots"] = json!([
        dimension("sales.a", "string"),
        dimension("sales.b", "string")
    ]);
    body["pivots"] = json!([
        {"key": "1", "data": {"sales.a": "A", "sales.b": "x"}},
        {"key": "2", "data": {"sales.a": "A", "sales.b": null}, "is_total": true},
    ]);
    body["data"] = json!([{"sales.month": {"value": "2024-01"}, "sales.count": {"1": {"value": 3}, "2": {"value": 3}}}]);
    axis(body).check(&[("pivot", "total")], "BadSelection pivot");
}

#[test]
fn moments_with_an_offset_are_ordered_as_they_happened() {
    let mut body = flat(
        dimension("sales.raw", "date_raw"),
        &[
            ("2024-11-03 01:15:00 -0500", json!(5)),
            ("2024-11-03 01:45:00 -0400", json!(4)),
        ],
    );
    body["timezone"] = json!("America/New_York");
    body["ran_at"] = json!("2024-12-03T00:00:00+00:00");
    let case = axis(body);
    case.check(&[], "5@2024-11-03 01:15:00 -0500");
    case.check_series(
        &[],
        "4@2024-11-03 01:45:00 -0400 5@2024-11-03 01:15:00 -0500",
    );
}

#[test]
fn a_time_of_the_result_that_cannot_be_read_hides_no_forecast() {
    for ran_at in [
        json!("2024-03-10T12:00:00"),
        json!(1_710_072_000),
        json!("yesterday"),
    ] {
        let mut body = months(&[("2024-03", json!(3)), ("2024-09", json!(999))]);
        body["ran_at"] = ran_at;
        let case = axis(body);
        case.check(&[], "Malformed");
        case.check(&[("at", "2024-03")], "3@2024-03");
        case.now("2024-03-10T12:00:00Z").check(&[], "3@2024-03");
    }
}

#[test]
fn what_is_not_known_to_be_over_is_not_complete() {
    let case = axis(flat(
        json!({"name": "MONTH", "label": "MONTH", "type": "date"}),
        &[("2024-02-01", json!(29)), ("2024-03-01", json!(10))],
    ));
    case.check(&[("at", "latest-complete")], "BadSelection at");
    case.check(&[("at", "latest")], "10@2024-03-01");
}

#[test]
fn a_vis_config_that_cannot_be_read_hides_what_it_hides() {
    let mut body = months(&[("2024-01", json!(1))]);
    body["fields"]["measures"] = json!([measure("sales.hidden"), measure("sales.count")]);
    for vis in [
        json!("{}"),
        json!([]),
        json!({"hidden_fields": {"sales.hidden": true}}),
    ] {
        axis(body.clone()).vis(vis).check(&[], "Malformed");
    }
}

#[test]
fn an_error_that_quotes_a_note_is_an_error() {
    let note = "Note: This query contains derived tables with Development Mode filters. Query results in Production Mode might be different.";
    let mut body = months(&[("2024-01", json!(1))]);
    body["errors"] = json!([{"message": note}]);
    axis(body.clone()).check(&[], "1@2024-01");
    body["errors"] = json!([{"message": format!("SQL failed. {note}")}]);
    axis(body).check(&[], "LookerError");
}

#[test]
fn a_status_of_another_type_is_not_complete() {
    for status in [json!(500), json!(false), json!({}), json!(["error"])] {
        let mut body = months(&[("2024-01", json!(1))]);
        body["status"] = status;
        axis(body).check(&[], "LookerError");
    }
}

#[test]
fn rows_that_belie_their_sort_have_no_latest_when_some_are_missing() {
    let mut body = months(&[("2020-01", json!(1)), ("2020-02", json!(2))]);
    body["truncated"] = json!(true);
    let query = json!({"sorts": ["sales.month desc"]});
    axis(body).query(query.clone()).check(&[], "Incomplete at");
    let mut body = months(&[("2020-02", json!(2)), ("2020-01", json!(1))]);
    body["truncated"] = json!(true);
    axis(body).query(query).check(&[], "2@2020-02");
}

#[test]
fn a_long_exponent_after_zeros_is_written_out() {
    let ten_to_998 = format!("1{}", "0".repeat(998));
    let case = axis(months(&[("2024-01", json!("0.001e1001"))]));
    case.check(&[("at", "2024-01")], &format!("{ten_to_998}@2024-01"));
}

#[test]
fn the_first_of_rows_in_no_order_is_not_what_a_tile_shows() {
    let unordered = |rows: &[(&str, Value)]| {
        let mut body = months(rows);
        body["unordered"] = json!(true);
        Case::new(Layout::Single, body)
    };
    let two = unordered(&[("2024-01", json!(1)), ("2024-02", json!(2))]);
    two.check(&[], "Ambiguous row");
    two.check(&[("row", r#"{"sales.month":"2024-02"}"#)], "2");
    let outline = two.outline(&[]).unwrap();
    assert!(control(&outline, "row").unwrap().required);
    unordered(&[("2024-01", json!(1))]).check(&[], "1");
}
