//! Load: the same request over and over, on connections that are kept.
#![allow(dead_code, reason = "each benchmark tells some of it")]

use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use bytes::Bytes;
use memchr::memmem;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::process::Process;
use super::program::Program;

/// What is asked of whom, and what the answer has to hold.
pub struct Load {
    address: String,
    server: Process,
    requests: Vec<Bytes>,
    expected: Bytes,
}

/// What a server has answered.
#[derive(Default)]
pub struct Served {
    /// How many requests there were at a time.
    pub connections: usize,
    took: Vec<Duration>,
    wall: Duration,
    server: Duration,
    load: Duration,
}

impl Load {
    /// A request with a body; of several, each connection has its own.
    pub fn new(
        program: &Program,
        path: &str,
        token: &str,
        bodies: &[String],
        expected: &str,
    ) -> Self {
        let address = program.address.clone();
        let requests = bodies.iter().map(|body| {
            let length = body.len();
            let request = format!(
                "POST {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n\
                 Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
            );
            request.into()
        });
        Self {
            requests: requests.collect(),
            address,
            server: program.process,
            expected: expected.to_owned().into(),
        }
    }

    /// Asks for so long on so many connections.
    pub async fn run(&self, connections: usize, long: Duration) -> anyhow::Result<Served> {
        let mut streams = Vec::new();
        for _ in 0..connections {
            let stream = TcpStream::connect(&self.address).await?;
            stream.set_nodelay(true)?;
            streams.push(stream);
        }
        let this = Process(std::process::id());
        let (server, load, began) = (self.server.cpu()?, this.cpu()?, Instant::now());
        let mut asking = JoinSet::new();
        for (stream, request) in streams.into_iter().zip(self.requests.iter().cycle()) {
            let (request, expected) = (request.clone(), self.expected.clone());
            asking.spawn(ask(stream, request, expected, began + long));
        }
        let mut took = Vec::new();
        while let Some(asked) = asking.join_next().await {
            took.extend(asked??);
        }
        let mut served = Served {
            connections,
            took,
            wall: began.elapsed(),
            server: self.server.cpu()? - server,
            load: this.cpu()? - load,
        };
        served.sort();
        Ok(served)
    }
}

/// One request after the other.
async fn ask(
    mut stream: TcpStream,
    request: Bytes,
    expected: Bytes,
    until: Instant,
) -> anyhow::Result<Vec<Duration>> {
    let expected = memmem::Finder::new(&expected);
    let (mut took, mut answer) = (Vec::new(), Vec::with_capacity(16 << 10));
    while Instant::now() < until {
        answer.clear();
        let began = Instant::now();
        stream.write_all(&request).await?;
        let body = loop {
            if let Some(body) = body(&answer)? {
                break body;
            }
            let read = stream.read_buf(&mut answer).await?;
            ensure!(read > 0, "the server hung up");
        };
        took.push(began.elapsed());
        if expected.find(body).is_none() {
            bail!("not the number: {}", String::from_utf8_lossy(&answer));
        }
    }
    Ok(took)
}

/// The body of an answer; none before all of it is there.
fn body(answer: &[u8]) -> anyhow::Result<Option<&[u8]>> {
    const LENGTH: &str = "content-length:";
    let Some(end) = memmem::find(answer, b"\r\n\r\n") else {
        return Ok(None);
    };
    let (head, body) = (std::str::from_utf8(&answer[..end])?, &answer[end + 4..]);
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_at_checked(LENGTH.len())?;
        name.eq_ignore_ascii_case(LENGTH).then(|| value.trim())
    });
    let length: usize = length.context("an answer without a length")?.parse()?;
    if body.len() < length {
        return Ok(None);
    }
    ensure!(
        head.starts_with("HTTP/1.1 200 "),
        "not answered: {}",
        String::from_utf8_lossy(answer)
    );
    Ok(Some(body))
}

impl Served {
    /// All of another round as well.
    pub fn add(&mut self, other: Self) {
        self.connections = other.connections;
        self.took.extend(other.took);
        self.wall += other.wall;
        self.server += other.server;
        self.load += other.load;
    }

    /// The quickest first, as [`Served::millis`] wants them.
    pub fn sort(&mut self) {
        self.took.sort_unstable();
    }

    /// How many answers there were.
    pub fn answers(&self) -> usize {
        self.took.len()
    }

    /// Requests a second.
    pub fn rate(&self) -> f64 {
        self.took.len() as f64 / self.wall.as_secs_f64()
    }

    /// A quantile of how long answers took, in milliseconds.
    pub fn millis(&self, quantile: f64) -> f64 {
        let place = (self.took.len().saturating_sub(1) as f64 * quantile) as usize;
        self.took
            .get(place)
            .map_or(0.0, |it| it.as_secs_f64() * 1e3)
    }

    /// The server's processor time for a request, in microseconds.
    pub fn each(&self) -> f64 {
        self.server.as_secs_f64() * 1e6 / self.took.len() as f64
    }

    /// The load's own, in microseconds.
    pub fn load_each(&self) -> f64 {
        self.load.as_secs_f64() * 1e6 / self.took.len() as f64
    }
}
