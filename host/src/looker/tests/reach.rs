//! Where Looker is, and what may be called at all.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;

use super::stand_in::{Reply, StandIn, refusal};
use super::{connect, settings};
use crate::clock::SystemClock;
use crate::egress::Targets;
use crate::looker::{Doing, Looker, LookerError};

/// Makes an answer, anew each time it is given.
type Answering = fn() -> Reply;

const VERSIONS: &str = "GET /api/4.0/versions";

#[tokio::test]
async fn something_that_is_not_looker_is_called_that() {
    let pages = [Reply::Raw as fn(u16, &'static str) -> Reply, |status, _| {
        refusal(status, "Not found")
    }];
    for page in pages {
        for status in [200, 404] {
            let server =
                StandIn::start(move |seen| (seen.call == VERSIONS).then(|| page(status, "<html>")))
                    .await;
            let other = server.connect().identify().await.unwrap_err();
            assert!(
                matches!(other, LookerError::NotLooker { .. }),
                "{status} {other:?}"
            );
            assert_eq!(
                server.calls().len(),
                1,
                "no credentials go to what is not Looker"
            );
        }
    }
}

#[tokio::test]
async fn an_api_that_wants_a_session_for_its_versions_is_looker() {
    let server = StandIn::start(|seen| {
        (seen.call == VERSIONS && seen.token.is_none())
            .then(|| refusal(401, "Requires authentication."))
    })
    .await;
    server.connect().identify().await.unwrap();
}

#[tokio::test]
async fn a_path_prefix_is_kept() {
    let server = StandIn::start(|seen| {
        let call = seen.call.replace("/bi/looker/api", "/api");
        match call.as_str() {
            VERSIONS => Some(Reply::Json(
                200,
                serde_json::json!({"looker_release_version": "26.0"}),
            )),
            "POST /api/4.0/login" => Some(Reply::Json(
                200,
                serde_json::json!({"access_token": "x", "expires_in": 60}),
            )),
            "GET /api/4.0/user" => Some(Reply::Json(200, serde_json::json!({"id": "1"}))),
            _ => None,
        }
    })
    .await;
    let pasted = format!("{}/bi/looker/dashboards/17?Region=EMEA", server.url);
    let identity = connect(settings(&pasted)).identify().await.unwrap();
    assert_eq!(identity.api_url, format!("{}/bi/looker", server.url));
}

#[tokio::test]
async fn a_server_that_is_down_is_unreachable_and_reachable_once_it_is_up() {
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0)))
        .await
        .unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let looker = connect(settings(&url));
    let down = looker.identify().await.unwrap_err();
    assert!(matches!(down, LookerError::Unreachable { .. }), "{down:?}");

    let server = StandIn::start(|seen| {
        (seen.call == VERSIONS && seen.nth == 0).then_some(Reply::Raw(404, ""))
    })
    .await;
    let looker = server.connect();
    looker.identify().await.unwrap_err();
    looker.identify().await.unwrap();
}

