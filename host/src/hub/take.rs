//! A request's body, taken in as it comes: settings to memory, rows to disk.
//!
//! A body has its [`Bounds`]: how long it may take to come, and how long may pass between two of its
//! parts, so that one that is dripped in, or never ends, is given up. After an error the rest of the
//! body is read and thrown away within the same bounds: whoever is still sending would not see the
//! answer otherwise.

use std::time::Duration;

use axum::body::Body;
use http_body_util::BodyExt as _;
use tokio::time::{Instant, timeout, timeout_at};

use crate::event::scan::Scanner;
use crate::event::{Judge, ReceiveError, Receiving};

use super::Hub;
use super::envelope::{Envelope, EnvelopeError, LARGEST, Reader, Request};

/// How long a body may take.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// How long nothing may come.
    pub silence: Duration,
    /// How long all of it may take.
    pub whole: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            silence: Duration::from_secs(60),
            whole: Duration::from_secs(30 * 60),
        }
    }
}

/// How much beyond the limit is thrown away before the connection is closed.
const BEYOND: u64 = 64 << 20;

/// Why a body was not taken.
#[derive(Debug, thiserror::Error)]
pub enum TakeError {
    /// It is no request.
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
    /// Nothing more came.
    #[error(
        "nothing more of the request came for {seconds} s, so nothing was done; run the schedule again"
    )]
    Silent {
        /// For how long.
        seconds: u64,
    },
    /// It came too slowly.
    #[error(
        "the request took longer than {seconds} s to come, so nothing was done; have Looker send a download URL, or fewer rows"
    )]
    Slow {
        /// How long it may take.
        seconds: u64,
    },
    /// It broke off.
    #[error("the request broke off, so nothing was done; run the schedule again")]
    Broken,
}

/// A request that was taken in.
pub(super) struct Taken<J> {
    /// All but the rows.
    pub request: Request,
    /// The rows that came with it, or why they could not be received.
    pub rows: Option<Result<Receiving<J>, ReceiveError>>,
}

impl Hub {
    /// Takes a body in; without one the request says nothing. Its rows are judged as they come.
    pub(super) async fn take<J: Judge>(&self, body: Option<Body>) -> Result<Taken<J>, TakeError> {
        let receive = || self.runs.receive();
        take(
            body.unwrap_or_default(),
            self.manner.body,
            Some(&receive as Receive<'_, J>),
        )
        .await
    }

    /// Takes a body in of which no rows are wanted.
    pub(super) async fn take_settings(&self, body: Option<Body>) -> Result<Request, TakeError> {
        let taken = take::<Scanner>(body.unwrap_or_default(), self.manner.body, None);
        Ok(taken.await?.request)
    }
}

type Receive<'a, J> = &'a (dyn Fn() -> Result<Receiving<J>, ReceiveError> + Sync);

async fn take<J: Judge>(
    body: Body,
    bounds: Bounds,
    receive: Option<Receive<'_, J>>,
) -> Result<Taken<J>, TakeError> {
    let mut parts = Parts {
        body,
        bounds,
        until: Instant::now() + bounds.whole,
        bytes: 0,
    };
    let taken = read(&mut parts, receive).await;
    if matches!(taken, Err(TakeError::Envelope(_))) {
        parts.throw_away().await;
    }
    taken
}

async fn read<J: Judge>(
    parts: &mut Parts,
    receive: Option<Receive<'_, J>>,
) -> Result<Taken<J>, TakeError> {
    let (mut reader, mut plain) = (Reader::default(), Vec::new());
    let mut rows: Option<Result<Receiving<J>, ReceiveError>> = None;
    while let Some(part) = parts.next().await? {
        reader.push(&part, &mut plain)?;
        if let Some(receive) = receive
            && !plain.is_empty()
        {
            // What is wrong with the rows is told after what is wrong with the settings, which come
            // later.
            if let Ok(receiving) = rows.get_or_insert_with(receive)
                && let Err(error) = receiving.push(&plain).await
            {
                rows = Some(Err(error));
            }
        }
        plain.clear();
    }
    let Envelope { request, .. } = reader.finish()?;
    Ok(Taken { request, rows })
}

/// The parts of a body, within their time.
struct Parts {
    body: Body,
    bounds: Bounds,
    until: Instant,
    bytes: u64,
}

impl Parts {
    async fn next(&mut self) -> Result<Option<bytes::Bytes>, TakeError> {
        loop {
            let Bounds { silence, whole } = self.bounds;
            let frame = timeout_at(self.until, timeout(silence, self.body.frame())).await;
            let frame = frame
                .map_err(|_| TakeError::Slow {
                    seconds: whole.as_secs(),
                })?
                .map_err(|_| TakeError::Silent {
                    seconds: silence.as_secs(),
                })?;
            let Some(frame) = frame else { return Ok(None) };
            // Trailers are of no use here.
            if let Ok(part) = frame.map_err(|_| TakeError::Broken)?.into_data() {
                self.bytes += part.len() as u64;
                return Ok(Some(part));
            }
        }
    }

