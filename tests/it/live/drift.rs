//! Drift: a key result says when what it is linked to is no longer what it was, and when that is over.

use crate::harness::listener::{Event, listen, next};
use crate::harness::looker::{CLIENT_ID, CLIENT_SECRET, Looker};
use crate::harness::world::{SELDOM, World, text};
use looker_sim::Config;
use serde_json::{Value, json};
use std::sync::mpsc::Receiver;

/// A Looker whose numbers move while one watches.
fn moving() -> World {
    World::around(Looker::with(Config { cache_seconds: 0, ..Config::new(CLIENT_ID, CLIENT_SECRET) }))
}

/// The first tile of the first dashboard: a count by month.
fn tile() -> Value {
    json!({"dashboard_id": "1", "tile_id": "101"})
}

/// A key result on that tile that has been read.
fn linked(world: &World, chart: &Value, more: Value) -> String {
    let id = world.link(chart, more);
    let read = world.until(&id, "a value", |it| it["current"].is_string());
    assert_eq!(read["drift"], json!([]), "{read}");
    id
}

/// The drift of that kind, if a key result has it.
fn of<'a>(key_result: &'a Value, kind: &str) -> Option<&'a Value> {
    key_result["drift"].as_array().expect("an array").iter().find(|it| it["kind"] == kind)
}

/// Waits until a key result has drifted so, and checks what everybody is told of it.
fn begun(world: &World, events: &Receiver<Event>, id: &str, kind: &str) -> Value {
    let shown = world.until(id, &format!("{kind} is shown"), |it| of(it, kind).is_some());
    let drift = of(&shown, kind).expect("shown").clone();
    assert!(text(&drift["message"]).len() > 40 && drift["since"].is_string(), "{drift}");
    let (_, _, told) = next(events, "drift");
    assert_eq!((&told["data"]["key_result_id"], &told["data"]["change"]), (&id.into(), &"begun".into()), "{told}");
    assert_eq!(told["data"]["drift"], drift, "what is told is what is shown");
    assert!(shown["current"].is_string(), "the last good value stays: {shown}");
    shown
}

/// Reads a key result, which must not drift any more, and checks what everybody is told of it.
fn ended(world: &World, events: &Receiver<Event>, id: &str, kind: &str) -> Value {
    let read = world.client.post_empty(&format!("/v1/key-results/{id}/refresh")).expect(200);
    assert_eq!(read["drift"], json!([]), "{read}");
    told_of_end(events, id, kind);
    read
}

fn told_of_end(events: &Receiver<Event>, id: &str, kind: &str) {
    let (_, _, told) = next(events, "drift");
    let data = &told["data"];
    assert_eq!((&data["key_result_id"], &data["change"], &data["drift"]["kind"]), (&id.into(), &"ended".into(), &kind.into()), "{told}");
}

#[test]
fn a_tile_or_look_that_is_gone_is_told_until_it_is_back() {
    let world = moving();
    let look = world.looks().into_iter().find(|look| look["extractor"].is_string()).expect("a look")["source"].clone();
    let gone =
        [(tile(), json!({"tiles": {"101": {"gone": true}}})), (look.clone(), json!({"looks": {text(&look["look_id"]): {"gone": true}}}))];
    for (source, edit) in gone {
        let id = linked(&world, &world.with_defaults(&source), json!({"every": "1s"}));
        let events = listen(&world.server, None);
        world.looker.edit(&edit);
        let shown = begun(&world, &events, &id, "source-gone");
        assert_eq!(shown["last_failure"]["code"], "not-found", "{shown}");
        world.looker.edit(&json!({}));
        ended(&world, &events, &id, "source-gone");
        // One that is switched off is read by nobody, and nothing is said of it.
        let any = world.client.clone().with("If-Match", "*");
        any.put(&format!("/v1/key-results/{id}/integration"), &json!({"enabled": false})).expect(200);
    }
}

