//! What comes of joining results, and when none does.

use bytes::Bytes;
use serde_json::{Value, json};

use super::join;
use crate::looker::error::LookerError;
use crate::looker::merge::{Merge, Source};

/// A merge of an `orders` query with others, each joined by `month`.
fn merge(others: &[&str]) -> Merge {
    let source = |name: &str, on: &[(&str, &str)]| Source {
        name: name.to_owned(),
        post: "{}".to_owned(),
        on: on
            .iter()
            .map(|(own, primary)| ((*own).to_owned(), (*primary).to_owned()))
            .collect(),
    };
    let others = others
        .iter()
        .map(|name| source(name, &[(&format!("{name}.month"), "orders.month")]));
    Merge {
        sources: [source("orders", &[])].into_iter().chain(others).collect(),
        limit: None,
    }
}

fn pushed(list: &mut Value, item: Value) {
    list.as_array_mut().unwrap().push(item);
}

/// A result with a month and a count, as JSON that a test may change.
fn result(view: &str, rows: &[(&str, &str)]) -> Value {
    let field = |name: &str, kind: &str| json!({"name": format!("{view}.{name}"), "type": kind});
    let rows: Vec<Value> = rows
        .iter()
        .map(|(month, count)| {
            let month: Value = serde_json::from_str(month).unwrap();
            let count: Value = serde_json::from_str(count).unwrap();
            json!({format!("{view}.month"): {"value": month}, format!("{view}.count"): {"value": count}})
        })
        .collect();
    json!({
        "status": "complete", "from_cache": true, "ran_at": "2026-03-15T10:00:00+00:00",
        "timezone": "UTC",
        "fields": {
            "dimensions": [field("month", "date_month")], "measures": [field("count", "count")],
            "table_calculations": [], "pivots": []},
        "data": rows})
}

