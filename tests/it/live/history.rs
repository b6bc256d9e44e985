//! What was read over time, and what a chart shows of the time before.

use crate::harness::world::{SELDOM, World, text};
use serde_json::{Value, json};

fn times(readings: &[Value]) -> Vec<String> {
    readings.iter().map(|reading| text(&reading["time"])).collect()
}

#[test]
fn readings_are_newest_first_in_pages_and_spans() {
    let world = World::new();
    let id = world.link(&world.some_chart(), json!({"cron": SELDOM}));
    world.until(&id, "a value", |it| it["current"].is_string());
    for _ in 0..4 {
        world.client.post_empty(&format!("/v1/key-results/{id}/refresh")).expect(200);
    }
    let all = world.readings(&id);
    assert_eq!(all.len(), 5);
    let mut sorted = times(&all);
    sorted.sort_unstable_by(|a, b| b.cmp(a));
    assert_eq!(times(&all), sorted);

    let pages = world.client.items(&format!("/v1/key-results/{id}/readings?limit=2"));
    assert_eq!(pages, all);
    let (from, to) = (&sorted[3], &sorted[1]);
    let span = world.client.items(&format!("/v1/key-results/{id}/readings?from={from}&to={to}"));
    assert_eq!(times(&span), sorted[2..=3]);
    let get = |query: &str| world.client.get(&format!("/v1/key-results/{id}/readings?{query}"));
    get("from=yesterday").problem(400, "invalid-input");
    get("page_token=v1.00").problem(400, "invalid-input");
    get("limit=0").problem(400, "invalid-input");
}

#[test]
fn a_crowd_that_reads_and_changes_one_key_result_at_once_is_served() {
    let world = World::new();
    let id = world.link(&world.some_chart(), json!({"cron": SELDOM}));
    world.until(&id, "a value", |it| it["current"].is_string());
    let path = format!("/v1/key-results/{id}");
    let whatever = world.client.clone().with("If-Match", "*");
    std::thread::scope(|scope| {
        for number in 0..40 {
            let (world, whatever, path) = (&world, &whatever, &path);
            scope.spawn(move || match number % 2 {
                0 => drop(world.client.post_empty(&format!("{path}/refresh")).expect(200)),
                _ => drop(whatever.patch(path, &json!({"title": format!("By {number}")})).expect(200)),
            });
        }
    });
}

#[test]
fn a_backfill_adds_the_charts_own_points_once_and_changes_no_value() {
    let world = World::new();
    let over_time = |chart: &Value| {
        let series = world.client.post("/v1/charts/series", chart);
        let readings = series.json()["readings"].as_array().cloned().unwrap_or_default();
        (readings.len() > 3 && readings[0]["at"].is_string()).then_some(readings)
    };
    let charts = world.charts();
    let mut charts = charts.iter().map(|chart| world.with_defaults(&chart["source"]));
    let (chart, points) = charts.find_map(|chart| over_time(&chart).map(|points| (chart, points))).expect("a chart over time");
    let id = world.link(&chart, json!({"cron": SELDOM}));
    let before = world.until(&id, "a value", |it| it["current"].is_string());
    let path = format!("/v1/key-results/{id}/backfill");
    let done = world.client.post_empty(&path).expect(200);
    let unfinished = done["unfinished"].as_u64().expect("a number");
    let added = points.len() as u64 - unfinished;
    assert!(added > 3 && unfinished < 3, "{done}");
    assert_eq!(done, json!({"added": added, "present": 0, "unfinished": unfinished}));
    let again = world.client.post_empty(&path).expect(200);
    assert_eq!(again, json!({"added": 0, "present": added, "unfinished": unfinished}));
    assert_eq!(world.key_result(&id)["current"], before["current"]);

    let readings = world.readings(&id);
    // What is not over yet may still change, and comes last.
    for point in &points[..added as usize] {
        let origin = format!("backfill:{}", text(&point["at"]));
        let kept = readings.iter().find(|reading| reading["origin"] == origin.as_str());
        let kept = kept.unwrap_or_else(|| panic!("no {origin} in {readings:?}"));
        assert_eq!(kept["value"], point["value"], "{origin}");
        // A period begins where its name says.
        let at = text(&point["at"]);
        let year = at.chars().filter(char::is_ascii_digit).take(4).collect::<String>();
        assert!(
            text(&kept["time"]).starts_with(&year) || text(&kept["time"]).starts_with(&format!("{}", year.parse::<i32>().unwrap_or(0) - 1)),
            "{kept}"
        );
    }
    assert!(readings.iter().any(|reading| reading["origin"] == before["last_reading"]["origin"]), "what was read is still there");
}

#[test]
fn a_key_result_that_is_not_linked_has_nothing_to_refresh_or_backfill() {
    let world = World::new();
    let made = world.client.post("/v1/key-results", &json!({"title": "By hand", "start": 0, "target": 1})).expect(201);
    let id = text(&made["id"]);
    for call in ["refresh", "backfill"] {
        world.client.post_empty(&format!("/v1/key-results/{id}/{call}")).problem(409, "conflict");
    }
}
