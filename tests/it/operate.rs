//! What is there for those who keep the server running; and the token it was started with.

use crate::harness::server::{Place, Server, TOKEN, shared};

#[test]
fn health_and_version_need_no_token() {
    let client = shared().stranger();
    for path in ["/livez", "/readyz"] {
        client.get(path).expect(200);
    }
    let version = client.get("/version").expect(200);
    assert!(version["version"].as_str().is_some_and(|version| !version.is_empty()), "{version}");
}

#[test]
fn what_is_counted_is_told_to_whoever_has_a_token() {
    let place = Place::new();
    let server = Server::start(&place.data());
    server.stranger().get("/metrics").problem(401, "unauthorized");
    server.admin().get("/v1/key-results/kr_0192f0c1a2b37c4d8e5f60718293a4b5").problem(404, "not-found");
    let answer = server.admin().get("/metrics");
    assert_eq!(answer.status, 200, "{answer}");
    assert!(answer.kind.starts_with("application/openmetrics-text"), "{answer}");
    let text = answer.text();
    // By route, not by path: ids would make a line for each.
    let counted = r#"lensmount_requests_total{method="GET",route="/v1/key-results/{id}",status="404"} 1"#;
    assert!(text.contains(counted) && text.ends_with("# EOF\n"), "{text}");
    assert!(!text.contains("0192f0c1a2b37c4d8e5f60718293a4b5"), "{text}");
}

#[test]
fn a_token_that_asks_too_often_is_told_when_to_ask_again() {
    let place = Place::new();
    let server = Server::start_with(&place.data(), &[("LENSMOUNT_RATE_LIMIT", "1")]);
    let (client, patience) = (server.admin(), std::time::Duration::from_secs(30));
    let ask = || client.get("/v1/extractors");
    let refused = crate::harness::until("one is too many", patience, || Some(ask()).filter(|answer| answer.status != 200));
    refused.problem(429, "rate-limited");
    assert_eq!(refused.retry_after.as_deref(), Some("1"), "{refused}");
    // Who has no token is asked for one, however often the holder of one has asked.
    server.stranger().get("/v1/extractors").problem(401, "unauthorized");
    crate::harness::until("a second has gone by", patience, || Some(ask()).filter(|answer| answer.status == 200));
}

#[test]
fn the_documentation_needs_no_token() {
    let client = shared().stranger();
    let api = client.get("/openapi.json").expect(200);
    assert!(api["openapi"].as_str().is_some_and(|version| version.starts_with("3.")), "{}", api["openapi"]);
    let docs = client.get("/docs");
    assert_eq!(docs.status, 200, "{docs}");
    assert!(docs.kind.starts_with("text/html"), "{docs}");
}

#[test]
fn a_problems_type_is_a_page_that_explains_it() {
    let client = shared().admin();
    let problem = client.get("/v1/nothing").problem(404, "not-found");
    let page = problem["type"].as_str().expect("a type");
    let path = page.split_once("://").map_or(page, |(_, rest)| &rest[rest.find('/').unwrap_or(0)..]);
    let page = shared().stranger().get(path);
    assert_eq!(page.status, 200, "{page}");
    assert!(page.text().contains("not-found"), "{page}");
}

#[test]
fn no_secret_is_in_the_log() {
    let place = Place::new();
    let server = Server::start(&place.data());
    server.admin().get("/v1/extractors").expect(200);
    server.holder("lm_guess_0123456789abcdef").get("/v1/extractors").problem(401, "unauthorized");
    let log = crate::harness::until("both requests are logged", std::time::Duration::from_secs(10), || {
        Some(server.log()).filter(|log| log.lines().filter(|line| line.contains("/v1/extractors")).count() >= 2)
    });
    assert!(!log.contains(TOKEN), "the admin token is in the log: {log}");
    assert!(!log.contains("lm_guess_0123456789abcdef"), "a token is in the log: {log}");
}

#[test]
fn the_log_has_a_line_for_each_request() {
    let place = Place::new();
    let server = Server::start(&place.data());
    let problem = server.admin().get("/v1/extractors/nothing").problem(404, "not-found");
    let id = problem["request_id"].as_str().expect("an id").to_string();
    let log = crate::harness::until("the request's line is logged", std::time::Duration::from_secs(10), || {
        Some(server.log()).filter(|log| log.contains(&id))
    });
    let line = log.lines().find(|line| line.contains(&id)).unwrap_or_default();
    assert!(line.contains("/v1/extractors/nothing") && line.contains("404"), "{line}");
}

#[test]
fn a_server_that_is_stopped_as_soon_as_it_is_there_ends_in_order() {
    let place = Place::new();
    // Whether the signal comes before the server listens for it would be a matter of microseconds.
    for _ in 0..10 {
        assert_eq!(Server::start(&place.data()).stop(), Some(0));
    }
}

#[test]
fn two_servers_do_not_share_a_folder() {
    let place = Place::new();
    let first = Server::start(&place.data());
    let mut second = std::process::Command::new(env!("CARGO_BIN_EXE_lensmount"))
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(place.data())
        .env("LENSMOUNT_ADMIN_TOKEN", TOKEN)
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("the program starts");
    let status =
        crate::harness::until("the second server gives up", std::time::Duration::from_secs(60), || second.try_wait().expect("a status"));
    assert_eq!(status.code(), Some(1));
    first.admin().get("/readyz").expect(200);
}
