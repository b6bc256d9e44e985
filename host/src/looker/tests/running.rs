//! How a query is run.

use bytes::Bytes;
use serde_json::json;

use super::posted;
use super::stand_in::{Reply, StandIn, refusal};
use crate::looker::{Chart, LookerError, Run, Source, Work};

const TASKS: &str = "POST /api/4.0/query_tasks";
const TASK: &str = "GET /api/4.0/query_tasks/t1";
const RESULTS: &str = "GET /api/4.0/query_tasks/t1/results";

pub(super) fn chart() -> Chart {
    let post = r#"{"model":"shop","view":"orders","fields":["orders.count"],"limit":"500"}"#;
    Chart {
        source: Source::Look {
            look_id: "45".to_owned(),
        },
        title: "Orders".to_owned(),
        dashboard_title: None,
        chart_type: None,
        query: post.to_owned(),
        work: Work::Query(post.to_owned()),
        identity: "x".to_owned(),
        filters: Default::default(),
        ignored: Vec::new(),
        lookml_link_id: None,
    }
}

fn task(status: &str) -> Reply {
    Reply::Json(200, json!({"id": "t1", "query_id": "q1", "status": status}))
}

#[tokio::test]
async fn the_query_goes_out_byte_for_byte_and_the_result_comes_in_byte_for_byte() {
    let body = "{\"data\" : [ {\"a\":{\"value\":9007199254740993}} ]}\n";
    let server = StandIn::start(move |seen| {
        (seen.call == RESULTS).then(|| Reply::With(200, "x: y", body.to_owned()))
    })
    .await;
    let fetched = server
        .connect()
        .run(&chart(), &Run::default())
        .await
        .unwrap();
    assert_eq!(fetched.body, Bytes::from_static(body.as_bytes()));
    assert_eq!(
        fetched.explore_url.as_deref(),
        Some("https://looker.example.com/x/abc")
    );
    assert_eq!(
        (fetched.query_id.as_str(), fetched.task_id.as_deref()),
        ("q1", Some("t1"))
    );
    let calls = server.calls();
    let post = calls
        .iter()
        .find(|seen| seen.call == "POST /api/4.0/queries")
        .unwrap();
    assert_eq!(post.body, posted(&chart()));
    let begun = calls.iter().find(|seen| seen.call == TASKS).unwrap();
    assert_eq!(
        begun.body,
        r#"{"query_id":"q1","result_format":"json_detail"}"#
    );
    assert_eq!(
        begun.query,
        "cache=true&server_table_calcs=true&force_production=true&generate_drill_links=false"
    );
}

#[tokio::test]
async fn the_cache_can_be_passed_by() {
    let server = StandIn::start(|_| None).await;
    server
        .connect()
        .run(
            &chart(),
            &Run {
                cache: false,
                ..Run::default()
            },
        )
        .await
        .unwrap();
    let calls = server.calls();
    assert!(
        calls
            .iter()
            .any(|seen| seen.call == TASKS && seen.query.starts_with("cache=false&"))
    );
}

#[tokio::test]
async fn a_task_that_is_done_at_once_is_not_asked_after() {
    let server = StandIn::start(|seen| (seen.call == TASKS).then(|| task("complete"))).await;
    server
        .connect()
        .run(&chart(), &Run::default())
        .await
        .unwrap();
    assert_eq!((server.count(TASK), server.count(RESULTS)), (0, 1));
}

#[tokio::test]
async fn a_result_that_is_not_there_yet_is_asked_for_again() {
    let server = StandIn::start(|seen| match (seen.call.as_str(), seen.nth) {
        (TASK, 0) => Some(task("running")),
        (RESULTS, 0 | 1) => Some(Reply::Raw(202, "")),
        _ => None,
    })
    .await;
    server
        .connect()
        .run(&chart(), &Run::default())
        .await
        .unwrap();
    assert_eq!((server.count(TASK), server.count(RESULTS)), (3, 3));
}

#[tokio::test]
async fn what_is_done_when_it_is_first_asked_after_is_had_in_one_question() {
    let server = StandIn::start(|_| None).await;
    let run = Run::default();
    server.connect().run(&chart(), &run).await.unwrap();
    assert_eq!((server.count(TASK), server.count(RESULTS)), (0, 1));
}

