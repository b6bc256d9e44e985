//! A call to Looker's API from end to end: the port found, logged in, tried again, and the answer
//! judged.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use reqwest::StatusCode;
use serde::de::DeserializeOwned;
use url::Url;

use crate::clock::SharedClock;
use crate::egress::Targets;

use super::ask::Ask;
use super::deadline::Deadline;
use super::error::{LookerError, cut};
use super::posted::Posted;
use super::recent::Recent;
use super::retry::{Again, Failed, retried};
use super::session::Token;
use super::settings::Settings;
use super::single_flight::SingleFlight;
use super::transport::{Answer, Transport};
use super::wire;

/// One connection's way to the API. Shared by all that call, and by what goes on after they left.
pub(super) struct Api {
    pub(super) transport: Transport,
    pub(super) settings: Settings,
    pub(super) clock: SharedClock,
    /// Where the API answers.
    pub(super) base: SingleFlight<Url>,
    pub(super) session: SingleFlight<Arc<Token>>,
    /// What it has said a moment ago.
    pub(super) recent: Recent,
    /// Queries that it has stored for us.
    pub(super) posted: Posted,
}

impl Api {
    pub fn new(
        settings: Settings,
        targets: Arc<Targets>,
        clock: SharedClock,
    ) -> Result<Arc<Self>, LookerError> {
        for candidate in settings.server_url.candidates() {
            targets.check_literal(&candidate)?;
        }
        let server = settings.server_url.to_string();
        Ok(Arc::new(Self {
            transport: Transport::new(server, targets, Arc::clone(&clock))?,
            settings,
            clock,
            base: SingleFlight::default(),
            session: SingleFlight::default(),
            recent: Recent::default(),
            posted: Posted::default(),
        }))
    }

    /// A deadline for a call without one of its own.
    pub fn deadline(&self) -> Deadline {
        Deadline::after(self.settings.timeout)
    }

    /// Calls, and reads the answer as JSON.
    pub async fn read<T: DeserializeOwned>(
        self: &Arc<Self>,
        ask: &Ask<'_>,
        deadline: Deadline,
    ) -> Result<T, LookerError> {
        let body = self.call(ask, deadline).await?.body;
        serde_json::from_slice(&body).map_err(LookerError::malformed(&ask.what))
    }

    /// Calls with a session. Answers other than success are errors.
    pub async fn call(
        self: &Arc<Self>,
        ask: &Ask<'_>,
        deadline: Deadline,
    ) -> Result<Answer, LookerError> {
        retried(deadline, ask.repeatable, || {
            self.once(ask, deadline, deadline)
        })
        .await
    }

    /// [`Api::read`] with an answer that may be late, as of [`Api::call_late`].
    pub async fn read_late<T: DeserializeOwned>(
        self: &Arc<Self>,
        ask: &Ask<'_>,
        deadline: Deadline,
        grace: Duration,
    ) -> Result<T, LookerError> {
        let answer = self.call_late(ask, deadline, grace).await?;
        serde_json::from_slice(&answer.body).map_err(LookerError::malformed(&ask.what))
    }

    /// [`Api::call`] whose last try may be answered later than the deadline by so much: for what has
    /// an effect at Looker that has to be known. Nothing is sent once the deadline is over.
    pub async fn call_late(
        self: &Arc<Self>,
        ask: &Ask<'_>,
        deadline: Deadline,
        grace: Duration,
    ) -> Result<Answer, LookerError> {
        let late = Deadline::after(deadline.left() + grace);
        retried(deadline, ask.repeatable, || self.once(ask, deadline, late)).await
    }

    /// One try, with a session by `deadline` and an answer by `late`.
    async fn once(
        self: &Arc<Self>,
        ask: &Ask<'_>,
        deadline: Deadline,
        late: Deadline,
    ) -> Result<Answer, Failed> {
        let base = self.base(deadline).await?;
        let token = self.token(&base, deadline).await?;
        let mut answer = self.sent(&base, ask, &token, late).await?;
        if answer.status == StatusCode::UNAUTHORIZED {
            // Looker ends sessions as it likes. Once that may be; twice in a row it means us.
            self.session.forget(|known| Arc::ptr_eq(known, &token));
            let token = self.token(&base, deadline).await?;
            answer = self.sent(&base, ask, &token, late).await?;
            if answer.status == StatusCode::UNAUTHORIZED {
                self.session.forget(|known| Arc::ptr_eq(known, &token));
            }
        }
        self.judged(answer, &ask.what)
    }

