//! A chart type that no built-in reads, rolled out and back on a server that goes on running.

use crate::cases::one;
use crate::harness::client::Client;
use crate::harness::guests::{gauge, gauge_2};
use crate::harness::server::{Place, Server};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Version and state of each version of the gauge; empty where there is no gauge.
pub fn states(client: &Client) -> BTreeMap<String, String> {
    let answer = client.get("/v1/extractors/gauge");
    if answer.status == 404 {
        return BTreeMap::new();
    }
    let shown = answer.expect(200);
    let versions = shown["versions"].as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_string();
    versions.iter().map(|version| (text(&version["version"]), text(&version["state"]))).collect()
}

/// Reads 42 off a gauge, with the active version or the one given.
pub fn read(client: &Client, version: Option<&str>) -> Value {
    let mut body = json!({"vis_config": {"type": "house_gauge"}});
    if let Some(version) = version {
        body["version"] = version.into();
    }
    let body = body.to_string();
    let body = format!("{{\"result\":{},{}", one("42").text(), &body[1..]);
    client.post_text("/v1/extractors/gauge/read", &body).expect(200)
}

/// The version that answers, by its reading.
pub fn answers(client: &Client) -> String {
    let reading = read(client, None);
    assert_eq!(reading["value"], "42", "{reading}");
    reading["extractor"]["version"].as_str().unwrap_or_default().to_string()
}

pub fn map(states: &[(&str, &str)]) -> BTreeMap<String, String> {
    states.iter().map(|(version, state)| (version.to_string(), state.to_string())).collect()
}

#[test]
fn a_new_chart_type_goes_in_and_out_of_a_running_server() {
    let place = Place::new();
    let server = Server::start(&place.data());
    let client = server.admin();
    assert_eq!(states(&client), map(&[]));

    client.upload(&gauge()).expect(201);
    assert_eq!(states(&client), map(&[("1.0.0", "staged")]));
    // Tried before it is rolled out: by its version, and by nobody else.
    assert_eq!(read(&client, Some("1.0.0"))["value"], "42");
    client.post("/v1/extractors/gauge/read", &json!({"result": {}})).problem(409, "conflict");

    client.post_empty("/v1/extractors/gauge/versions/1.0.0/activate").expect(200);
    assert_eq!(answers(&client), "1.0.0");

    client.upload(&gauge_2()).expect(201);
    assert_eq!(states(&client), map(&[("1.0.0", "active"), ("2.0.0", "staged")]));
    assert_eq!(answers(&client), "1.0.0");

    client.post_empty("/v1/extractors/gauge/versions/2.0.0/activate").expect(200);
    assert_eq!(states(&client), map(&[("1.0.0", "retired"), ("2.0.0", "active")]));
    assert_eq!(answers(&client), "2.0.0");
    assert_eq!(read(&client, None)["label"], "Gauge of sales.rate");
    // The one before is still there to compare with.
    assert_eq!(read(&client, Some("1.0.0"))["label"], "Gauge");

    client.post_empty("/v1/extractors/gauge/rollback").expect(200);
    assert_eq!(answers(&client), "1.0.0");
    assert_eq!(states(&client)["1.0.0"], "active");

    client.delete("/v1/extractors/gauge/versions/2.0.0").expect(204);
    assert_eq!(states(&client), map(&[("1.0.0", "active")]));
    assert_eq!(answers(&client), "1.0.0");
}

#[test]
fn a_roll_out_under_load_loses_no_call() {
    let place = Place::new();
    let server = Server::start(&place.data());
    let client = server.admin();
    client.upload(&gauge()).expect(201);
    client.upload(&gauge_2()).expect(201);
    client.post_empty("/v1/extractors/gauge/versions/1.0.0/activate").expect(200);
    std::thread::scope(|scope| {
        let readers: Vec<_> = (0..4)
            .map(|_| {
                let client = client.clone();
                scope.spawn(move || (0..60).map(|_| answers(&client)).collect::<Vec<_>>())
            })
            .collect();
        for _ in 0..5 {
            client.post_empty("/v1/extractors/gauge/versions/2.0.0/activate").expect(200);
            client.post_empty("/v1/extractors/gauge/rollback").expect(200);
        }
        for reader in readers {
            for version in reader.join().expect("every read answers") {
                assert!(["1.0.0", "2.0.0"].contains(&version.as_str()));
            }
        }
    });
}