#[tokio::test]
async fn a_first_question_that_brings_nothing_loses_nothing() {
    let cases: [fn() -> Reply; 7] = [
        || Reply::Raw(200, ""),
        || Reply::Raw(202, ""),
        || refusal(404, "Not found"),
        || refusal(400, "not now"),
        || Reply::Raw(502, "<html>"),
        || Reply::Broken,
        || Reply::With(429, "retry-after: 0", String::new()),
    ];
    for (nth, reply) in cases.into_iter().enumerate() {
        let server =
            StandIn::start(move |seen| (seen.call == RESULTS && seen.nth == 0).then(reply)).await;
        let fetched = server.connect().run(&chart(), &Run::default()).await;
        assert_eq!(fetched.unwrap().body, r#"{"data":[]}"#, "case {nth}");
        assert_eq!(server.count(TASKS), 1, "case {nth}");
        assert_eq!(server.count(RESULTS), 2, "case {nth}");
    }
}

#[tokio::test]
async fn an_expired_task_may_come_back_to_life() {
    let server = StandIn::start(|seen| match (seen.call.as_str(), seen.nth) {
        (TASK, 0 | 1) => Some(task("expired")),
        (RESULTS, 0) => Some(refusal(404, "Not found")),
        _ => None,
    })
    .await;
    server
        .connect()
        .run(&chart(), &Run::default())
        .await
        .unwrap();
    assert_eq!((server.count(TASKS), server.count(TASK)), (1, 3));
}

#[tokio::test]
async fn a_task_that_stays_expired_is_begun_once_more() {
    let server = StandIn::start(|seen| match (seen.call.as_str(), seen.nth) {
        (TASKS, 0) => Some(Reply::Json(200, json!({"id": "lost", "status": "added"}))),
        ("GET /api/4.0/query_tasks/lost", _) => Some(task("expired")),
        _ => None,
    })
    .await;
    let fetched = server
        .connect()
        .run(&chart(), &Run::default())
        .await
        .unwrap();
    assert_eq!(fetched.task_id.as_deref(), Some("t1"));
    assert_eq!(server.count(TASKS), 2);
}

#[tokio::test]
async fn a_task_that_was_killed_is_told() {
    let server = StandIn::start(|seen| (seen.call == TASK).then(|| task("killed"))).await;
    let error = server
        .connect()
        .run(&chart(), &Run::default())
        .await
        .unwrap_err();
    assert_eq!(error.code(), "looker-error");
    assert!(error.to_string().contains("killed"), "{error}");
}

#[tokio::test]
async fn lookers_words_about_a_query_are_told() {
    let invalid = json!({"message": "Validation Failed", "errors": [
        {"field": "view", "code": "missing", "message": "must not be empty"}]});
    let server = StandIn::start(move |seen| {
        (seen.call == "POST /api/4.0/queries").then(|| Reply::Json(422, invalid.clone()))
    })
    .await;
    let error = server
        .connect()
        .run(&chart(), &Run::default())
        .await
        .unwrap_err();
    assert!(
        matches!(error, LookerError::Answer { status: 422, .. }),
        "{error:?}"
    );
    assert!(
        error.to_string().contains("view: must not be empty"),
        "{error}"
    );

    let server = StandIn::start(|seen| match seen.call.as_str() {
        TASK => Some(task("error")),
        RESULTS => Some(refusal(400, "too many fill rows")),
        _ => None,
    })
    .await;
    let error = server
        .connect()
        .run(&chart(), &Run::default())
        .await
        .unwrap_err();
    assert!(error.to_string().contains("too many fill rows"), "{error}");
}

#[tokio::test]
async fn a_query_is_begun_again_only_if_it_cannot_have_begun() {
    let cases: [(fn() -> Reply, usize); 4] = [
        (|| Reply::With(503, "retry-after: 0", String::new()), 2),
        (|| Reply::With(429, "retry-after: 0", String::new()), 2),
        (|| Reply::Raw(502, "<html>"), 1),
        (|| Reply::Broken, 1),
    ];
    for (reply, begun) in cases {
        let server =
            StandIn::start(move |seen| (seen.call == TASKS && seen.nth == 0).then(reply)).await;
        let outcome = server.connect().run(&chart(), &Run::default()).await;
        assert_eq!(
            (outcome.is_ok(), server.count(TASKS)),
            (begun == 2, begun),
            "{outcome:?}"
        );
    }
}

#[tokio::test]
async fn a_result_without_end_is_cut_off() {
    let server = StandIn::start(|seen| (seen.call == RESULTS).then_some(Reply::Endless)).await;
    let error = server
        .connect()
        .run(&chart(), &Run::default())
        .await
        .unwrap_err();
    assert!(
        matches!(
            error,
            LookerError::TooLarge {
                limit: 33_554_432,
                ..
            }
        ),
        "{error:?}"
    );
}

#[tokio::test]
async fn only_a_web_address_is_given_as_a_link() {
    let server = StandIn::start(|seen| {
        let bad =
            json!({"id": "q1", "share_url": "javascript:alert(1)", "expanded_share_url": "/x"});
        (seen.call == "POST /api/4.0/queries").then_some(Reply::Json(200, bad))
    })
    .await;
    let fetched = server
        .connect()
        .run(&chart(), &Run::default())
        .await
        .unwrap();
    assert_eq!(fetched.explore_url, None);
}
