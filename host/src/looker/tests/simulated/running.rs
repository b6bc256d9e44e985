//! Queries that run for long, at once, or amid faults.

use super::*;

#[tokio::test]
async fn an_equal_query_is_hot() {
    let sim = Sim::start().await;
    let looker = sim.connect();
    let source = titled(&looker, "1", "Orders by month").await;
    let cold = result(&looker, &source, &Overrides::default()).await;
    let hot = result(&looker, &source, &Overrides::default()).await;
    assert_eq!(
        (&cold["from_cache"], &hot["from_cache"]),
        (&json!(false), &json!(true))
    );
    assert_eq!(sim.log().await["runs"], 1);
}

#[tokio::test]
async fn a_session_that_dies_is_renewed_once_for_all() {
    let sim = Sim::start().await;
    let looker = sim.connect();
    looker.identify().await.unwrap();
    sim.faults(json!({"unauthorized_next": 1})).await;
    let chart = looker
        .resolve_now(&look("1"), &Overrides::default())
        .await
        .unwrap();
    assert!(
        join_all((0..20).map(|_| run(&looker, &chart)))
            .await
            .iter()
            .all(Result::is_ok)
    );
    assert_eq!(sim.log().await["logins"], 2);
    sim.faults(json!({"unauthorized_next": 1_000})).await;
    let error = looker
        .resolve_now(&look("1"), &Overrides::default())
        .await
        .unwrap_err();
    assert_eq!(error.code(), "looker-refused");
    sim.faults(json!({})).await;
    run(&looker, &chart).await.unwrap();
}

#[tokio::test]
async fn a_hanging_query_is_left_and_its_result_picked_up_without_a_second_run() {
    let sim = Sim::start().await;
    let looker = sim.connect();
    let chart = looker
        .resolve_now(&look("1"), &Overrides::default())
        .await
        .unwrap();
    sim.faults(json!({"hang": true})).await;
    let deadline = Some(Deadline::after(Duration::from_millis(700)));
    let error = looker
        .run(
            &chart,
            &Run {
                deadline,
                ..Run::default()
            },
        )
        .await
        .unwrap_err();
    let LookerError::Timeout {
        task_id: Some(task_id),
        ..
    } = error
    else {
        panic!("{error:?}");
    };
    assert_eq!(
        looker.pick_up_now(&task_id).await.unwrap(),
        PickedUp::Running
    );
    sim.faults(json!({})).await;
    let picking = async {
        loop {
            match looker.pick_up_now(&task_id).await.unwrap() {
                PickedUp::Done(fetched) => return fetched,
                PickedUp::Running => tokio::time::sleep(Duration::from_millis(20)).await,
                PickedUp::Gone => panic!("it is gone"),
            }
        }
    };
    let fetched = tokio::time::timeout(Duration::from_secs(10), picking)
        .await
        .unwrap();
    assert!(serde_json::from_slice::<Value>(&fetched.body).unwrap()["data"].is_array());
    let log = sim.log().await;
    assert_eq!(
        (&log["task_creates"], &log["runs"], &log["task_kills"]),
        (&json!(1), &json!(1), &json!(0))
    );
}

#[tokio::test]
async fn the_cap_of_a_connection_holds() {
    let sim = Sim::start().await;
    let mut settings = sim.settings();
    settings.max_concurrent = 3;
    let looker = connect(settings);
    sim.faults(json!({"run_ms": 30})).await;
    let regions = [
        "EMEA",
        "APAC",
        "Americas",
        "EMEA,APAC",
        "-EMEA",
        "-APAC",
        "-Americas",
        "%A%",
    ];
    let source = titled(&looker, "4", "Orders, own filter replaced").await;
    let charts = join_all(regions.map(async |region| {
        looker
            .resolve_now(&source, &over("Region", region))
            .await
            .unwrap()
    }))
    .await;
    let all = join_all(charts.iter().map(|chart| run(&looker, chart))).await;
    assert!(all.iter().all(Result::is_ok), "{all:?}");
    let most = sim.log().await["max_concurrent_runs"].as_u64().unwrap();
    assert!((1..=3).contains(&most), "{most}");
}

#[tokio::test]
async fn faults_that_pass_are_got_over() {
    let passing = [
        json!({"status": {"code": 503, "html": true, "times": 2}}),
        json!({"status": {"code": 429, "retry_after": 1, "times": 1}}),
        json!({"status": {"code": 502, "paths": ["/api/4.0/queries"], "html": true, "times": 2}}),
        json!({"expired_task": 1}),
        json!({"lost_task": 1}),
        json!({"latency_ms": 20}),
        json!({"slow_drip_ms": 1}),
    ];
    join_all(passing.map(async |faults| {
        let sim = Sim::start().await;
        sim.faults(faults.clone()).await;
        let looker = sim.connect();
        let chart = looker
            .resolve_now(&look("2"), &Overrides::default())
            .await
            .unwrap();
        let outcome = run(&looker, &chart).await;
        assert!(outcome.is_ok(), "{faults}: {outcome:?}");
    }))
    .await;
}

#[tokio::test]
async fn faults_that_stay_are_told_and_forgotten_once_they_are_gone() {
    let staying = [
        (json!({"login_404": true}), "looker-refused"),
        (
            json!({"redirect_to": "http://127.0.0.1:1"}),
            "looker-unreachable",
        ),
        (
            json!({"status": {"code": 500, "paths": ["/api/4.0/query_tasks"]}}),
            "looker-error",
        ),
        (
            json!({"status": {"code": 429, "retry_after": 900}}),
            "looker-rate-limited",
        ),
        (
            json!({"hang_paths": ["/api/4.0/query_tasks"]}),
            "looker-timeout",
        ),
        (json!({"huge_body_mb": 33}), "result-too-large"),
    ];
    join_all(staying.map(async |(faults, code)| {
        let sim = Sim::start().await;
        let mut settings = sim.settings();
        settings.timeout = Duration::from_secs(5);
        let looker = connect(settings);
        let chart = looker
            .resolve_now(&look("2"), &Overrides::default())
            .await
            .unwrap();
        looker.logout().await;
        sim.faults(faults.clone()).await;
        let outcome = run(&looker, &chart).await;
        let error = outcome
            .err()
            .unwrap_or_else(|| panic!("{faults} went unnoticed"));
        assert_eq!(error.code(), code, "{faults}: {error:?}");
        sim.faults(json!({})).await;
        let outcome = run(&looker, &chart).await;
        assert!(outcome.is_ok(), "after {faults}: {outcome:?}");
    }))
    .await;
}

#[tokio::test]
async fn an_error_inside_a_result_is_the_extractors_to_judge() {
    let sim = Sim::start().await;
    let looker = sim.connect();
    sim.faults(json!({"errors_in_200": "View Not Found"})).await;
    let body = result(&looker, &look("1"), &Overrides::default()).await;
    assert!(
        body["errors"].to_string().contains("View Not Found"),
        "{body}"
    );
}