    async fn throw_away(&mut self) {
        while let Ok(Some(_)) = self.next().await {
            if self.bytes > LARGEST + BEYOND {
                break;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::sync::atomic::{AtomicU64, Ordering};

    use bytes::Bytes;
    use futures_util::StreamExt as _;
    use futures_util::stream;

    use super::*;

    /// A body of the same part over and over, with a pause before each.
    fn dripping(part: &'static [u8], pause: Duration) -> Body {
        Body::from_stream(stream::repeat(()).then(move |()| async move {
            tokio::time::sleep(pause).await;
            Ok::<_, Infallible>(Bytes::from_static(part))
        }))
    }

    async fn refused(body: Body) -> TakeError {
        match take::<Scanner>(body, Bounds::default(), None).await {
            Ok(_) => panic!("taken"),
            Err(error) => error,
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_falls_silent_is_given_up() {
        let (began, silence) = (Instant::now(), Bounds::default().silence);
        let error = refused(dripping(b" ", silence * 2)).await;
        assert!(matches!(error, TakeError::Silent { .. }), "{error}");
        assert_eq!(began.elapsed(), silence);
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_is_dripped_in_is_given_up() {
        let (began, bounds) = (Instant::now(), Bounds::default());
        let error = refused(dripping(b" ", bounds.silence / 2)).await;
        assert!(matches!(error, TakeError::Slow { .. }), "{error}");
        assert_eq!(began.elapsed(), bounds.whole);
    }

    #[tokio::test]
    async fn a_body_that_is_too_large_is_read_on_for_a_while_and_no_longer() {
        static SENT: AtomicU64 = AtomicU64::new(0);
        const PART: &[u8] = &[b' '; 1 << 20];
        let endless = stream::repeat(()).map(|()| {
            SENT.fetch_add(PART.len() as u64, Ordering::Relaxed);
            Ok::<_, Infallible>(Bytes::from_static(PART))
        });
        let error = refused(Body::from_stream(endless)).await;
        assert!(
            matches!(error, TakeError::Envelope(EnvelopeError::TooLarge)),
            "{error}"
        );
        let sent = SENT.load(Ordering::Relaxed);
        assert!(
            sent > LARGEST && sent <= LARGEST + BEYOND + (2 << 20),
            "{sent}"
        );
    }

    #[tokio::test]
    async fn a_body_that_breaks_off_is_told_as_that() {
        let parts = [Ok(Bytes::from_static(b"{")), Err("gone")];
        let error = refused(Body::from_stream(stream::iter(parts))).await;
        assert!(matches!(error, TakeError::Broken), "{error}");
        let error = refused(Body::from("{")).await;
        assert!(matches!(error, TakeError::Envelope(_)), "{error}");
    }
}
