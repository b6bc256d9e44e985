//! When key results are read: by interval and cron, on and off at once.

use crate::harness::looker::{CLIENT_ID, CLIENT_SECRET, Looker};
use crate::harness::until;
use crate::harness::world::{PATIENCE, SELDOM, World, text};
use jiff::Timestamp;
use looker_sim::Config;
use serde_json::{Value, json};

/// A Looker whose numbers move while one watches.
fn moving() -> World {
    World::around(Looker::with(Config { cache_seconds: 0, ..Config::new(CLIENT_ID, CLIENT_SECRET) }))
}

#[test]
fn a_key_result_moves_by_itself() {
    let world = moving();
    let mut charts = world.charts().into_iter().filter(|chart| chart["chart_type"].is_string());
    let moves = charts.find_map(|chart| {
        let chart = world.with_defaults(&chart["source"]);
        let read = || world.client.post("/v1/charts/read", &chart);
        let first = read();
        (first.status == 200 && first.json()["value"] != "0").then_some(chart)
    });
    let id = world.link(&moves.expect("a chart with a number"), json!({"every": "1s"}));
    let first = world.until(&id, "a value", |it| it["current"].is_string());
    let later = world.until(&id, "another value", |it| it["current"] != first["current"]);
    assert_ne!(later["progress"], first["progress"]);
    assert!(text(&later["last_reading"]["origin"]).starts_with("slot:"), "{later}");
    let moment = |text: &str| text.parse::<Timestamp>().expect("a moment");
    let slot = text(&later["last_reading"]["origin"]);
    assert!(moment(&text(&later["next_due"])) > moment(slot.trim_start_matches("slot:")), "{later}");
}

#[test]
fn switched_off_it_is_not_read_and_can_be_set_by_hand() {
    let world = moving();
    let chart = world.some_chart();
    let id = world.link(&chart, json!({"every": "1s"}));
    let path = format!("/v1/key-results/{id}");
    let any = world.client.clone().with("If-Match", "*");
    world.until(&id, "a value", |it| it["current"].is_string());
    any.patch(&path, &json!({"current": 5})).problem(409, "conflict");

    let off = any.put(&format!("{path}/integration"), &json!({"enabled": false})).expect(200);
    assert_eq!(off["integration"]["enabled"], false, "{off}");
    assert!(off["next_due"].is_null(), "{off}");
    let read = world.readings(&id).len();
    let set = any.patch(&path, &json!({"current": "5.50", "note": "by hand"})).expect(200);
    assert_eq!((&set["current"], &set["last_reading"]["origin"]), (&"5.50".into(), &"manual".into()));
    world.client.post_empty(&format!("{path}/refresh")).problem(409, "conflict");
    // Other key results go on, which shows that time has passed for this one too.
    let other = world.link(&chart, json!({"every": "1s"}));
    until("three readings of another", PATIENCE, || (world.readings(&other).len() >= 3).then_some(()));
    assert_eq!(world.readings(&id).len(), read + 1, "{:?}", world.readings(&id));
    assert_eq!(world.key_result(&id)["current"], "5.50");

    any.put(&format!("{path}/integration"), &json!({"enabled": true})).expect(200);
    let on = world.until(&id, "a value from Looker again", |it| {
        it["last_reading"]["origin"].as_str().is_some_and(|origin| origin.starts_with("slot:"))
    });
    assert_eq!(on["integration"]["selection"], chart["selection"], "the link is what it was");
}

#[test]
fn what_becomes_of_key_results_while_their_query_runs_counts_when_it_ends() {
    let world = moving();
    let chart = world.some_chart();
    let [stays, off, gone] = ["stays", "off", "gone"].map(|_| world.link(&chart, json!({"every": "1s"})));
    for id in [&stays, &off, &gone] {
        world.until(id, "a value", |it| it["current"].is_string());
    }
    world.looker.faults(&json!({"hang": true}));
    until("the query runs for all of them", PATIENCE, || (world.looker.log()["running_tasks"] == 1).then_some(()));
    let any = world.client.clone().with("If-Match", "*");
    any.put(&format!("/v1/key-results/{off}/integration"), &json!({"enabled": false})).expect(200);
    any.delete(&format!("/v1/key-results/{gone}")).expect(204);
    let comes = world.link(&chart, json!({"cron": SELDOM}));
    let before = [&stays, &off].map(|id| world.readings(id).len());
    world.looker.heal();
    world.until(&comes, "a value", |it| it["current"].is_string());
    until("the others go on", PATIENCE, || (world.readings(&stays).len() >= before[0] + 2).then_some(()));
    assert_eq!(world.readings(&off).len(), before[1]);
    assert!(world.key_result(&off)["next_due"].is_null());
    world.client.get(&format!("/v1/key-results/{gone}")).problem(404, "not-found");
}

#[test]
fn it_can_be_switched_off_whatever_has_become_of_its_looker() {
    let world = moving();
    let id = world.link(&world.some_chart(), json!({"cron": SELDOM}));
    let World { looker, client, server: _server, place: _place, .. } = world;
    drop(looker);
    let place = format!("/v1/key-results/{id}/integration");
    let any = client.clone().with("If-Match", "*");
    let off = any.put(&place, &json!({"enabled": false})).expect(200);
    assert!(off["integration"]["chart_title"].is_string(), "what was known of the chart stays: {off}");
    any.put(&place, &json!({"enabled": true})).problem(502, "looker-unreachable");
    // More than on or off is a whole link.
    any.put(&place, &json!({"enabled": false, "missed": "skip"})).problem(400, "invalid-input");
}

