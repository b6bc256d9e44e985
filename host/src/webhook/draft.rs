//! What people say of a webhook, held to what a webhook can be.

use jiff::Timestamp;
use url::Url;

use crate::egress::Targets;
use crate::id::WebhookId;
use crate::secret::Sealer;

use super::error::WebhookError;
use super::record::{Standing, WebhookRecord, place};
use super::signature::Secret;

/// What a webhook can be told: topics of the feed.
pub const KINDS: [&str; 5] = ["reading", "failure", "drift", "key-result", "roll-out"];

/// The most webhooks. Each is one more thing that a reading writes.
pub const MOST: usize = 50;

/// The longest URL, in bytes.
const LONGEST: usize = 2_000;

/// A webhook to be made.
#[derive(Debug)]
pub struct Draft {
    /// Where requests go.
    pub url: String,
    /// What it is told.
    pub kinds: Vec<String>,
}

impl Draft {
    pub(super) fn record(
        &self,
        id: &WebhookId,
        sealer: &Sealer,
        targets: &Targets,
        now: Timestamp,
    ) -> Result<WebhookRecord, WebhookError> {
        let url = address(&self.url)?;
        targets.check_literal(&url)?;
        let secret = Secret::fresh()?;
        Ok(WebhookRecord {
            url: url.into(),
            kinds: kinds(&self.kinds)?,
            secret: sealer.seal(&place(id.as_str()), &secret.text())?,
            created_at: now,
            standing: Standing::default(),
        })
    }
}

fn invalid(field: &'static str, reason: impl Into<String>) -> WebhookError {
    WebhookError::Invalid {
        field,
        reason: reason.into(),
    }
}

fn address(text: &str) -> Result<Url, WebhookError> {
    let text = text.trim();
    if text.len() > LONGEST {
        return Err(invalid(
            "/url",
            format!("it is longer than {LONGEST} bytes"),
        ));
    }
    let url = Url::parse(text).map_err(|error| {
        let reason = format!("it is no URL ({error}); one looks like https://example.com/hook");
        invalid("/url", reason)
    })?;
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err(invalid(
            "/url",
            "it has to begin with https:// or http:// and a host",
        ));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(invalid(
            "/url",
            "it names a user; requests are signed, so check the signature instead of a password",
        ));
    }
    Ok(url)
}

fn kinds(given: &[String]) -> Result<Vec<String>, WebhookError> {
    if let Some(unknown) = given.iter().find(|kind| !KINDS.contains(&kind.as_str())) {
        let unknown: String = unknown.chars().take(80).collect();
        let reason = format!("{unknown:?} is no kind; there are {}", KINDS.join(", "));
        return Err(invalid("/kinds", reason));
    }
    if given.is_empty() {
        let reason = format!("say what it is to be told: {}", KINDS.join(", "));
        return Err(invalid("/kinds", reason));
    }
    // In one order and each once, however they were said.
    let wanted = KINDS
        .iter()
        .filter(|kind| given.iter().any(|it| it == *kind));
    Ok(wanted.map(|kind| (*kind).to_owned()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_web_address_without_a_password() {
        for sound in [
            "https://example.com/hook?team=a",
            " http://example.com ",
            "https://[2606::1]:8443/",
        ] {
            assert!(address(sound).is_ok(), "{sound}");
        }
        let long = format!("https://example.com/{}", "a".repeat(LONGEST));
        for unsound in [
            "",
            "example.com",
            "ftp://example.com",
            "https://",
            "https://a:b@example.com/",
            "https://a@example.com",
            "file:///etc/passwd",
            &long,
        ] {
            assert!(address(unsound).is_err(), "{unsound}");
        }
    }

    #[test]
    fn kinds_are_known_ones_each_once() {
        let of = |kinds: &[&str]| {
            let given: Vec<String> = kinds.iter().map(|&kind| kind.to_owned()).collect();
            super::kinds(&given).ok()
        };
        assert_eq!(
            of(&["failure", "reading", "failure"]).unwrap(),
            ["reading", "failure"]
        );
        assert_eq!(of(&[]), None);
        assert_eq!(of(&["reading", "Reading"]), None);
    }
}
