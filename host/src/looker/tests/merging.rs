//! Merged tiles: what of them is run, and how.

use std::time::Duration;

use serde_json::{Value, json};

use super::eventually;
use super::stand_in::{Reply, Seen, StandIn, refusal};
use crate::looker::{Chart, Deadline, LookerError, Overrides, Run, Source};

/// A merge of two explores, and the tile that shows it.
fn merge() -> Value {
    json!({"id": "m1", "dynamic_fields": null, "pivots": [], "limit": null,
        "vis_config": {"type": "of-merge"},
        "source_queries": [
            {"name": "orders", "query_id": "1", "merge_fields": []},
            {"name": "visits", "query_slug": "two", "merge_fields":
                [{"field_name": "orders.month", "source_field_name": "visits.month"}]}]})
}

fn element() -> Value {
    let listen = |name: &str, view: &str| {
        json!({"model": "shop", "view": view, "name": name, "listen": [
            {"dashboard_filter_name": "Region", "field": format!("{view}.region")}]})
    };
    json!({"id": "1", "type": "vis", "title": "Merged", "merge_result_id": "m1",
        "result_maker": {"filterables": [listen("orders", "orders"), listen("visits", "visits")]}})
}

fn query(view: &str) -> Value {
    json!({"id": view, "model": "shop", "view": view, "limit": "500",
        "fields": [format!("{view}.month"), format!("{view}.count")],
        "sorts": [format!("{view}.month desc")], "vis_config": {"type": "of-query"}})
}

/// A Looker with that tile, after changes to the merge and the element.
async fn looker_with(merge: Value, element: Value) -> StandIn {
    StandIn::start(move |seen| content(seen, &merge, &element)).await
}

fn content(seen: &Seen, merge: &Value, element: &Value) -> Option<Reply> {
    let json = match seen.call.as_str() {
        "GET /api/4.0/dashboards/17" => json!({
            "id": "17", "title": "Shop", "query_timezone": "Europe/Rome",
            "dashboard_filters": [
                {"name": "Region", "default_value": "EMEA"}, {"name": "Other", "default_value": ""}],
            "dashboard_elements": [element]}),
        "GET /api/4.0/merge_queries/m1" => merge.clone(),
        "GET /api/4.0/queries/1" => query("orders"),
        "GET /api/4.0/queries/slug/two" => query("visits"),
        _ => return None,
    };
    Some(Reply::Json(200, json))
}

fn tile() -> Source {
    Source::Tile {
        dashboard_id: "17".to_owned(),
        tile_id: "1".to_owned(),
    }
}

async fn resolved(server: &StandIn) -> Result<Chart, LookerError> {
    server
        .connect()
        .resolve_now(&tile(), &Overrides::default())
        .await
}

/// Why the tile is not read after a change to the merge and the element.
async fn refused(change: impl Fn(&mut Value, &mut Value)) -> String {
    let (mut merge, mut element) = (merge(), element());
    change(&mut merge, &mut element);
    let error = resolved(&looker_with(merge, element).await)
        .await
        .unwrap_err();
    assert_eq!(error.code(), "unsupported", "{error}");
    error.to_string()
}

/// Runs queries of which each has a task of its own, by the names of their explores.
fn runs(seen: &Seen) -> Option<Reply> {
    let view = ["orders", "visits"];
    let view = view
        .into_iter()
        .find(|view| seen.body.contains(view) || seen.call.contains(view))?;
    let json = match seen.call.replace(view, "x").as_str() {
        "POST /api/4.0/queries" => json!({"id": view, "share_url": format!("https://x/{view}")}),
        "POST /api/4.0/query_tasks" | "GET /api/4.0/query_tasks/x" => {
            json!({"id": view, "query_id": view, "status": "complete"})
        }
        "GET /api/4.0/query_tasks/x/results" => json!({
            "timezone": "Europe/Rome",
            "fields": {"dimensions": [{"name": format!("{view}.month")}],
                "measures": [{"name": format!("{view}.count")}]},
            "data": [{format!("{view}.month"): {"value": "2026-01"},
                format!("{view}.count"): {"value": view.len()}}]}),
        "DELETE /api/4.0/running_queries/x" => json!({}),
        _ => return None,
    };
    Some(Reply::Json(200, json))
}