fn orders() -> Value {
    result(
        "orders",
        &[(r#""2026-02""#, "7"), (r#""2026-01""#, "5"), ("null", "1")],
    )
}

fn visits() -> Value {
    result("visits", &[(r#""2026-01""#, "50"), (r#""2025-12""#, "40")])
}

fn bodies(results: &[Value]) -> Vec<Bytes> {
    let body = |result: &Value| Bytes::from(result.to_string());
    results.iter().map(body).collect()
}

fn joined(merge: &Merge, results: &[Value]) -> Result<Value, LookerError> {
    let body = join(merge, &bodies(results))?;
    Ok(serde_json::from_slice(&body).unwrap())
}

/// Why nothing comes of joining orders and visits after a change to them or to the merge.
fn refusal(change: impl Fn(&mut Merge, &mut Value, &mut Value)) -> (String, String) {
    let (mut merge, mut orders, mut visits) = (merge(&["visits"]), orders(), visits());
    change(&mut merge, &mut orders, &mut visits);
    let error = joined(&merge, &[orders, visits]).unwrap_err();
    (error.code().to_owned(), error.to_string())
}

#[test]
fn rows_that_match_stand_side_by_side_and_others_have_nulls() {
    let joined = joined(&merge(&["visits"]), &[orders(), visits()]).unwrap();
    assert_eq!(
        joined,
        json!({
            "status": "complete", "unordered": true, "from_cache": true,
            "ran_at": "2026-03-15T10:00:00+00:00", "timezone": "UTC",
            "fields": {
                "dimensions": [{"name": "orders.month", "type": "date_month"}],
                "measures": [
                    {"name": "orders.count", "type": "count"},
                    {"name": "visits.count", "type": "count"}],
                "table_calculations": [], "pivots": []},
            "data": [
                {"orders.month": {"value": "2026-02"}, "orders.count": {"value": 7},
                 "visits.count": {"value": null}},
                {"orders.month": {"value": "2026-01"}, "orders.count": {"value": 5},
                 "visits.count": {"value": 50}},
                {"orders.month": {"value": null}, "orders.count": {"value": 1},
                 "visits.count": {"value": null}}]})
    );
}

#[test]
fn every_cell_is_the_text_that_looker_sent() {
    let cells = [
        "{\"value\" : 12345678901234567890.10 }",
        "{\"value\":1E400,\"rendered\":\"\\u221e\"}",
        "{\"value\":23670.999996000000000001}",
    ];
    let body = |view: &str, cell: &str| {
        Bytes::from(format!(
            r#"{{"data":[{{"{view}.month":{{"value":"a"}},"{view}.count":{cell}}}],
                "fields":{{"dimensions":[{{"name":"{view}.month"}}],"measures":[{{"name":"{view}.count","n":1.50}}]}}}}"#
        ))
    };
    let bodies = [
        body("orders", cells[0]),
        body("visits", cells[1]),
        body("carts", cells[2]),
    ];
    let joined = join(&merge(&["visits", "carts"]), &bodies).unwrap();
    let text = std::str::from_utf8(&joined).unwrap();
    for cell in cells.into_iter().chain([r#""n":1.50"#]) {
        assert!(text.contains(cell), "{cell} in {text}");
    }
}

#[test]
fn a_name_that_is_taken_gets_the_prefix_of_its_query() {
    let mut merge = merge(&["visits", "orders"]);
    merge.sources[2].name = "again".to_owned();
    let mut again = orders();
    again["data"][1]["orders.count"]["value"] = json!(99);
    again["fields"]["measures"][0]["sorted"] = json!({"sort_index": 0, "desc": true});
    let joined = joined(
        &merge,
        &[orders_without_null(), visits(), without_null(again)],
    )
    .unwrap();
    let measures = joined["fields"]["measures"].as_array().unwrap();
    let names: Vec<_> = measures.iter().map(|field| &field["name"]).collect();
    assert_eq!(names, ["orders.count", "visits.count", "q2_orders.count"]);
    // How another query was sorted says nothing of the joined rows.
    assert_eq!(measures[2].get("sorted"), None);
    assert_eq!(joined["data"][1]["orders.count"]["value"], 5);
    assert_eq!(joined["data"][1]["q2_orders.count"]["value"], 99);
}

fn without_null(mut result: Value) -> Value {
    result["data"].as_array_mut().unwrap().pop();
    result
}

fn orders_without_null() -> Value {
    without_null(orders())
}

#[test]
fn calculations_of_a_query_become_dimensions() {
    let mut orders = orders();
    let calculation = json!({"name": "share", "is_table_calculation": true, "measure": true});
    orders["fields"]["table_calculations"] = json!([calculation]);
    orders["data"][0]["share"] = json!({"value": 0.5});
    let joined = joined(&merge(&["visits"]), &[orders, visits()]).unwrap();
    assert_eq!(joined["fields"]["dimensions"][1], calculation);
    assert_eq!(joined["data"][0]["share"], json!({"value": 0.5}));
    assert_eq!(joined["data"][1].get("share"), None, "absent stays absent");
}

#[test]
fn a_primary_row_may_share_its_match_with_others() {
    let orders = result("orders", &[(r#""a""#, "1"), (r#""a""#, "2")]);
    let visits = result("visits", &[(r#""a""#, "9")]);
    let joined = joined(&merge(&["visits"]), &[orders, visits]).unwrap();
    assert_eq!(joined["data"][0]["visits.count"]["value"], 9);
    assert_eq!(joined["data"][1]["visits.count"]["value"], 9);
}

#[test]
fn the_joined_result_is_as_old_and_as_hot_as_its_queries() {
    let mut visits = visits();
    visits["ran_at"] = json!("2026-03-15T08:59:59+00:00");
    visits["from_cache"] = json!(false);
    let both = joined(&merge(&["visits"]), &[orders(), visits.clone()]).unwrap();
    assert_eq!(both["ran_at"], "2026-03-15T08:59:59+00:00");
    assert_eq!(both["from_cache"], false);
    assert_eq!(both.get("truncated"), None);
    visits["ran_at"] = Value::Null;
    visits["from_cache"] = Value::Null;
    let both = joined(&merge(&["visits"]), &[orders(), visits]).unwrap();
    assert_eq!((both.get("ran_at"), both.get("from_cache")), (None, None));
}

#[test]
fn a_primary_query_that_was_cut_short_says_how_it_was_sorted() {
    let mut orders = orders();
    orders["truncated"] = json!(true);
    orders["added_params"] = json!({"sorts": ["orders.month desc"]});
    let joined = joined(&merge(&["visits"]), &[orders, visits()]).unwrap();
    assert_eq!(joined["truncated"], true);
    assert_eq!(joined["added_params"]["sorts"][0], "orders.month desc");
}

#[test]
fn another_query_that_was_cut_short_is_joined_only_where_nothing_can_be_missing() {
    let mut visits = result("visits", &[(r#""2026-01""#, "50"), (r#""2026-02""#, "40")]);
    visits["truncated"] = json!(true);
    let all_there = joined(
        &merge(&["visits"]),
        &[orders_without_null(), visits.clone()],
    )
    .unwrap();
    assert_eq!(all_there["truncated"], true);
    let missing = joined(&merge(&["visits"]), &[orders(), visits.clone()]).unwrap_err();
    assert!(
        missing.to_string().contains("cut at its row limit"),
        "{missing}"
    );
    // Grouped by more than it is joined by, a second row of a month may be among what is missing.
    let device = json!({"name": "visits.device"});
    pushed(&mut visits["fields"]["dimensions"], device);
    let doubtful = joined(&merge(&["visits"]), &[orders_without_null(), visits]).unwrap_err();
    assert_eq!(doubtful.code(), "unsupported");
}

#[test]
fn notes_that_are_no_errors_stay() {
    let note = "Note: This query contains derived tables with Development Mode filters. Query \
                results in Production Mode might be different.";
    let mut visits = visits();
    visits["errors"] = json!([{"message": note, "message_details": null}]);
    let joined = joined(&merge(&["visits"]), &[orders(), visits.clone()]).unwrap();
    assert_eq!(joined["errors"], visits["errors"]);
}

#[test]
fn what_looker_might_join_otherwise_is_refused_in_words() {
    type Change = fn(&mut Merge, &mut Value, &mut Value);
    let cases: [(Change, &str); 13] = [
        (
            |_, _, visits| visits["data"][1]["visits.month"]["value"] = json!("2026-01"),
            "several rows of \"visits\" have the same visits.month",
        ),
        (
            |_, _, visits| visits["data"][1]["visits.month"]["value"] = Value::Null,
            "null is among the values",
        ),
        (
            |_, orders, _| orders["data"][0]["orders.month"]["value"] = json!(" 2026-01"),
            "differ in case, space or type",
        ),
        (
            |_, orders, _| orders["data"][0]["orders.month"]["value"] = json!(0.5),
            "not all texts or whole numbers",
        ),
        (
            |_, _, visits| visits["timezone"] = json!("Europe/Rome"),
            "different time zones (UTC, Europe/Rome)",
        ),
        (
            |_, _, visits| visits["timezone"] = Value::Null,
            "different time zones (UTC, none)",
        ),
        (
            |_, _, visits| visits["fields"]["dimensions"][0]["type"] = json!("date_date"),
            "of different types",
        ),
        (
            |_, _, visits| visits["fields"]["dimensions"] = json!([]),
            "\"visits\" is joined by \"visits.month\", which it does not have",
        ),
        (
            |_, orders, _| orders["fields"]["dimensions"] = json!([]),
            "\"orders.month\", which the primary query does not have",
        ),
        (
            |_, _, visits| visits["fields"]["pivots"] = json!([{"name": "visits.device"}]),
            "its source \"visits\" is pivoted",
        ),
        (
            |_, orders, _| {
                let again = orders["fields"]["measures"][0].clone();
                pushed(&mut orders["fields"]["measures"], again);
            },
            "two of its fields are called \"orders.count\"",
        ),
        (|merge, _, _| merge.limit = Some(2), "it shows 2 rows of 3"),
        (
            |_, _, visits| visits["data"] = json!(vec![visits["data"][0].clone(); 5_001]),
            "has 5001 rows, and Looker joins the first 5000",
        ),
    ];
    for (change, expected) in cases {
        let (code, message) = refusal(change);
        assert_eq!(code, "unsupported", "{message}");
        assert!(message.contains(expected), "{expected}: {message}");
    }
}

#[test]
fn a_query_that_failed_is_named() {
    let (code, message) = refusal(|_, _, visits| {
        *visits = json!({"errors": [{"message": "View Not Found"}], "data": [], "fields": {}});
    });
    assert_eq!(code, "looker-error");
    assert!(
        message.contains("\"visits\"") && message.contains("View Not Found"),
        "{message}"
    );
    let shapeless: [fn(&mut Merge, &mut Value, &mut Value); 3] = [
        |_, _, visits| *visits = json!([{"visits.count": 1}]),
        |_, _, visits| visits["data"] = json!({}),
        |_, _, visits| visits["fields"]["measures"] = json!([{"label": "no name"}]),
    ];
    for change in shapeless {
        assert_eq!(refusal(change).0, "malformed");
    }
}

#[test]
fn merges_that_differ_in_anything_are_told_apart() {
    let plain = merge(&["visits"]);
    let mut limited = plain.clone();
    limited.limit = Some(5);
    let mut other_rule = plain.clone();
    other_rule.sources[1].on[0].1 = "orders.week".to_owned();
    let mut other_body = plain.clone();
    other_body.sources[0].post = "{ }".to_owned();
    for other in [&limited, &other_rule, &other_body] {
        assert_ne!(plain.in_full(), other.in_full());
    }
    assert_eq!(plain.in_full(), merge(&["visits"]).in_full());
}
