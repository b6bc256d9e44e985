//! kill -9 in the middle of acknowledged writes and polls.

use crate::harness::client::Client;
use crate::harness::looker::{CLIENT_ID, CLIENT_SECRET, Looker};
use crate::harness::server::TOKEN;
use crate::harness::until;
use crate::harness::world::{PATIENCE, World, text};
use looker_sim::Config;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// What was acknowledged: key results and the value that was set last.
type Acknowledged = BTreeMap<String, u64>;

/// Makes key results and sets their values until the server is gone.
fn write(client: &Client, round: u64, stop: &AtomicBool, answered: &AtomicU64) -> Acknowledged {
    let mut acknowledged = Acknowledged::new();
    let any = client.clone().with("If-Match", "*");
    let json = Some("application/json");
    for number in 0.. {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let body = json!({"title": format!("Round {round} number {number}"), "start": 0, "target": 1_000_000});
        let Ok(made) = client.try_send("POST", "/v1/key-results", json, body.to_string().into_bytes()) else { break };
        if made.status != 201 {
            break;
        }
        let id = text(&made.json()["id"]);
        let value = round * 1_000 + number;
        let body = json!({"current": value}).to_string().into_bytes();
        acknowledged.insert(id.clone(), u64::MAX);
        match any.try_send("PATCH", &format!("/v1/key-results/{id}"), json, body) {
            Ok(answer) if answer.status == 200 => {
                acknowledged.insert(id, value);
                answered.fetch_add(1, Ordering::Relaxed);
            }
            _ => break,
        }
    }
    acknowledged
}

#[test]
fn twenty_kills_lose_no_acknowledged_write_and_read_no_slot_twice() {
    let looker = Looker::with(Config { cache_seconds: 0, ..Config::new(CLIENT_ID, CLIENT_SECRET) });
    let mut world = World::around(looker);
    let chart = world.some_chart();
    let linked: Vec<String> = (0..5).map(|_| world.link(&chart, json!({"every": "1s"}))).collect();
    let mut acknowledged = Acknowledged::new();
    let mut seen: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for round in 0..20 {
        let (stop, answered) = (AtomicBool::new(false), AtomicU64::new(0));
        let client = world.client.clone();
        let written = std::thread::scope(|scope| {
            let writers: Vec<_> = (0..2)
                .map(|writer| {
                    scope.spawn({
                        let (client, stop, answered) = (&client, &stop, &answered);
                        move || write(client, round * 2 + writer, stop, answered)
                    })
                })
                .collect();
            // The process dies amid writes, in each round after another number of them.
            let wanted = 1 + round * 7 % 40;
            until("writes are made", PATIENCE, || Some(()).filter(|()| answered.load(Ordering::Relaxed) >= wanted));
            for id in &linked {
                let origins = world.readings(id).iter().map(|reading| text(&reading["origin"])).collect::<BTreeSet<_>>();
                seen.entry(id.clone()).or_default().extend(origins);
            }
            world.server.kill_now();
            stop.store(true, Ordering::Relaxed);
            writers.into_iter().map(|writer| writer.join().expect("the writer ends")).collect::<Vec<_>>()
        });
        acknowledged.extend(written.into_iter().flatten());
        if round % 5 == 4 {
            // What a crash in the middle of sled's own housekeeping leaves behind.
            std::fs::write(world.place.data().join("sled").join("snap.0000000000000001.generating"), b"half of a snapshot")
                .expect("a file");
        }
        world = world.again();
        let found: BTreeMap<String, String> = world
            .client
            .items("/v1/key-results")
            .iter()
            .map(|it| (text(&it["id"]), it["current"].as_str().unwrap_or("none").to_string()))
            .collect();
        for (id, value) in &acknowledged {
            let current = found.get(id).unwrap_or_else(|| panic!("round {round}: {id} was acknowledged and is gone"));
            assert!(*value == u64::MAX || *current == value.to_string(), "round {round}: {id} was set to {value} and is {current}");
        }
        for id in &linked {
            let origins: Vec<String> = world.readings(id).iter().map(|reading| text(&reading["origin"])).collect();
            let apart: BTreeSet<String> = origins.iter().cloned().collect();
            assert_eq!(apart.len(), origins.len(), "round {round}: a slot was read twice into the history of {id}");
            let before = &seen[id];
            assert!(before.is_subset(&apart), "round {round}: readings of {id} that were shown are gone");
        }
    }
    assert!(acknowledged.len() > 50, "only {} writes were made", acknowledged.len());
    for id in &linked {
        let before = world.readings(id).len();
        world.until(id, "it is read still", |_| world.readings(id).len() > before);
    }
    println!("{} acknowledged writes over 20 kills", acknowledged.len());
}

#[test]
fn a_second_process_on_the_folder_gets_one_clear_sentence() {
    let world = World::new();
    let output = Command::new(env!("CARGO_BIN_EXE_lensmount"))
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(world.place.data())
        .env("LENSMOUNT_ADMIN_TOKEN", TOKEN)
        .stdout(Stdio::null())
        .output()
        .expect("the program runs");
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr);
    let errors: Vec<&str> = said.lines().filter(|line| line.starts_with("error:")).collect();
    assert_eq!(errors.len(), 1, "{said}");
    assert!(errors[0].contains("another instance holds") && errors[0].contains("pid"), "{said}");
    world.client.get("/readyz").expect(200);
}
