//! One query for many key results.

use crate::harness::until;
use crate::harness::world::{PATIENCE, World, text};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The next minute of the clock is a slot for all.
const EVERY_MINUTE: &str = "* * * * *";

#[test]
fn two_key_results_on_one_query_cost_one_run_a_slot() {
    let world = World::new();
    let chart = world.some_chart();
    let ids = [world.link(&chart, json!({"every": "2s"})), world.link(&chart, json!({"every": "2s"}))];
    for id in &ids {
        world.until(id, "a value", |it| it["current"].is_string());
    }
    let slots = |id: &str| {
        let readings = world.readings(id);
        let slots = readings.iter().map(|reading| text(&reading["origin"])).filter(|origin| origin.starts_with("slot:"));
        slots.collect::<BTreeSet<_>>()
    };
    world.looker.forget();
    let before = slots(&ids[0]);
    until("three more slots", PATIENCE, || (slots(&ids[0]).len() >= before.len() + 3).then_some(()));
    let runs = world.looker.runs();
    let read = slots(&ids[0]).difference(&before).count() as u64;
    // A run that has begun may not be recorded yet.
    assert!((read..=read + 1).contains(&runs), "{runs} runs for {read} slots");
    assert!(slots(&ids[0]).intersection(&slots(&ids[1])).count() >= 3, "they are read in the same slots");
}

#[test]
fn five_hundred_key_results_on_twenty_queries_due_at_once_cost_twenty_runs() {
    let world = World::new();
    let charts = twenty(&world);
    let mut ids = Vec::new();
    for round in 0..25 {
        for chart in &charts {
            ids.push(world.link(chart, json!({"cron": EVERY_MINUTE, "missed": if round % 2 == 0 { "once" } else { "skip" }})));
        }
    }
    assert_eq!(ids.len(), 500);
    for id in &ids {
        world.until(id, "a first reading", |it| it["last_reading"].is_object() || it["last_failure"].is_object());
    }
    // One slot of all of them, whole: from before it begins until every key result was read in it.
    let slot = due_together(&world, &ids);
    world.looker.forget();
    for id in &ids {
        let origin = format!("slot:{slot}");
        let read = |it: &Value| it["last_reading"]["origin"].as_str().is_some_and(|last| last >= origin.as_str());
        until("all are read in the slot", PATIENCE * 4, || Some(world.key_result(id)).filter(|it| read(it)));
    }
    let in_slot = ids.iter().filter(|id| world.readings(id).iter().any(|it| it["origin"] == format!("slot:{slot}").as_str())).count();
    assert_eq!(in_slot, 500, "all are read in the slot {slot}");
    let runs = world.looker.runs();
    assert_eq!(runs, 20, "500 key results on 20 queries");
    for id in &ids {
        let origins: Vec<String> = world.readings(id).iter().map(|it| text(&it["origin"])).collect();
        let apart: BTreeSet<&String> = origins.iter().collect();
        assert_eq!(apart.len(), origins.len(), "no slot twice");
    }
}

/// Twenty charts with a number each and twenty different queries. Merged tiles, which run several,
/// and tiles written in SQL, which run none, are left out.
fn twenty(world: &World) -> Vec<Value> {
    let mut found: Vec<Value> = Vec::new();
    let mut queries = BTreeSet::new();
    for chart in world.charts() {
        world.looker.forget();
        let outline = world.client.post("/v1/charts/outline", &world.chart(&chart["source"]));
        if outline.status != 200 || world.looker.runs() != 1 {
            continue;
        }
        let chart = world.with_defaults(&chart["source"]);
        let read = world.client.post("/v1/charts/read", &chart);
        if read.status != 200 {
            continue;
        }
        // Tiles may share a query; its page in Looker tells.
        if queries.insert(text(&read.json()["why"]["explore_url"])) {
            found.push(chart);
        }
        if found.len() == 20 {
            return found;
        }
    }
    panic!("the simulated Looker has only {} queries with a number", found.len());
}

/// The next slot, once all are waiting for the same one and it is some seconds away.
fn due_together(world: &World, ids: &[String]) -> String {
    until("all wait for one slot", PATIENCE * 3, || {
        let dues: BTreeSet<String> = ids.iter().map(|id| text(&world.key_result(id)["next_due"])[..16].to_string()).collect();
        let now = second_of_the_minute();
        (dues.len() == 1 && now < 50).then(|| format!("{}:00Z", dues.first().expect("one")))
    })
}

/// The second of the minute, by the clock that the server goes by as well.
fn second_of_the_minute() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.expect("after 1970").as_secs() % 60
}
