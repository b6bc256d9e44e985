//! Many key results that are due at once, on few tiles of several connections.

use crate::harness::looker::{CLIENT_ID, CLIENT_SECRET, Looker};
use crate::harness::until;
use crate::harness::world::{PATIENCE, World, connect, text};
use jiff::Timestamp;
use looker_sim::Config;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The next minute of the clock is a slot for all.
const EVERY_MINUTE: &str = "* * * * *";
/// Tiles of each connection, 50 in all, and key results on each tile.
const TILES: [usize; 3] = [17, 17, 16];
const ON_EACH: usize = 20;
/// Queries that a connection may run at a time: so few that they have to queue.
const CAP: u64 = 2;

#[test]
fn a_thousand_key_results_on_fifty_tiles_of_three_connections_cost_fifty_runs_within_the_cap() {
    // Without a cache every run is one, and each takes so long that the next has to wait.
    let looker =
        || Looker::with(Config { now: "2026-11-18T12:00:00Z".parse().ok(), cache_seconds: 0, ..Config::new(CLIENT_ID, CLIENT_SECRET) });
    let world = World::around(looker());
    let (second, third) = (looker(), looker());
    let lookers = [&world.looker, &second, &third];
    let capped = |number: usize| {
        let more = json!({"max_concurrent": CAP, "timeout_seconds": 60});
        connect(&world.client, lookers[number], &format!("Capped {number}"), more)
    };
    let connections = [0, 1, 2].map(capped);
    let charts = different_charts(&world, TILES[0]);
    let tiles: Vec<Value> = (0..3)
        .flat_map(|number| charts[..TILES[number]].iter().map(move |chart| (number, chart)))
        .map(|(number, chart)| {
            let mut chart = chart.clone();
            chart["connection_id"] = connections[number].clone().into();
            chart
        })
        .collect();
    assert_eq!(tiles.len(), 50);

    std::thread::scope(|threads| {
        for tiles in tiles.chunks(tiles.len().div_ceil(4)) {
            let world = &world;
            threads.spawn(move || {
                for round in 0..ON_EACH {
                    for tile in tiles {
                        world.link(tile, json!({"cron": EVERY_MINUTE, "missed": if round % 2 == 0 { "once" } else { "skip" }}));
                    }
                }
            });
        }
    });
    let all = || world.client.items("/v1/key-results?limit=200");
    until("first readings", PATIENCE * 4, || Some(()).filter(|()| all().iter().all(|it| it["last_reading"].is_object())));
    assert_eq!(all().len(), 1_000);

    // One slot of all of them, whole: from before it begins until every key result was read in it.
    let slot = due_together(&all);
    for looker in lookers {
        looker.faults(&json!({"run_ms": 1_500}));
        looker.forget();
    }
    let due = |now: Timestamp| slot.parse::<Timestamp>().expect("a moment") <= now;
    until("the slot begins", PATIENCE * 3, || due(Timestamp::now()).then_some(()));
    let origin = format!("slot:{slot}");
    let read = |it: &Value| it["last_reading"]["origin"].as_str().is_some_and(|last| last >= origin.as_str());
    until("all are read in the slot", PATIENCE * 4, || Some(()).filter(|()| all().iter().all(read)));
    let logs = lookers.map(Looker::log);
    let runs: Vec<u64> = logs.iter().map(|log| log["task_creates"].as_u64().expect("a number")).collect();
    assert_eq!(runs, TILES.map(|tiles| tiles as u64), "1,000 key results on 50 tiles");
    for log in &logs {
        assert_eq!(log["max_concurrent_tasks"], CAP, "the places are all used, and no more than there are: {log}");
        assert_eq!(log["max_concurrent_runs"], CAP, "{log}");
    }

    let mut in_slot = 0;
    for key_result in all() {
        let origins: Vec<String> = world.readings(&text(&key_result["id"])).iter().map(|it| text(&it["origin"])).collect();
        let apart: BTreeSet<&String> = origins.iter().collect();
        assert_eq!(apart.len(), origins.len(), "no slot twice");
        assert!(key_result["last_failure"].is_null(), "{key_result}");
        in_slot += usize::from(apart.contains(&origin));
    }
    assert_eq!(in_slot, 1_000, "all are read in the slot {slot}");
}

/// Charts with a number each and different queries. Merged tiles, which run several, and tiles
/// written in SQL, which run none, are left out.
fn different_charts(world: &World, wanted: usize) -> Vec<Value> {
    // Tiles may share a query; its page in Looker tells.
    let mut found = BTreeMap::new();
    for chart in world.charts() {
        world.looker.forget();
        let outline = world.client.post("/v1/charts/outline", &world.chart(&chart["source"]));
        if outline.status != 200 || world.looker.runs() != 1 {
            continue;
        }
        let chart = world.with_defaults(&chart["source"]);
        let read = world.client.post("/v1/charts/read", &chart);
        if read.status == 200 {
            found.insert(text(&read.json()["why"]["explore_url"]), chart);
        }
        if found.len() == wanted {
            return found.into_values().collect();
        }
    }
    panic!("the simulated Looker has only {} queries with a number", found.len());
}

/// The next slot, once all are waiting for the same one and it is some seconds away, by the clock
/// that the server goes by as well.
fn due_together(all: &impl Fn() -> Vec<Value>) -> String {
    until("all wait for one slot", PATIENCE * 3, || {
        let dues: BTreeSet<String> = all().iter().map(|it| text(&it["next_due"])[..16].to_string()).collect();
        let slot = format!("{}:00Z", dues.first().expect("one"));
        let ahead = slot.parse::<Timestamp>().expect("a moment").duration_since(Timestamp::now());
        (dues.len() == 1 && ahead.as_secs() >= 5).then_some(slot)
    })
}
