//! Tiles that are not drawn from one query.

use super::*;

/// The rows of a result by a dimension, with the value of another field.
fn by(result: &Value, dimension: &str, field: &str) -> Vec<(String, Value)> {
    let rows = result["data"].as_array().unwrap();
    let pair = |row: &Value| {
        let key = row[dimension]["value"].as_str().unwrap().to_owned();
        (key, row[field]["value"].clone())
    };
    rows.iter().map(pair).collect()
}

#[tokio::test]
async fn a_merged_tile_shows_its_queries_side_by_side() {
    let sim = Sim::start().await;
    let looker = sim.connect();
    let source = titled(&looker, "5", "Orders beside visits").await;
    let chart = looker
        .resolve_now(&source, &Overrides::default())
        .await
        .unwrap();
    let query: Value = serde_json::from_str(&chart.query).unwrap();
    assert_eq!(
        query["vis_config"]["type"].as_str(),
        chart.chart_type.as_deref()
    );
    assert_ne!(
        chart.chart_type.as_deref(),
        Some("table"),
        "that is its sources'"
    );
    let fetched = run(&looker, &chart).await.unwrap();
    assert!(fetched.explore_url.is_some() && fetched.task_id.is_none());
    let joined: Value = serde_json::from_slice(&fetched.body).unwrap();
    assert_eq!(joined["from_cache"], false);

    // Each of its numbers is that of a query run on its own.
    for view in ["orders", "visits"] {
        let (month, count) = (format!("{view}.created_month"), format!("{view}.count"));
        let mut alone = chart.clone();
        let post = json!({"model": "shop", "view": view, "fields": [month, count],
            "filters": {format!("{view}.created_date"): "12 months"},
            "sorts": [format!("{month} desc")]});
        alone.work = Work::Query(post.to_string());
        let alone = run(&looker, &alone).await.unwrap();
        let alone: Value = serde_json::from_slice(&alone.body).unwrap();
        assert_eq!(
            by(&joined, "orders.created_month", &count),
            by(&alone, &month, &count)
        );
    }
    let hot: Value = serde_json::from_slice(&run(&looker, &chart).await.unwrap().body).unwrap();
    assert_eq!(
        (&hot["from_cache"], &hot["data"]),
        (&json!(true), &joined["data"])
    );
}

#[tokio::test]
async fn the_dashboards_filters_reach_each_query_of_a_merge() {
    let sim = Sim::start().await;
    let looker = sim.connect();
    let source = titled(&looker, "4", "Orders and visits by month").await;
    let resolve =
        async |overrides: &Overrides| looker.resolve_now(&source, overrides).await.unwrap();
    let plain = resolve(&Overrides::default()).await;
    assert_eq!(plain.filters["Region"], "EMEA,APAC");
    let sum = async |overrides: &Overrides, field: &str| -> i64 {
        let joined = result(&looker, &source, overrides).await;
        let counts = by(&joined, "orders.created_month", field);
        counts.iter().filter_map(|(_, count)| count.as_i64()).sum()
    };
    for field in ["orders.count", "visits.count"] {
        let all = sum(&Overrides::default(), field).await;
        let emea = sum(&over("Region", "EMEA"), field).await;
        let apac = sum(&over("Region", "APAC"), field).await;
        assert!(emea > 0 && apac > 0, "{field}");
        assert_eq!(all, emea + apac, "{field}");
    }
    let emea = resolve(&over("Region", "EMEA")).await;
    assert_ne!(plain.identity, emea.identity);
    assert_eq!(resolve(&over("Channel", "web")).await.ignored, ["Channel"]);
}

#[tokio::test]
async fn a_calculation_over_a_merge_is_refused_by_its_name() {
    let sim = Sim::start().await;
    let looker = sim.connect();
    let tiles = looker.dashboard("5").await.unwrap().tiles;
    let tile = tiles
        .into_iter()
        .find(|tile| tile.title == "Merged, with a calculation")
        .unwrap();
    assert!(tile.chart_type.is_some());
    let why = tile.readable.unwrap_err();
    assert!(why.contains("Per visit"), "{why}");
    let error = looker
        .resolve_now(&tile.source, &Overrides::default())
        .await
        .unwrap_err();
    assert_eq!((error.code(), error.to_string()), ("unsupported", why));
}

#[tokio::test]
async fn a_merge_that_is_not_done_in_time_is_hot_the_next_time() {
    let sim = Sim::start().await;
    let looker = sim.connect();
    let source = titled(&looker, "5", "Orders beside visits").await;
    let chart = looker
        .resolve_now(&source, &Overrides::default())
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
    assert!(
        matches!(error, LookerError::Timeout { task_id: None, .. }),
        "{error:?}"
    );
    assert!(error.to_string().contains("left to finish"), "{error}");
    sim.faults(json!({})).await;
    let finishing = async {
        while sim.log().await["running"] != 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), finishing)
        .await
        .unwrap();
    let joined: Value = serde_json::from_slice(&run(&looker, &chart).await.unwrap().body).unwrap();
    assert_eq!(joined["from_cache"], true);
    let log = sim.log().await;
    assert_eq!((&log["runs"], &log["task_kills"]), (&json!(2), &json!(0)));
}

#[tokio::test]
async fn the_queries_of_a_merge_keep_within_the_cap() {
    let sim = Sim::start().await;
    let mut settings = sim.settings();
    settings.max_concurrent = 1;
    let looker = connect(settings);
    sim.faults(json!({"run_ms": 30})).await;
    let source = titled(&looker, "5", "Orders beside visits").await;
    let chart = looker
        .resolve_now(&source, &Overrides::default())
        .await
        .unwrap();
    run(&looker, &chart).await.unwrap();
    let log = sim.log().await;
    assert_eq!(
        (&log["runs"], &log["max_concurrent_runs"]),
        (&json!(2), &json!(1))
    );
}

#[tokio::test]
async fn an_error_in_a_query_of_a_merge_is_not_joined() {
    let sim = Sim::start().await;
    let looker = sim.connect();
    let source = titled(&looker, "5", "Orders beside visits").await;
    let chart = looker
        .resolve_now(&source, &Overrides::default())
        .await
        .unwrap();
    sim.faults(json!({"errors_in_200": "View Not Found"})).await;
    let error = run(&looker, &chart).await.unwrap_err();
    assert_eq!(error.code(), "looker-error");
    assert!(error.to_string().contains("View Not Found"), "{error}");
}

#[tokio::test]
async fn a_tile_written_in_sql_is_run() {
    let sim = Sim::start().await;
    let looker = sim.connect();
    let source = titled(&looker, "5", "Written in SQL").await;
    let chart = looker
        .resolve_now(&source, &over("Period", "3 months"))
        .await
        .unwrap();
    assert!(chart.chart_type.is_some());
    assert_eq!(chart.ignored, ["Period"]);
    let fetched = run(&looker, &chart).await.unwrap();
    assert_eq!(
        fetched.explore_url.as_deref(),
        Some(format!("{}/sql/ordersbymonth", sim.url).as_str())
    );
    let body: Value = serde_json::from_slice(&fetched.body).unwrap();
    assert!(body["data"][0]["ORDERS"]["value"].is_number(), "{body}");
    assert_eq!(body["fields"]["dimensions"][0]["name"], "MONTH");
}
