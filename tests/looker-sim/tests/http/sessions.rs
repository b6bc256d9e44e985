use looker_sim::Config;
use reqwest::Method;
use serde_json::json;

use super::client::{ID, SECRET, Sim, answer};

#[tokio::test]
async fn a_login_gives_a_token_for_an_hour() {
    let sim = Sim::start().await;
    let login = sim.try_login(ID, SECRET).await.json();
    assert_eq!((&login["token_type"], &login["expires_in"], &login["refresh_token"]), (&json!("Bearer"), &json!(3600), &json!(null)));
    sim.post("/_clock", json!({"advance": 3_599})).await;
    assert_eq!(sim.get("/user").await.status, 200);
    sim.post("/_clock", json!({"advance": 1})).await;
    let late = sim.get("/user").await;
    assert_eq!(late.status, 401);
    assert_eq!(late.json(), json!({"message": "Requires authentication.", "documentation_url": "https://docs.looker.com/"}));
}

#[tokio::test]
async fn unknown_credentials_are_not_found() {
    let sim = Sim::start().await;
    for (id, secret) in [(ID, "wrong"), ("wrong", SECRET), ("", "")] {
        let refused = sim.try_login(id, secret).await;
        assert_eq!(refused.status, 404, "{id}");
        assert_eq!(refused.json()["message"], "Not found");
    }
    // Credentials behind the question mark are on their way out, and not taken here.
    let path = format!("/login?client_id={ID}&client_secret={SECRET}");
    assert_eq!(sim.post(&path, json!({})).await.status, 404);
}

#[tokio::test]
async fn both_ways_to_send_a_token_and_both_to_log_out_are_known() {
    let mut sim = Sim::start().await;
    for (scheme, path) in [("token", "/logout"), ("Bearer", "/api/logout"), ("bearer", "/logout")] {
        let with = |method, path| {
            let header = format!("{scheme} {}", sim.token);
            let request = sim.client.request(method, format!("{}{path}", sim.base));
            answer(request.header("authorization", header))
        };
        let full = if path.starts_with("/api") { path.to_owned() } else { format!("/api/4.0{path}") };
        assert_eq!(with(Method::GET, "/api/4.0/user").await.expect("an answer").status, 200);
        assert_eq!(with(Method::DELETE, &full).await.expect("an answer").status, 204);
        assert_eq!(sim.get("/user").await.status, 401);
        sim.login().await;
    }
}

#[tokio::test]
async fn versions_are_told_to_everybody() {
    let mut sim = Sim::start().await;
    sim.token = String::new();
    for path in ["/api/4.0/versions", "/versions"] {
        let asked = answer(sim.client.get(format!("{}{path}", sim.base))).await.expect("an answer");
        assert_eq!(asked.status, 200);
        let versions = asked.json();
        assert_eq!(versions["current_version"]["version"], "4.0");
        assert_eq!(versions["api_server_url"], sim.base);
    }
}

#[tokio::test]
async fn a_path_that_is_no_route_is_sinatras_404() {
    let sim = Sim::start().await;
    for path in ["/nothing", "/api/3.1/user", "/api/4.0/api/4.0/user"] {
        let missing = sim.get(path).await;
        assert_eq!((missing.status.as_u16(), missing.json()), (404, json!({"message": "Sinatra::NotFound"})), "{path}");
    }
    assert_eq!(sim.get("/dashboards/none").await.json()["message"], "Not found");
}

#[tokio::test]
async fn no_secret_is_shown() {
    let sim = Sim::start().await;
    assert!(!format!("{:?}", Config::new(ID, SECRET)).contains(SECRET));
    sim.try_login(ID, SECRET).await;
    sim.post(&format!("/login?client_secret={SECRET}"), json!({})).await;
    let log = sim.get("/_log").await.text;
    assert!(log.contains("/api/4.0/login") && !log.contains(SECRET) && !log.contains(&sim.token), "{log}");
}
