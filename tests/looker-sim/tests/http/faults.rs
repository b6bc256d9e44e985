use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::json;

use super::client::{ID, SECRET, Sim, answer};

const RUN: &str = "/looks/1/run/json_detail?cache=false";

#[tokio::test]
async fn a_token_is_taken_away_in_mid_session() {
    let mut sim = Sim::start().await;
    sim.faults(json!({"unauthorized_next": 2})).await;
    for token_is_gone in [true, true, false] {
        assert_eq!(sim.get("/user").await.status == 401, token_is_gone);
        if token_is_gone {
            // For good: the fault counts calls that came with a good token.
            assert_eq!(sim.get("/user").await.status, 401);
            sim.login().await;
        }
    }
}

#[tokio::test]
async fn logins_are_refused_on_request() {
    let sim = Sim::start().await;
    sim.faults(json!({"login_404": true})).await;
    assert_eq!(sim.try_login(ID, SECRET).await.status, 404);
    assert_eq!(sim.get("/user").await.status, 200);
    sim.faults(json!({})).await;
    assert_eq!(sim.try_login(ID, SECRET).await.status, 200);
}

#[tokio::test]
async fn results_hold_errors_with_status_200() {
    let sim = Sim::start().await;
    for (fault, words) in [(json!(true), "Lost connection"), (json!("Out of memory"), "Out of memory")] {
        sim.faults(json!({"errors_in_200": fault})).await;
        let result = sim.json(RUN).await;
        assert_eq!(result["data"], json!([]));
        assert!(result["errors"][0]["message_details"].as_str().expect("words").starts_with(words));
    }
    sim.faults(json!({})).await;
    assert!(sim.json(RUN).await.get("errors").is_none());
}

#[tokio::test]
async fn runs_hang_until_they_may_go_on() {
    let sim = Sim::start().await;
    sim.faults(json!({"hang": true})).await;
    let given_up = tokio::spawn(answer(sim.request(Method::GET, RUN)));
    sim.until("/_log", |log| log.json()["runs"] == 1).await;
    // Everything else is answered.
    assert_eq!(sim.get("/user").await.status, 200);
    assert!(!given_up.is_finished());
    given_up.abort();
    let waiting = sim.request(Method::GET, RUN);
    let waiting = tokio::spawn(answer(waiting));
    sim.until("/_log", |log| log.json()["runs"] == 2).await;
    sim.faults(json!({})).await;
    assert_eq!(waiting.await.expect("a task").expect("an answer").status, 200);
}

#[tokio::test]
async fn paths_hang_where_they_are_named() {
    let sim = Sim::start().await;
    sim.faults(json!({"hang_paths": ["/api/4.0/dashboards"]})).await;
    let short = sim.request(Method::GET, "/dashboards/1").timeout(Duration::from_millis(100));
    assert!(answer(short).await.expect_err("no answer").is_timeout());
    assert_eq!(sim.get("/looks/1").await.status, 200);
}

#[tokio::test]
async fn calls_are_answered_with_a_status_as_often_as_asked() {
    let sim = Sim::start().await;
    sim.faults(json!({"status": {"code": 502, "html": true, "times": 1, "paths": ["/api/4.0/looks"]}})).await;
    assert_eq!(sim.get("/user").await.status, 200);
    let page = sim.get("/looks/1").await;
    assert_eq!((page.status.as_u16(), page.headers["content-type"].to_str().ok()), (502, Some("text/html; charset=utf-8")));
    assert_eq!(sim.get("/looks/1").await.status, 200);
    sim.faults(json!({"status": {"code": 429, "retry_after": 3}})).await;
    let slower = sim.get("/user").await;
    assert_eq!((slower.status.as_u16(), slower.headers["retry-after"].to_str().ok()), (429, Some("3")));
    assert_eq!(slower.json()["message"], "Too Many Requests");
}

#[tokio::test]
async fn bodies_are_cut_stretched_and_blown_up() {
    let sim = Sim::start().await;
    let whole = sim.get(RUN).await;
    sim.faults(json!({"truncate_body": true})).await;
    let cut = answer(sim.request(Method::GET, RUN)).await.expect_err("half an answer");
    assert!(cut.is_body() || cut.is_decode() || cut.is_request(), "{cut:?}");
    sim.faults(json!({"truncate_body": "clean"})).await;
    let half = sim.get(RUN).await;
    assert!(half.status == 200 && serde_json::from_str::<serde_json::Value>(&half.text).is_err());
    sim.faults(json!({"slow_drip_ms": 1})).await;
    let started = Instant::now();
    let slow = sim.get(RUN).await;
    assert_eq!(slow.json()["data"], whole.json()["data"]);
    assert!(started.elapsed() > Duration::from_millis(50), "{:?}", started.elapsed());
    sim.faults(json!({"huge_body_mb": 3})).await;
    let huge = sim.get(RUN).await;
    assert!(huge.text.len() > 3 << 20);
    assert_eq!(huge.json()["data"], whole.json()["data"]);
    // Only results, unless others are named.
    assert!(sim.get("/looks/1").await.text.len() < 1 << 20);
    sim.faults(json!({"huge_body_mb": 1, "match": "/api/4.0/looks/1"})).await;
    assert!(sim.get("/looks/1").await.text.len() > 1 << 20);
}

#[tokio::test]
async fn calls_are_slow_or_sent_elsewhere() {
    let sim = Sim::start().await;
    sim.faults(json!({"latency_ms": 60, "match": "/api/4.0/user"})).await;
    let started = Instant::now();
    sim.get("/user").await;
    assert!(started.elapsed() >= Duration::from_millis(60));
    sim.faults(json!({"redirect_to": "http://192.0.2.1:9"})).await;
    let elsewhere = sim.get("/user?fields=id").await;
    assert_eq!(elsewhere.status, 307);
    assert_eq!(elsewhere.headers["location"], "http://192.0.2.1:9/api/4.0/user?fields=id");
}

#[tokio::test]
async fn several_faults_hold_side_by_side() {
    let sim = Sim::start().await;
    sim.faults(json!([
        {"match": "/api/4.0/looks", "status": {"code": 503}},
        {"match": "/api/4.0/user", "status": {"code": 500}},
    ]))
    .await;
    let status = async |path| sim.get(path).await.status.as_u16();
    assert_eq!((status("/looks/1").await, status("/user").await, status("/dashboards/1").await), (503, 500, 200));
}

#[tokio::test]
async fn a_misspelt_fault_is_refused_and_changes_nothing() {
    let sim = Sim::start().await;
    sim.faults(json!({"login_404": true})).await;
    let refused = sim.post("/_faults", json!({"hangs": true})).await;
    assert_eq!(refused.status, 400);
    assert!(refused.json()["message"].as_str().expect("words").contains("hangs"), "{}", refused.text);
    assert_eq!(sim.try_login(ID, SECRET).await.status, 404);
}
