//! From exec to the first answer that says it is ready.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::ensure;

use super::program::Program;

/// How long it may take before it is given up.
const PATIENCE: Duration = Duration::from_secs(60);

/// Starts it, and says how long it took until it was ready.
pub fn start(data: &Path) -> anyhow::Result<(Program, Duration)> {
    let began = Instant::now();
    let program = Program::start(data, &[])?;
    while !ready(&program.address)? {
        ensure!(began.elapsed() < PATIENCE, "the server does not get ready");
        std::thread::yield_now();
    }
    Ok((program, began.elapsed()))
}

fn ready(address: &str) -> anyhow::Result<bool> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    write!(
        stream,
        "GET /readyz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"
    )?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    Ok(answer.starts_with(b"HTTP/1.1 200 "))
}
