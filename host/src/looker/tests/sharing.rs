//! What is not asked twice: how a dashboard is made, and which query a text is.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use jiff::SignedDuration;
use serde_json::json;

use super::connect_at;
use super::running::chart;
use super::stand_in::{Reply, StandIn, refusal};
use crate::clock::{Clock as _, ManualClock};
use crate::looker::{Deadline, Overrides, Run, Source, Terms};

const DASHBOARD: &str = "GET /api/4.0/dashboards/17";
const QUERIES: &str = "POST /api/4.0/queries";
const TASKS: &str = "POST /api/4.0/query_tasks";

fn tile() -> Source {
    Source::Tile {
        dashboard_id: "17".to_owned(),
        tile_id: "1".to_owned(),
    }
}

/// A dashboard that is called another way each time that it is asked for.
async fn edited() -> StandIn {
    StandIn::start(|seen| {
        (seen.call == DASHBOARD).then(|| {
            let query = json!({"model": "m", "view": "v", "fields": ["v.a"]});
            let tile = json!({"id": "1", "title": seen.nth.to_string(), "query": query});
            Reply::Json(200, json!({"id": "17", "dashboard_elements": [tile]}))
        })
    })
    .await
}

#[tokio::test]
async fn how_a_dashboard_is_made_is_read_once_for_all_and_again_when_it_has_changed() {
    let server = StandIn::start(|seen| {
        let title = if seen.nth < 2 { "before" } else { "after" };
        let dashboard = || Reply::Json(200, json!({"id": "17", "title": title}));
        (seen.call == DASHBOARD).then(dashboard)
    })
    .await;
    let looker = server.connect();
    let ask = async || {
        let terms = Terms::now(looker.deadline());
        looker.dashboard_whole("17", terms).await.unwrap()
    };
    let (first, second, third) = (ask().await, ask().await, ask().await);
    assert_eq!(server.count(DASHBOARD), 3, "each is asked now");
    assert!(Arc::ptr_eq(&first, &second));
    assert_eq!(first.title.as_deref(), Some("before"));
    assert_eq!(third.title.as_deref(), Some("after"));
}

#[tokio::test]
async fn a_slot_asks_once_how_a_dashboard_is_made_and_a_person_each_time() {
    let server = edited().await;
    let clock = ManualClock::default();
    let looker = connect_at(server.settings(), &clock);
    let title = async |since| {
        let terms = Terms {
            deadline: looker.deadline(),
            since,
        };
        let chart = looker.resolve(&tile(), &Overrides::default(), terms).await;
        chart.unwrap().title
    };
    let slot = clock.now();
    let all = join_all((0..20).map(|_| title(Some(slot)))).await;
    assert!(all.iter().all(|title| title == "0"), "{all:?}");
    clock.advance(SignedDuration::from_secs(5));
    assert_eq!(title(Some(slot)).await, "0", "the same slot");
    assert_eq!(title(None).await, "1", "a person, who may have edited it");
    assert_eq!(title(Some(slot)).await, "1", "the latest");
    clock.advance(SignedDuration::from_secs(5));
    assert_eq!(title(Some(clock.now())).await, "2", "a later slot");
    clock.advance(SignedDuration::from_secs(40));
    assert_eq!(title(Some(slot)).await, "3", "kept no longer");
    assert_eq!(server.count(DASHBOARD), 4);
}

#[tokio::test]
async fn that_a_dashboard_could_not_be_had_is_not_remembered() {
    let server = StandIn::start(|seen| {
        (seen.call == DASHBOARD && seen.nth == 0).then(|| refusal(404, "Not found"))
    })
    .await;
    let clock = ManualClock::default();
    let looker = connect_at(server.settings(), &clock);
    for _ in 0..2 {
        let terms = Terms {
            deadline: looker.deadline(),
            since: Some(clock.now()),
        };
        let _ = looker.resolve(&tile(), &Overrides::default(), terms).await;
    }
    assert_eq!(server.count(DASHBOARD), 2);
}

#[tokio::test]
async fn whoever_has_time_left_asks_again_when_that_of_the_first_is_over() {
    let server = StandIn::start(|seen| {
        (seen.call == DASHBOARD).then(|| {
            let query = json!({"model": "m", "view": "v", "fields": ["v.a"]});
            let tile = json!({"id": "1", "title": "a", "query": query});
            let dashboard = json!({"id": "17", "dashboard_elements": [tile]});
            match seen.nth {
                0 => Reply::Never,
                _ => Reply::Json(200, dashboard),
            }
        })
    })
    .await;
    let clock = ManualClock::default();
    let looker = connect_at(server.settings(), &clock);
    let titled = async |time| {
        let terms = Terms {
            deadline: Deadline::after(Duration::from_millis(time)),
            since: Some(clock.now()),
        };
        let chart = looker.resolve(&tile(), &Overrides::default(), terms).await;
        chart.map(|chart| chart.title)
    };
    let (first, second, third) = tokio::join!(titled(500), titled(20_000), titled(20_000));
    assert_eq!(first.unwrap_err().code(), "looker-timeout");
    assert_eq!((second.unwrap(), third.unwrap()), ("a".into(), "a".into()));
    assert_eq!(server.count(DASHBOARD), 2);
}

#[tokio::test]
async fn a_query_that_is_stored_is_not_sent_again() {
    let server = StandIn::start(|_| None).await;
    let looker = server.connect();
    let first = looker.run(&chart(), &Run::default()).await.unwrap();
    let second = looker.run(&chart(), &Run::default()).await.unwrap();
    assert_eq!(first.explore_url, second.explore_url);
    assert_eq!((server.count(QUERIES), server.count(TASKS)), (1, 2));
}

#[tokio::test]
async fn a_query_that_looker_has_lost_is_sent_again() {
    let server = StandIn::start(|seen| {
        (seen.call == TASKS && seen.nth == 1).then(|| refusal(404, "Not found"))
    })
    .await;
    let looker = server.connect();
    for _ in 0..2 {
        looker.run(&chart(), &Run::default()).await.unwrap();
    }
    assert_eq!((server.count(QUERIES), server.count(TASKS)), (2, 3));
}
