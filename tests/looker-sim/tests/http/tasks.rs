use serde_json::{Value, json};

use super::client::Sim;

async fn create(sim: &Sim, query_id: &str, options: &str) -> String {
    let body = json!({"query_id": query_id, "result_format": "json_detail"});
    let task = sim.post(&format!("/query_tasks?{options}"), body).await;
    assert_eq!(task.status, 200, "{}", task.text);
    task.json()["id"].as_str().expect("an id").to_owned()
}

async fn query(sim: &Sim) -> String {
    let tile = sim.json("/dashboard_elements/101?fields=query_id").await;
    tile["query_id"].as_str().expect("an id").to_owned()
}

fn is(status: &str) -> impl Fn(&super::client::Answer) -> bool + '_ {
    move |answer| answer.json()["status"] == status
}

#[tokio::test]
async fn a_task_runs_and_its_results_are_fetched() {
    let sim = Sim::start().await;
    sim.faults(json!({"hang": true})).await;
    let id = create(&sim, &query(&sim).await, "server_table_calcs=true").await;
    sim.until(&format!("/query_tasks/{id}"), is("running")).await;
    let early = sim.get(&format!("/query_tasks/{id}/results")).await;
    assert_eq!((early.status.as_u16(), early.text.as_str()), (202, ""));
    sim.faults(json!({})).await;
    let done = sim.until(&format!("/query_tasks/{id}"), is("complete")).await.json();
    assert_eq!((&done["result_source"], &done["result_format"]), (&json!("query"), &json!("json_detail")));
    assert!(done["runtime"].is_f64());
    let results = sim.get(&format!("/query_tasks/{id}/results")).await;
    assert_eq!((results.status.as_u16(), results.json()["data"].as_array().map(Vec::len)), (200, Some(36 + 5)));
}

#[tokio::test]
async fn several_results_come_at_once() {
    let sim = Sim::start().await;
    let done = create(&sim, &query(&sim).await, "").await;
    sim.until(&format!("/query_tasks/{done}"), is("complete")).await;
    sim.faults(json!({"hang": true})).await;
    let running = create(&sim, &query(&sim).await, "cache=false").await;
    sim.until(&format!("/query_tasks/{running}"), is("running")).await;
    let all = sim.json(&format!("/query_tasks/multi_results?query_task_ids={done},{running},nobody")).await;
    assert_eq!(all[&done]["status"], "complete");
    assert!(all[&done]["data"]["data"].is_array());
    assert_eq!((&all[&running], &all["nobody"]), (&json!({"status": "running"}), &json!({"status": "missing"})));
}

#[tokio::test]
async fn what_runs_can_be_killed_and_what_has_ended_cannot() {
    let sim = Sim::start().await;
    sim.faults(json!({"hang": true})).await;
    let id = create(&sim, &query(&sim).await, "").await;
    sim.until(&format!("/query_tasks/{id}"), is("running")).await;
    assert_eq!(sim.json("/running_queries").await[0]["query_task_id"], json!(id));
    assert_eq!(sim.delete(&format!("/running_queries/{id}")).await.status, 204);
    assert_eq!(sim.delete(&format!("/running_queries/{id}")).await.status, 404);
    assert_eq!(sim.json(&format!("/query_tasks/{id}")).await["status"], "killed");
    assert_eq!(sim.get(&format!("/query_tasks/{id}/results")).await.status, 404);
    assert_eq!(sim.json("/running_queries").await, json!([]));
}

#[tokio::test]
async fn tasks_of_unknown_queries_or_formats_are_refused() {
    let sim = Sim::start().await;
    for (body, status) in [
        (json!({"result_format": "json"}), 422),
        (json!({"query_id": "101"}), 422),
        (json!({"query_id": "101", "result_format": "stone"}), 422),
        (json!({"query_id": "999999", "result_format": "json"}), 404),
    ] {
        assert_eq!(sim.post("/query_tasks", body.clone()).await.status, status, "{body}");
    }
    for path in ["/query_tasks/nobody", "/query_tasks/nobody/results"] {
        assert_eq!(sim.get(path).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn a_failed_query_is_an_answer_in_full_and_an_error_in_rows() {
    let sim = Sim::start().await;
    let broken = sim.json("/dashboard_elements/509?fields=query_id").await;
    let query_id = broken["query_id"].as_str().expect("an id");
    let full = create(&sim, query_id, "").await;
    sim.until(&format!("/query_tasks/{full}"), is("complete")).await;
    let results: Value = sim.json(&format!("/query_tasks/{full}/results")).await;
    assert_eq!(results["errors"][0]["fatal"], true);
    let rows = sim.post("/query_tasks", json!({"query_id": query_id, "result_format": "json"})).await.json();
    let rows = rows["id"].as_str().expect("an id");
    sim.until(&format!("/query_tasks/{rows}"), is("error")).await;
    assert_eq!(sim.get(&format!("/query_tasks/{rows}/results")).await.status, 400);
}

#[tokio::test]
async fn a_task_can_say_that_it_has_expired_and_complete_all_the_same() {
    let sim = Sim::start().await;
    sim.faults(json!({"expired_task": 1, "lost_task": 1})).await;
    let (passing, lost) = (create(&sim, &query(&sim).await, "").await, create(&sim, &query(&sim).await, "").await);
    assert_eq!(sim.json(&format!("/query_tasks/{passing}")).await["status"], "expired");
    sim.until(&format!("/query_tasks/{passing}"), is("complete")).await;
    assert_eq!(sim.json(&format!("/query_tasks/{lost}")).await["status"], "expired");
    assert_eq!(sim.json(&format!("/query_tasks/{lost}")).await["status"], "expired");
    assert_eq!(sim.get(&format!("/query_tasks/{lost}/results")).await.status, 404);
}

#[tokio::test]
async fn the_log_tells_the_most_tasks_that_each_client_had_running_at_once() {
    let sim = Sim::start().await;
    sim.faults(json!({"hang": true})).await;
    let query = query(&sim).await;
    let first = create(&sim, &query, "").await;
    create(&sim, &query, "").await;
    let mut other = Sim::at(sim.base.clone());
    other.token =
        other.try_login("the-client.two", super::client::SECRET).await.json()["access_token"].as_str().expect("a token").to_owned();
    create(&other, &query, "").await;
    assert_eq!(sim.delete(&format!("/running_queries/{first}")).await.status, 204);
    let ended = |running: u64| move |answer: &super::client::Answer| answer.json()["running_tasks"] == running;
    let log = sim.until("/_log", ended(2)).await.json();
    assert_eq!(log["max_concurrent_tasks"], 3);
    assert_eq!(log["tasks_by_client"]["the-client"], json!({"running": 1, "max_concurrent": 2}));
    assert_eq!(log["tasks_by_client"]["the-client.two"], json!({"running": 1, "max_concurrent": 1}));
    assert_eq!(sim.delete("/_log").await.status, 204);
    sim.faults(json!({})).await;
    let log = sim.until("/_log", ended(0)).await.json();
    assert_eq!((&log["max_concurrent_tasks"], &log["tasks_by_client"]["the-client"]["max_concurrent"]), (&json!(2), &json!(1)));
    assert_eq!(other.try_login("the-clients", super::client::SECRET).await.status, 404);
}
