//! A listener of a server's events.

use super::server::{Server, TOKEN};
use super::world::PATIENCE;
use serde_json::Value;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::sync::mpsc::{Receiver, channel};

/// An event: its id, its name, what it carries.
pub type Event = (String, String, Value);

/// Listens from after an event, or from now on. It is heard from the moment this returns.
pub fn listen(server: &Server, after: Option<&str>) -> Receiver<Event> {
    let address = server.url().replace("http://", "");
    let mut stream = TcpStream::connect(&address).expect("the server is up");
    let last = after.map_or_else(String::new, |id| format!("Last-Event-ID: {id}\r\n"));
    write!(stream, "GET /v1/changes HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {TOKEN}\r\n{last}\r\n").expect("sent");
    let mut lines = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        lines.read_line(&mut head).expect("an answer");
    }
    assert!(head.starts_with("HTTP/1.1 200") && head.to_lowercase().contains("text/event-stream"), "{head}");
    let (say, hear) = channel();
    std::thread::spawn(move || {
        let (mut id, mut name) = (String::new(), String::new());
        // The lengths of chunks stand between the lines and look like none of these.
        for line in lines.lines().map_while(Result::ok) {
            if let Some(rest) = line.strip_prefix("id: ") {
                id = rest.trim().to_string();
            } else if let Some(rest) = line.strip_prefix("event: ") {
                name = rest.trim().to_string();
            } else if let Some(data) = line.strip_prefix("data: ") {
                let data = serde_json::from_str(data.trim()).expect("JSON");
                if say.send((id.clone(), name.clone(), data)).is_err() {
                    return;
                }
            }
        }
    });
    hear
}

/// The next event of a name.
pub fn next(events: &Receiver<Event>, name: &str) -> Event {
    loop {
        let event = events.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("no event `{name}`"));
        if event.1 == name {
            return event;
        }
    }
}
