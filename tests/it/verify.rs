//! "Is my chart supported, and if not, why and what to change?" (product 2)

use crate::cases::{one, regions, sales};
use crate::harness::client::Client;
use crate::harness::doc::Doc;
use crate::harness::guests::{Card, SOUND, hostile};
use crate::harness::server::{Place, Server, shared};
use serde_json::{Value, json};

fn verify(client: &Client, doc: &Doc, vis: &str) -> Value {
    let body = format!("{{\"result\":{},\"vis_config\":{vis}}}", doc.text());
    client.post_text("/v1/charts/verify", &body).expect(200)
}

/// A list of texts, which must not be empty.
fn said(answer: &Value, list: &str) -> String {
    let lines = answer[list].as_array().cloned().unwrap_or_default();
    assert!(!lines.is_empty(), "`{list}` says nothing: {answer}");
    lines.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("\n")
}

#[test]
fn charts_that_are_read() {
    let client = shared().admin();
    let charts = [
        (sales(), "looker_line", "timeseries"),
        (sales(), "looker_column", "timeseries"),
        (sales(), "looker_area", "timeseries"),
        (sales(), "looker_bar", "timeseries"),
        (regions(), "looker_column", "timeseries"),
        (one("5"), "single_value", "single-value"),
        (sales(), "looker_grid", "pivot-table"),
        (sales(), "table", "pivot-table"),
    ];
    for (doc, kind, extractor) in charts {
        let answer = verify(&client, &doc, &format!("{{\"type\":\"{kind}\"}}"));
        assert_eq!((&answer["supported"], &answer["extractor"]), (&true.into(), &extractor.into()), "{kind}: {answer}");
    }
}

#[test]
fn a_type_that_none_reads_names_the_nearest_that_might() {
    let client = shared().admin();
    let answer = verify(&client, &sales(), r#"{"type":"looker_moon_phase"}"#);
    assert_eq!(answer["supported"], false, "{answer}");
    assert!(said(&answer, "reasons").contains("looker_moon_phase"), "{answer}");
    assert!(said(&answer, "hints").contains("timeseries"), "{answer}");
}

#[test]
fn no_type_says_so() {
    let client = shared().admin();
    for vis in ["{}", r#"{"type":null}"#, r#"{"type":""}"#] {
        let answer = verify(&client, &sales(), vis);
        assert_eq!(answer["supported"], false, "{vis}: {answer}");
        said(&answer, "reasons");
        said(&answer, "hints");
    }
}

#[test]
fn a_chart_of_a_known_type_that_cannot_be_read_says_why() {
    let client = shared().admin();
    let no_number = crate::harness::doc::doc().dim(crate::harness::field::month("sales.month")).row(&["2024-01"]);
    let answer = verify(&client, &no_number, r#"{"type":"looker_line"}"#);
    assert_eq!(answer["supported"], false, "{answer}");
    said(&answer, "reasons");
    said(&answer, "hints");

    let failed = sales().top("errors", serde_json::json!([{"message": "SQL Error"}]));
    let answer = verify(&client, &failed, r#"{"type":"looker_line"}"#);
    assert_eq!(answer["supported"], false, "{answer}");
    assert!(said(&answer, "reasons").contains("SQL Error"), "{answer}");
}

#[test]
fn an_uploaded_extractor_comes_before_a_built_in_one() {
    let place = Place::new();
    let server = Server::start(&place.data());
    let client = server.admin();
    let line = r#"{"type":"looker_line"}"#;
    let component = hostile(Card { name: "zz-line", chart_types: "looker_line,looker_area", ..SOUND });
    client.upload(&component).expect(201);
    assert_eq!(verify(&client, &sales(), line)["extractor"], "timeseries", "a staged version claims nothing");

    client.post_empty("/v1/extractors/zz-line/versions/1.0.0/activate").expect(200);
    for kind in [line, r#"{"type":"looker_area"}"#] {
        assert_eq!(verify(&client, &sales(), kind)["extractor"], "zz-line");
    }
    assert_eq!(verify(&client, &sales(), r#"{"type":"looker_column"}"#)["extractor"], "timeseries");
}

#[test]
fn the_operators_order_decides_between_two_that_claim_a_type() {
    let place = Place::new();
    let server = Server::start(&place.data());
    let client = server.admin();
    let reader = |client: &Client| verify(client, &sales(), r#"{"type":"looker_line"}"#)["extractor"].clone();
    for name in ["aa-line", "zz-line"] {
        client.upload(&hostile(Card { name, chart_types: "looker_line", ..SOUND })).expect(201);
        client.post_empty(&format!("/v1/extractors/{name}/versions/1.0.0/activate")).expect(200);
    }
    assert_ne!(reader(&client), "timeseries", "an uploaded one goes before a built-in");

    let any = client.clone().with("If-Match", "*");
    for (order, first) in [(vec![("zz-line", 1)], "zz-line"), (vec![("timeseries", 0)], "timeseries"), (vec![("aa-line", -1)], "aa-line")] {
        for (name, place) in order {
            any.patch(&format!("/v1/extractors/{name}"), &json!({"order": place})).expect(200);
        }
        assert_eq!(reader(&client), first);
    }
    any.patch("/v1/extractors/aa-line", &json!({"order": null})).expect(200);
    assert_eq!(reader(&client), "timeseries");

    // It is the operator's word, and outlives the process.
    server.kill();
    let server = Server::start(&place.data());
    assert_eq!(reader(&server.admin()), "timeseries");
}

#[test]
fn an_order_is_set_on_what_was_seen() {
    let place = Place::new();
    let server = Server::start(&place.data());
    let client = server.admin();
    let (path, order) = ("/v1/extractors/timeseries", json!({"order": 5}));
    client.patch(path, &order).problem(428, "precondition-required");
    let seen = client.get(path).etag.expect("what can be edited has an ETag");
    let changed = client.clone().with("If-Match", seen.clone()).patch(path, &order);
    assert_eq!(changed.status, 200, "{changed}");
    assert_ne!(changed.etag, Some(seen.clone()), "{changed}");
    client.clone().with("If-Match", seen).patch(path, &json!({"order": 6})).problem(412, "stale");
    let any = client.with("If-Match", "*");
    any.patch("/v1/extractors/nothing", &order).problem(404, "not-found");
    for (body, pointer) in [(json!({"order": "first"}), "/order"), (json!({}), "/order"), (json!({"order": 1, "colour": 2}), "/colour")] {
        let problem = any.patch(path, &body).problem(400, "invalid-input");
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
    }
}

#[test]
fn a_new_chart_type_is_supported_once_its_extractor_is_active() {
    let place = Place::new();
    let server = Server::start(&place.data());
    let client = server.admin();
    let gauge = r#"{"type":"house_gauge"}"#;
    assert_eq!(verify(&client, &one("5"), gauge)["supported"], false);
    client.upload(&crate::harness::guests::gauge()).expect(201);
    assert_eq!(verify(&client, &one("5"), gauge)["supported"], false);
    client.post_empty("/v1/extractors/gauge/versions/1.0.0/activate").expect(200);
    let answer = verify(&client, &one("5"), gauge);
    assert_eq!((&answer["supported"], &answer["extractor"]), (&true.into(), &"gauge".into()), "{answer}");
}
