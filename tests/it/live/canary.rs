//! A secret that is looked for everywhere.

use crate::harness::looker::CLIENT_SECRET;
use crate::harness::server::TOKEN;
use crate::harness::world::World;
use serde_json::json;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

const OTHER: &str = "canary-0d3b2f9a6c6e4b0f8d51";

/// The ways in which bytes may be written down.
fn spellings(secret: &str) -> Vec<Vec<u8>> {
    let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
    let reversed: String = secret.chars().rev().collect();
    vec![secret.into(), secret.to_uppercase().into(), hex.clone().into(), hex.to_uppercase().into(), reversed.into()]
}

fn holds(bytes: &[u8]) -> bool {
    [CLIENT_SECRET, OTHER]
        .iter()
        .flat_map(|secret| spellings(secret))
        .any(|spelling| bytes.windows(spelling.len()).any(|part| part == spelling))
}

fn files(folder: &Path, found: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() { files(&path, found) } else { found.push(path) }
    }
}

/// Listens to the events from now on; what comes waits to be read.
fn listening(world: &World) -> TcpStream {
    let address = world.server.url().replace("http://", "");
    let mut stream = TcpStream::connect(&address).expect("the server is up");
    stream.set_read_timeout(Some(Duration::from_secs(5))).expect("a time limit");
    write!(stream, "GET /v1/changes HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {TOKEN}\r\n\r\n").expect("sent");
    let mut first = [0; 12];
    stream.read_exact(&mut first).expect("it is heard");
    stream
}

/// Everything that came, to the byte, until there was a reading and a failure among it.
fn heard(mut stream: TcpStream) -> Vec<u8> {
    let (mut told, mut part) = (Vec::new(), [0; 16 << 10]);
    let among = |told: &[u8], event: &[u8]| told.windows(event.len()).any(|seen| seen == event);
    while !(among(&told, b"event: reading") && among(&told, b"event: failure")) {
        match stream.read(&mut part) {
            Ok(0) | Err(_) => break,
            Ok(read) => told.extend_from_slice(&part[..read]),
        }
    }
    told
}

#[test]
fn a_secret_is_in_no_answer_no_log_no_event_and_no_file() {
    assert!(holds(format!("x{CLIENT_SECRET}y").as_bytes()));
    let world = World::new();
    let listener = listening(&world);
    let (client, connection) = (&world.client, format!("/v1/connections/{}", world.connection));
    let any = client.clone().with("If-Match", "*");
    let chart = world.some_chart();
    let id = world.link(&chart, json!({"every": "1s"}));
    world.until(&id, "a value", |it| it["current"].is_string());
    let mut answers = vec![
        client.get("/v1/connections"),
        client.get(&connection),
        client.post_empty(&format!("{connection}/test")),
        client.get(&format!("{connection}/dashboards")),
        client.get("/v1/key-results"),
        client.get("/v1/audit"),
        client.get("/metrics"),
        client.post("/v1/charts/read", &chart),
        any.patch(&connection, &json!({"client_secret": OTHER})),
        client.post_empty(&format!("{connection}/test")),
        client.post_empty(&format!("/v1/key-results/{id}/refresh")),
        client.get(&format!("/v1/key-results/{id}")),
        // Bad input that holds a secret is not told back.
        client.post(
            "/v1/connections",
            &json!({"name": OTHER.repeat(20), "server_url": "x.example", "client_id": "a", "client_secret": OTHER}),
        ),
        client.post("/v1/connections", &json!({"name": "A", "server_url": "http://", "client_id": "a", "client_secret": OTHER})),
        client.post(
            "/v1/connections",
            &json!({"name": "A", "server_url": format!("https://user:{OTHER}@looker.example"), "client_id": "a", "client_secret": OTHER}),
        ),
        any.patch(&connection, &json!({"client_secret": CLIENT_SECRET})),
    ];
    for fault in [
        json!({"latency_ms": 100}),
        json!({"unauthorized_next": 100}),
        json!({"status": {"code": 500, "paths": ["/api/4.0/"]}}),
        json!({"login_404": true}),
    ] {
        world.looker.faults(&fault);
        any.patch(&connection, &json!({"timeout_seconds": 2})).expect(200);
        answers.push(client.post_empty(&format!("{connection}/test")));
        answers.push(client.post_empty(&format!("/v1/key-results/{id}/refresh")));
    }
    for answer in &answers {
        assert!(!holds(&answer.body), "an answer holds the secret: {answer}");
    }
    let told = heard(listener);
    let shown = String::from_utf8_lossy(&told);
    assert!(shown.contains("event: reading") && shown.contains("event: failure"), "{shown}");
    assert!(!holds(&told), "an event holds the secret");
    let World { looker, place, server, .. } = world;
    let log = server.log();
    assert!(!holds(log.as_bytes()), "the log holds the secret");
    assert!(log.contains("/v1/connections"), "the log was looked at");
    let said = looker.log().to_string();
    assert!(!holds(said.as_bytes()), "the secret was sent in a URL");
    server.stop();
    let mut found = Vec::new();
    files(&place.data(), &mut found);
    assert!(found.len() > 5, "{found:?}");
    for path in found {
        assert!(!holds(&std::fs::read(&path).expect("a file")), "{} holds the secret", path.display());
    }
}

#[test]
fn another_master_key_is_told_at_the_start() {
    let world = World::new();
    let World { place, server, .. } = world;
    server.stop();
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_lensmount"))
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(place.data())
        .env("LENSMOUNT_MASTER_KEY", "ab".repeat(32))
        .output()
        .expect("the program runs");
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("master key"), "{said}");
    assert!(!said.contains("abababab"), "{said}");
}
