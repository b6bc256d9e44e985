//! A version that only ever has to be stopped is left alone for a while, and called again by itself.

use crate::cases::sales;
use crate::harness::client::{Answer, Client};
use crate::harness::guests::{Card, SOUND, guest, hostile};
use crate::harness::hub::HubWorld;
use crate::harness::listener::{listen, next};
use crate::harness::server::{Place, Server};
use crate::harness::until;
use crate::harness::world::{PATIENCE, SELDOM, World};
use crate::table::{TIMESERIES, read};
use serde_json::{Value, json};

/// As many stops in a row as begin a rest.
const STOPS: usize = 5;

fn roll_out(client: &Client) {
    client.upload(&hostile(SOUND)).expect(201);
    client.upload(&hostile(Card { version: "2.0.0", ..SOUND })).expect(201);
    client.post_empty("/v1/extractors/hostile/versions/1.0.0/activate").expect(200);
}

fn call(client: &Client, version: &str, order: &str) -> Answer {
    let body = json!({"result": {}, "selection": {"do": order}, "version": version});
    client.post("/v1/extractors/hostile/read", &body)
}

fn shown(client: &Client, version: &str) -> Value {
    let shown = client.get("/v1/extractors/hostile").expect(200);
    let versions = shown["versions"].as_array().expect("versions");
    versions.iter().find(|it| it["version"] == version).expect("it").clone()
}

#[test]
fn a_version_that_only_traps_rests_and_answers_again_by_itself() {
    let place = Place::new();
    let server = Server::start(&place.data());
    let client = server.admin();
    roll_out(&client);
    let events = listen(&server, None);
    (0..STOPS).for_each(|_| drop(call(&client, "1.0.0", "trap").problem(422, "trap")));
    let refused = call(&client, "1.0.0", "");
    let problem = refused.problem(503, "resting");
    assert_eq!(refused.retry_after.as_deref(), Some("1"), "{refused}");
    let detail = problem["detail"].as_str().unwrap_or_default();
    assert!(detail.contains("extractor hostile 1.0.0 rests") && detail.contains("roll back"), "{detail}");
    let rests = shown(&client, "1.0.0");
    assert_eq!((&rests["breaker"]["state"], &rests["breaker"]["stops"]), (&json!("resting"), &json!(STOPS)), "{rests}");
    assert!(rests["breaker"]["until"].is_string() && rests["refused"].as_u64() >= Some(1), "{rests}");
    assert_eq!(rests["calls"], STOPS, "what was refused was not called");
    let metric = |text: &str, of: &str| text.contains(&format!("lensmount_extractor_{of}"));
    let metrics = client.get("/metrics").text();
    assert!(metric(&metrics, "resting{extractor=\"hostile\",version=\"1.0.0\"} 1"), "{metrics}");
    // Nobody else rests: not another version, nor a neighbour.
    assert_eq!(call(&client, "2.0.0", "").expect(200)["label"], "done");
    assert_eq!(read(TIMESERIES, "neighbour", &sales()).send(&client).expect(200)["value"], "40");
    let (_, _, told) = next(&events, "extractor");
    assert_eq!(told["data"], json!({"extractor": "hostile", "version": "1.0.0", "change": "resting"}), "{told}");
    // A second later a call is let through, and its answer ends it.
    until("it answers again", PATIENCE, || (call(&client, "1.0.0", "").status == 200).then_some(()));
    let answers = shown(&client, "1.0.0");
    assert_eq!(answers["breaker"], json!({"state": "answering", "until": null, "stops": 0}), "{answers}");
    let metrics = client.get("/metrics").text();
    assert!(metric(&metrics, "resting{extractor=\"hostile\",version=\"1.0.0\"} 0"), "{metrics}");
    assert!(metric(&metrics, "refused_total{extractor=\"hostile\",version=\"1.0.0\"} "), "{metrics}");
    assert_eq!(next(&events, "extractor").2["data"]["change"], "answering");
}

