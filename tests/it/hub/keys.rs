//! Who is let in.

use crate::harness::client::Client;
use crate::harness::hub::{HubWorld, SECRET, key, looker};
use crate::harness::server::{Place, Server, TOKEN};
use serde_json::{Value, json};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::Command;

/// Everything of the hub that is for a Looker with a key.
const ROUTES: &[&str] =
    &["/hub", "/hub/", "/hub/actions/rudder_track", "/hub/actions/rudder_track/form", "/hub/actions/rudder_track/execute"];

fn made(client: &Client, name: &str) -> (String, String) {
    let made = client.post("/v1/hub/keys", &json!({"name": name})).expect(201);
    (made["id"].as_str().expect("an id").to_string(), made["key"].as_str().expect("a key").to_string())
}

fn enters(server: &Server, key: &str) -> bool {
    let answer = looker(server, key).post_empty("/hub");
    assert!(matches!(answer.status, 200 | 403), "{answer}");
    answer.status == 200
}

#[test]
fn without_a_key_nothing_is_told_and_no_body_is_read() {
    let world = HubWorld::new();
    let wrong = format!("Token token=\"n/{}\"", "0".repeat(128));
    for route in ROUTES {
        for header in ["", "foo", "Token token=\"a/b\"", "Token token=\"n\"", &wrong, &format!("Bearer {}", key(SECRET, "n"))] {
            let answer = world.server.stranger().with("Authorization", header).post_text(route, "{bad");
            assert_eq!(answer.status, 403, "{route} {header}: {answer}");
            assert_eq!(answer.json(), json!({"success": false, "error": "Invalid 'Authorization' header."}));
            assert_eq!(answer.kind, "application/json; charset=utf-8");
        }
        // A body that was announced and never comes is not waited for.
        let address = world.server.url().replace("http://", "");
        let mut stream = TcpStream::connect(address).expect("a connection");
        write!(stream, "POST {route} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n")
            .expect("sent");
        let mut status = [0; 12];
        stream.read_exact(&mut status).expect("an answer");
        assert_eq!(&status, b"HTTP/1.1 403", "{route}");
    }
    world.server.stranger().get("/hub/status").expect(200);
    assert_eq!(world.server.stranger().get("/hub").status, 200);
}

#[test]
fn a_token_of_the_api_is_no_key_and_a_key_no_token() {
    let world = HubWorld::new();
    assert!(!enters(&world.server, TOKEN));
    let (_, key) = made(&world.client, "Looker");
    world.server.holder(&key).get("/v1/hub/keys").problem(401, "unauthorized");
}

#[test]
fn a_key_that_was_made_here_lets_in_until_it_is_revoked() {
    let world = HubWorld::new();
    let ((first, of_first), (second, of_second)) = (made(&world.client, "Production"), made(&world.client, "Staging"));
    assert_eq!(of_first, key(SECRET, &first), "it is a key as any hub makes them");
    assert!(enters(&world.server, &of_first) && enters(&world.server, &of_second));
    let names: Vec<Value> = world.client.items("/v1/hub/keys").iter().map(|it| it["name"].clone()).collect();
    assert_eq!(names, ["Production", "Staging"]);
    assert_eq!(world.client.delete(&format!("/v1/hub/keys/{first}")).status, 204);
    assert!(!enters(&world.server, &of_first) && enters(&world.server, &of_second));
    world.client.delete(&format!("/v1/hub/keys/{first}")).problem(404, "not-found");
    assert_eq!(world.client.items("/v1/hub/keys").len(), 1);
    assert!(!enters(&world.server, &key(SECRET, "hk_0192f0c1a2b37c4d8e5f60718293a4b5")), "a key that nobody made");
    assert!(!enters(&world.server, &key("another", &second)));
}

