//! Server-sent events: what happens, as it happens.

use crate::harness::listener::{listen, next};
use crate::harness::world::{PATIENCE, SELDOM, World};
use serde_json::json;

#[test]
fn readings_failures_and_edits_are_told_in_order_and_from_where_a_listener_was() {
    let world = World::new();
    let events = listen(&world.server, None);
    let id = world.link(&world.some_chart(), json!({"cron": SELDOM}));
    let (_, _, made) = next(&events, "key-result");
    assert_eq!((&made["data"]["key_result_id"], &made["data"]["change"]), (&id.as_str().into(), &"created".into()), "{made}");
    let (first, _, reading) = next(&events, "reading");
    assert_eq!(reading["topic"], "reading");
    assert_eq!(reading["data"]["key_result_id"], id.as_str());
    let shown = world.key_result(&id);
    assert_eq!(reading["data"]["reading"], shown["last_reading"]);
    assert_eq!(reading["data"]["progress"], shown["progress"]);

    world.looker.faults(&json!({"errors_in_200": true}));
    world.looker.advance(7_200);
    world.client.post(&format!("/v1/key-results/{id}/refresh"), &json!({"cache": false})).problem(422, "looker-error");
    let (_, _, failure) = next(&events, "failure");
    assert_eq!(failure["data"]["failure"]["code"], "looker-error", "{failure}");

    // Whoever was away hears what came after the event seen last, and nothing before it.
    let again = listen(&world.server, Some(&first));
    let (_, name, missed) = again.recv_timeout(PATIENCE).expect("an event");
    assert_eq!((name.as_str(), &missed), ("failure", &failure));
}

#[test]
fn roll_outs_are_told() {
    let world = World::new();
    let events = listen(&world.server, None);
    world.client.post_empty("/v1/extractors/timeseries/versions/1.0.0/activate").expect(200);
    let (_, _, told) = next(&events, "roll-out");
    assert_eq!(told["data"]["extractor"], "timeseries", "{told}");
}

#[test]
fn a_listener_who_was_away_for_too_long_is_told_so() {
    let world = World::new();
    world.link(&world.some_chart(), json!({"cron": SELDOM}));
    let events = listen(&world.server, Some("0-0"));
    let (_, name, _) = events.recv_timeout(PATIENCE).expect("an event");
    assert_eq!(name, "missed", "what came before the oldest event is not known");
    // One who listened to another store stands beyond the newest event of this one.
    let elsewhere = listen(&world.server, Some("999999999-0"));
    let (_, name, _) = elsewhere.recv_timeout(PATIENCE).expect("an event");
    assert_eq!(name, "missed");
    let nonsense = world.client.clone().with("Last-Event-ID", "yesterday").get("/v1/changes");
    nonsense.problem(400, "invalid-input");
}

#[test]
fn the_events_need_a_token() {
    let world = World::new();
    world.server.stranger().get("/v1/changes").problem(401, "unauthorized");
}