#[test]
fn a_probe_that_has_to_be_stopped_begins_a_longer_rest() {
    let place = Place::new();
    let server = Server::start(&place.data());
    let client = server.admin();
    roll_out(&client);
    (0..STOPS).for_each(|_| drop(call(&client, "1.0.0", "panic").problem(422, "trap")));
    until("a call is let through", PATIENCE, || (call(&client, "1.0.0", "panic").status == 422).then_some(()));
    let refused = call(&client, "1.0.0", "");
    refused.problem(503, "resting");
    assert_eq!(refused.retry_after.as_deref(), Some("2"), "{refused}");
    assert_eq!(shown(&client, "1.0.0")["breaker"]["stops"], STOPS + 1);
    // Whoever activates it wants it called.
    client.post_empty("/v1/extractors/hostile/versions/1.0.0/activate").expect(200);
    call(&client, "1.0.0", "").expect(200);
}

#[test]
fn what_is_no_fault_of_the_guests_begins_no_rest() {
    let place = Place::new();
    let server = Server::start(&place.data());
    let client = server.admin();
    roll_out(&client);
    let any = client.clone().with("If-Match", "*");
    let often = |order, code| (0..2 * STOPS).for_each(|_| drop(call(&client, "1.0.0", order).problem(422, code)));
    for (order, code) in [("internal", "internal"), ("other", "other"), ("banana", "internal")] {
        often(order, code);
    }
    any.patch("/v1/extractors/hostile", &json!({"limits": {"cpu_ms": 60_000, "wall_ms": 40}})).expect(200);
    often("loop", "wall-timeout");
    // Nor do stops with an answer now and then.
    any.patch("/v1/extractors/hostile", &json!({"limits": null})).expect(200);
    // Nor what is too large, which is the chart's doing as well.
    for (order, code) in [("huge", "output-limit"), ("bomb", "memory-limit")] {
        (0..STOPS).for_each(|_| drop(call(&client, "1.0.0", order).problem(422, code)));
    }
    for _ in 0..STOPS {
        call(&client, "1.0.0", "trap").problem(422, "trap");
        call(&client, "1.0.0", "internal").problem(422, "internal");
    }
    assert_eq!(shown(&client, "1.0.0")["breaker"]["state"], "answering");
}

#[test]
fn a_rest_leaves_the_last_reading_and_is_nobody_elses_fault() {
    let world = World::new();
    roll_out(&world.client);
    let source = world.looks()[0]["source"].clone();
    let with = |order: &str| {
        let chart = json!({"connection_id": world.connection, "source": source, "extractor": "hostile", "selection": {"do": order}});
        world.link(&chart, json!({"cron": SELDOM}))
    };
    let (sound, broken) = (with(""), with("trap"));
    let refresh = |id: &str| world.client.post_empty(&format!("/v1/key-results/{id}/refresh"));
    assert_eq!(refresh(&sound).expect(200)["current"], "1");
    // What has just been linked is polled as well, and counts as any call does.
    until("it rests", PATIENCE, || {
        refresh(&broken);
        (shown(&world.client, "1.0.0")["breaker"]["state"] == "resting").then_some(())
    });
    let refused = until("a read meets the rest", PATIENCE, || {
        let answer = refresh(&sound);
        if answer.status == 503 {
            return Some(answer);
        }
        (0..STOPS).for_each(|_| drop(refresh(&broken)));
        None
    });
    refused.problem(503, "resting");
    let key_result = world.key_result(&sound);
    assert_eq!((&key_result["current"], &key_result["last_failure"]["code"]), (&json!("1"), &json!("resting")), "{key_result}");
    assert_eq!(key_result["last_reading"]["value"], "1");
    until("it is read again", PATIENCE, || (refresh(&sound).status == 200).then_some(()));
    assert_eq!(world.key_result(&sound)["last_failure"], Value::Null);
}

#[test]
fn a_poll_that_meets_a_rest_comes_back_by_itself() {
    let world = World::new();
    roll_out(&world.client);
    let source = world.looks()[0]["source"].clone();
    let id = world.link(
        &json!({"connection_id": world.connection, "source": source, "extractor": "hostile", "selection": {"do": ""}}),
        json!({"every": "1s"}),
    );
    world.until(&id, "it is read", |it| it["current"] == "1");
    let failed = until("a poll meets a rest", PATIENCE, || {
        (0..STOPS).for_each(|_| drop(call(&world.client, "1.0.0", "trap")));
        Some(world.key_result(&id)).filter(|it| it["last_failure"]["code"] == "resting")
    });
    assert_eq!(failed["current"], "1", "{failed}");
    let before = world.readings(&id).len();
    world.until(&id, "it is read again", |it| it["last_failure"].is_null());
    until("readings go on", PATIENCE, || (world.readings(&id).len() > before).then_some(()));
}