#[test]
fn a_key_is_shown_once_to_whoever_made_it() {
    let world = HubWorld::new();
    let repeated = world.client.clone().with("Idempotency-Key", "a key");
    let request = json!({"name": "Looker"});
    let made = repeated.post("/v1/hub/keys", &request).expect(201);
    assert_eq!(repeated.post("/v1/hub/keys", &request).expect(201), made);
    repeated.post("/v1/hub/keys", &json!({"name": "Other"})).problem(409, "conflict");
    let digest = made["key"].as_str().and_then(|key| key.split_once('/')).expect("a digest").1.to_string();
    looker(&world.server, made["key"].as_str().expect("a key")).post_empty("/hub").expect(200);
    for text in [world.client.get("/v1/hub/keys").text(), world.client.get("/v1/audit").text(), world.server.log()] {
        assert!(!text.contains(&digest) && !text.contains(SECRET), "{text}");
    }
    for name in ["", " ", "a\nb", &"x".repeat(201)] {
        let problem = world.client.post("/v1/hub/keys", &json!({"name": name})).problem(400, "invalid-input");
        assert_eq!(problem["errors"][0]["pointer"], "/name");
    }
}

#[test]
fn keys_of_another_tool_with_the_same_secret_work_unless_switched_off() {
    let world = HubWorld::new();
    for nonce in ["x", "", &"5f".repeat(32)] {
        assert!(enters(&world.server, &key(SECRET, nonce)), "{nonce}");
    }
    let world = HubWorld::with(&[("LENSMOUNT_HUB_NAMED_KEYS_ONLY", "true")]);
    assert!(!enters(&world.server, &key(SECRET, "x")));
    assert!(enters(&world.server, &made(&world.client, "Looker").1));
}

#[test]
fn secrets_are_changed_while_older_keys_work() {
    let place = Place::new();
    let start = |environment: &[(&str, &str)]| Server::start_with(&place.data(), environment);
    // Without a secret the server makes one, and keeps it.
    let server = start(&[]);
    let (own_id, own) = made(&server.admin(), "Of its own secret");
    assert!(enters(&server, &own) && !enters(&server, &key("", &own_id)));
    server.kill();
    let server = start(&[("LENSMOUNT_HUB_SECRET", "")]);
    assert!(enters(&server, &own));
    server.kill();
    // With one, that makes new keys.
    let server = start(&[("LENSMOUNT_HUB_SECRET", "first")]);
    let (first_id, first) = made(&server.admin(), "Of the first secret");
    assert_eq!(first, key("first", &first_id));
    assert!(enters(&server, &own) && enters(&server, &first) && enters(&server, &key("first", "x")));
    server.kill();
    let server = start(&[("LENSMOUNT_HUB_SECRET", "second"), ("LENSMOUNT_HUB_OLD_SECRETS", "a, b\nfirst\n")]);
    for (key, good) in [
        (own.clone(), true),
        (first.clone(), true),
        (key("first", "x"), true),
        (key("a, b", "x"), true),
        (key("second", "x"), true),
        (key("a", "x"), false),
        (key("", "x"), false),
    ] {
        assert_eq!(enters(&server, &key), good, "{key}");
    }
    server.kill();
    let server = start(&[("LENSMOUNT_HUB_SECRET", "second")]);
    assert!(!enters(&server, &first) && !enters(&server, &key("first", "x")) && enters(&server, &own));
}

#[test]
fn keys_are_made_and_revoked_by_commands() {
    let world = HubWorld::new();
    let run = |words: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_lensmount"))
            .args(words)
            .env("LENSMOUNT_URL", world.server.url())
            .env("LENSMOUNT_TOKEN", TOKEN)
            .output()
            .expect("the program runs");
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text")
    };
    let made: Value = serde_json::from_str(&run(&["hub", "key", "add", "Looker", "--output", "json"])).expect("JSON");
    let (id, key) = (made["id"].as_str().expect("an id"), made["key"].as_str().expect("a key"));
    assert!(enters(&world.server, key));
    assert!(run(&["hub", "key", "list"]).contains("Looker"));
    assert!(run(&["hub", "key", "revoke", id]).contains(id));
    assert!(!enters(&world.server, key));
}
