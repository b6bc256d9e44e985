//! What `/metrics` counts of runs, for those who keep the server running.

use crate::harness::hub::{HubWorld, WRITE_KEY, run_of, users};
use crate::harness::receiver::Reply;
use crate::harness::until;
use crate::harness::world::PATIENCE;

/// What a line of the metrics says; nothing where there is no such line.
fn counted(world: &HubWorld, name: &str) -> Option<f64> {
    let text = world.client.get("/metrics").text();
    let line = text.lines().find_map(|line| line.strip_prefix(&format!("lensmount_{name} ")).map(str::to_owned));
    line.map(|value| value.parse().unwrap_or_else(|_| panic!("{name} {value} is no number")))
}

fn comes_to(world: &HubWorld, name: &str, value: f64) {
    until(&format!("{name} is {value}"), PATIENCE, || (counted(world, name) == Some(value)).then_some(()));
}

#[test]
fn rows_events_and_requests_are_counted_by_what_became_of_them() {
    let world = HubWorld::new();
    for (name, none) in
        [("rows_received_total", 0.0), ("runs_unfinished", 0.0), ("events_waiting", 0.0), ("events_oldest_wait_seconds", 0.0)]
    {
        assert_eq!(counted(&world, name), Some(none), "{name}");
    }
    world.execute("rudder_event", &world.request(&users(&["ann", "bob", "cyd"])));
    // The same request again is no other run.
    world.execute("rudder_event", &world.request(&users(&["ann", "bob", "cyd"])));
    let rejected = r#"{"fields":{"dimensions":[{"name":"u.id","tags":["rudder_group_id"]}]},"data":[{"u.id":{"value":null}}]}"#;
    world.execute("rudder_group", &world.request(rejected));
    world.plane.answers([Reply::Status(401)]);
    world.execute("rudder_event", &world.request(&users(&["dan", "eve"])));
    for (name, value) in [
        ("rows_received_total", 6.0),
        (r#"events_total{outcome="delivered"}"#, 3.0),
        (r#"events_total{outcome="refused"}"#, 2.0),
        (r#"events_total{outcome="rejected"}"#, 1.0),
        (r#"deliveries_total{outcome="taken"}"#, 1.0),
        (r#"deliveries_total{outcome="refused"}"#, 1.0),
    ] {
        // An answer may come before all of its run is counted.
        comes_to(&world, name, value);
    }
    // Dead letters wait for nobody.
    for name in ["runs_unfinished", "events_waiting", "events_oldest_wait_seconds"] {
        comes_to(&world, name, 0.0);
    }
}

#[test]
fn what_waits_is_seen_also_by_the_next_server_and_grows_old() {
    let world = HubWorld::with(&[("LENSMOUNT_HUB_ANSWER_SECONDS", "1")]);
    world.plane.answers([Reply::Status(401)]);
    world.execute("rudder_event", &world.request(&users(&["dead"])));
    world.plane.always(Some(Reply::Status(503)));
    let first = world.execute("rudder_event", &world.request(&users(&["ann", "bob", "cyd"])));
    let second = world.execute("rudder_event", &world.request(&users(&["dan"])));
    assert!(run_of(&first) != run_of(&second));
    let world = world.again();
    comes_to(&world, "runs_unfinished", 2.0);
    comes_to(&world, "events_waiting", 4.0);
    let age = counted(&world, "events_oldest_wait_seconds").expect("a line");
    // The first answer took a second, and the server was started since.
    assert!((1.0..600.0).contains(&age), "{age}");
    until("it grows", PATIENCE, || counted(&world, "events_oldest_wait_seconds").filter(|now| *now > age));
    let away = r#"deliveries_total{outcome="away"}"#;
    until("it is found away", PATIENCE, || counted(&world, away).filter(|count| *count >= 1.0));
    // Nothing says whose runs they are or where they go.
    let text = world.client.get("/metrics").text();
    for secret in [WRITE_KEY, "Every morning", "127.0.0.1", &run_of(&first)] {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
    world.plane.always(None);
    comes_to(&world, "runs_unfinished", 0.0);
    comes_to(&world, "events_waiting", 0.0);
    comes_to(&world, "events_oldest_wait_seconds", 0.0);
    comes_to(&world, r#"events_total{outcome="delivered"}"#, 4.0);
}
