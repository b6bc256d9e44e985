//! Every chart of a Looker: outlined, linked with its defaults, refreshed and read; or it says why
//! not.

use crate::harness::world::{SELDOM, World, defaults, text};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Codes with which a chart that can be linked may still have no number just now.
const NO_NUMBER: &[&str] = &["no-data", "not-numeric", "ambiguous", "looker-error", "bad-selection", "incomplete", "unsupported"];

#[test]
fn every_chart_that_an_extractor_reads_is_linked_and_read() {
    let world = World::new();
    let charts = world.charts();
    let (mut read, mut failed) = (BTreeMap::<String, usize>::new(), BTreeMap::<String, String>::new());
    for chart in &charts {
        let (title, source) = (text(&chart["title"]), &chart["source"]);
        let mut request = world.chart(source);
        let outline = world.client.post("/v1/charts/outline", &request);
        if outline.status != 200 {
            let code = text(&outline.any_problem().unwrap_or_else(|fault| panic!("{title}: {fault}"))["code"]);
            assert!(NO_NUMBER.contains(&code.as_str()), "{title}: {outline}");
            failed.insert(title, code);
            continue;
        }
        let outline = outline.json();
        assert_eq!(outline["extractor"]["name"], chart["extractor"], "{title}: {outline}");
        request["selection"] = defaults(&outline);
        let preview = world.client.post("/v1/charts/read", &request);

        let id = world.link(&request, json!({"cron": SELDOM}));
        let refreshed = world.client.post_empty(&format!("/v1/key-results/{id}/refresh"));
        assert_eq!(refreshed.status, preview.status, "{title}: {refreshed} after {preview}");
        let shown = world.key_result(&id);
        if preview.status == 200 {
            let (preview, last) = (preview.json(), &shown["last_reading"]);
            assert_eq!(shown["current"], preview["value"], "{title}: {shown}");
            assert_eq!(refreshed.json()["current"], preview["value"], "{title}");
            for field in ["value", "at", "label", "rendered", "extractor", "ran_at"] {
                assert_eq!(last[field], preview[field], "{title}: {field} of {last}");
            }
            assert!(last["why"]["raw"].is_string() && last["why"]["explore_url"].is_string(), "{title}: {last}");
            assert!(last["ran_at"].is_string() && last["read_at"].is_string() && last["from_cache"].is_boolean(), "{title}: {last}");
            assert!(text(&last["origin"]).starts_with("refresh:") || text(&last["origin"]).starts_with("slot:"), "{title}: {last}");
            assert!(shown["last_failure"].is_null(), "{title}: {shown}");
            *read.entry(text(&chart["extractor"])).or_default() += 1;
        } else {
            let code = text(&preview.any_problem().unwrap_or_else(|fault| panic!("{title}: {fault}"))["code"]);
            assert!(NO_NUMBER.contains(&code.as_str()), "{title}: {preview}");
            assert_eq!(shown["last_failure"]["code"], code.as_str(), "{title}: {shown}");
            assert!(shown["current"].is_null(), "{title}: {shown}");
            failed.insert(title, code);
        }
    }
    println!("{} charts: {read:?} read, {failed:?}", charts.len());
    let all: usize = read.values().sum();
    assert!(read.len() == 3 && all >= 15, "{read:?} read, {failed:?}");
    assert!(all > failed.len() * 2, "{read:?} read, {failed:?}");
}

#[test]
fn a_tile_that_cannot_be_read_says_why_before_it_is_linked() {
    let world = World::new();
    let tiles: Vec<Value> = world.dashboards().iter().flat_map(|dashboard| world.tiles(dashboard)).collect();
    let unread: Vec<&Value> = tiles.iter().filter(|tile| tile["extractor"].is_null()).collect();
    assert!(unread.len() >= 2, "the simulated Looker has tiles that none reads");
    for tile in unread {
        let reason = text(&tile["reason"]);
        assert!(reason.len() > 20, "{tile}");
        let verdict = world.client.post("/v1/charts/verify", &world.chart(&tile["source"])).expect(200);
        assert_eq!(verdict["supported"], false, "{tile}: {verdict}");
        assert!(verdict["reasons"][0].is_string() && verdict["hints"][0].is_string(), "{tile}: {verdict}");
        world.try_link(&world.chart(&tile["source"]), json!({})).problem(422, "unsupported");
    }
    // Text and buttons show no data and are not there at all.
    let ids: BTreeSet<String> = tiles.iter().map(|tile| text(&tile["id"])).collect();
    assert!(ids.contains("503") && !ids.contains("501") && !ids.contains("502"), "501 is a text and 502 a button: {ids:?}");
}

#[test]
fn merged_tiles_and_those_written_in_sql_are_linked_and_read() {
    let world = World::new();
    let charts = world.charts();
    for title in ["Orders beside visits", "Orders and visits by month", "Written in SQL"] {
        let chart = charts.iter().find(|chart| chart["title"] == title).unwrap_or_else(|| panic!("{title} is not read"));
        let id = world.link(&world.with_defaults(&chart["source"]), json!({"cron": SELDOM}));
        let read = world.client.post_empty(&format!("/v1/key-results/{id}/refresh")).expect(200);
        assert!(read["current"].is_string(), "{title}: {read}");
    }
}

#[test]
fn a_chart_is_verified_where_it_stands() {
    let world = World::new();
    let chart = world.some_chart();
    let verdict = world.client.post("/v1/charts/verify", &world.chart(&chart["source"])).expect(200);
    assert_eq!(verdict["supported"], true, "{verdict}");
    for (body, pointer) in [
        (json!({}), "/result"),
        (json!({"connection_id": world.connection}), "/source"),
        (json!({"source": {"look_id": "1"}}), "/connection_id"),
        (json!({"connection_id": world.connection, "source": {"look_id": "1"}, "result": {}}), "/result"),
        (json!({"connection_id": "con_nothing", "source": {"look_id": "1"}}), "/connection_id"),
    ] {
        let problem = world.client.post("/v1/charts/verify", &body).problem(400, "invalid-input");
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
    }
}

#[test]
fn what_is_not_there_is_told_apart() {
    let world = World::new();
    let read = |body: Value| world.client.post("/v1/charts/read", &body);
    let with = |source: Value| world.chart(&source);
    read(with(json!({"look_id": "987654"}))).problem(404, "not-found");
    read(with(json!({"dashboard_id": "987654", "tile_id": "1"}))).problem(404, "not-found");
    let dashboard = &world.dashboards()[0]["id"];
    read(with(json!({"dashboard_id": dashboard, "tile_id": "987654"}))).problem(404, "not-found");
    let mut nobody = with(json!({"look_id": "1"}));
    nobody["connection_id"] = "con_0192f0c1a2b37c4d8e5f60718293a4b5".into();
    read(nobody).problem(404, "not-found");
    let mut chart = world.some_chart();
    chart["extractor"] = "nothing".into();
    read(chart).problem(404, "not-found");
}

#[test]
fn a_series_is_every_point_oldest_first() {
    let world = World::new();
    let chart = world.some_chart();
    let series = world.client.post("/v1/charts/series", &chart).expect(200);
    let readings = series["readings"].as_array().expect("readings");
    let ats: Vec<&str> = readings.iter().filter_map(|reading| reading["at"].as_str()).collect();
    let mut sorted = ats.clone();
    sorted.sort_unstable();
    assert!(!readings.is_empty() && ats == sorted, "{series}");
}
