//! A data plane of RudderStack: one request, and what it made of it.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::{CONTENT_ENCODING, CONTENT_TYPE};
use reqwest::{Client, Response, StatusCode};
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use crate::clock::SharedClock;
use crate::egress::{self, SystemLookup, Targets, retry_after};
use crate::metrics::RunCounts;

use super::error::RunError;

/// How long a data plane has to answer.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long a connection may take to stand.
const CONNECT: Duration = Duration::from_secs(5);
/// The longest that a data plane may ask to be left alone.
const LONGEST_ASKED: Duration = Duration::from_secs(60 * 60);
/// How much of an answer is read for its words.
const WORDS: usize = 300;

/// What became of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer {
    /// It has all of it.
    Taken,
    /// It will not take this body: something in it is wrong, or it is too large.
    Unfit(String),
    /// It will not take anything: the key, the source or the address is wrong.
    Refused(String),
    /// It was not there, or could not take anything just now.
    Away {
        /// Why.
        reason: String,
        /// How long it asks to be left alone.
        asked: Option<Duration>,
    },
}

/// Sends requests, never redirected, never through a proxy, never to an address that may not be
/// called.
pub(super) struct DataPlane {
    client: Client,
    clock: SharedClock,
    counts: RunCounts,
    pub targets: Arc<Targets>,
}

/// The address of a data plane as it is kept: with or without `/v1/batch`, with or without a slash at
/// the end.
pub(super) fn server_url(text: &str) -> Result<Url, RunError> {
    let trimmed = text.trim().trim_end_matches('/');
    let trimmed = trimmed.strip_suffix("/v1/batch").unwrap_or(trimmed);
    let unsound = |reason: &str| RunError::ServerUrl {
        reason: reason.to_owned(),
    };
    let url = Url::parse(trimmed).map_err(|error| unsound(&error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err(unsound(
            "it has to begin with https:// or http:// and a host",
        ));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(unsound("it names a user; the write key stands for that"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(unsound("it has a query or a fragment"));
    }
    Ok(url)
}

impl DataPlane {
    pub fn new(
        targets: Arc<Targets>,
        clock: SharedClock,
        counts: RunCounts,
    ) -> Result<Self, RunError> {
        let client = egress::client(Arc::clone(&targets), SystemLookup)
            .connect_timeout(CONNECT)
            .timeout(PATIENCE)
            .build()
            .map_err(RunError::Client)?;
        Ok(Self {
            client,
            clock,
            targets,
            counts,
        })
    }

    /// Sends a body with gzip around it.
    pub async fn send(&self, server_url: &str, write_key: &SecretString, body: Vec<u8>) -> Answer {
        let answer = self.asked(server_url, write_key, body).await;
        self.counts.sent(match &answer {
            Answer::Taken => "taken",
            Answer::Unfit(_) => "unfit",
            Answer::Refused(_) => "refused",
            Answer::Away { .. } => "away",
        });
        answer
    }

    async fn asked(&self, server_url: &str, write_key: &SecretString, body: Vec<u8>) -> Answer {
        let away = |reason: String| Answer::Away {
            reason,
            asked: None,
        };
        let url = match Url::parse(&format!("{}/v1/batch", server_url.trim_end_matches('/'))) {
            Ok(url) => url,
            Err(error) => return Answer::Refused(error.to_string()),
        };
        // What may be called can have changed since the run was begun.
        if let Err(refused) = self.targets.check_literal(&url) {
            return Answer::Refused(refused.to_string());
        }
        let request = self
            .client
            .post(url)
            .basic_auth(write_key.expose_secret(), Some(""))
            .header(CONTENT_TYPE, "application/json")
            .header(CONTENT_ENCODING, "gzip")
            .body(body);
        match request.send().await {
            Ok(response) => judged(response, self.clock.now()).await,
            Err(error) => match egress::refused(&error) {
                Some(refused) => Answer::Refused(refused.to_string()),
                None => away(why(&error)),
            },
        }
    }
}

async fn judged(mut response: Response, now: Timestamp) -> Answer {
    let status = response.status();
    if status.is_success() {
        return Answer::Taken;
    }
    let asked = retry_after(response.headers(), now).map(|asked| asked.min(LONGEST_ASKED));
    let mut words = Vec::new();
    while words.len() < WORDS
        && let Ok(Some(part)) = response.chunk().await
    {
        words.extend_from_slice(&part);
    }
    let words: String = String::from_utf8_lossy(&words)
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .chars()
        .take(WORDS)
        .collect();
    let reason = match words.as_str() {
        "" => format!("the data plane answered {status}"),
        words => format!("the data plane answered {status}: {words}"),
    };
    match status {
        StatusCode::BAD_REQUEST | StatusCode::PAYLOAD_TOO_LARGE => Answer::Unfit(reason),
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS => {
            Answer::Away { reason, asked }
        }
        status if status.is_server_error() => Answer::Away { reason, asked },
        _ => Answer::Refused(reason),
    }
}

/// What went wrong on the way, in words without the URL.
fn why(error: &reqwest::Error) -> String {
    if error.is_connect() {
        "no connection to the data plane".to_owned()
    } else if error.is_timeout() {
        format!(
            "the data plane did not answer within {} s",
            PATIENCE.as_secs()
        )
    } else {
        "the connection to the data plane broke off".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_taken_with_or_without_its_path() {
        for text in [
            "https://example.com",
            "https://example.com/",
            " https://example.com/v1/batch",
            "https://example.com/v1/batch/ ",
        ] {
            assert_eq!(
                server_url(text).unwrap().as_str(),
                "https://example.com/",
                "{text}"
            );
        }
        assert_eq!(
            server_url("http://a.b/under/v1/batch").unwrap().as_str(),
            "http://a.b/under"
        );
        for text in [
            "",
            "x",
            "ftp://a",
            "https://u:p@a",
            "https://a/?b=c",
            "https://a/#b",
        ] {
            assert!(server_url(text).is_err(), "{text}");
        }
    }
}
