//! Runs from the result to the data plane, with the built-in mappers and a real data plane's manners.

mod installed;
mod plane;

use serde_json::json;

use super::RunError;
use crate::access::By;
use crate::store::BlobSpace;
use installed::{Installed, PATIENCE};
use plane::Plane;

/// A result with people: their ids count from 0.
fn people(count: usize) -> String {
    let rows: Vec<String> = (0..count)
        .map(|n| format!(r#"{{"u.id":{{"value":"u{n}"}},"u.n":{{"value":{n}.50}}}}"#))
        .collect();
    format!(
        r#"{{"fields":{{"dimensions":[{{"name":"u.id","tags":["user_id"]}},{{"name":"u.n","tags":[]}}]}},"data":[{}]}}"#,
        rows.join(",")
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn every_row_is_delivered_once_and_counted() {
    let (plane, address) = Plane::start().await;
    let here = Installed::new().await;
    let sending = here.send();
    let started = here.begin("rudder_track", &people(30_000), address).await;
    let run = here.done(started.id.as_str()).await;
    assert_eq!(
        (run.rows, run.mapped, run.events, run.delivered),
        (30_000, 30_000, 30_000, 30_000)
    );
    assert_eq!((run.rejected, run.dead, run.waiting), (0, 0, 0));
    let messages = plane.messages();
    assert_eq!(messages.len(), 30_000);
    assert!(messages.values().all(|(times, _)| *times == 1));
    let (_, some) = messages
        .values()
        .find(|(_, message)| message["userId"] == "u29999")
        .unwrap();
    assert_eq!(
        (&some["event"], &some["properties"]),
        (&json!("Bought"), &json!({"u.n": 29_999.5}))
    );
    assert_eq!(plane.0.lock().unwrap().keys[0], "Basic a2V5Og==");
    assert!(plane.requests() < 20, "{} requests", plane.requests());
    until_no_files(&here).await;
    until_no_bodies(&here).await;
    here.stop.cancel();
    sending.await.unwrap();
}

async fn until_no_files(here: &Installed) {
    let gone = tokio::time::timeout(PATIENCE, async {
        while !here.spool.names().unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
    });
    gone.await.expect("results that are mapped are removed");
}

async fn until_no_bodies(here: &Installed) {
    let gone = tokio::time::timeout(PATIENCE, async {
        while !here
            .store
            .list_blobs(BlobSpace::Outbox)
            .await
            .unwrap()
            .is_empty()
        {
            tokio::task::yield_now().await;
        }
    });
    gone.await.expect("what was delivered is removed");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_request_again_is_the_same_run() {
    let (plane, address) = Plane::start().await;
    let here = Installed::new().await;
    let sending = here.send();
    let first = here.begin("rudder_event", &people(3), address).await;
    here.done(first.id.as_str()).await;
    let again = here.begin("rudder_event", &people(3), address).await;
    assert_eq!(
        (again.id, again.repeated, first.repeated),
        (first.id, true, false)
    );
    let other = here.begin("rudder_event", &people(4), address).await;
    assert!(!other.repeated);
    here.done(other.id.as_str()).await;
    let track = here.begin("rudder_track", &people(3), address).await;
    assert!(!track.repeated);
    here.done(track.id.as_str()).await;
    assert_eq!(plane.count(), 10);
    assert!(plane.messages().values().all(|(times, _)| *times == 1));
    until_no_files(&here).await;
    here.stop.cancel();
    sending.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_mapped_is_told_by_its_row_and_the_others_go() {
    let (plane, address) = Plane::start().await;
    let here = Installed::new().await;
    let sending = here.send();
    let document = people(5).replace(r#"{"value":"u3"}"#, r#"{"value":true}"#);
    let started = here.begin("rudder_event", &document, address).await;
    let run = here.done(started.id.as_str()).await;
    assert_eq!(
        (run.rows, run.events, run.delivered, run.rejected),
        (5, 4, 4, 1)
    );
    assert_eq!(run.rejections[0].row, Some(4), "{:?}", run.rejections);
    assert_eq!(plane.count(), 4);
    let none = here
        .order(
            "rudder_event",
            r#"{"fields":{},"data":[{"a":{"value":1}}]}"#,
            address,
        )
        .await
        .unwrap();
    let error = here.runs.begin(none, &By::server()).await.unwrap_err();
    assert!(
        matches!(error, RunError::Mapper(_)) && error.to_string().contains("tagged"),
        "{error}"
    );
    until_no_files(&here).await;
    here.stop.cancel();
    sending.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_destination_that_is_away_gets_everything_when_it_is_back() {
    let (plane, address) = Plane::start().await;
    let here = Installed::new().await;
    let sending = here.send();
    plane.answers(&[(503, None), (429, Some("1")), (500, None)]);
    let started = here.begin("rudder_event", &people(10), address).await;
    // The first answer may come before the end of the mapping is written.
    let run = here
        .until(started.id.as_str(), "an error", |run| {
            run.state == "sending" && run.last_error.is_some()
        })
        .await;
    assert_eq!((run.delivered, run.waiting), (0, 10), "{run:?}");
    let run = here.done(started.id.as_str()).await;
    assert_eq!(
        (run.delivered, run.last_error, plane.count()),
        (10, None, 10)
    );
    here.stop.cancel();
    sending.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn one_bad_message_in_five_thousand_does_not_sink_the_others() {
    let (plane, address) = Plane::start().await;
    plane.0.lock().unwrap().dislikes = Some("u2345");
    let here = Installed::new().await;
    let sending = here.send();
    let started = here.begin("rudder_event", &people(5_000), address).await;
    let run = here.done(started.id.as_str()).await;
    assert_eq!((run.delivered, run.dead, run.waiting), (4_999, 1, 0));
    assert!(
        run.dead_letters[0]
            .reason
            .contains("neither has anonymousId"),
        "{run:?}"
    );
    assert_eq!(plane.count(), 4_999);
    assert!(plane.requests() < 40, "{} requests", plane.requests());
    plane.0.lock().unwrap().dislikes = None;
    let id = started.id.as_str();
    here.runs.redrive(id, By::server()).await.unwrap();
    let run = here.done(id).await;
    assert_eq!((run.delivered, run.dead), (5_000, 0));
    assert!(plane.messages().values().all(|(times, _)| *times == 1));
    assert!(matches!(
        here.runs.redrive(id, By::server()).await,
        Err(RunError::NothingDead)
    ));
    here.stop.cancel();
    sending.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_key_is_final_and_can_be_mended() {
    let (plane, address) = Plane::start().await;
    let here = Installed::new().await;
    let sending = here.send();
    plane.answers(&[(401, None)]);
    let started = here.begin("rudder_event", &people(10), address).await;
    let run = here.done(started.id.as_str()).await;
    assert_eq!((run.delivered, run.dead, plane.count()), (0, 10, 0));
    assert!(run.dead_letters[0].reason.contains("401"), "{run:?}");
    here.runs
        .redrive(started.id.as_str(), By::server())
        .await
        .unwrap();
    assert_eq!(here.done(started.id.as_str()).await.delivered, 10);
    here.stop.cancel();
    sending.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_died_in_the_middle_is_followed_by_one_that_goes_on() {
    let (plane, address) = Plane::start().await;
    let here = Installed::new().await;
    // It maps, and dies before anything was sent.
    let started = here.begin("rudder_event", &people(60_000), address).await;
    let id = started.id.as_str().to_owned();
    here.until(&id, "a segment", |run| run.events > 0).await;
    let Installed {
        runs,
        store,
        stop,
        folder,
        ..
    } = here;
    stop.cancel();
    runs.mapping.close();
    runs.mapping.wait().await;
    let before = runs.get(&id).await.unwrap();
    drop((runs, store));
    let here = Installed::on(folder).await;
    here.runs.resume().await;
    let sending = here.send();
    let run = here.done(&id).await;
    assert_eq!(
        (run.mapped, run.events, run.delivered),
        (60_000, 60_000, 60_000),
        "after {before:?}"
    );
    assert_eq!(plane.count(), 60_000);
    assert!(plane.messages().values().all(|(times, _)| *times == 1));
    until_no_files(&here).await;
    here.stop.cancel();
    sending.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn two_equal_requests_at_once_are_one_run() {
    let (plane, address) = Plane::start().await;
    let here = Installed::new().await;
    let sending = here.send();
    let begin = || here.begin("rudder_event", people_once(), address);
    let (first, second) = tokio::join!(begin(), begin());
    assert_eq!(first.id, second.id);
    assert!(first.repeated != second.repeated);
    here.done(first.id.as_str()).await;
    assert_eq!(plane.count(), 3);
    until_no_files(&here).await;
    here.stop.cancel();
    sending.await.unwrap();
}

fn people_once() -> &'static str {
    static PEOPLE: std::sync::OnceLock<String> = std::sync::OnceLock::new();
    PEOPLE.get_or_init(|| people(3))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_a_mapper_fails_on_does_not_sink_the_rows_around_it() {
    let (plane, address) = Plane::start().await;
    let here = Installed::new().await;
    let sending = here.send();
    let broken = people(600).replace(r#"{"value":"u300"}"#, r#"{"value":tru}"#);
    let started = here.begin("rudder_event", &broken, address).await;
    let run = here.done(started.id.as_str()).await;
    assert_eq!(
        (run.rows, run.delivered, run.rejected, plane.count()),
        (600, 599, 1, 599)
    );
    assert_eq!(run.rejections[0].row, Some(301), "{:?}", run.rejections);
    let messages = plane.messages();
    let of = |id: &str| {
        messages
            .values()
            .filter(|(_, message)| message["userId"] == id)
            .count()
    };
    assert_eq!(
        (of("u299"), of("u300"), of("u301"), of("u599")),
        (1, 0, 1, 1)
    );
    here.stop.cancel();
    sending.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_whose_result_is_gone_says_so_and_ends() {
    let (_, address) = Plane::start().await;
    let here = Installed::new().await;
    here.stop.cancel();
    let started = here.begin("rudder_event", &people(10), address).await;
    here.runs.mapping.close();
    here.runs.mapping.wait().await;
    let Installed {
        runs,
        store,
        folder,
        ..
    } = here;
    drop((runs, store));
    std::fs::remove_dir_all(folder.path().join("spool")).unwrap();
    let here = Installed::on(folder).await;
    here.runs.resume().await;
    let run = here.done(started.id.as_str()).await;
    assert_eq!((run.delivered, run.events, run.rejected), (0, 0, 10));
    assert!(
        run.rejections[0].reason.contains("no longer on disk"),
        "{run:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn no_destination_waits_for_another() {
    let (slow, slow_address) = Plane::start().await;
    let (plane, address) = Plane::start().await;
    let here = Installed::new().await;
    let sending = here.send();
    slow.answers(&[(503, Some("3600")); 4]);
    let first = here.begin("rudder_event", &people(10), slow_address).await;
    here.until(first.id.as_str(), "an error", |run| {
        run.last_error.is_some()
    })
    .await;
    let second = here.begin("rudder_event", &people(10), address).await;
    assert_eq!(here.done(second.id.as_str()).await.delivered, 10);
    assert_eq!((plane.count(), slow.count()), (10, 0));
    here.stop.cancel();
    sending.await.unwrap();
}