#[test]
fn a_version_on_trial_that_rests_is_taken_back_at_once_and_its_callers_have_the_other() {
    let place = Place::new();
    let server = Server::start(&place.data());
    let client = server.admin();
    roll_out(&client);
    client.post("/v1/extractors/hostile/versions/2.0.0/canary", &json!({"percent": 50, "bounds": {"after_calls": 1_000_000}})).expect(200);
    (0..STOPS).for_each(|_| drop(call(&client, "2.0.0", "trap").problem(422, "trap")));
    until("it is taken back", PATIENCE, || client.get("/v1/extractors/hostile").expect(200)["canary"].is_null().then_some(()));
    let audit = client.items("/v1/audit");
    let entry = audit.iter().find(|it| it["action"] == "extractor.canary-rollback").expect("an entry");
    assert_eq!(entry["detail"]["reason"], "its last calls had all to be stopped, so it rests", "{entry}");
    assert_eq!(shown(&client, "1.0.0")["state"], "active");
}

/// Rows for the mapper of the tests, which a row of `trap` ends.
fn emails<'a>(emails: impl Iterator<Item = &'a str>) -> String {
    let rows: Vec<Value> = emails.map(|email| json!({"users.email": {"value": email}})).collect();
    json!({"fields": {}, "data": rows}).to_string()
}

#[test]
fn a_row_that_a_mapper_fails_on_begins_no_rest() {
    let world = HubWorld::new();
    world.client.upload(&guest("mapper")).expect(201);
    world.client.post_empty("/v1/extractors/mapper/versions/1.0.0/activate").expect(200);
    // The first row of all: each part that is searched is stopped until it stands alone.
    let rows = emails(std::iter::once("trap").chain(std::iter::repeat_n("ann@example.com", 299)));
    let answer = world.execute("mapper", &world.request(&rows));
    assert!(answer["message"].as_str().is_some_and(|it| it.contains("299 delivered. 1 rejected: row 1: trap:")), "{answer}");
    let mapper = world.client.get("/v1/extractors/mapper").expect(200)["versions"][0].clone();
    assert!(mapper["stopped"].as_u64() > Some(STOPS as u64), "{mapper}");
    assert_eq!((&mapper["breaker"]["state"], &mapper["refused"]), (&json!("answering"), &json!(0)), "{mapper}");
}

#[test]
fn a_run_of_a_mapper_that_only_traps_comes_to_its_end() {
    let world = HubWorld::new();
    world.client.upload(&guest("mapper")).expect(201);
    world.client.post_empty("/v1/extractors/mapper/versions/1.0.0/activate").expect(200);
    let rows = 8_000;
    let answer = world.execute("mapper", &world.request(&emails(std::iter::repeat_n("trap", rows))));
    assert_eq!(answer["success"], false, "{answer}");
    assert!(answer["message"].as_str().is_some_and(|it| it.contains("8000 rejected")), "{answer}");
    let mapper = || world.client.get("/v1/extractors/mapper").expect(200)["versions"][0].clone();
    // All of its rows were tried, also those that came while it rested: none was lost to a rest.
    let run = &world.client.items("/v1/runs")[0];
    let run = world.client.get(&format!("/v1/runs/{}", run["id"].as_str().expect("an id"))).expect(200);
    let reasons = run["rejections"].as_array().expect("rejections");
    assert!(!reasons.is_empty() && reasons.iter().all(|it| it["reason"].as_str().is_some_and(|it| it.starts_with("trap:"))), "{run}");
    assert_eq!(mapper()["breaker"]["state"], "resting", "{}", mapper());
    // A good run is told to wait at first, and goes through once the rest is over.
    let good = emails(std::iter::once("ann@example.com"));
    until("a good run goes through", PATIENCE, || (world.execute("mapper", &world.request(&good))["success"] == true).then_some(()));
    assert_eq!(mapper()["breaker"]["state"], "answering");
}
