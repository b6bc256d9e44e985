//! One signed request to a webhook's receiver.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, Response, StatusCode};
use url::Url;

use crate::egress::{self, SystemLookup, Targets, retry_after};

use super::error::WebhookError;
use super::notice::Notice;
use super::signature::Secret;

/// How long a receiver has to answer.
const PATIENCE: Duration = Duration::from_secs(15);
/// How long a connection may take to stand.
const CONNECT: Duration = Duration::from_secs(5);
/// The longest that a receiver may ask to be left alone.
const LONGEST_ASKED: Duration = Duration::from_secs(60 * 60);

/// What a receiver made of a notice.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// It has it.
    Taken,
    /// It wants nothing more, ever.
    Gone,
    /// It does not want this one, for the reason given.
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
pub(super) struct Postman {
    client: Client,
    targets: Arc<Targets>,
}

impl Postman {
    pub fn new(targets: Arc<Targets>) -> Result<Self, WebhookError> {
        let client = egress::client(Arc::clone(&targets), SystemLookup)
            .connect_timeout(CONNECT)
            .timeout(PATIENCE)
            .build()
            .map_err(WebhookError::Client)?;
        Ok(Self { client, targets })
    }

    /// Posts a notice under its id.
    pub async fn post(
        &self,
        url: &str,
        secret: &Secret,
        id: &str,
        notice: &Notice,
        now: Timestamp,
    ) -> Answer {
        let away = |reason: String| Answer::Away {
            reason,
            asked: None,
        };
        let (url, body) = match (Url::parse(url), notice.body()) {
            (Ok(url), Ok(body)) => (url, body),
            // Neither can be, as both were made here.
            (Err(error), _) => return Answer::Refused(error.to_string()),
            (_, Err(error)) => return Answer::Refused(error.to_string()),
        };
        // What may be called can have changed since the webhook was made.
        if let Err(refused) = self.targets.check_literal(&url) {
            return away(refused.to_string());
        }
        let at = now.as_second();
        let request = self
            .client
            .post(url)
            .header(CONTENT_TYPE, "application/json")
            .header("webhook-id", id)
            .header("webhook-timestamp", at)
            .header("webhook-signature", secret.sign(id, at, &body))
            .body(body);
        match request.send().await {
            // What it says beyond the status is of no use to anybody, so it is not read.
            Ok(response) => judged(&response, now),
            Err(error) => away(why(&error)),
        }
    }
}

fn judged(response: &Response, now: Timestamp) -> Answer {
    let status = response.status();
    let asked = retry_after(response.headers(), now).map(|asked| asked.min(LONGEST_ASKED));
    let reason = if status.is_redirection() {
        format!("it answered {status}, and redirects are not followed")
    } else {
        format!("it answered {status}")
    };
    match status {
        status if status.is_success() => Answer::Taken,
        StatusCode::GONE => Answer::Gone,
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS => {
            Answer::Away { reason, asked }
        }
        status if status.is_server_error() => Answer::Away { reason, asked },
        _ => Answer::Refused(reason),
    }
}

/// What went wrong on the way, in words without the URL.
fn why(error: &reqwest::Error) -> String {
    if let Some(refused) = egress::refused(error) {
        refused.to_string()
    } else if error.is_connect() {
        "no connection to it".to_owned()
    } else if error.is_timeout() {
        format!("it did not answer within {} s", PATIENCE.as_secs())
    } else {
        "the connection to it broke off".to_owned()
    }
}
