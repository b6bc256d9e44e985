//! Where a download URL leads: whatever bytes a test says, whole or not.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// How a download is answered.
#[derive(Clone)]
pub enum Serving {
    /// With these bytes, head and all, and then the connection is closed.
    Bytes(Vec<u8>),
    /// With these bytes, and then the connection is reset.
    Reset(Vec<u8>),
}

/// Runs until the test ends; keeps the heads of requests.
pub struct Source {
    port: u16,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Source {
    /// Answers one request after the other like this, and the last answer over again.
    pub fn start(answers: Vec<Serving>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&asked);
        std::thread::spawn(move || {
            let mut answers = answers.into_iter().peekable();
            for connection in listener.incoming() {
                let mut connection = connection.expect("a connection");
                connection.set_read_timeout(Some(Duration::from_secs(10))).expect("a timeout");
                let mut byte = [0];
                let Some(answer) = answers.peek().cloned() else { return };
                let mut following = answers.clone();
                following.next();
                if following.peek().is_some() {
                    answers.next();
                }
                let mut head = Vec::new();
                // What has not been read when a socket is closed makes the close a reset.
                let enough = |head: &[u8]| head.ends_with(b"\r\n\r\n") || matches!(answer, Serving::Reset(_)) && head.len() > 9;
                while !enough(&head) && connection.read(&mut byte).is_ok_and(|read| read > 0) {
                    head.push(byte[0]);
                }
                kept.lock().expect("no test panicked with it").push(String::from_utf8_lossy(&head).into_owned());
                match answer {
                    Serving::Bytes(bytes) => {
                        let _ = connection.write_all(&bytes);
                        let _ = connection.shutdown(Shutdown::Write);
                        let _ = connection.read(&mut byte);
                    }
                    Serving::Reset(bytes) => {
                        let _ = connection.write_all(&bytes);
                    }
                }
            }
        });
        Self { port, asked }
    }

    /// A whole answer of 200.
    pub fn ok(body: &str) -> Serving {
        Serving::Bytes(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into_bytes())
    }

    /// The URL of a download.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/downloads/0123456789abcdef0123456789abcdef01234567", self.port)
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// The heads of all requests so far.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("no test panicked with it").clone()
    }
}
