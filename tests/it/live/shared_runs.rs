//! One query for many key results.

use crate::harness::until;
use crate::harness::world::{PATIENCE, World, text};
use serde_json::json;
use std::collections::BTreeSet;

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
    // Just after both were read there is time until their next slot, so that none of its run is missed.
    let one = slots(&ids[0]).len();
    until("one more slot of both", PATIENCE, || ids.iter().all(|id| slots(id).len() > one).then_some(()));
    world.looker.forget();
    let before = slots(&ids[0]);
    until("three more slots", PATIENCE, || (slots(&ids[0]).len() >= before.len() + 3).then_some(()));
    let runs = world.looker.runs();
    let read = slots(&ids[0]).difference(&before).count() as u64;
    // A run that has begun may not be recorded yet.
    assert!((read..=read + 1).contains(&runs), "{runs} runs for {read} slots");
    assert!(slots(&ids[0]).intersection(&slots(&ids[1])).count() >= 3, "they are read in the same slots");
}
