//! A read that fails, in every way a Looker can fail it: the last good value stays, the failure is
//! shown, and the key result recovers by itself once the fault is gone. What passes within the time
//! is no failure at all.

use crate::harness::looker::{CLIENT_ID, CLIENT_SECRET, Looker};
use crate::harness::until;
use crate::harness::world::{PATIENCE, SELDOM, World, connect, text};
use looker_sim::Config;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// A Looker that runs every query anew, so that a fault is met by the next read.
fn fresh() -> Looker {
    Looker::with(Config { now: "2026-11-18T12:00:00Z".parse().ok(), cache_seconds: 0, ..Config::new(CLIENT_ID, CLIENT_SECRET) })
}

fn world() -> World {
    World::around(fresh())
}

/// Seconds between two reads, and what a retry waits at most.
const EVERY: u64 = 5;

/// A switch of the simulated Looker, the connection's timeout in seconds, and what comes of it.
struct Switch {
    name: &'static str,
    fault: Value,
    timeout: u64,
    then: Then,
}

enum Then {
    /// Reads fail with this code.
    Fails(&'static str),
    /// Reads go on as if nothing were; Looker's log has to show that the fault was met.
    Copes(fn(&Value) -> bool),
}
use Then::{Copes, Fails};

/// Every switch. `elsewhere` is a Looker that calls are redirected to.
fn switches(elsewhere: &str) -> Vec<Switch> {
    let switch = |name, timeout, fault, then| Switch { name, fault, timeout, then };
    let status = |status: Value| json!({ "status": status });
    vec![
        switch("latency within the timeout", 10, json!({"latency_ms": 150}), Copes(|log| log["task_creates"].as_u64() >= Some(2))),
        switch("latency beyond the timeout", 2, json!({"latency_ms": 4_000}), Fails("looker-timeout")),
        switch("a query that never ends", 2, json!({"hang": true}), Fails("looker-timeout")),
        switch("calls that are never answered", 2, json!({"hang_paths": ["/api/4.0/"]}), Fails("looker-timeout")),
        switch("429", 2, status(json!({"code": 429})), Fails("looker-rate-limited")),
        switch("429 with Retry-After beyond the timeout", 2, status(json!({"code": 429, "retry_after": 3})), Fails("looker-rate-limited")),
        switch("429 twice", 10, status(json!({"code": 429, "times": 2})), Copes(|log| answered(log, 429) == 2)),
        switch(
            "429 once with Retry-After within the timeout",
            10,
            status(json!({"code": 429, "times": 1, "retry_after": 1})),
            Copes(|log| answered(log, 429) == 1),
        ),
        switch(
            "401 once in mid-session",
            10,
            json!({"unauthorized_next": 1}),
            // Logged in once, and the one call replayed: the same path, now with an answer.
            Copes(|log| log["logins"] == 1 && answered(log, 401) == 1 && is_replayed_once(log)),
        ),
        switch("401 for good", 5, json!({"unauthorized_next": 1_000_000}), Fails("looker-refused")),
        switch("credentials that were withdrawn", 5, json!([{"unauthorized_next": 1}, {"login_404": true}]), Fails("looker-refused")),
        switch("503 with a page", 2, status(json!({"code": 503, "html": true})), Fails("looker-error")),
        switch(
            "502 with a page, at the query alone",
            5,
            json!({"status": {"code": 502, "paths": ["/api/4.0/query_tasks"], "html": true}}),
            Fails("looker-error"),
        ),
        switch("503 with a page twice", 10, status(json!({"code": 503, "html": true, "times": 2})), Copes(|log| answered(log, 503) == 2)),
        switch("a body cut short", 30, json!({"truncate_body": true}), Fails("looker-unreachable")),
        switch("a body cut short that looks whole", 5, json!({"truncate_body": "clean"}), Fails("malformed")),
        switch(
            "metadata cut short that looks whole",
            5,
            json!({"truncate_body": "clean", "match": "/api/4.0/dashboard"}),
            Fails("malformed"),
        ),
        switch("a body that drips", 2, json!({"slow_drip_ms": 250}), Fails("looker-timeout")),
        switch("a body that is huge", 10, json!({"huge_body_mb": 40}), Fails("result-too-large")),
        switch("an error in a 200", 5, json!({"errors_in_200": "Unknown field"}), Fails("looker-error")),
        switch(
            "a task that says once that it has expired",
            10,
            json!({"expired_task": 1}),
            Copes(|log| log["task_creates"].as_u64() >= Some(2)),
        ),
        switch("a task that is lost", 20, json!({"lost_task": 1}), Copes(|log| log["task_creates"].as_u64() >= Some(3))),
        switch("tasks that are all lost", 20, json!({"lost_task": 1_000_000}), Fails("looker-error")),
        switch("a redirect", 5, json!({ "redirect_to": elsewhere }), Fails("looker-unreachable")),
        switch("a redirect to a private address", 5, json!({"redirect_to": "http://169.254.169.254/latest"}), Fails("looker-unreachable")),
    ]
}

/// How many calls were answered with a status.
fn answered(log: &Value, status: u16) -> usize {
    log["requests"].as_array().map_or(0, |calls| calls.iter().filter(|call| call["status"] == status).count())
}

/// Whether the call that was answered with 401 came once more after the login, and no third time
/// before another read.
fn is_replayed_once(log: &Value) -> bool {
    let calls = log["requests"].as_array().cloned().unwrap_or_default();
    let Some(refused) = calls.iter().position(|call| call["status"] == 401) else { return false };
    let after: Vec<_> = calls[refused + 1..].iter().take(2).collect();
    text(&after[0]["path"]).ends_with("/login") && after[1]["path"] == calls[refused]["path"] && after[1]["status"] == 200
}

#[test]
fn every_switch_keeps_the_last_good_value_and_is_got_over_without_help() {
    let (world, elsewhere) = (world(), fresh());
    let chart = world.some_chart();
    let switches = switches(&elsewhere.url());
    // All at once, each with a Looker of its own: what fails for one is nothing to the others.
    std::thread::scope(|threads| {
        let running: Vec<_> =
            switches.iter().map(|switch| (switch.name, threads.spawn(|| switched(&world, chart.clone(), switch)))).collect();
        let failed: Vec<_> = running.into_iter().filter_map(|(name, thread)| thread.join().err().map(|_| name)).collect();
        assert!(failed.is_empty(), "{failed:?}: see above");
    });
    assert_eq!(elsewhere.log()["requests"], json!([]), "no redirect was followed");
}

/// One switch, on and off.
fn switched(world: &World, mut chart: Value, switch: &Switch) {
    let name = switch.name;
    let looker = fresh();
    chart["connection_id"] = connect(&world.client, &looker, name, json!({ "timeout_seconds": switch.timeout })).into();
    let id = world.link(&chart, json!({ "every": format!("{EVERY}s") }));
    let linked = world.until(&id, &format!("{name}: a value"), |it| it["current"].is_string());
    // Just after a read there is time until the next one, so that the fault is there from its start.
    let good = world.until(&id, &format!("{name}: another reading"), |it| newer(it, &linked));
    looker.forget();
    looker.faults(&switch.fault);
    match switch.then {
        Fails(code) => fails(world, &looker, &id, switch, code, &good),
        Copes(met) => {
            let mut last = good;
            for _ in 0..2 {
                last = world.until(&id, &format!("{name}: a reading in spite of it"), |it| {
                    assert!(it["last_failure"].is_null(), "{name}: {it}");
                    newer(it, &last)
                });
            }
            let log = looker.log();
            assert!(met(&log), "{name}: {log}");
        }
    }
}

fn fails(world: &World, looker: &Looker, id: &str, switch: &Switch, code: &str, good: &Value) {
    let name = switch.name;
    let since = Instant::now();
    let failed = until(&format!("{name}: a failure"), PATIENCE, || Some(world.key_result(id)).filter(|it| it["last_failure"].is_object()));
    // The next read, a tenth of the interval in jitter, its time; and what a busy machine takes.
    let most = Duration::from_secs(EVERY + 1 + switch.timeout + 5);
    assert!(since.elapsed() < most, "{name}: shown only after {:?}", since.elapsed());
    let failure = &failed["last_failure"];
    assert_eq!(failure["code"], code, "{name}: {failure}");
    assert!(text(&failure["detail"]).len() > 20 && failure["since"].is_string() && failure["times"].as_u64() >= Some(1), "{failure}");
    assert_eq!((&failed["current"], &failed["last_reading"]), (&good["current"], &good["last_reading"]), "{name}");
    // Refreshed by hand it answers with the same failure, and keeps the value too.
    let refreshed = world.client.post_empty(&format!("/v1/key-results/{id}/refresh"));
    let problem = refreshed.any_problem().unwrap_or_else(|fault| panic!("{name}: {fault}: {refreshed}"));
    assert_eq!(problem["code"], code, "{name}: {problem}");
    assert_eq!(world.key_result(id)["last_reading"], good["last_reading"], "{name}");

    looker.heal();
    let healed = world.until(id, &format!("{name}: recovered"), |it| it["last_failure"].is_null());
    assert!(newer(&healed, good), "{name}: {healed}");
    assert!(text(&healed["last_reading"]["origin"]).starts_with("slot:"), "{name}: {healed}");
}

/// Whether a key result was read since it was as in `before`.
fn newer(now: &Value, before: &Value) -> bool {
    text(&now["last_reading"]["read_at"]) > text(&before["last_reading"]["read_at"])
}

#[test]
fn an_extractors_failure_keeps_the_value_and_names_the_control() {
    let world = world();
    let mut chart = world.some_chart();
    let id = world.link(&chart, json!({"cron": SELDOM}));
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
    let connection = connect(&world.client, &world.looker, "Impatient", json!({"timeout_seconds": 4}));
    let mut chart = world.some_chart();
    chart["connection_id"] = connection.into();
    world.looker.faults(&json!({"hang": true}));
    world.looker.forget();
    let id = world.link(&chart, json!({"cron": SELDOM}));
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
    let id = world.link(&chart, json!({ "every": format!("{EVERY}s") }));
    let linked = world.until(&id, "a value", |it| it["current"].is_string());
    // Just after a read, so that no query is under way, which would be waited for.
    world.until(&id, "another reading", |it| newer(it, &linked));
    let World { looker, server, client, .. } = world;
    drop(looker);
    let away = || Some(client.get(&format!("/v1/key-results/{id}")).expect(200)).filter(|it| it["last_failure"].is_object());
    let failed = crate::harness::until("it is seen to be away", crate::harness::world::PATIENCE, away);
    assert_eq!(failed["last_failure"]["code"], "looker-unreachable", "{failed}");
    server.stranger().get("/readyz").expect(200);
}
