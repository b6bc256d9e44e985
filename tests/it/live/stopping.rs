//! SIGTERM: listeners are let go, what runs is finished or left to the next start, and the session
//! at Looker is ended.

use crate::harness::server::TOKEN;
use crate::harness::world::{LOCAL, SELDOM, World, text};
use serde_json::json;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

#[test]
fn a_listener_does_not_keep_the_server_from_stopping() {
    let world = World::new();
    world.link(&world.some_chart(), json!({"every": "1s"}));
    let address = world.server.url().replace("http://", "");
    let mut stream = TcpStream::connect(&address).expect("the server is up");
    write!(stream, "GET /v1/changes HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {TOKEN}\r\n\r\n").expect("sent");
    let mut first = [0; 12];
    stream.read_exact(&mut first).expect("an answer");
    let began = Instant::now();
    let World { looker, server, .. } = world;
    assert_eq!(server.stop(), Some(0));
    assert!(began.elapsed() < Duration::from_secs(8), "it waited for its listener");
    let requests = looker.log()["requests"].to_string();
    assert!(requests.contains("logout"), "the session was ended");
}

#[test]
fn a_poll_that_was_cut_short_is_read_after_the_next_start() {
    let world = World::new();
    let chart = world.some_chart();
    world.looker.faults(&json!({"hang": true}));
    let id = world.link(&chart, json!({"cron": SELDOM}));
    crate::harness::until("the query is under way", Duration::from_secs(20), || {
        (world.looker.log()["task_creates"].as_u64() > Some(0)).then_some(())
    });
    let World { looker, place, server, connection, .. } = world;
    assert_eq!(server.stop(), Some(0));
    looker.heal();
    let server = crate::harness::server::Server::start_with(&place.data(), LOCAL);
    let client = server.admin();
    let world = World { looker, place, server, client, connection };
    let read = world.until(&id, "it is read at once", |it| it["current"].is_string());
    assert!(text(&read["last_reading"]["origin"]).starts_with("slot:"), "{read}");
}
