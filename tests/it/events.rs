//! An event mapper on a given result: the rows of a query in, customer events out.

mod mappers;
mod recorded;

use crate::harness::client::Client;
use crate::harness::doc::{Doc, doc};
use crate::harness::field::text;
use crate::harness::guests::{gauge, guest};
use crate::harness::server::{Place, Server};
use serde_json::{Value, json};

fn mapper() -> (Place, Server) {
    let place = Place::new();
    let server = Server::start(&place.data());
    server.admin().upload(&guest("mapper")).expect(201);
    server.admin().post_empty("/v1/extractors/mapper/versions/1.0.0/activate").expect(200);
    (place, server)
}

fn people() -> Doc {
    doc().dim(text("users.email")).dim(text("users.name")).rows(&[
        &["ann@example.com", "Ann"],
        &["null", "Nobody"],
        &["bob@example.com", "Bob"],
    ])
}

fn convert(client: &Client, result: &str, more: &str) -> Value {
    let body = format!("{{\"result\":{result}{more}}}");
    client.post_text("/v1/extractors/mapper/convert", &body).expect(200)
}

#[test]
fn rows_become_events_or_are_rejected_by_number() {
    let (_place, server) = mapper();
    let answer = convert(&server.admin(), &people().text(), "");
    let events = answer["events"].as_array().expect("events");
    let seen: Vec<_> = events.iter().map(|event| (&event["kind"], &event["identity_key"], &event["row"])).collect();
    assert_eq!(
        seen,
        [(&json!("identify"), &json!("ann@example.com"), &json!(0)), (&json!("identify"), &json!("bob@example.com"), &json!(2)),]
    );
    assert_eq!(answer["rejected"], json!([{"row": 1, "reason": "no email"}]));
}

#[test]
fn settings_reach_the_mapper() {
    let (_place, server) = mapper();
    let answer = convert(&server.admin(), &people().text(), r#","settings":{"source":"a look"}"#);
    assert_eq!(answer["events"][0]["traits"], json!({"email": "ann@example.com", "source": "a look"}));
}

#[test]
fn a_result_given_as_text_is_the_same() {
    let (_place, server) = mapper();
    let client = server.admin();
    let as_json = convert(&client, &people().text(), "");
    let as_text = convert(&client, &json!(people().text()).to_string(), "");
    assert_eq!(as_json, as_text);
}

#[test]
fn no_rows_are_no_events() {
    let (_place, server) = mapper();
    let none = doc().dim(text("users.email"));
    assert_eq!(convert(&server.admin(), &none.text(), ""), json!({"events": [], "rejected": []}));
}

#[test]
fn many_rows_keep_their_numbers_and_order() {
    let (_place, server) = mapper();
    let rows = 2500;
    let mut many = doc().dim(text("users.email"));
    for row in 0..rows {
        let email = format!("p{row}@example.com");
        many = many.row(&[if row % 5 == 4 { "null" } else { &email }]);
    }
    let answer = convert(&server.admin(), &many.text(), "");
    let events = answer["events"].as_array().expect("events");
    let rejected = answer["rejected"].as_array().expect("rejections");
    assert_eq!((events.len(), rejected.len()), (rows * 4 / 5, rows / 5));
    for event in events {
        assert_eq!(event["identity_key"], format!("p{}@example.com", event["row"]), "{event}");
    }
    let numbers: Vec<_> = events.iter().filter_map(|event| event["row"].as_u64()).collect();
    assert!(numbers.is_sorted(), "events are out of order");
}

#[test]
fn a_result_that_is_none_is_malformed() {
    let (_place, server) = mapper();
    let client = server.admin();
    for result in ["{}", "[]", "null", "\"not json\"", "\"\"", r#"{"data":{}}"#, r#""{\"data\":[{}""#] {
        let body = format!("{{\"result\":{result}}}");
        client.post_text("/v1/extractors/mapper/convert", &body).problem(422, "malformed");
    }
}

#[test]
fn a_mapper_reads_no_number_and_a_chart_maps_no_rows() {
    let (_place, server) = mapper();
    let client = server.admin();
    client.upload(&gauge()).expect(201);
    let body = json!({"result": {}, "version": "1.0.0"});
    for path in ["mapper/read", "mapper/series", "mapper/outline", "gauge/convert", "timeseries/convert"] {
        let answer = client.post(&format!("/v1/extractors/{path}"), &body);
        answer.any_problem().unwrap_or_else(|fault| panic!("{answer}: {fault}"));
        assert!((400..500).contains(&answer.status), "{answer}");
    }
}
