//! Rows that are fetched from a URL that works once.

use crate::harness::hub::{HubWorld, outcome, users};
use crate::harness::source::{Serving, Source};
use serde_json::{Value, json};

fn request(world: &HubWorld, url: &str) -> Value {
    json!({"type": "query", "data": world.settings(), "attachment": null, "scheduled_plan": {"download_url": url}, "form_params": null})
}

fn execute(world: &HubWorld, url: &str) -> (bool, String) {
    let answer = outcome(&world.looker.post("/hub/actions/rudder_event/execute", &request(world, url)));
    (answer["success"] == true, answer["message"].as_str().expect("a message").to_string())
}

#[test]
fn rows_are_fetched_once_and_delivered() {
    let world = HubWorld::new();
    let source = Source::start(vec![Source::ok(&users(&["ann", "bob"]))]);
    let (success, message) = execute(&world, &source.url());
    assert!(success && message.contains("2 delivered"), "{message}");
    assert_eq!(world.users(), ["ann", "bob"]);
    let asked = source.asked();
    assert_eq!(asked.len(), 1, "{asked:?}");
    assert!(asked[0].to_lowercase().contains("user-agent: lensmount/"), "{asked:?}");
    assert!(!world.server.log().contains("/downloads/"), "the URL is a key to the rows and has no place in a log");
}

#[test]
fn a_download_that_is_not_whole_sends_nothing() {
    let world = HubWorld::new();
    let rows = users(&["ann", "bob"]);
    let head = |length: usize| format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n");
    let half = &rows[..rows.len() / 2];
    let errors = json!({"errors": [{"message": "no such field"}], "data": []}).to_string();
    let cases: Vec<(&str, Serving, &str)> = vec![
        ("cut, and framed as if whole", Source::ok(half), "the result broke off"),
        ("shorter than announced", Serving::Bytes((head(rows.len()) + half).into_bytes()), "broke off, so nothing was done"),
        (
            "a chunk without its end",
            Serving::Bytes(format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n{half}").into_bytes()),
            "broke off",
        ),
        ("reset", Serving::Reset((head(rows.len()) + half).into_bytes()), "broke off"),
        ("not found", Serving::Bytes(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_vec()), "404"),
        ("used before", Serving::Bytes(b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n".to_vec()), "500"),
        ("empty", Source::ok(""), "broke off after 0 bytes"),
        ("a page", Source::ok("<html>log in</html>"), "not a JSON object"),
        ("an error of Looker's", Source::ok(&errors), "no such field"),
        ("rows and more", Source::ok(&format!("{rows}{rows}")), "not a JSON object"),
    ];
    for (what, serving, said) in cases {
        let source = Source::start(vec![serving]);
        let (success, message) = execute(&world, &source.url());
        assert!(!success && message.contains(said), "{what}: {message}");
        assert!(!message.contains("/downloads/"), "{what}: {message}");
        assert_eq!(source.asked().len(), 1, "{what}: it is asked for once");
    }
    assert!(world.messages().is_empty());
}

#[test]
fn a_redirect_is_followed_on_the_same_host_only() {
    let world = HubWorld::new();
    let to = |place: &str| {
        Serving::Bytes(format!("HTTP/1.1 302 Found\r\nLocation: {place}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").into_bytes())
    };
    let source = Source::start(vec![to("/elsewhere"), Source::ok(&users(&["ann"]))]);
    assert!(execute(&world, &source.url()).0);
    assert!(source.asked()[1].starts_with("GET /elsewhere "), "{:?}", source.asked());
    let other = Source::start(vec![Source::ok(&users(&["eve"]))]);
    let places = [
        format!("http://localhost:{}/", other.port()),
        other.url(),
        "http://169.254.169.254/".to_string(),
        "file:///etc/passwd".to_string(),
    ];
    for place in places {
        let source = Source::start(vec![to(&place)]);
        let (success, message) = execute(&world, &source.url());
        assert!(!success && message.contains("redirect"), "{place}: {message}");
    }
    let (success, message) = execute(&world, &Source::start(vec![to("/round")]).url());
    assert!(!success && message.contains("redirect"), "{message}");
    assert!(other.asked().is_empty());
    assert_eq!(world.users(), ["ann"]);
}

#[test]
fn addresses_that_may_not_be_called_are_not() {
    let world = HubWorld::with(&[("LENSMOUNT_ALLOW_PRIVATE_TARGETS", "::1")]);
    let source = Source::start(vec![Source::ok(&users(&["ann"]))]);
    let mut request = request(&world, "");
    request["data"]["rudder_server_url"] = "https://example.com".into();
    for host in ["127.0.0.1", "2130706433", "[::ffff:127.0.0.1]"] {
        request["scheduled_plan"]["download_url"] = source.url().replace("127.0.0.1", host).into();
        let answer = world.execute("rudder_event", &request);
        assert!(answer["message"].as_str().is_some_and(|text| text.contains("not a public address")), "{host}: {answer}");
    }
    assert!(source.asked().is_empty());
}

#[test]
fn an_allow_list_of_hosts_holds_beside_the_hosts_of_connections() {
    let world = HubWorld::with(&[("LENSMOUNT_HUB_DOWNLOAD_HOSTS", "looker.example.com, 127.0.0.1")]);
    let source = Source::start(vec![Source::ok(&users(&["ann"]))]);
    assert!(execute(&world, &source.url()).0);
    let by_name = source.url().replace("127.0.0.1", "localhost");
    let (success, message) = execute(&world, &by_name);
    assert!(
        !success && message.contains("rows are not fetched from localhost") && message.contains("LENSMOUNT_HUB_DOWNLOAD_HOSTS"),
        "{message}"
    );
    let new = json!({"name": "Local", "server_url": "http://localhost:19999", "client_id": "a", "client_secret": "b"});
    world.client.post("/v1/connections", &new).expect(201);
    let (_, message) = execute(&world, &by_name);
    assert!(!message.contains("not fetched"), "{message}");
}
