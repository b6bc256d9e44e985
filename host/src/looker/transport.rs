//! One request and its answer: capped in size and time, never redirected, never through a proxy,
//! never to an address that may not be called.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, LOCATION};
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use tokio::time::Instant;
use url::Url;

use crate::clock::SharedClock;
use crate::egress::{self, Lookup, SystemLookup, Targets};

use super::ask::{Ask, Body};
use super::deadline::Deadline;
use super::error::{Cause, LookerError};
use super::retry::{Again, Failed};
use super::room::{Room, SMALL};

/// How long a connection may take to stand.
const CONNECT: Duration = Duration::from_secs(5);

/// How long an idle connection is kept. Less than proxies keep theirs: a query that is begun on one
/// that was just closed is not begun again.
const IDLE: Duration = Duration::from_secs(20);

/// What came back, whatever its status.
pub(super) struct Answer {
    pub status: StatusCode,
    pub retry_after: Option<Duration>,
    pub location: Option<String>,
    pub body: Bytes,
}

/// Sends requests for one connection.
pub(super) struct Transport {
    client: Client,
    targets: Arc<Targets>,
    clock: SharedClock,
    server: String,
}

impl Transport {
    pub fn new(
        server: String,
        targets: Arc<Targets>,
        clock: SharedClock,
    ) -> Result<Self, LookerError> {
        Self::resolving(server, targets, clock, SystemLookup)
    }

    /// One that looks names up in a way of its own.
    fn resolving(
        server: String,
        targets: Arc<Targets>,
        clock: SharedClock,
        lookup: impl Lookup,
    ) -> Result<Self, LookerError> {
        let client = egress::client(Arc::clone(&targets), lookup)
            .connect_timeout(CONNECT)
            .pool_idle_timeout(IDLE)
            .build()
            .map_err(|error| LookerError::Unreachable {
                server: server.clone(),
                reason: "no HTTP client can be made on this machine".to_owned(),
                source: Some(Arc::new(error)),
            })?;
        Ok(Self {
            client,
            targets,
            clock,
            server,
        })
    }

    /// Sends one request to the API at `base` and reads its answer whole.
    pub async fn send(
        &self,
        base: &Url,
        ask: &Ask<'_>,
        token: Option<&SecretString>,
        deadline: Deadline,
    ) -> Result<Answer, Failed> {
        let url = ask.address(base).ok_or_else(|| LookerError::NotFound {
            what: ask.what.clone(),
        })?;
        self.targets
            .check_literal(&url)
            .map_err(LookerError::from)?;
        let request = self.request(url, ask, token)?;
        let began = Instant::now();
        let left = deadline.left();
        let limit = left.min(ask.limit);
        let outcome = match tokio::time::timeout(limit, self.exchange(request, ask)).await {
            Ok(outcome) => outcome,
            Err(_) if limit == left => Err(deadline.over(ask.doing).into()),
            Err(_) => Err(self.silent(limit)),
        };
        tracing::debug!(
            server = self.server,
            method = %ask.method,
            path = ask.path,
            status = outcome.as_ref().ok().map(|answer| answer.status.as_u16()),
            failed = outcome.as_ref().err().map(|failed| failed.error.code()),
            duration_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
            "called Looker",
        );
        outcome
    }

    fn request(
        &self,
        url: Url,
        ask: &Ask<'_>,
        token: Option<&SecretString>,
    ) -> Result<RequestBuilder, Failed> {
        let mut request = self.client.request(ask.method.clone(), url);
        if let Some(token) = token {
            // A token that is no header value is none that Looker would give.
            let mut bearer = HeaderValue::try_from(format!("Bearer {}", token.expose_secret()))
                .map_err(|_| LookerError::Malformed {
                    what: "the session's token".to_owned(),
                    source: None,
                })?;
            bearer.set_sensitive(true);
            request = request.header(AUTHORIZATION, bearer);
        }
        Ok(match &ask.body {
            Body::Nothing => request,
            Body::Json(text) => request
                .header(CONTENT_TYPE, "application/json")
                .body((*text).to_owned()),
            Body::Form(form) => request
                .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(form.expose_secret().to_owned()),
        })
    }

    async fn exchange(&self, request: RequestBuilder, ask: &Ask<'_>) -> Result<Answer, Failed> {
        let sent = match ask.silence {
            Duration::MAX => request.send().await,
            silence => tokio::time::timeout(silence, request.send())
                .await
                .map_err(|_| self.silent(silence))?,
        };
        let mut response = sent.map_err(|error| self.broken(error))?;
        let (status, retry_after, location) = (
            response.status(),
            egress::retry_after(response.headers(), self.clock.now()),
            location(response.headers()),
        );
        let body = self.read(&mut response, ask).await?;
        Ok(Answer {
            status,
            retry_after,
            location,
            body,
        })
    }

    /// Reads the body, counting: what a server says about its length proves nothing.
    async fn read(&self, response: &mut Response, ask: &Ask<'_>) -> Result<Bytes, Failed> {
        let too_large = || {
            Failed::from(LookerError::TooLarge {
                what: ask.what.clone(),
                limit: ask.cap,
            })
        };
        let announced = response.content_length().unwrap_or(0);
        if announced > ask.cap as u64 {
            return Err(too_large());
        }
        let announced = usize::try_from(announced).unwrap_or(0);
        let mut body = BytesMut::with_capacity(announced.min(SMALL));
        let mut room = None;
        while let Some(chunk) = response.chunk().await.map_err(|error| self.broken(error))? {
            if body.len() + chunk.len() > ask.cap {
                return Err(too_large());
            }
            if room.is_none() && body.len() + chunk.len() > SMALL {
                // What it announces may be too little, but then it is cut off there.
                let most = if announced > 0 { announced } else { ask.cap };
                room = Room::of(most).await;
            }
            body.extend_from_slice(&chunk);
        }
        Ok(match room {
            None => body.freeze(),
            Some(room) => room.hold(body),
        })
    }

    fn broken(&self, error: reqwest::Error) -> Failed {
        if let Some(refused) = egress::refused(&error) {
            return LookerError::TargetRefused(refused).into();
        }
        let (reason, again) = if error.is_connect() && error.is_timeout() {
            // Whoever drops packets drops the next one as well, and it takes as long again.
            (
                format!("no connection within {} s", CONNECT.as_secs()),
                Again::Never,
            )
        } else if error.is_connect() {
            ("no connection".to_owned(), Again::Untouched(None))
        } else {
            ("the connection broke off".to_owned(), Again::Unsure)
        };
        Failed {
            error: self.unreachable(reason, Some(Arc::new(error.without_url()))),
            again,
        }
    }

    fn silent(&self, limit: Duration) -> Failed {
        let reason = format!("no answer within {} s", limit.as_secs());
        Failed {
            error: self.unreachable(reason, None),
            again: Again::Unsure,
        }
    }

    fn unreachable(&self, reason: String, source: Option<Cause>) -> LookerError {
        LookerError::Unreachable {
            server: self.server.clone(),
            reason,
            source,
        }
    }
}

/// Where a redirect leads to. Its query is left out: it may carry what is nobody's business.
fn location(headers: &HeaderMap) -> Option<String> {
    let text = headers.get(LOCATION)?.to_str().ok()?;
    text.split(['?', '#']).next().map(super::error::cut)
}

#[cfg(test)]
mod rebinding;