#[test]
fn a_chart_type_that_changed_is_told_and_the_number_is_read_as_it_was_linked() {
    let world = moving();
    let id = linked(&world, &world.with_defaults(&tile()), json!({"cron": SELDOM}));
    let by = world.key_result(&id)["last_reading"]["extractor"]["name"].clone();
    let events = listen(&world.server, None);
    let mut before = "looker_line".to_string();
    for (kind, says) in [("looker_column", "read on by"), ("single_value", "although"), ("custom_map", "no extractor reads")] {
        world.looker.edit(&json!({"tiles": {"101": {"chart_type": kind}}}));
        let read = world.client.post_empty(&format!("/v1/key-results/{id}/refresh")).expect(200);
        if before != "looker_line" {
            told_of_end(&events, &id, "chart-type-changed");
        }
        let shown = begun(&world, &events, &id, "chart-type-changed");
        let drift = of(&shown, "chart-type-changed").expect("shown");
        assert_eq!((&drift["from"], &drift["to"]), (&"looker_line".into(), &kind.into()), "{drift}");
        assert!(text(&drift["message"]).contains(says), "{kind}: {drift}");
        assert_eq!(read["last_reading"]["extractor"]["name"], by, "{read}");
        before = kind.to_string();
    }
    // Linked anew it is what it is now.
    world.looker.edit(&json!({"tiles": {"101": {"chart_type": "looker_column"}}}));
    let mut link = world.with_defaults(&tile());
    link["enabled"] = true.into();
    let any = world.client.clone().with("If-Match", "*");
    let anew = any.put(&format!("/v1/key-results/{id}/integration"), &link).expect(200);
    assert_eq!((&anew["drift"], &anew["integration"]["chart_type"]), (&json!([]), &"looker_column".into()), "{anew}");
    told_of_end(&events, &id, "chart-type-changed");
}

#[test]
fn a_field_that_was_renamed_is_told_with_its_successor_and_never_read_in_its_place() {
    let world = moving();
    let chart = world.with_defaults(&tile());
    assert_eq!(chart["selection"]["y"], "orders.count", "{chart}");
    let id = linked(&world, &chart, json!({"cron": SELDOM}));
    let events = listen(&world.server, None);
    let value = world.key_result(&id)["current"].clone();
    world.looker.edit(&json!({"rename": {"orders.count": "orders.order_count"}}));
    world.client.post_empty(&format!("/v1/key-results/{id}/refresh")).problem(422, "bad-selection");
    let shown = begun(&world, &events, &id, "field-renamed");
    let drift = of(&shown, "field-renamed").expect("shown");
    assert_eq!((&drift["control"], &drift["from"], &drift["to"]), (&"y".into(), &"orders.count".into(), &"orders.order_count".into()));
    assert!(text(&drift["message"]).contains("orders.order_count"), "{drift}");
    assert_eq!((&shown["current"], &shown["last_failure"]["code"]), (&value, &"bad-selection".into()), "{shown}");
    assert_eq!(shown["integration"]["selection"], chart["selection"]);
    world.looker.edit(&json!({}));
    ended(&world, &events, &id, "field-renamed");
}

#[test]
fn a_field_left_to_its_default_is_told_when_it_is_another() {
    let world = moving();
    let id = linked(&world, &world.chart(&tile()), json!({"cron": SELDOM}));
    let events = listen(&world.server, None);
    world.looker.edit(&json!({"rename": {"orders.count": "orders.order_count"}}));
    world.client.post_empty(&format!("/v1/key-results/{id}/refresh")).expect(200);
    let shown = begun(&world, &events, &id, "field-renamed");
    let drift = of(&shown, "field-renamed").expect("shown");
    assert_eq!((&drift["control"], &drift["from"], &drift["to"]), (&Value::Null, &"orders.count".into(), &"orders.order_count".into()));
    world.looker.edit(&json!({}));
    ended(&world, &events, &id, "field-renamed");
}

#[test]
fn a_selection_that_never_read_well_is_a_failure_and_no_drift() {
    let world = moving();
    let mut chart = world.with_defaults(&tile());
    chart["selection"]["y"] = "orders.nothing".into();
    let id = world.link(&chart, json!({"cron": SELDOM}));
    let failed = world.until(&id, "a failure", |it| it["last_failure"].is_object());
    assert_eq!((&failed["last_failure"]["code"], &failed["drift"]), (&"bad-selection".into(), &json!([])), "{failed}");
}