#[tokio::test]
async fn each_query_is_posted_as_the_dashboard_shows_it_and_the_results_are_joined() {
    let server =
        StandIn::start(|seen| content(seen, &merge(), &element()).or_else(|| runs(seen))).await;
    let looker = server.connect();
    let chart = looker
        .resolve_now(&tile(), &Overrides::default())
        .await
        .unwrap();
    assert_eq!(chart.chart_type.as_deref(), Some("of-merge"));
    assert_eq!(chart.identity.len(), 64);
    let shown: Value = serde_json::from_str(&chart.query).unwrap();
    assert_eq!(shown["vis_config"]["type"], "of-merge");
    assert_eq!(shown["sorts"], json!(["orders.month desc"]));

    let fetched = looker.run(&chart, &Run::default()).await.unwrap();
    let joined: Value = serde_json::from_slice(&fetched.body).unwrap();
    assert_eq!(
        joined["data"],
        json!([{"orders.month": {"value": "2026-01"}, "orders.count": {"value": 6},
            "visits.count": {"value": 6}}])
    );
    assert_eq!(fetched.explore_url.as_deref(), Some("https://x/orders"));
    let calls = server.calls();
    let posts = calls
        .iter()
        .filter(|seen| seen.call == "POST /api/4.0/queries");
    let mut posts: Vec<Value> = posts
        .map(|seen| serde_json::from_str(&seen.body).unwrap())
        .collect();
    posts.sort_by_key(|post| post["view"].to_string());
    for (post, view) in posts.iter().zip(["orders", "visits"]) {
        let mut expected = query(view);
        expected["filters"] = json!({format!("{view}.region"): "EMEA"});
        expected["query_timezone"] = json!("Europe/Rome");
        expected["filter_config"] = Value::Null;
        expected["client_id"] = Value::Null;
        expected.as_object_mut().unwrap().remove("id");
        assert_eq!(*post, expected);
    }
}

#[tokio::test]
async fn a_tiles_own_type_comes_before_that_of_the_merge() {
    let mut element = element();
    element["result_maker"]["vis_config"] = json!({"type": "own"});
    let chart = resolved(&looker_with(merge(), element).await)
        .await
        .unwrap();
    assert_eq!(chart.chart_type.as_deref(), Some("own"));
    let mut plain = merge();
    plain["vis_config"] = Value::Null;
    let chart = resolved(&looker_with(plain, self::element()).await)
        .await
        .unwrap();
    assert_eq!(chart.chart_type, None, "that of a source says nothing");
}

#[tokio::test]
async fn lists_tell_what_only_the_merge_knows() {
    let mut broken = merge();
    broken["pivots"] = json!(["orders.region"]);
    let cases = [
        (merge(), Some("of-merge"), None),
        (broken, None, Some("pivots the joined result")),
    ];
    for (merge, chart_type, why) in cases {
        let server = looker_with(merge, element()).await;
        let dashboard = server.connect().dashboard("17").await.unwrap();
        let tile = &dashboard.tiles[0];
        assert_eq!(tile.chart_type.as_deref(), chart_type);
        assert_eq!(tile.readable.is_ok(), why.is_none());
        if let (Err(told), Some(why)) = (&tile.readable, why) {
            assert!(told.contains(why), "{told}");
        }
    }
    // A merge that cannot be had just now does not take the list away.
    let server = StandIn::start(|seen| {
        let gone = seen.call == "GET /api/4.0/merge_queries/m1";
        if gone {
            return Some(refusal(403, "no"));
        }
        content(seen, &merge(), &element())
    })
    .await;
    let dashboard = server.connect().dashboard("17").await.unwrap();
    assert!(dashboard.tiles[0].readable.is_ok());
}

#[tokio::test]
async fn what_a_merge_does_beyond_joining_is_refused() {
    type Change = fn(&mut Value, &mut Value);
    let cases: [(Change, &str); 10] = [
        (
            |merge, _| {
                merge["dynamic_fields"] =
                    json!("[{\"table_calculation\":\"a\",\"label\":\"Per visit\"}]")
            },
            r#"it computes {"Per visit"} after joining"#,
        ),
        (
            |_, element| element["result_maker"]["dynamic_fields"] = json!("[{\"measure\":\"m\"}]"),
            r#"it computes {"m"}"#,
        ),
        (
            |merge, _| merge["pivots"] = json!(["orders.month"]),
            "pivots the joined result",
        ),
        (
            |merge, _| merge["source_queries"] = json!([]),
            "it has 0 queries",
        ),
        (
            |merge, _| {
                merge["source_queries"] = json!(vec![merge["source_queries"][0].clone(); 11])
            },
            "it has 11 queries",
        ),
        (
            |merge, _| merge["source_queries"][1]["merge_fields"] = json!([]),
            "no merge rule says by which fields \"visits\" is joined",
        ),
        (
            |merge, _| {
                merge["source_queries"][0]["merge_fields"] =
                    json!([{"field_name": "a", "source_field_name": "orders.month"}]);
            },
            "gives its fields other names",
        ),
        (
            |merge, _| merge["source_queries"][1]["query_slug"] = Value::Null,
            "its source \"visits\" has no query",
        ),
        (
            |merge, _| merge["limit"] = json!("many"),
            "row limit \"many\"",
        ),
        (
            |_, element| element["result_maker"]["filterables"][1]["name"] = json!("orders"),
            "to which of its queries the filter \"Region\" goes",
        ),
    ];
    for (change, expected) in cases {
        let why = refused(change).await;
        assert!(why.contains(expected), "{expected}: {why}");
    }
}

