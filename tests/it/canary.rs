//! A version on trial: for a part of the callers, always the same, and taken back when it does worse.

use crate::harness::client::Client;
use crate::harness::guests::{Card, SOUND, hostile};
use crate::harness::server::{Place, Server};
use crate::harness::until;
use crate::harness::world::{PATIENCE, SELDOM, World, text};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const OLD: Card = SOUND;
const NEW: Card = Card { version: "2.0.0", ..SOUND };
const TRY: &str = "/v1/extractors/hostile/versions/2.0.0/canary";

/// Two versions, of which the first answers.
fn roll_out(client: &Client) {
    client.upload(&hostile(OLD)).expect(201);
    client.upload(&hostile(NEW)).expect(201);
    client.post_empty("/v1/extractors/hostile/versions/1.0.0/activate").expect(200);
}

fn shown(client: &Client) -> Value {
    client.get("/v1/extractors/hostile").expect(200)
}

fn states(client: &Client) -> BTreeMap<String, String> {
    let versions = shown(client)["versions"].as_array().cloned().expect("versions");
    versions.iter().map(|it| (text(&it["version"]), text(&it["state"]))).collect()
}

/// Calls a version by its number.
fn call(client: &Client, version: &str, order: &str) {
    let body = json!({"result": {}, "selection": {"do": order}, "version": version});
    client.post("/v1/extractors/hostile/read", &body);
}

fn are(states: &BTreeMap<String, String>) -> Vec<(&str, &str)> {
    states.iter().map(|(version, state)| (version.as_str(), state.as_str())).collect()
}

#[test]
fn a_version_on_trial_reads_a_part_of_the_key_results_and_always_the_same() {
    let world = World::new();
    roll_out(&world.client);
    let source = world.looks()[0]["source"].clone();
    let chart =
        json!({"connection_id": world.connection, "source": source, "extractor": "hostile", "selection": {"do": ""}, "cron": SELDOM});
    let ids: Vec<String> = (0..24).map(|_| world.link(&chart, json!({}))).collect();
    let read_by = || -> BTreeMap<&str, String> {
        let read = ids.iter().map(|id| {
            let read = world.client.post_empty(&format!("/v1/key-results/{id}/refresh")).expect(200);
            (id.as_str(), text(&read["last_reading"]["extractor"]["version"]))
        });
        read.collect()
    };
    assert!(read_by().values().all(|version| version == "1.0.0"));
    let tried = world.client.post(TRY, &json!({"percent": 50})).expect(200);
    assert_eq!((&tried["canary"]["version"], &tried["canary"]["percent"]), (&json!("2.0.0"), &json!(50)), "{tried}");
    assert_eq!(are(&states(&world.client)), [("1.0.0", "active"), ("2.0.0", "canary")]);
    let half = read_by();
    let new = half.values().filter(|version| *version == "2.0.0").count();
    assert!(new > 0 && new < ids.len(), "{new} of {} are read by the new version", ids.len());
    assert_eq!(read_by(), half, "each stays with what has read it");
    let trial = shown(&world.client)["canary"].clone();
    assert_eq!((&trial["done"]["calls"], &trial["done"]["failed"]), (&json!(2 * new), &json!(0)), "{trial}");
    world.client.post(TRY, &json!({"percent": 100})).expect(200);
    assert!(read_by().values().all(|version| version == "2.0.0"));
    // What has no caller of its own is read by the active version.
    let preview = world.client.post(
        "/v1/charts/read",
        &json!({"connection_id": world.connection, "source": source, "extractor": "hostile", "selection": {"do": ""}}),
    );
    assert_eq!(preview.expect(200)["extractor"]["version"], "1.0.0");
    let promoted = world.client.post_empty("/v1/extractors/hostile/versions/2.0.0/activate").expect(200);
    assert_eq!(promoted["canary"], Value::Null);
    assert_eq!(are(&states(&world.client)), [("1.0.0", "retired"), ("2.0.0", "active")]);
    assert!(read_by().values().all(|version| version == "2.0.0"));
}

