//! A Looker whose connection is in the test's own hands: it falls silent, drips, hangs up or is reset.

use super::hub::{SECRET, key};
use serde_json::Value;
use std::io;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};

/// How long a server may take to say anything.
const PATIENCE: Duration = Duration::from_secs(90);

/// A connection to a server.
pub struct Wire {
    runtime: Runtime,
    stream: TcpStream,
}

impl Wire {
    /// Connects, and sends nothing. `url` is the server's.
    pub fn new(url: &str) -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        let stream = runtime.block_on(TcpStream::connect(url.trim_start_matches("http://"))).expect("a connection");
        stream.set_nodelay(true).expect("no delay");
        Self { runtime, stream }
    }

    /// Connects, and sends the head of a request to run an action, whose body is to come in chunks.
    pub fn execute(url: &str, action: &str) -> Self {
        let mut wire = Self::new(url);
        let key = key(SECRET, "n");
        let head = format!(
            "POST /hub/actions/{action}/execute HTTP/1.1\r\nHost: x\r\nConnection: close\r\nUser-Agent: LookerOutgoingWebhook/24.0.0\r\n\
             Authorization: Token token=\"{key}\"\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        );
        wire.send(head.as_bytes()).expect("the server listens");
        wire
    }

    /// Sends bytes as they are.
    pub fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        let sent = async { tokio::time::timeout(PATIENCE, self.stream.write_all(bytes)).await? };
        self.runtime.block_on(sent)
    }

    /// Sends a part of a body.
    pub fn part(&mut self, part: &[u8]) -> io::Result<()> {
        self.send(format!("{:x}\r\n", part.len()).as_bytes())?;
        self.send(part)?;
        self.send(b"\r\n")
    }

    /// Ends a body.
    pub fn end(&mut self) -> io::Result<()> {
        self.send(b"0\r\n\r\n")
    }

    /// What comes within some time; nothing where nothing does, or the connection is over.
    pub fn hear(&mut self, patience: Duration) -> Vec<u8> {
        let mut bytes = vec![0; 4_096];
        let heard = async { tokio::time::timeout(patience, self.stream.read(&mut bytes)).await };
        let read = self.runtime.block_on(heard).map_or(0, |read| read.unwrap_or(0));
        bytes.truncate(read);
        bytes
    }

    /// All that comes until the connection is closed, and whether it was closed in order. Panics where
    /// it stays open.
    pub fn rest(&mut self) -> (String, bool) {
        let mut bytes = Vec::new();
        let read = async { tokio::time::timeout(PATIENCE, self.stream.read_to_end(&mut bytes)).await };
        let read = self.runtime.block_on(read).expect("the server ends the connection");
        (String::from_utf8_lossy(&bytes).into_owned(), read.is_ok())
    }

    /// What Looker is told: the answer's `looker`, after any newlines and the chunks' lengths.
    pub fn told(&mut self) -> Value {
        let (text, _) = self.rest();
        assert!(text.starts_with("HTTP/1.1 200 "), "{text}");
        let begin = text.find("{\"looker\":").unwrap_or_else(|| panic!("no answer: {text}"));
        let mut values = serde_json::Deserializer::from_str(&text[begin..]).into_iter::<Value>();
        values.next().expect("an answer").expect("JSON")["looker"].clone()
    }

    /// Resets the connection.
    pub fn reset(self) {
        let _inside = self.runtime.enter();
        self.stream.set_zero_linger().expect("a connection that can be reset");
    }
}
