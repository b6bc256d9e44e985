//! One session for all, and a new one when it dies.

use std::time::Duration;

use futures_util::future::join_all;
use jiff::SignedDuration;
use serde_json::json;

use super::stand_in::{Reply, StandIn, refusal};
use super::{CLIENT_ID, CLIENT_SECRET, connect_at, eventually};
use crate::clock::ManualClock;
use crate::looker::LookerError;

const LOGIN: &str = "POST /api/4.0/login";
const USER: &str = "GET /api/4.0/user";
const TASK: &str = "GET /api/4.0/query_tasks/t1";

#[tokio::test]
async fn fifty_callers_share_one_probe_and_one_login() {
    let server = StandIn::start(|_| None).await;
    let looker = server.connect();
    let all = join_all((0..50).map(|_| looker.pick_up_now("t1"))).await;
    assert!(all.iter().all(Result::is_ok));
    assert_eq!(server.count(LOGIN), 1);
    assert_eq!(server.count("GET /api/4.0/versions"), 1);
    assert_eq!(server.count(TASK), 50);
}

#[tokio::test]
async fn fifty_callers_share_one_refusal() {
    let server =
        StandIn::start(|seen| (seen.call == LOGIN).then(|| refusal(404, "Not found"))).await;
    let looker = server.connect();
    let all = join_all((0..50).map(|_| looker.pick_up_now("t1"))).await;
    assert!(
        all.iter()
            .all(|outcome| matches!(outcome, Err(LookerError::Refused { .. })))
    );
    assert_eq!(server.count(LOGIN), 1);
}

#[tokio::test]
async fn credentials_go_in_the_body_and_the_token_in_a_header() {
    let server = StandIn::start(|_| None).await;
    server.connect().identify().await.unwrap();
    let calls = server.calls();
    let login = calls.iter().find(|seen| seen.call == LOGIN).unwrap();
    assert_eq!(
        login.body,
        format!("client_id={CLIENT_ID}&client_secret={CLIENT_SECRET}")
    );
    assert!(
        calls
            .iter()
            .all(|seen| !seen.query.contains(CLIENT_SECRET) && !seen.query.contains("token-"))
    );
    let user = calls.iter().find(|seen| seen.call == USER).unwrap();
    assert_eq!(user.token.as_deref(), Some("Bearer token-0"));
}

#[tokio::test]
async fn a_session_is_renewed_a_minute_before_it_dies() {
    let server = StandIn::start(|_| None).await;
    let clock = ManualClock::default();
    let looker = connect_at(server.settings(), &clock);
    for (step, logins) in [(0, 1), (3_539, 1), (1, 2), (3_000, 2), (600, 3)] {
        clock.advance(SignedDuration::from_secs(step));
        looker.pick_up_now("t1").await.unwrap();
        assert_eq!(server.count(LOGIN), logins, "after {step} s more");
    }
}

#[tokio::test]
async fn a_401_in_mid_session_logs_in_once_and_replays_once() {
    let server = StandIn::start(|seen| {
        let old = seen.token.as_deref() == Some("Bearer token-0");
        (seen.call == TASK && old).then(|| refusal(401, "Requires authentication."))
    })
    .await;
    let looker = server.connect();
    let all = join_all((0..20).map(|_| looker.pick_up_now("t1"))).await;
    assert!(all.iter().all(Result::is_ok));
    assert_eq!(server.count(LOGIN), 2);
    assert!(server.count(TASK) <= 40);
}

#[tokio::test]
async fn a_401_after_a_new_login_is_a_refusal() {
    let server = StandIn::start(|seen| {
        (seen.call == TASK).then(|| refusal(401, "Requires authentication."))
    })
    .await;
    let refused = server.connect().pick_up_now("t1").await.unwrap_err();
    assert_eq!(refused.code(), "looker-refused");
    assert!(
        refused.to_string().contains("Requires authentication."),
        "{refused}"
    );
    assert_eq!((server.count(LOGIN), server.count(TASK)), (2, 2));
}

#[tokio::test]
async fn a_404_at_login_is_about_the_credentials_if_it_is_looker() {
    let server =
        StandIn::start(|seen| (seen.call == LOGIN).then(|| refusal(404, "Not found"))).await;
    let refused = server.connect().identify().await.unwrap_err();
    assert!(
        matches!(refused, LookerError::Refused { .. }),
        "{refused:?}"
    );
    assert!(refused.to_string().contains("client secret"), "{refused}");
}

#[tokio::test]
async fn a_404_at_login_is_about_the_address_if_it_no_longer_is_looker() {
    let server = StandIn::start(|seen| match (seen.call.as_str(), seen.nth) {
        ("GET /api/4.0/versions", 1..) | (LOGIN, _) => Some(Reply::Raw(404, "<h1>Not here</h1>")),
        _ => None,
    })
    .await;
    let other = server.connect().identify().await.unwrap_err();
    assert!(matches!(other, LookerError::NotLooker { .. }), "{other:?}");
    assert_eq!(other.code(), "looker-unreachable");
}

#[tokio::test]
async fn identify_logs_in_afresh_and_says_who_and_where() {
    let server = StandIn::start(|_| None).await;
    let looker = server.connect();
    looker.pick_up_now("t1").await.unwrap();
    let identity = looker.identify().await.unwrap();
    assert_eq!(server.count(LOGIN), 2);
    assert_eq!(identity.user_id, "7");
    assert_eq!(identity.name.as_deref(), Some("Ada L"));
    assert_eq!(identity.email.as_deref(), Some("ada@example.com"));
    assert_eq!(identity.release.as_deref(), Some("26.12.3"));
    assert_eq!(identity.api_url, server.url);
    assert_eq!(
        identity.web_url.as_deref(),
        Some("https://looker.example.com")
    );
}

#[tokio::test]
async fn logout_ends_the_session_and_the_next_call_begins_another() {
    let server = StandIn::start(|_| None).await;
    let looker = server.connect();
    looker.logout().await;
    assert!(server.calls().is_empty(), "there was no session to end");
    looker.pick_up_now("t1").await.unwrap();
    looker.logout().await;
    assert_eq!(server.count("DELETE /api/4.0/logout"), 1);
    looker.pick_up_now("t1").await.unwrap();
    assert_eq!(server.count(LOGIN), 2);
}

#[tokio::test]
async fn a_caller_who_goes_away_does_not_take_the_login_along() {
    let server =
        StandIn::start(|seen| (seen.call == LOGIN && seen.nth == 0).then_some(Reply::Never)).await;
    let looker = server.connect();
    let first = tokio::spawn({
        let looker = looker.clone();
        async move { looker.pick_up_now("t1").await }
    });
    eventually("the login is under way", || server.count(LOGIN) == 1).await;
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    // Nobody waits for the hung login any more, so the next caller does not either.
    tokio::time::timeout(Duration::from_secs(5), looker.pick_up_now("t1"))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(server.count(LOGIN), 2);
}

#[tokio::test]
async fn no_secret_is_shown() {
    let answer = json!({"access_token": 7, "refresh_token": "token-canary", "expires_in": 3600});
    let server =
        StandIn::start(move |seen| (seen.call == LOGIN).then(|| Reply::Json(200, answer.clone())))
            .await;
    let looker = server.connect();
    let error = looker.identify().await.unwrap_err();
    for shown in [
        format!("{looker:?}"),
        format!("{error:?}"),
        error.to_string(),
        format!("{:?}", server.settings()),
    ] {
        assert!(
            !shown.contains(CLIENT_SECRET) && !shown.contains("token-canary"),
            "{shown}"
        );
    }
}