#[tokio::test]
async fn a_server_that_never_answers_times_out_and_says_what_was_being_done() {
    let cases = [
        (VERSIONS, Doing::Finding),
        ("POST /api/4.0/login", Doing::LoggingIn),
        ("GET /api/4.0/user", Doing::Asking),
    ];
    for (hung, expected) in cases {
        let server = StandIn::start(move |seen| (seen.call == hung).then_some(Reply::Never)).await;
        let mut settings = server.settings();
        settings.timeout = Duration::from_millis(300);
        let error = connect(settings).identify().await.unwrap_err();
        let LookerError::Timeout {
            task_id: None,
            doing,
            ..
        } = error
        else {
            panic!("{error:?}");
        };
        assert_eq!(doing, expected);
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed_and_says_where_to() {
    let other = StandIn::start(|_| None).await;
    let to = format!("{}/elsewhere?token=canary", other.url);
    for call in [VERSIONS, "POST /api/4.0/login", "GET /api/4.0/user"] {
        let to = to.clone();
        let script = move |seen: &super::stand_in::Seen| {
            (seen.call == call).then(|| Reply::Location(302, to.clone()))
        };
        let server = StandIn::start(script).await;
        let error = server.connect().identify().await.unwrap_err();
        assert!(
            matches!(error, LookerError::Redirected { .. }),
            "{call} {error:?}"
        );
        let message = error.to_string();
        assert!(
            message.contains("/elsewhere") && !message.contains("canary"),
            "{message}"
        );
    }
    assert!(other.calls().is_empty());
}

#[tokio::test]
async fn private_targets_are_refused_unless_allowed() {
    let server = StandIn::start(|_| None).await;
    let port = server.url.rsplit_once(':').unwrap().1;
    let new = |url: &str| {
        Looker::new(
            settings(url),
            Arc::new(Targets::default()),
            SystemClock::shared(),
        )
    };
    for host in [
        "127.0.0.1",
        "2130706433",
        "0x7f.1",
        "[::ffff:127.0.0.1]",
        "10.0.0.1",
        "169.254.169.254",
    ] {
        let error = new(&format!("http://{host}:{port}")).unwrap_err();
        assert_eq!(error.code(), "target-refused", "{host}");
    }
    // A name is judged by what it stands for, at the moment of connecting.
    let error = new(&format!("http://localhost:{port}"))
        .unwrap()
        .identify()
        .await
        .unwrap_err();
    assert!(matches!(error, LookerError::TargetRefused(_)), "{error:?}");
    assert!(error.to_string().contains("localhost is at"), "{error}");
    assert!(server.calls().is_empty());
    server.connect().identify().await.unwrap();
}

#[tokio::test]
async fn an_answer_without_end_is_cut_off() {
    let server =
        StandIn::start(|seen| (seen.call == "GET /api/4.0/user").then_some(Reply::Endless)).await;
    let error = server.connect().identify().await.unwrap_err();
    assert!(matches!(error, LookerError::TooLarge { .. }), "{error:?}");
    assert!(error.to_string().contains("8388608"), "{error}");
}

#[tokio::test]
async fn what_may_pass_is_tried_again() {
    let broken: [(&str, Answering); 4] = [
        ("a page of a proxy", || Reply::Raw(502, "<html>")),
        ("too many calls", || {
            Reply::With(429, "Retry-After: 0", String::new())
        }),
        ("an answer that breaks off", || Reply::Broken),
        ("an error", || refusal(500, "boom")),
    ];
    for (what, reply) in broken {
        for call in [VERSIONS, "POST /api/4.0/login", "GET /api/4.0/user"] {
            let server =
                StandIn::start(move |seen| (seen.call == call && seen.nth < 2).then(reply)).await;
            let outcome = server.connect().identify().await;
            assert!(outcome.is_ok(), "{what} at {call}: {outcome:?}");
        }
    }
}

#[tokio::test]
async fn what_does_not_pass_is_told() {
    let cases: [(&str, Answering, &str, &str); 5] = [
        (
            "500",
            || refusal(500, "View\nNot Found"),
            "looker-error",
            "status 500: View Not Found",
        ),
        (
            "502",
            || Reply::Raw(502, "<html>"),
            "looker-error",
            "web page",
        ),
        (
            "403",
            || refusal(403, "Database OAuth Error"),
            "looker-error",
            "Database OAuth Error",
        ),
        (
            "429",
            || Reply::With(429, "retry-after: 3600", String::new()),
            "looker-rate-limited",
            "3600 s",
        ),
        ("shape", || Reply::Raw(200, "[]"), "malformed", "shape"),
    ];
    for (name, reply, code, words) in cases {
        let server =
            StandIn::start(move |seen| (seen.call == "GET /api/4.0/user").then(reply)).await;
        let error = server.connect().identify().await.unwrap_err();
        assert_eq!(error.code(), code, "{name}");
        assert!(error.to_string().contains(words), "{name}: {error}");
    }
}
