//! Connections that nothing comes over are closed.
//!
//! A handler bounds the body that it reads; until there is a head there is no handler. Whoever
//! connects has to send the head of a first request in [`HEAD`], and whatever follows, a connection
//! over which no byte goes either way for [`IDLE`] is given up. That is longer than the pauses between
//! the signs of life of an answer that takes long.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::serve::Listener;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, Sleep, sleep};

/// How long the head of the first request may take.
const HEAD: Duration = Duration::from_secs(30);
/// How long a connection may be idle.
const IDLE: Duration = Duration::from_secs(15 * 60);
/// How many ends of lines in a row end a head, and what a client of HTTP/2 sends first.
const LINES: u8 = 2;

/// A listener whose connections have to be used.
pub(super) struct Prompt(pub TcpListener);

impl Listener for Prompt {
    type Io = Used<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, SocketAddr) {
        let (stream, address) = Listener::accept(&mut self.0).await;
        // Answers are small and waited for: they must not wait for more to send along.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection keeps its delay");
        }
        (Used::new(stream), address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

/// A connection that has to be used.
pub(super) struct Used<S> {
    stream: S,
    given_up: Pin<Box<Sleep>>,
    /// How many ends of lines in a row have come at last; none once the first head is over.
    head: Option<u8>,
}

impl<S> Used<S> {
    fn new(stream: S) -> Self {
        Self {
            stream,
            given_up: Box::pin(sleep(HEAD)),
            head: Some(0),
        }
    }

    fn came(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.head = match (self.head, byte) {
                (None, _) => break,
                (Some(lines), b'\n') => Some(lines + 1).filter(|lines| *lines < LINES),
                (Some(lines), b'\r') => Some(lines),
                (Some(_), _) => Some(0),
            };
        }
        self.went();
    }

    fn went(&mut self) {
        if self.head.is_none() {
            self.given_up.as_mut().reset(Instant::now() + IDLE);
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Used<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = into.filled().len();
        match Pin::new(&mut self.stream).poll_read(context, into) {
            Poll::Ready(read) => {
                read?;
                self.came(&into.filled()[before..]);
                Poll::Ready(Ok(()))
            }
            Poll::Pending => {
                ready!(self.given_up.as_mut().poll(context));
                Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
            }
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Used<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.stream).poll_write(context, bytes));
        self.went();
        Poll::Ready(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.stream).poll_write_vectored(context, parts));
        self.went();
        Poll::Ready(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};

    use super::*;

    const WHOLE: &[u8] = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n";

    fn pair() -> (DuplexStream, Used<DuplexStream>) {
        let (client, server) = duplex(64);
        (client, Used::new(server))
    }

    /// Reads until the connection is given up; how long that took.
    async fn given_up(used: &mut Used<DuplexStream>) -> Duration {
        let began = Instant::now();
        loop {
            match used.read_u8().await {
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::TimedOut => return began.elapsed(),
                Err(error) => panic!("{error}"),
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn who_sends_nothing_is_given_up() {
        let (_client, mut used) = pair();
        assert_eq!(given_up(&mut used).await, HEAD);
    }

    #[tokio::test(start_paused = true)]
    async fn who_drips_a_head_is_given_up_as_soon() {
        let (mut client, mut used) = pair();
        let dripping = tokio::spawn(async move {
            while client.write_all(b"x\r\n").await.is_ok() {
                sleep(Duration::from_secs(7)).await;
            }
        });
        assert_eq!(given_up(&mut used).await, HEAD);
        drop(used);
        dripping.await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn who_has_sent_a_head_is_given_up_only_when_nothing_goes_either_way() {
        let (mut client, mut used) = pair();
        for part in WHOLE.chunks(5) {
            client.write_all(part).await.unwrap();
        }
        used.read_exact(&mut vec![0; WHOLE.len()]).await.unwrap();
        let (most, began) = (IDLE - Duration::from_secs(1), Instant::now());
        let quiet = async |used: &mut Used<DuplexStream>| {
            let read = tokio::time::timeout(most, used.read_u8()).await;
            assert!(read.is_err(), "{read:?}");
        };
        quiet(&mut used).await;
        used.write_all(b"\n").await.unwrap();
        quiet(&mut used).await;
        client.write_all(b"x").await.unwrap();
        assert_eq!(used.read_u8().await.unwrap(), b'x');
        quiet(&mut used).await;
        assert_eq!(began.elapsed(), most * 3);
        assert_eq!(given_up(&mut used).await, IDLE - most);
    }
}
