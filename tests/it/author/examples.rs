//! The examples in `extractors/examples`: they pass their samples, and key results read charts through them.

use super::guide::single_value;
use super::project::{at, said};
use crate::harness::world::{SELDOM, World, text};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, Mutex};

const EXAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../extractors/examples");
const TEMPLATES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/templates/extractor");

/// The folder of an example, built once below the target folder and again when its sources have changed.
pub fn built(name: &str) -> PathBuf {
    static BUILT: LazyLock<Mutex<HashMap<String, PathBuf>>> = LazyLock::new(Mutex::default);
    // One build at a time: the tests that wait for it have nothing else to do.
    let mut built = BUILT.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    built.entry(name.to_owned()).or_insert_with(|| build(name)).clone()
}

fn build(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("author-examples").join(name);
    drop(fs::remove_dir_all(folder.join("samples")));
    copy(&Path::new(EXAMPLES).join(name), &folder);
    said(at(&folder, &["extractor", "build"]));
    folder
}

/// Copies a project, but for what is made of it.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder in the target folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let from = entry.expect("an entry").path();
        let name = from.file_name().and_then(|name| name.to_str()).expect("a name");
        if name.starts_with('.') || name == "node_modules" || name.ends_with(".wasm") {
            continue;
        }
        match from.is_dir() {
            true => copy(&from, &to.join(name)),
            false => drop(fs::copy(&from, to.join(name)).expect("a file in the target folder")),
        }
    }
}

/// Runs an example's samples, and has a server with a Looker take it.
fn pushed(name: &str, samples: usize) -> World {
    let folder = built(name);
    let tested: Value = serde_json::from_str(&said(at(&folder, &["extractor", "test", "--output", "json"]))).expect("JSON");
    assert_eq!((&tested["name"], &tested["version"]), (&json!(name), &json!("1.0.0")), "{tested}");
    assert!(tested["samples"].as_array().is_some_and(|all| all.len() >= samples), "{tested}");
    let world = World::new();
    let report = world.client.upload(&fs::read(folder.join(format!("{name}.wasm"))).expect("a component")).expect(201);
    let run = &report["dry_run"];
    assert_eq!(
        (&report["pooled"], &run["unexpected"]),
        (&json!(true), &json!(0)),
        "it carries its samples, and comes from the pool: {report}"
    );
    assert!(run["ran"].as_u64() >= Some(samples as u64), "{run}");
    world.client.post(&format!("/v1/extractors/{name}/versions/1.0.0/activate"), &json!({})).expect(200);
    world
}

/// Draws a tile as another chart.
fn draw(world: &World, tile: &Value, chart_type: &str) {
    world.looker.edit(&json!({"tiles": {text(&tile["tile_id"]): {"chart_type": chart_type}}}));
}

/// Links a key result to a chart and refreshes it; the key result.
fn followed(world: &World, chart: &Value) -> Value {
    let id = world.link(chart, json!({"cron": SELDOM}));
    world.client.post_empty(&format!("/v1/key-results/{id}/refresh")).expect(200);
    world.key_result(&id)
}

#[test]
fn a_key_result_follows_a_gauge_through_the_example_in_python() {
    let world = pushed("gauge", 15);
    let tile = single_value(&world);
    let shown = world.client.post("/v1/charts/read", &world.chart(&tile)).expect(200);
    draw(&world, &tile, "marketplace_viz_radial_gauge::radial_gauge-marketplace");
    let result = followed(&world, &world.with_defaults(&tile));
    assert_eq!(result["current"], shown["value"], "{result}");
    assert_eq!(result["last_reading"]["extractor"]["name"], "gauge", "{result}");
}

#[test]
fn a_key_result_follows_a_step_of_a_funnel_through_the_example_in_javascript() {
    let world = pushed("funnel", 20);
    // Months with their orders, the latest first: steps as good as any.
    let tiles = world.dashboards().iter().flat_map(|dashboard| world.tiles(dashboard)).collect::<Vec<_>>();
    let tile = tiles.iter().find(|tile| tile["title"] == "A chart from the marketplace").expect("a tile with rows");
    let tile = tile["source"].clone();
    draw(&world, &tile, "looker_funnel");
    let mut chart = world.chart(&tile);
    let outline = world.client.post("/v1/charts/outline", &chart).expect(200);
    let steps = &outline["controls"][0]["choices"];
    let (first, second) = (text(&steps[0]["value"]), text(&steps[1]["value"]));
    let mut read = |step: &str, way: &str| {
        chart["selection"] = json!({"step": step, "as": way});
        (chart.clone(), world.client.post("/v1/charts/read", &chart).expect(200))
    };
    let whole = |(_, reading): (Value, Value)| text(&reading["value"]).parse::<u128>().expect("a count of orders");
    let (base, part) = (whole(read(&first, "value")), whole(read(&second, "value")));
    let (chart, share) = read(&second, "share-of-first");
    let share = text(&share["value"]);

    // The share is the largest decimal of twelve digits that is not above the quotient.
    let (before, after) = share.split_once('.').unwrap_or((&share, ""));
    let millionths = format!("{before}{after:0<12}").parse::<u128>().expect("a decimal");
    assert!(after.len() <= 12 && millionths * base <= part * 10_u128.pow(12), "{share} of {base} is not {part}");
    assert!((millionths + 1) * base > part * 10_u128.pow(12), "{share} of {base} is not {part}");

    let result = followed(&world, &chart);
    assert_eq!(result["current"], share, "{result}");
    assert_eq!(result["last_reading"]["extractor"]["name"], "funnel", "{result}");
    assert_eq!(result["last_reading"]["why"]["row"], second, "{result}");
}

#[test]
fn examples_stand_on_what_new_projects_stand_on() {
    // Copies, because the tools that build them follow no link out of a project.
    let wit = concat!(env!("CARGO_MANIFEST_DIR"), "/../wit/1.0.0/extractor.wit");
    let template = |path: &str| Path::new(TEMPLATES).join(path);
    for (example, file, original) in [
        ("funnel", "lensmount.js", template("javascript/lensmount.js")),
        ("funnel", "package-lock.json", template("javascript/package-lock.json.in")),
        ("funnel", "wit/extractor.wit", wit.into()),
        ("gauge", "lensmount.py", template("python/lensmount.py")),
        ("gauge", "requirements.txt", template("python/requirements.txt")),
        ("gauge", "wit/extractor.wit", wit.into()),
    ] {
        let text = |path: PathBuf| fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let original = text(original).replace("{{name}}", example).replacen("\"version\": \"0.1.0\"", "\"version\": \"1.0.0\"", 2);
        assert_eq!(text(Path::new(EXAMPLES).join(example).join(file)), original, "{example}/{file}: copy it from the template");
    }
}