#[test]
fn a_version_that_does_worse_is_taken_back_by_itself_and_says_why() {
    let place = Place::new();
    let server = Server::start(&place.data());
    let client = server.admin();
    roll_out(&client);
    // What was before a trial says nothing of it.
    (0..30).for_each(|_| call(&client, "2.0.0", "trap"));
    client.post(TRY, &json!({"percent": 1, "bounds": {"after_calls": 22}})).expect(200);
    (0..19).for_each(|_| call(&client, "2.0.0", ""));
    call(&client, "1.0.0", "");
    let trial = shown(&client)["canary"].clone();
    assert_eq!((&trial["done"]["calls"], &trial["beside"]["calls"]), (&json!(19), &json!(1)), "{trial}");
    (0..3).for_each(|_| call(&client, "2.0.0", "trap"));
    until("it is taken back", PATIENCE, || shown(&client)["canary"].is_null().then_some(()));
    assert_eq!(are(&states(&client)), [("1.0.0", "active"), ("2.0.0", "retired")]);
    let audit = client.items("/v1/audit");
    let taken_back = audit.iter().find(|it| it["action"] == "extractor.canary-rollback").expect("an entry");
    assert_eq!((&taken_back["actor"], &taken_back["detail"]["version"]), (&json!("server"), &json!("2.0.0")), "{taken_back}");
    let reason = text(&taken_back["detail"]["reason"]);
    assert!(reason.starts_with("13.6 % of its 22 calls have failed, beside 0.0 %"), "{reason}");
}

#[test]
fn a_good_version_outlasts_a_restart_on_trial_and_is_taken_back_by_hand() {
    let place = Place::new();
    let server = Server::start(&place.data());
    roll_out(&server.admin());
    server.admin().post(TRY, &json!({"percent": 10})).expect(200);
    assert_eq!(server.stop(), Some(0));
    let server = Server::start(&place.data());
    let client = server.admin();
    assert_eq!(shown(&client)["canary"]["percent"], 10);
    client.delete("/v1/extractors/hostile/versions/2.0.0").problem(409, "conflict");
    let metrics = client.get("/metrics").text();
    assert!(metrics.contains("version=\"2.0.0\""), "{metrics}");
    let back = client.post_empty("/v1/extractors/hostile/rollback").expect(200);
    assert_eq!((&back["canary"], &back["active"]["version"]), (&Value::Null, &json!("1.0.0")));
    client.delete("/v1/extractors/hostile/versions/2.0.0").expect(204);
}

#[test]
fn a_trial_that_makes_no_sense_is_refused() {
    let place = Place::new();
    let server = Server::start(&place.data());
    let client = server.admin();
    client.upload(&hostile(OLD)).expect(201);
    client.upload(&hostile(NEW)).expect(201);
    client.post(TRY, &json!({"percent": 10})).problem(409, "conflict");
    client.post_empty("/v1/extractors/hostile/versions/1.0.0/activate").expect(200);
    let active = "/v1/extractors/hostile/versions/1.0.0/canary";
    client.post(active, &json!({"percent": 10})).problem(409, "conflict");
    client.post("/v1/extractors/hostile/versions/3.0.0/canary", &json!({"percent": 10})).problem(404, "not-found");
    for body in [
        json!({}),
        json!({"percent": 0}),
        json!({"percent": 101}),
        json!({"percent": "10"}),
        json!({"percent": 10, "bounds": {"after_calls": 0}}),
        json!({"percent": 10, "bounds": {"more_failures_percent": 101}}),
        json!({"percent": 10, "bounds": {"times_slower": 0}}),
        json!({"percent": 10, "bounds": {"unknown": 1}}),
    ] {
        client.post(TRY, &body).problem(400, "invalid-input");
    }
    assert_eq!(shown(&client)["canary"], Value::Null);
}