#[tokio::test]
async fn a_filter_without_a_name_goes_to_the_only_query_of_its_explore() {
    let mut element = element();
    for nth in [0, 1] {
        element["result_maker"]["filterables"][nth]["name"] = Value::Null;
    }
    let chart = resolved(&looker_with(merge(), element.clone()).await).await;
    assert_eq!(chart.unwrap().filters["Region"], "EMEA");
    let mut twice = merge();
    twice["source_queries"][1]["query_slug"] = Value::Null;
    twice["source_queries"][1]["query_id"] = json!("1");
    let error = resolved(&looker_with(twice, element).await)
        .await
        .unwrap_err();
    assert!(
        error.to_string().contains("does not say clearly"),
        "{error}"
    );
}

#[tokio::test]
async fn a_query_that_pivots_is_refused() {
    let server = StandIn::start(|seen| {
        if seen.call == "GET /api/4.0/queries/1" {
            let mut query = query("orders");
            query["pivots"] = json!(["orders.month"]);
            return Some(Reply::Json(200, query));
        }
        content(seen, &merge(), &element())
    })
    .await;
    let error = resolved(&server).await.unwrap_err();
    assert!(
        error.to_string().contains("its source \"orders\" pivots"),
        "{error}"
    );
}

#[tokio::test]
async fn when_one_query_fails_the_others_are_killed() {
    let server = StandIn::start(|seen| match seen.call.as_str() {
        // Orders runs on until the end of days; visits fails once orders is under way.
        "GET /api/4.0/query_tasks/orders" | "POST /api/4.0/query_tasks"
            if seen.call.contains("orders") || seen.body.contains("orders") =>
        {
            Some(Reply::Json(
                200,
                json!({"id": "orders", "status": "running"}),
            ))
        }
        "GET /api/4.0/query_tasks/visits/results" => Some(refusal(400, "too many fill rows")),
        _ => content(seen, &merge(), &element()).or_else(|| runs(seen)),
    })
    .await;
    let looker = server.connect();
    let chart = looker
        .resolve_now(&tile(), &Overrides::default())
        .await
        .unwrap();
    let error = looker.run(&chart, &Run::default()).await.unwrap_err();
    assert!(error.to_string().contains("too many fill rows"), "{error}");
    eventually("the other query is killed", || {
        server.count("DELETE /api/4.0/running_queries/orders") == 1
    })
    .await;
}

#[tokio::test]
async fn all_queries_have_one_deadline_and_are_left_to_finish() {
    let server = StandIn::start(|seen| match seen.call.as_str() {
        "GET /api/4.0/query_tasks/orders" | "GET /api/4.0/query_tasks/visits" => {
            Some(Reply::Json(200, json!({"id": "x", "status": "running"})))
        }
        "GET /api/4.0/query_tasks/orders/results" | "GET /api/4.0/query_tasks/visits/results" => {
            Some(Reply::Raw(202, ""))
        }
        "POST /api/4.0/query_tasks" => {
            let view = if seen.body.contains("orders") {
                "orders"
            } else {
                "visits"
            };
            Some(Reply::Json(200, json!({"id": view, "status": "added"})))
        }
        _ => content(seen, &merge(), &element()).or_else(|| runs(seen)),
    })
    .await;
    let looker = server.connect();
    let chart = looker
        .resolve_now(&tile(), &Overrides::default())
        .await
        .unwrap();
    let run = Run {
        deadline: Some(Deadline::after(Duration::from_millis(600))),
        ..Run::default()
    };
    let error = looker.run(&chart, &run).await.unwrap_err();
    let LookerError::Timeout {
        task_id: None,
        waited,
        ..
    } = error
    else {
        panic!("{error:?}");
    };
    assert!(waited >= Duration::from_millis(600) && waited < Duration::from_secs(5));
    looker.logout().await;
    let killed = server
        .calls()
        .iter()
        .any(|seen| seen.call.contains("running_queries"));
    assert!(!killed, "they are left to finish");
}