#[test]
fn a_link_needs_the_version_that_was_seen_once_there_is_one() {
    let world = World::new();
    let made = world.client.post("/v1/key-results", &json!({"title": "One", "start": 0, "target": 1})).expect(201);
    let path = format!("/v1/key-results/{}", text(&made["id"]));
    let place = format!("{path}/integration");
    world.client.put(&place, &json!({"enabled": true})).problem(400, "invalid-input");
    let mut link = world.some_chart();
    link["enabled"] = true.into();
    let first = world.client.put(&place, &link);
    first.expect(201);
    world.client.put(&place, &link).problem(428, "precondition-required");
    let seen = first.etag.expect("an ETag");
    link["every"] = "2h".into();
    let mine = world.client.clone().with("If-Match", seen);
    assert_eq!(mine.put(&place, &link).expect(200)["integration"]["every"], "2h");
    mine.put(&place, &link).problem(412, "stale");
}

#[test]
fn what_was_read_does_not_make_an_edit_stale() {
    let world = World::new();
    let id = world.link(&world.some_chart(), json!({"every": "1s"}));
    let path = format!("/v1/key-results/{id}");
    let seen = world.client.get(&path).etag.expect("an ETag");
    until("it was read", PATIENCE, || (world.readings(&id).len() >= 2).then_some(()));
    world.client.clone().with("If-Match", seen).patch(&path, &json!({"title": "Other"})).expect(200);
}

#[test]
fn cron_is_by_its_zone() {
    let world = World::new();
    let chart = world.some_chart();
    let due = |zone: &str| -> Value {
        let id = world.link(&chart, json!({"cron": "30 8 * * *", "time_zone": zone}));
        world.until(&id, "a first reading", |it| it["last_reading"].is_object())["next_due"].clone()
    };
    // Half past eight there is ten to three and a half hours away here; the minutes tell.
    assert_eq!(&text(&due("UTC"))[11..16], "08:30");
    assert_eq!(&text(&due("Asia/Kolkata"))[11..16], "03:00");
}

#[test]
fn filters_change_the_number_as_they_should() {
    let world = World::new();
    let mut checked = 0;
    for dashboard in world.dashboards() {
        let id = crate::harness::world::encoded(&text(&dashboard["id"]));
        let whole = world.client.get(&format!("/v1/connections/{}/dashboards/{id}", world.connection)).expect(200);
        let filters = whole["filters"].as_array().cloned().unwrap_or_default();
        let Some(region) = filters.iter().find(|filter| text(&filter["name"]).to_lowercase().contains("region")) else { continue };
        let name = text(&region["name"]);
        for tile in world.tiles(&dashboard).iter().filter(|tile| tile["extractor"].is_string()) {
            checked += usize::from(regions_add_up(&world, &tile["source"], &name));
        }
        let mut wrong = world.chart(&world.tiles(&dashboard)[0]["source"]);
        wrong["filters"] = json!({"No such filter": "1"});
        let problem = world.client.post("/v1/charts/read", &wrong).problem(400, "invalid-input");
        assert!(text(&problem["detail"]).contains(&name), "{problem}");
    }
    assert!(checked >= 2, "{checked} tiles were checked");
}

#[test]
fn a_filter_that_a_tile_does_not_listen_to_is_never_recorded_as_applied() {
    let world = World::new();
    let mut checked = 0;
    for dashboard in world.dashboards() {
        let id = crate::harness::world::encoded(&text(&dashboard["id"]));
        let whole = world.client.get(&format!("/v1/connections/{}/dashboards/{id}", world.connection)).expect(200);
        for filter in whole["filters"].as_array().cloned().unwrap_or_default() {
            let name = text(&filter["name"]);
            for tile in world.tiles(&dashboard).iter().filter(|tile| tile["extractor"].is_string()) {
                let mut chart = world.with_defaults(&tile["source"]);
                chart["filters"] = json!({ &name: filter["default_value"].as_str().unwrap_or("") });
                let preview = world.client.post("/v1/charts/outline", &chart);
                if preview.status != 200 || !preview.text().contains("filter-ignored") {
                    continue;
                }
                let problem = world.try_link(&chart, json!({})).problem(400, "invalid-input");
                assert!(text(&problem["errors"][0]["pointer"]).contains("/filters/"), "{problem}");
                checked += 1;
            }
        }
    }
    assert!(checked > 0, "no tile of the simulated Looker leaves a filter out");
}

/// Whether a tile is a count that listens to the region; then its regions add up to all of it.
fn regions_add_up(world: &World, source: &Value, filter: &str) -> bool {
    let read = |value: &str| -> Option<i64> {
        let mut chart = world.with_defaults(source);
        chart["filters"] = json!({ filter: value });
        let answer = world.client.post("/v1/charts/read", &chart);
        if answer.status != 200 {
            return None;
        }
        answer.json()["value"].as_str()?.parse().ok()
    };
    if world.client.post("/v1/charts/outline", &world.chart(source)).status != 200 {
        return false;
    }
    let regions = ["EMEA", "APAC", "Americas", "LATAM"];
    let parts: Vec<Option<i64>> = regions.iter().map(|region| read(region)).collect();
    let (Some(all), Some(two)) = (read(""), read("EMEA,APAC")) else { return false };
    let [Some(first), Some(second), ..] = parts[..] else { return false };
    if first == all {
        return false;
    }
    assert_eq!(two, first + second, "{source}");
    assert!(all >= two && first > 0, "{source}: {all} of {parts:?}");
    true
}
