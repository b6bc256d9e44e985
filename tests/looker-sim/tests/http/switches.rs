use looker_sim::Config;
use reqwest::Method;
use serde_json::json;

use super::client::{ID, NOW, SECRET, Sim, answer};

#[tokio::test]
async fn the_clock_stands_where_it_is_put() {
    let sim = Sim::start().await;
    let told = async |body| sim.post("/_clock", body).await.json();
    assert_eq!(told(json!({})).await, json!({"now": NOW, "still": true}));
    assert_eq!(told(json!({"advance": 90})).await["now"], "2026-05-13T12:01:30Z");
    assert_eq!(told(json!({"now": "2027-01-01T00:00:00Z"})).await["now"], "2027-01-01T00:00:00Z");
    assert_eq!(told(json!({"run": true})).await["still"], false);
    assert_eq!(sim.post("/_clock", json!({"now": "noon"})).await.status, 400);
    let running = Sim::start_with(Config::new(ID, SECRET)).await;
    assert_eq!(running.json("/_clock").await["still"], false);
}

#[tokio::test]
async fn equal_seeds_have_equal_numbers_and_others_have_others() {
    let mut results = Vec::new();
    for seed in [1, 1, 2] {
        let mut config = Config::new(ID, SECRET);
        (config.seed, config.now) = (seed, Some(NOW.parse().expect("a moment")));
        let sim = Sim::start_with(config).await;
        results.push(sim.json("/looks/1/run/json").await);
    }
    assert_eq!(results[0], results[1]);
    assert_ne!(results[0], results[2]);
}

#[tokio::test]
async fn without_a_cache_every_run_is_new() {
    let mut config = Config::new(ID, SECRET);
    config.cache_seconds = 0;
    let sim = Sim::start_with(config).await;
    for _ in 0..2 {
        assert_eq!(sim.json("/looks/1/run/json_detail?cache=true").await["from_cache"], false);
    }
    assert_eq!(sim.json("/_log").await["runs"], 2);
}

#[tokio::test]
async fn the_log_counts_runs_and_lists_calls() {
    let sim = Sim::start().await;
    assert_eq!(sim.json("/_log").await["logins"], 1);
    assert_eq!(sim.delete("/_log").await.status, 204);
    sim.faults(json!({"hang": true})).await;
    let ask = |look: u8| tokio::spawn(answer(sim.request(Method::GET, &format!("/looks/{look}/run/json?cache=false"))));
    let waiting = [ask(1), ask(1), ask(2)];
    sim.until("/_log", |log| log.json()["max_concurrent_runs"] == 3).await;
    sim.faults(json!({})).await;
    for asked in waiting {
        assert_eq!(asked.await.expect("a task").expect("an answer").status, 200);
    }
    let log = sim.json("/_log").await;
    let query = sim.json("/looks/1?fields=query_id").await["query_id"].as_str().expect("an id").to_owned();
    assert_eq!((&log["runs"], &log["runs_by_query"][&query], &log["logins"]), (&json!(3), &json!(2), &json!(0)));
    let calls = log["requests"].as_array().expect("calls");
    assert_eq!(calls.len(), 3);
    assert!(calls.iter().all(|call| call["method"] == "GET" && call["query"] == "cache=false" && call["status"] == 200), "{calls:?}");
}

#[tokio::test]
async fn edits_change_what_is_shown_and_what_is_read() {
    let sim = Sim::start().await;
    let edit = async |edits| assert_eq!(sim.post("/_edit", edits).await.status, 204);
    let ran = "/looks/1/run/json?cache=false&limit=1";
    let before = sim.json(ran).await;
    edit(json!({"looks": {"1": {"chart_type": "looker_bar"}}, "rename": {"orders.count": "orders.order_count"}})).await;
    let look = sim.json("/looks/1").await;
    assert_eq!(look["query"]["vis_config"]["type"], "looker_bar");
    assert_eq!(look["query"]["fields"], json!(["orders.created_month", "orders.order_count"]));
    let query = json!({"model": "shop", "view": "orders", "fields": ["orders.order_count"]});
    let made = sim.post("/queries", query).await.json();
    assert_eq!(made["fields"], json!(["orders.order_count"]), "{made}");
    assert_eq!(sim.json(ran).await[0]["orders.order_count"], before[0]["orders.count"]);

    edit(json!({"tiles": {"101": {"gone": true}}, "looks": {"1": {"gone": true}}})).await;
    for gone in ["/looks/1", "/dashboard_elements/101"] {
        assert_eq!(sim.get(gone).await.status, 404, "{gone}");
    }
    let dashboard = sim.json("/dashboards/1").await;
    assert_eq!(dashboard["dashboard_elements"][0]["id"], "102");

    edit(json!({"still": true})).await;
    sim.post("/_clock", json!({"advance": 600})).await;
    assert_eq!(sim.json(ran).await, before, "numbers stand still");
    edit(json!({})).await;
    assert_ne!(sim.json(ran).await, before, "and go on");
    assert_eq!(sim.post("/_edit", json!({"tile": {}})).await.status, 400);
}
