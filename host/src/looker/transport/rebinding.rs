//! A name that changes its answer between two looks: to one address that may be called, and then to
//! one that may not. Both are this machine's, and somebody listens at both.

use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;
use crate::clock::SystemClock;

const ALLOWED: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
const REFUSED: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 1);

/// A name server that means ill: one answer for each question, and then no more.
#[derive(Clone)]
struct Script(Arc<Mutex<VecDeque<Vec<Ipv4Addr>>>>);

impl Script {
    fn of(answers: &[&[Ipv4Addr]]) -> Self {
        let answers = answers.iter().map(|answer| answer.to_vec());
        Self(Arc::new(Mutex::new(answers.collect())))
    }

    fn left(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

impl Lookup for Script {
    fn lookup(&self, _host: String) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> {
        let mut answers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = answers.pop_front().ok_or(io::ErrorKind::NotFound);
        let found = answer.map(|ips| ips.into_iter().map(|ip| (IpAddr::V4(ip), 0).into()));
        let found = found.map(Iterator::collect).map_err(io::Error::from);
        async { found }.boxed()
    }
}

/// Somebody who answers every request and then hangs up, so that the next one has to connect anew.
async fn listening(at: SocketAddr) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind(at).await.unwrap();
    let at = listener.local_addr().unwrap();
    let callers = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&callers);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            counted.fetch_add(1, Ordering::SeqCst);
            let mut asked = Vec::new();
            while !asked.ends_with(b"\r\n\r\n") {
                match stream.read_buf(&mut asked).await {
                    Ok(0) | Err(_) => break,
                    Ok(_) => {}
                }
            }
            let answer = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}";
            // Whoever has gone away does not need it.
            drop(stream.write_all(answer).await);
        }
    });
    (at, callers)
}

#[tokio::test]
async fn a_name_is_judged_at_each_connect_by_the_addresses_that_are_connected_to() {
    let (at, allowed) = listening(SocketAddr::from((ALLOWED, 0))).await;
    let (_, refused) = listening(SocketAddr::from((REFUSED, at.port()))).await;
    let script = Script::of(&[
        &[ALLOWED],
        &[REFUSED],
        &[REFUSED, ALLOWED, REFUSED],
        &[REFUSED],
        &[ALLOWED],
    ]);
    let targets = Arc::new(Targets::new(vec![IpAddr::V4(ALLOWED).into()]));
    let name = "looker.example".to_owned();
    let clock = SystemClock::shared();
    let transport = Transport::resolving(name, targets, clock, script.clone()).unwrap();
    let base = Url::parse(&format!("http://looker.example:{}", at.port())).unwrap();
    for (turn, reaches) in [true, false, true, false, true].into_iter().enumerate() {
        let ask = Ask::get("/versions".to_owned(), "versions");
        let deadline = Deadline::after(Duration::from_secs(10));
        let outcome = transport.send(&base, &ask, None, deadline).await;
        match outcome {
            Ok(answer) => assert!(reaches && answer.status == StatusCode::OK, "{turn}"),
            Err(failed) => {
                let is_refused = matches!(failed.error, LookerError::TargetRefused(_));
                assert!(!reaches && is_refused, "{turn}: {failed:?}");
            }
        }
        // One look for each connect: nothing looks again between the check and the connect.
        assert_eq!(script.left(), 4 - turn);
    }
    assert_eq!(allowed.load(Ordering::SeqCst), 3);
    assert_eq!(refused.load(Ordering::SeqCst), 0, "it was never called");
}
