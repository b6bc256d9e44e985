//! Tiles whose query is written in SQL.

use std::time::Duration;

use serde_json::{Value, json};

use super::stand_in::{Reply, Seen, StandIn};
use super::{connect, eventually, loopback};
use crate::clock::SystemClock;
use crate::looker::{Deadline, Looker, LookerError, Overrides, Places, Run, Source};

const RUN: &str = "POST /api/4.0/sql_queries/abc/run/json_detail";

fn content(seen: &Seen, maker: &Value) -> Option<Reply> {
    let json = match seen.call.as_str() {
        "GET /api/4.0/dashboards/17" => json!({"id": "17", "title": "Shop",
            "dashboard_filters": [{"name": "Region", "default_value": "EMEA"}],
            "dashboard_elements": [{"id": "1", "type": "vis", "title": "SQL", "result_maker": maker}]}),
        "GET /api/4.0/sql_queries/abc" => json!({"slug": "abc", "sql": "SELECT 1",
            "explore_url": "https://looker.example.com/sql/abc", "vis_config": {"type": "of-query"}}),
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

#[tokio::test]
async fn sql_is_run_by_its_slug_and_its_result_comes_byte_for_byte() {
    let body = "{\"data\" : [ {\"N\":{\"value\":9007199254740993}} ]}\n";
    let maker = json!({"sql_query_id": "abc"});
    let server = StandIn::start(move |seen| match seen.call.as_str() {
        RUN => Some(Reply::With(200, "x: y", body.to_owned())),
        _ => content(seen, &maker),
    })
    .await;
    let looker = server.connect();
    let tiles = looker.dashboard("17").await.unwrap().tiles;
    assert_eq!(tiles[0].chart_type.as_deref(), Some("of-query"));
    assert!(tiles[0].readable.is_ok());
    let chart = looker
        .resolve_now(&tile(), &Overrides::default())
        .await
        .unwrap();
    assert_eq!(chart.query, r#"{"vis_config":{"type":"of-query"}}"#);
    let fetched = looker.run(&chart, &Run::default()).await.unwrap();
    assert_eq!(fetched.body, body.as_bytes());
    assert_eq!(
        fetched.explore_url.as_deref(),
        Some("https://looker.example.com/sql/abc")
    );
    assert_eq!((fetched.query_id.as_str(), fetched.task_id), ("abc", None));
}

#[tokio::test]
async fn sql_is_not_run_twice_and_not_waited_for_beyond_the_deadline() {
    type Case = (fn() -> Reply, &'static str);
    let replies: [Case; 2] = [
        (|| Reply::Raw(502, "<html>"), "looker-error"),
        (|| Reply::Never, "looker-timeout"),
    ];
    for (reply, code) in replies {
        let maker = json!({"sql_query_id": "abc", "vis_config": {"type": "own"}});
        let server = StandIn::start(move |seen| match seen.call.as_str() {
            RUN => Some(reply()),
            _ => content(seen, &maker),
        })
        .await;
        let looker = server.connect();
        let chart = looker
            .resolve_now(&tile(), &Overrides::default())
            .await
            .unwrap();
        assert_eq!(chart.chart_type.as_deref(), Some("own"));
        let run = Run {
            deadline: Some(Deadline::after(Duration::from_millis(700))),
            ..Run::default()
        };
        let error = looker.run(&chart, &run).await.unwrap_err();
        assert_eq!(error.code(), code, "{error}");
        assert!(!matches!(
            error,
            LookerError::Timeout {
                task_id: Some(_),
                ..
            }
        ));
        assert_eq!(server.count(RUN), 1);
    }
}

#[tokio::test]
async fn sql_that_nobody_waits_for_any_more_keeps_its_place_until_looker_answers() {
    let within = |time| Run {
        deadline: Some(Deadline::after(Duration::from_millis(time))),
        ..Run::default()
    };
    for goes_away in [false, true] {
        let maker = json!({"sql_query_id": "abc"});
        let server = StandIn::start(move |seen| match seen.call.as_str() {
            RUN if seen.nth == 0 => Some(Reply::Later(
                Duration::from_secs(2),
                200,
                json!({"data": []}),
            )),
            RUN => Some(Reply::Json(200, json!({"data": []}))),
            _ => content(seen, &maker),
        })
        .await;
        let mut settings = server.settings();
        settings.max_concurrent = 1;
        let looker = connect(settings);
        let chart = looker
            .resolve_now(&tile(), &Overrides::default())
            .await
            .unwrap();
        if goes_away {
            let waiting = tokio::spawn({
                let (looker, chart) = (looker.clone(), chart.clone());
                async move { looker.run(&chart, &Run::default()).await }
            });
            eventually("it runs", || server.count(RUN) == 1).await;
            waiting.abort();
        } else {
            let late = looker.run(&chart, &within(300)).await.unwrap_err();
            assert!(late.to_string().contains("keeps its place"), "{late}");
        }
        let busy = looker.run(&chart, &within(300)).await.unwrap_err();
        assert_eq!((busy.code(), server.count(RUN)), ("busy", 1), "{busy}");
        looker.run(&chart, &within(10_000)).await.unwrap();
        assert_eq!(server.count(RUN), 2);
    }
}

#[tokio::test]
async fn sql_that_never_ends_keeps_its_place_for_a_bounded_time() {
    let maker = json!({"sql_query_id": "abc"});
    let server = StandIn::start(move |seen| match seen.call.as_str() {
        RUN => Some(Reply::Never),
        _ => content(seen, &maker),
    })
    .await;
    let places = Places::leaving_for(1, Duration::from_millis(400));
    let clock = SystemClock::shared();
    let looker = Looker::with_places(server.settings(), loopback(), clock, places).unwrap();
    let chart = looker
        .resolve_now(&tile(), &Overrides::default())
        .await
        .unwrap();
    for count in [1, 2] {
        let run = Run {
            deadline: Some(Deadline::after(Duration::from_secs(2))),
            ..Run::default()
        };
        let late = looker.run(&chart, &run).await.unwrap_err();
        assert_eq!((late.code(), server.count(RUN)), ("looker-timeout", count));
    }
}

#[tokio::test]
async fn sql_that_is_said_to_listen_to_a_filter_is_refused() {
    let maker = json!({"sql_query_id": "abc", "filterables": [{"listen": [
        {"dashboard_filter_name": "Region", "field": "orders.region"}]}]});
    let server = StandIn::start(move |seen| content(seen, &maker)).await;
    let error = server
        .connect()
        .resolve_now(&tile(), &Overrides::default())
        .await
        .unwrap_err();
    assert_eq!(error.code(), "unsupported");
    assert!(error.to_string().contains("\"Region\""), "{error}");
}
