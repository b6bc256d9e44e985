//! A read that fails, in every way a Looker can fail it: the last good value stays, the failure is
//! shown, and the key result recovers by itself once the fault is gone.

use crate::harness::looker::{CLIENT_ID, CLIENT_SECRET, Looker};
use crate::harness::world::{World, connect, text};
use looker_sim::Config;
use serde_json::{Value, json};

/// A Looker that runs every query anew, so that a fault is met by the next read.
fn world() -> World {
    World::around(Looker::with(Config {
        now: "2026-11-18T12:00:00Z".parse().ok(),
        cache_seconds: 0,
        ..Config::new(CLIENT_ID, CLIENT_SECRET)
    }))
}

/// Faults, and the codes that a read meets them with.
fn faults() -> Vec<(&'static str, Value, &'static [&'static str])> {
    vec![
        ("an error in a 200", json!({"errors_in_200": "Unknown field"}), &["looker-error"]),
        ("a query that never ends", json!({"hang": true}), &["looker-timeout"]),
        ("calls that are never answered", json!({"hang_paths": ["/api/4.0/"]}), &["looker-timeout", "looker-unreachable"]),
        (
            "503 with a page",
            json!({"status": {"code": 503, "paths": ["/api/4.0/"], "html": true}}),
            &["looker-error", "looker-unreachable", "looker-timeout"],
        ),
        ("500", json!({"status": {"code": 500, "paths": ["/api/4.0/query_tasks"]}}), &["looker-error", "looker-timeout"]),
        (
            "too many calls",
            json!({"status": {"code": 429, "paths": ["/api/4.0/"], "retry_after": 3}}),
            &["looker-rate-limited", "looker-timeout"],
        ),
        (
            "a body cut short",
            json!({"truncate_body": true, "match": "/api/4.0/query_tasks"}),
            &["malformed", "looker-unreachable", "looker-timeout"],
        ),
        ("latency beyond the timeout", json!({"latency_ms": 4_000}), &["looker-timeout"]),
        ("a session that is refused for good", json!({"unauthorized_next": 1_000_000}), &["looker-refused"]),
    ]
}

#[test]
fn the_last_good_value_stays_and_the_key_result_recovers_by_itself() {
    let world = world();
    let connection = connect(&world.client, &world.looker, "Impatient", json!({"timeout_seconds": 2}));
    let mut chart = world.some_chart();
    chart["connection_id"] = connection.into();
    let id = world.link(&chart, json!({"every": "1s"}));
    for (name, fault, codes) in faults() {
        let good = world.until(&id, &format!("before {name}: a value"), |it| it["current"].is_string() && it["last_failure"].is_null());
        world.looker.faults(&fault);
        let failed = world.until(&id, &format!("{name}: a failure"), |it| it["last_failure"].is_object());
        let failure = &failed["last_failure"];
        assert!(codes.contains(&text(&failure["code"]).as_str()), "{name}: {failure}");
        assert!(text(&failure["detail"]).len() > 20 && failure["since"].is_string() && failure["times"].as_u64() >= Some(1), "{failure}");
        assert!(failed["current"].is_string() && failed["last_reading"].is_object(), "{name}: {failed}");
        assert!(!failed["current"].is_null(), "{name} after {good}");
        // Refreshed by hand it answers with the same failure, and keeps the value too.
        let refreshed = world.client.post_empty(&format!("/v1/key-results/{id}/refresh"));
        let problem = refreshed.any_problem().unwrap_or_else(|fault| panic!("{name}: {fault}: {refreshed}"));
        assert!(codes.contains(&text(&problem["code"]).as_str()), "{name}: {problem}");
        assert_eq!(world.key_result(&id)["current"], failed["current"], "{name}");

        world.looker.heal();
        let healed = world.until(&id, &format!("{name}: recovered"), |it| it["last_failure"].is_null());
        assert!(text(&healed["last_reading"]["read_at"]) > text(&failed["last_reading"]["read_at"]), "{name}: {healed}");
    }
}

#[test]
fn a_session_that_ends_is_begun_anew_without_a_failure() {
    let world = world();
    let chart = world.some_chart();
    let id = world.link(&chart, json!({"every": "1h"}));
    world.until(&id, "a value", |it| it["current"].is_string());
    world.looker.forget();
    world.looker.faults(&json!({"unauthorized_next": 1}));
    world.client.post_empty(&format!("/v1/key-results/{id}/refresh")).expect(200);
    assert_eq!(world.looker.log()["logins"], 1, "{}", world.looker.log());
}

#[test]
fn an_extractors_failure_keeps_the_value_and_names_the_control() {
    let world = world();
    let mut chart = world.some_chart();
    let id = world.link(&chart, json!({"every": "1h"}));
    let good = world.until(&id, "a value", |it| it["current"].is_string());
    chart["selection"]["y"] = "nothing.there".into();
    chart["enabled"] = true.into();
    let any = world.client.clone().with("If-Match", "*");
    any.put(&format!("/v1/key-results/{id}/integration"), &chart).expect(200);
    let failed = world.until(&id, "a failure", |it| it["last_failure"].is_object());
    assert_eq!(failed["last_failure"]["code"], "bad-selection", "{failed}");
    assert_eq!(failed["last_failure"]["control"], "y", "{failed}");
    assert_eq!(failed["current"], good["current"]);
}

#[test]
fn a_query_that_was_not_done_in_time_is_picked_up_without_a_second_run() {
    let world = world();
    let connection = connect(&world.client, &world.looker, "Impatient", json!({"timeout_seconds": 1}));
    let mut chart = world.some_chart();
    chart["connection_id"] = connection.into();
    world.looker.faults(&json!({"hang": true}));
    world.looker.forget();
    let id = world.link(&chart, json!({"every": "1h"}));
    let failed = world.until(&id, "a timeout", |it| it["last_failure"].is_object());
    assert_eq!(failed["last_failure"]["code"], "looker-timeout", "{failed}");
    assert!(text(&failed["last_failure"]["detail"]).contains("picked up"), "{failed}");
    let tasks = world.looker.log()["task_creates"].clone();
    // Whoever asks meanwhile is told that it goes on, and does not begin it a second time.
    world.client.post_empty(&format!("/v1/key-results/{id}/refresh")).problem(504, "looker-timeout");
    assert_eq!(world.looker.log()["task_creates"], tasks);
    world.looker.heal();
    let read = world.until(&id, "the result that came late", |it| it["current"].is_string());
    assert!(read["last_failure"].is_null(), "{read}");
    assert_eq!(world.looker.log()["task_creates"], tasks, "it was not asked for again");
}

#[test]
fn a_looker_that_is_away_is_no_reason_not_to_be_ready() {
    let world = world();
    let chart = world.some_chart();
    let id = world.link(&chart, json!({"every": "1s"}));
    world.until(&id, "a value", |it| it["current"].is_string());
    let World { looker, server, client, .. } = world;
    drop(looker);
    let away = || Some(client.get(&format!("/v1/key-results/{id}")).expect(200)).filter(|it| it["last_failure"].is_object());
    let failed = crate::harness::until("it is seen to be away", crate::harness::world::PATIENCE, away);
    assert_eq!(failed["last_failure"]["code"], "looker-unreachable", "{failed}");
    server.stranger().get("/readyz").expect(200);
}
