//! `extractors/GUIDE.md`, followed word for word, in each language.

use super::project::SHARED_TARGET;
use crate::harness::client::Client;
use crate::harness::server::TOKEN;
use crate::harness::world::{World, text};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;

const GUIDE: &str = include_str!("../../../extractors/GUIDE.md");

/// What stands in the guide's blocks of commands, in order: in those for all, and in those for one language.
fn commands(language: &str) -> String {
    let own = format!("```console {language}");
    let mut script = String::new();
    let mut inside = false;
    for line in GUIDE.lines() {
        if line.starts_with("```") {
            inside = line == "```console" || line == own;
        } else if inside {
            script.push_str(line);
            script.push('\n');
        }
    }
    script
}

/// A tile of the simulated Looker that shows one number, as requests name it.
pub fn single_value(world: &World) -> Value {
    let tiles = world.dashboards().iter().flat_map(|dashboard| world.tiles(dashboard)).collect::<Vec<_>>();
    let tile = tiles.iter().find(|tile| tile["title"] == "Orders this month").expect("a tile with one number");
    tile["source"].clone()
}

fn leads_from_nothing_to_a_key_result(language: &str) {
    let world = World::new();
    let tile = single_value(&world);
    let shown = world.client.post("/v1/charts/read", &world.chart(&tile)).expect(200);
    world.looker.edit(&json!({"tiles": {text(&tile["tile_id"]): {"chart_type": "dial"}}}));

    let program = Path::new(env!("CARGO_BIN_EXE_lensmount")).parent().expect("a folder");
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap_or_default());
    // The first command that fails ends it; one that has to fail says so itself.
    let output = Command::new("bash")
        .args(["-euo", "pipefail", "-c", &commands(language)])
        .current_dir(world.place.file(""))
        .env("PATH", path)
        .env("LENSMOUNT_URL", world.server.url())
        .env("LENSMOUNT_TOKEN", TOKEN)
        .env("CONNECTION", "Looker")
        .env("DASHBOARD", text(&tile["dashboard_id"]))
        .env("TILE", text(&tile["tile_id"]))
        .env("CARGO_TARGET_DIR", SHARED_TARGET)
        .env_remove("LENSMOUNT_SDK")
        .output()
        .expect("bash");
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{}: {out}{err}", output.status);
    // The SDK for Rust builds against the latest release, the other languages against the first.
    let contract = if language == "rust" { "lensmount:extractor@1.2.0" } else { "lensmount:extractor@1.0.0" };
    for part in ["updated", "read differs:", r#"-    "label": "Orders this month","#, contract, "compile    passed"] {
        assert!(out.contains(part), "nothing of {part}: {out}");
    }
    let sample = std::fs::read_to_string(world.place.file("dial/samples/share.json")).expect("the sample");
    let reading =
        out.lines().find(|line| line.starts_with('{') && line.contains("\"digest\"")).unwrap_or_else(|| panic!("no reading: {out}{err}"));
    let reading: Value = serde_json::from_str(reading).unwrap_or_else(|error| panic!("{error}: {reading}: {err}"));
    assert!(sample.contains(r#""value": "0.7730""#), "{sample}");
    assert_eq!((&reading["value"], &reading["extractor"]["name"]), (&json!("0.7730"), &json!("dial")), "{reading}");

    follows(&world.client, &shown["value"], "dial");
}

/// The only key result there is has this number, and this extractor read it.
fn follows(client: &Client, value: &Value, extractor: &str) {
    let results = client.items("/v1/key-results");
    let [result] = results.as_slice() else { panic!("not one key result: {results:?}") };
    assert_eq!((&result["current"], &result["last_reading"]["extractor"]["name"]), (value, &json!(extractor)), "{result}");
}

#[test]
fn its_commands_lead_from_nothing_to_a_key_result_in_rust() {
    leads_from_nothing_to_a_key_result("rust");
}

#[test]
fn its_commands_lead_from_nothing_to_a_key_result_in_javascript() {
    leads_from_nothing_to_a_key_result("javascript");
}

#[test]
fn its_commands_lead_from_nothing_to_a_key_result_in_python() {
    leads_from_nothing_to_a_key_result("python");
}
