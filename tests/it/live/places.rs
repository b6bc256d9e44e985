//! The places of a connection: what runs at Looker stays within its cap, whatever becomes of what was
//! begun, and who waits for a place is not told that Looker is slow.

use crate::harness::looker::{CLIENT_ID, CLIENT_SECRET, Looker};
use crate::harness::until;
use crate::harness::world::{PATIENCE, SELDOM, World, connect};
use looker_sim::Config;
use serde_json::{Value, json};

fn most(world: &World) -> u64 {
    let log = world.looker.log();
    log["max_concurrent_tasks"].as_u64().unwrap_or_else(|| panic!("no `max_concurrent_tasks` in {log}"))
}

#[test]
fn queries_that_hang_keep_their_places_over_edits_and_nobody_who_waits_is_told_that_looker_is_slow() {
    let world = World::around(Looker::with(Config { cache_seconds: 0, ..Config::new(CLIENT_ID, CLIENT_SECRET) }));
    let connection = connect(&world.client, &world.looker, "Narrow", json!({"timeout_seconds": 4, "max_concurrent": 2}));
    let path = format!("/v1/connections/{connection}");
    let any = world.client.clone().with("If-Match", "*");
    let charts = world.charts().into_iter().map(|chart| world.with_defaults(&chart["source"]));
    let readable = |chart: &Value| world.client.post("/v1/charts/read", chart).status == 200;
    let charts: Vec<Value> = charts.filter(readable).take(5).collect();
    assert_eq!(charts.len(), 5);
    world.looker.faults(&json!({"hang": true}));
    world.looker.forget();
    let link = |mut chart: Value| {
        chart["connection_id"] = connection.as_str().into();
        world.link(&chart, json!({"cron": SELDOM}))
    };
    let ids: Vec<String> = charts.into_iter().map(link).collect();
    let failed = || {
        let failed = ids.iter().filter(|id| world.key_result(id)["last_failure"].is_object());
        failed.cloned().collect::<Vec<_>>()
    };
    let hanging = until("the places are taken by queries that hang", PATIENCE, || Some(failed()).filter(|failed| failed.len() == 2));
    for id in &hanging {
        assert_eq!(world.key_result(id)["last_failure"]["code"], "looker-timeout");
    }
    // An edit makes a new client, and no new places.
    any.patch(&path, &json!({"timeout_seconds": 5})).expect(200);
    let waiting = ids.iter().find(|id| !hanging.contains(id)).expect("one that waits");
    let busy = world.client.post_empty(&format!("/v1/key-results/{waiting}/refresh")).problem(503, "busy");
    assert!(busy["detail"].as_str().is_some_and(|detail| detail.contains("all 2 places") && detail.contains("max_concurrent")), "{busy}");
    let left_alone = world.key_result(waiting);
    assert!(left_alone["last_failure"].is_null(), "{left_alone}");
    assert_eq!((world.looker.runs(), most(&world)), (2, 2));
    // A wider connection is wider at once: one more is begun.
    any.patch(&path, &json!({"max_concurrent": 3})).expect(200);
    until("a third runs", PATIENCE, || (world.looker.runs() == 3).then_some(()));
    any.patch(&path, &json!({"max_concurrent": 1})).expect(200);
    world.looker.heal();
    for id in &ids {
        world.until(id, "a value", |it| it["current"].is_string());
    }
    assert_eq!((world.looker.runs(), most(&world)), (5, 3), "no query ran twice, and never more than might");
}