    async fn sent(
        &self,
        base: &Url,
        ask: &Ask<'_>,
        token: &Token,
        deadline: Deadline,
    ) -> Result<Answer, Failed> {
        let sent = self
            .transport
            .send(base, ask, Some(&token.text), deadline)
            .await;
        if matches!(
            &sent,
            Err(Failed {
                error: LookerError::Unreachable { .. },
                ..
            })
        ) {
            // It may have moved to the other port.
            self.base.forget(|known| known == base);
        }
        sent
    }

    /// An answer of success, or the error that it is.
    pub(super) fn judged(&self, answer: Answer, what: &str) -> Result<Answer, Failed> {
        let status = answer.status;
        let server = || self.settings.server_url.to_string();
        let error = match status.as_u16() {
            200..=299 => return Ok(answer),
            300..=399 => LookerError::Redirected {
                server: server(),
                to: answer
                    .location
                    .unwrap_or_else(|| "an address it does not name".to_owned()),
            },
            401 => LookerError::Refused {
                server: server(),
                words: words(&answer.body),
            },
            404 if words(&answer.body).is_some() || answer.body.is_empty() => {
                LookerError::NotFound {
                    what: what.to_owned(),
                }
            }
            404 => LookerError::NotLooker {
                server: server(),
                found: "a page that says 404".to_owned(),
            },
            429 => LookerError::RateLimited {
                retry_after: answer.retry_after,
            },
            status => LookerError::Answer {
                status,
                words: words_or_shape(&answer.body),
            },
        };
        let again = match status.as_u16() {
            429 | 503 => Again::Untouched(answer.retry_after),
            500..=599 => Again::Unsure,
            _ => Again::Never,
        };
        Err(Failed { error, again })
    }
}

/// What Looker says in an error of its shape, with the fields that a `ValidationError` names.
pub(super) fn words(body: &Bytes) -> Option<String> {
    let error: wire::Error = serde_json::from_slice(body).ok()?;
    let fields = error.errors.unwrap_or_default();
    let mut parts: Vec<String> = error.message.into_iter().collect();
    parts.extend(
        fields
            .into_iter()
            .filter_map(|part| match (part.field, part.message) {
                (Some(field), Some(message)) => Some(format!("{field}: {message}")),
                (None, message) => message,
                (field, None) => field,
            }),
    );
    (!parts.is_empty()).then(|| cut(&parts.join("; ")))
}

/// Looker's words, or what stands in their place.
fn words_or_shape(body: &Bytes) -> String {
    words(body).unwrap_or_else(|| {
        let shape = match body.trim_ascii_start().first() {
            None => "an empty answer",
            Some(b'<') => "a web page instead of data, perhaps of a proxy in between",
            Some(_) => "an answer without an explanation",
        };
        shape.to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lookers_own_words_are_kept() {
        let cases = [
            (
                r#"{"message":"Not found","documentation_url":"x"}"#,
                Some("Not found"),
            ),
            (
                r#"{"message":"Validation Failed","errors":[{"field":"view","code":"missing","message":"is required"}]}"#,
                Some("Validation Failed; view: is required"),
            ),
            (r#"{"errors":[{"message":"boom"}]}"#, Some("boom")),
            (r#"{"message":null,"documentation_url":null}"#, None),
            ("<html>502</html>", None),
            ("", None),
        ];
        for (body, expected) in cases {
            assert_eq!(
                words(&Bytes::from_static(body.as_bytes())).as_deref(),
                expected,
                "{body}"
            );
        }
        assert!(words_or_shape(&Bytes::from_static(b" <html>")).contains("web page"));
        let long = format!(r#"{{"message":"{}"}}"#, "x".repeat(2_000));
        assert_eq!(
            words(&Bytes::from(long)).map(|words| words.chars().count()),
            Some(501)
        );
    }
}