#[test]
fn a_number_that_stopped_moving_is_told_once_until_it_moves_whatever_fails_in_between() {
    let world = moving();
    world.looker.edit(&json!({"still": true}));
    let chart = world.with_defaults(&tile());
    let events = listen(&world.server, None);
    let patient = linked(&world, &chart, json!({"every": "1s", "still_after": "never"}));
    let id = linked(&world, &chart, json!({"every": "1s", "still_after": "2s"}));
    let shown = begun(&world, &events, &id, "not-moving");
    assert!(text(&of(&shown, "not-moving").expect("shown")["message"]).contains(&text(&shown["current"])), "{shown}");
    assert_eq!(world.key_result(&patient)["drift"], json!([]));

    world.looker.faults(&json!({"errors_in_200": true}));
    let failing = world.until(&id, "a failure", |it| it["last_failure"].is_object());
    // A failed read does not show that it moves: nothing ends, and nothing begins anew.
    let since = |it: &Value| of(it, "not-moving").map(|drift| drift["since"].clone());
    assert_eq!(since(&failing), since(&shown), "{failing}");
    world.looker.heal();
    let again = world.until(&id, "a reading", |it| it["last_failure"].is_null());
    assert_eq!(since(&again), since(&shown), "{again}");

    world.looker.edit(&json!({}));
    let moved = world.until(&id, "it moves", |it| it["current"] != shown["current"]);
    told_of_end(&events, &id, "not-moving");
    assert!(moved["last_failure"].is_null(), "{moved}");
}

#[test]
fn how_long_a_number_may_stand_still_is_an_interval_or_never() {
    let world = World::new();
    let chart = world.chart(&tile());
    for wrong in ["soon", "0s"] {
        let problem = world.try_link(&chart, json!({"still_after": wrong})).problem(400, "invalid-input");
        assert_eq!(problem["errors"][0]["pointer"], "/integration/still_after", "{problem}");
    }
    let id = world.link(&chart, json!({"still_after": "30d"}));
    assert_eq!(world.key_result(&id)["integration"]["still_after"], "30d");
}

#[test]
fn a_reading_that_is_older_than_its_schedule_allows_is_overdue() {
    let world = moving();
    let id = linked(&world, &world.with_defaults(&tile()), json!({"every": "1s"}));
    world.looker.faults(&json!({"status": {"code": 503, "paths": ["/api/4.0/"]}}));
    let shown = world.until(&id, "overdue", |it| of(it, "overdue").is_some());
    let drift = of(&shown, "overdue").expect("shown");
    assert!(text(&drift["since"]) > text(&shown["last_reading"]["read_at"]), "{shown}");
    assert!(text(&drift["message"]).contains(&text(&shown["last_reading"]["read_at"])), "{drift}");
    let any = world.client.clone().with("If-Match", "*");
    let off = any.put(&format!("/v1/key-results/{id}/integration"), &json!({"enabled": false})).expect(200);
    assert_eq!(off["drift"], json!([]), "what is switched off is not late: {off}");
    world.looker.heal();
    any.put(&format!("/v1/key-results/{id}/integration"), &json!({"enabled": true})).expect(200);
    let read = world.until(&id, "a reading", |it| it["last_reading"] != shown["last_reading"]);
    assert_eq!(read["drift"], json!([]), "{read}");
}

#[test]
fn a_lookml_tile_under_a_new_id_is_no_drift_and_its_id_is_kept() {
    let world = moving();
    let old = json!({"dashboard_id": "shop::business_pulse", "tile_id": "shop::business_pulse::revenue"});
    let id = linked(&world, &world.with_defaults(&old), json!({"cron": SELDOM}));
    for moved in ["shop::business_pulse::after_a_deploy", "777"] {
        world.looker.edit(&json!({"tiles": {"shop::business_pulse::revenue": {"id": moved}}}));
        for _ in 0..2 {
            world.looker.forget();
            let read = world.client.post_empty(&format!("/v1/key-results/{id}/refresh")).expect(200);
            assert_eq!((&read["drift"], &read["integration"]["source"]), (&json!([]), &old), "{read}");
            assert_eq!(read["integration"]["found_at"]["tile_id"], moved, "{read}");
        }
        let log = world.looker.log();
        let asked = log["requests"].as_array().expect("calls").iter().filter(|call| text(&call["path"]).contains("/dashboards/"));
        assert_eq!(asked.count(), 1, "it is looked for where it was found last: {log}");
    }
}
