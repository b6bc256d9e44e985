//! One request and its answer: capped in size and time, never redirected, never through a proxy,
//! never to an address that may not be called.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, LOCATION, RETRY_AFTER};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use tokio::time::Instant;
use url::Url;

use crate::clock::SharedClock;

use super::deadline::Deadline;
use super::error::{Cause, Doing, LookerError};
use super::resolver::{Resolver, SystemLookup};
use super::retry::{Again, Failed};
use super::target::{Refused, Targets};

/// The most that is read of an answer that describes content.
pub(super) const LARGEST_METADATA: usize = 8 << 20;

/// The most that is read of a result.
pub(super) const LARGEST_RESULT: usize = 32 << 20;

/// How long a connection may take to stand.
const CONNECT: Duration = Duration::from_secs(5);

/// A call to the API.
pub(super) struct Ask<'a> {
    pub method: Method,
    /// Below `/api/4.0`, encoded.
    pub path: String,
    pub parameters: Vec<(&'static str, String)>,
    pub body: Body<'a>,
    /// What is asked for, in words.
    pub what: String,
    pub doing: Doing,
    /// The most that is read of the answer.
    pub cap: usize,
    /// The longest that one try may take, if that is less than what is left.
    pub limit: Duration,
    /// Whether it does no harm to do it twice.
    pub repeatable: bool,
}

/// What a call sends along.
pub(super) enum Body<'a> {
    Nothing,
    Json(&'a str),
    Form(SecretString),
}

impl<'a> Ask<'a> {
    /// Reads something.
    pub fn get(path: String, what: impl Into<String>) -> Self {
        Self {
            method: Method::GET,
            path,
            parameters: Vec::new(),
            body: Body::Nothing,
            what: what.into(),
            doing: Doing::Asking,
            cap: LARGEST_METADATA,
            limit: Duration::MAX,
            repeatable: true,
        }
    }

    /// Sends JSON.
    pub fn post(path: String, body: &'a str, what: impl Into<String>) -> Self {
        Self {
            method: Method::POST,
            body: Body::Json(body),
            ..Self::get(path, what)
        }
    }

    /// Ends something. Not repeated: it is done for good manners.
    pub fn delete(path: String, what: impl Into<String>) -> Self {
        Self {
            method: Method::DELETE,
            repeatable: false,
            ..Self::get(path, what)
        }
    }

    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.parameters.push((name, value.into()));
        self
    }
}

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
        // Where a program has chosen no TLS provider yet, this is the one. An error only says that
        // it has.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let resolver = Resolver {
            targets: Arc::clone(&targets),
            lookup: SystemLookup,
        };
        let client = Client::builder()
            .dns_resolver(Arc::new(resolver))
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .connect_timeout(CONNECT)
            .user_agent(concat!("lensmount/", env!("CARGO_PKG_VERSION")))
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
        let url = address(base, ask).ok_or_else(|| LookerError::NotFound {
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
        let mut response = request.send().await.map_err(|error| self.broken(error))?;
        let (status, retry_after, location) = (
            response.status(),
            self.retry_after(response.headers()),
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
        let mut body = BytesMut::with_capacity(usize::try_from(announced).unwrap_or(0));
        while let Some(chunk) = response.chunk().await.map_err(|error| self.broken(error))? {
            if body.len() + chunk.len() > ask.cap {
                return Err(too_large());
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body.freeze())
    }

    fn broken(&self, error: reqwest::Error) -> Failed {
        if let Some(refused) = refused(&error) {
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

    /// `Retry-After`, in seconds or as a date.
    fn retry_after(&self, headers: &HeaderMap) -> Option<Duration> {
        let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
        if let Ok(seconds) = text.parse() {
            return Some(Duration::from_secs(seconds));
        }
        let at = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
        Some(Duration::try_from(at.duration_since(self.clock.now())).unwrap_or_default())
    }
}

/// The refusal that our resolver gave, from below all that it was wrapped in.
fn refused(error: &reqwest::Error) -> Option<Refused> {
    let mut cause = error.source();
    while let Some(error) = cause {
        if let Some(refused) = error.downcast_ref::<Refused>() {
            return Some(refused.clone());
        }
        cause = error.source();
    }
    None
}

/// Where a redirect leads to. Its query is left out: it may carry what is nobody's business.
fn location(headers: &HeaderMap) -> Option<String> {
    let text = headers.get(LOCATION)?.to_str().ok()?;
    text.split(['?', '#']).next().map(super::error::cut)
}

fn address(base: &Url, ask: &Ask<'_>) -> Option<Url> {
    let text = format!(
        "{}/api/4.0{}",
        base.as_str().trim_end_matches('/'),
        ask.path
    );
    let mut url = Url::parse(&text).ok()?;
    if !ask.parameters.is_empty() {
        url.query_pairs_mut().extend_pairs(&ask.parameters);
    }
    Some(url)
}

/// An id as one segment of a path. `None` for what a URL would take for a step up or for nothing.
pub(super) fn segment(id: &str) -> Option<String> {
    if matches!(id, "" | "." | "..") {
        return None;
    }
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    Some(
        id.bytes()
            .fold(String::with_capacity(id.len()), |mut text, byte| {
                if plain(byte) {
                    text.push(char::from(byte));
                } else {
                    text.push_str(&format!("%{byte:02X}"));
                }
                text
            }),
    )
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use crate::clock::ManualClock;

    use super::*;

    #[test]
    fn an_id_stays_one_segment_whatever_is_in_it() {
        assert_eq!(segment("model::name").as_deref(), Some("model%3A%3Aname"));
        assert_eq!(
            segment("../login?a#b").as_deref(),
            Some("..%2Flogin%3Fa%23b")
        );
        assert_eq!(segment("é").as_deref(), Some("%C3%A9"));
        for id in ["", ".", ".."] {
            assert_eq!(segment(id), None, "{id:?}");
        }
        let ask = Ask::get(
            format!("/dashboards/{}", segment("a::b").unwrap()),
            "dashboard",
        );
        let base = Url::parse("https://x.example/bi").unwrap();
        let url = address(&base, &ask.with("fields", "id,folder(name)")).unwrap();
        assert_eq!(
            url.as_str(),
            "https://x.example/bi/api/4.0/dashboards/a%3A%3Ab?fields=id%2Cfolder%28name%29"
        );
    }

    #[test]
    fn retry_after_is_read_in_both_spellings() {
        let now: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        let clock = ManualClock::at(now).shared();
        let transport = Transport::new("x".to_owned(), Arc::default(), clock).unwrap();
        let cases = [
            ("7", Some(7)),
            (" 0 ", Some(0)),
            ("Thu, 01 Jan 2026 00:00:30 GMT", Some(30)),
            ("Wed, 31 Dec 2025 23:00:00 GMT", Some(0)),
            ("soon", None),
            ("-1", None),
        ];
        for (text, seconds) in cases {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_static(text))]);
            assert_eq!(
                transport.retry_after(&headers),
                seconds.map(Duration::from_secs),
                "{text}"
            );
        }
        assert_eq!(transport.retry_after(&HeaderMap::new()), None);
    }
}
