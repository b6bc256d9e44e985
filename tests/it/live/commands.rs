//! The command line against a live Looker: the same story as over HTTP.

use crate::harness::looker::{CLIENT_ID, CLIENT_SECRET};
use crate::harness::receiver::Receiver;
use crate::harness::server::TOKEN;
use crate::harness::until;
use crate::harness::world::{PATIENCE, World, text};
use serde_json::{Value, json};
use std::process::{Command, Output};

fn run(world: &World, words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_lensmount"))
        .args(words)
        .env("LENSMOUNT_URL", world.server.url())
        .env("LENSMOUNT_TOKEN", TOKEN)
        .env("LENSMOUNT_CLIENT_SECRET", CLIENT_SECRET)
        .output()
        .expect("the program runs")
}

fn json_of(world: &World, words: &[&str]) -> Value {
    let output = run(world, &[words, &["--output", "json"]].concat());
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{words:?}: {said}{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_str(&said).unwrap_or_else(|error| panic!("{words:?}: {error}: {said}"))
}

fn table_of(world: &World, words: &[&str]) -> String {
    let output = run(world, words);
    assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn a_key_result_is_linked_and_followed_by_commands_alone() {
    let world = World::new();
    let url = world.looker.url();
    let made = json_of(&world, &["connection", "add", "Shop", "--server-url", &url, "--client-id", CLIENT_ID, "--timeout", "20"]);
    assert_eq!((&made["name"], &made["timeout_seconds"], &made["has_secret"]), (&"Shop".into(), &20.into(), &true.into()));
    assert!(json_of(&world, &["connection", "test", "shop"])["release"].is_string());
    assert!(table_of(&world, &["connection", "list"]).contains("Shop"));

    let chart = world.some_chart();
    let (dashboard, tile) = (text(&chart["source"]["dashboard_id"]), text(&chart["source"]["tile_id"]));
    let found = json_of(&world, &["dashboard", "find", "-c", "Shop", &dashboard]);
    assert_eq!(found[0]["id"], dashboard.as_str(), "{found}");
    let pasted = format!("{url}/dashboards/{dashboard}?x=1");
    let tiles = json_of(&world, &["dashboard", "tiles", "-c", "Shop", &pasted]);
    assert!(tiles.as_array().is_some_and(|tiles| tiles.iter().any(|it| it["id"] == tile.as_str())), "{tiles}");
    assert!(table_of(&world, &["dashboard", "looks", "-c", "Shop"]).contains("EXTRACTOR"));
    let looks = json_of(&world, &["dashboard", "looks", "-c", "Shop", "--part", "% of visits"]);
    assert_eq!(looks.as_array().map(Vec::len), Some(1), "{looks}");
    assert_eq!(json_of(&world, &["dashboard", "looks", "-c", "Shop", "% of visits"]), json!([]));

    let place = ["-c", "Shop", "--dashboard", &dashboard, "--tile", &tile];
    let sets: Vec<String> =
        chart["selection"].as_object().expect("choices").iter().map(|(name, value)| format!("{name}={}", text(value))).collect();
    let sets: Vec<&str> = sets.iter().flat_map(|set| ["--set", set.as_str()]).collect();
    assert!(table_of(&world, &[&["chart", "outline"], &place[..]].concat()).contains("CONTROL"));
    assert_eq!(json_of(&world, &[&["chart", "verify"], &place[..]].concat())["supported"], true);
    let read = json_of(&world, &[&["chart", "read"], &place[..], &sets].concat());
    assert!(read["value"].is_string(), "{read}");
    assert!(json_of(&world, &[&["chart", "series"], &place[..], &sets].concat())["readings"].is_array());

    let made = json_of(&world, &["key-result", "create", "Orders", "--start", "-5", "--target", "1000000", "--unit", "orders"]);
    let id = text(&made["id"]);
    assert_eq!(made["start"], "-5");
    let set = json_of(&world, &["key-result", "set", &id, "-4.5", "--note", "counted"]);
    assert_eq!((&set["current"], &set["last_reading"]["why"]["note"]), (&"-4.5".into(), &"counted".into()));
    let linked =
        json_of(&world, &[&["key-result", "link", &id, "--every", "1h"], &["--still-after", "30d"][..], &place[..], &sets].concat());
    assert_eq!((&linked["integration"]["every"], &linked["integration"]["still_after"]), (&"1h".into(), &"30d".into()), "{linked}");
    let refreshed = json_of(&world, &["key-result", "refresh", &id]);
    assert_eq!(refreshed["current"], read["value"], "{refreshed}");
    assert!(table_of(&world, &["key-result", "list"]).contains(" orders"));
    world.looker.edit(&json!({"tiles": {&tile: {"gone": true}}}));
    assert_eq!(run(&world, &["key-result", "refresh", &id]).status.code(), Some(1));
    for words in [&["key-result", "list"][..], &["key-result", "show", &id]] {
        let table = table_of(&world, words);
        assert!(table.contains("DRIFT") && table.contains("source-gone"), "{table}");
    }
    world.looker.edit(&json!({}));
    assert!(json_of(&world, &["key-result", "readings", &id]).as_array().is_some_and(|all| all.len() >= 2));
    assert_eq!(json_of(&world, &["key-result", "disable", &id])["integration"]["enabled"], false);
    assert_eq!(json_of(&world, &["key-result", "enable", &id])["integration"]["enabled"], true);
    assert_eq!(json_of(&world, &["key-result", "delete", &id]), json!({"deleted": id}));
    assert_eq!(json_of(&world, &["connection", "edit", "shop", "--rename", "Store"])["name"], "Store");
    // A secret that lies in the environment is another connection's, unless it is said to be this one's.
    let edit = |more: &[&str]| {
        let words = [&["connection", "edit", "Store", "--timeout", "21"], more].concat();
        let mut command = Command::new(env!("CARGO_BIN_EXE_lensmount"));
        command
            .args(words)
            .env("LENSMOUNT_URL", world.server.url())
            .env("LENSMOUNT_TOKEN", TOKEN)
            .env("LENSMOUNT_CLIENT_SECRET", "another's");
        assert!(command.output().expect("the program runs").status.success());
        run(&world, &["connection", "test", "Store"]).status.success()
    };
    assert!(edit(&[]));
    assert!(!edit(&["--new-secret"]));
    json_of(&world, &["connection", "delete", "Store"]);
    json_of(&world, &["objective", "create", "Grow", "--from", "2026-01-01"]);
    assert!(table_of(&world, &["objective", "list"]).contains("Grow"));
}

#[test]
fn a_command_that_fails_says_why_and_what_to_do() {
    let world = World::new();
    for (words, code, says) in [
        (&["connection", "show", "nothing"][..], 1, "connection list"),
        (&["chart", "read", "--look", "987654"], 1, "not-found"),
        (&["chart", "read"], 1, "--look"),
        (&["chart", "read", "--dashboard", "1"], 2, "--tile"),
        (&["chart", "read", "--look", "1", "--set", "x"], 2, "NAME=VALUE"),
        (&["key-result", "refresh", "kr_0192f0c1a2b37c4d8e5f60718293a4b5"], 1, "not-found"),
        (&["key-result", "create", "x", "--start", "1", "--target", "1"], 1, "invalid-input"),
    ] {
        let output = run(&world, words);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{words:?}: {said}");
        assert!(said.contains(says), "{words:?}: {said}");
        assert!(!said.contains(CLIENT_SECRET), "{words:?}: {said}");
    }
}

#[test]
fn a_webhook_is_made_tried_and_removed_by_commands() {
    let (world, receiver) = (World::new(), Receiver::start());
    let made = json_of(&world, &["webhook", "add", &receiver.url(), "--kind", "reading,failure"]);
    let (id, secret) = (text(&made["id"]), text(&made["secret"]));
    assert_eq!(made["kinds"], json!(["reading", "failure"]));
    let sent = json_of(&world, &["webhook", "test", &id]);
    let request = until("the notice comes", PATIENCE, || receiver.came().pop());
    assert!(request.id() == text(&sent["webhook_id"]) && request.is_signed_with(&secret), "{request:?}");
    let listed = table_of(&world, &["webhook", "list"]);
    assert!(listed.contains(&id) && listed.contains("reading, failure") && !listed.contains(&secret), "{listed}");
    assert_eq!(json_of(&world, &["webhook", "delete", &id]), json!({"deleted": id}));
    assert_eq!(json_of(&world, &["webhook", "list"]), json!([]));
}
