//! What people say of a connection, held to what a connection can be.

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

use crate::id::ConnectionId;
use crate::looker::ServerUrl;
use crate::secret::Sealer;

use super::error::{ConnectionError, Field};
use super::record::{ConnectionRecord, MOST_CONCURRENT, MOST_TIMEOUT, place};

/// Looker's own time for a dashboard tile is no shorter, and nobody waits longer for a page.
const TIMEOUT: u32 = 40;
const CONCURRENT: u32 = 8;
const LONGEST: usize = 200;
const LONGEST_SECRET: usize = 1_000;

/// A connection to be made.
#[derive(Debug)]
pub struct Draft {
    /// Tells it apart.
    pub name: String,
    /// As typed or pasted.
    pub server_url: String,
    /// The API credential's id.
    pub client_id: String,
    /// The API credential's secret.
    pub client_secret: SecretString,
    /// Seconds that a query may take.
    pub timeout_seconds: Option<u32>,
    /// Queries that may run at a time.
    pub max_concurrent: Option<u32>,
}

/// A change of a connection: what is none stays.
#[derive(Debug, Default)]
pub struct Edit {
    /// See [`Draft`].
    pub name: Option<String>,
    /// See [`Draft`].
    pub server_url: Option<String>,
    /// See [`Draft`].
    pub client_id: Option<String>,
    /// See [`Draft`].
    pub client_secret: Option<SecretString>,
    /// See [`Draft`].
    pub timeout_seconds: Option<u32>,
    /// See [`Draft`].
    pub max_concurrent: Option<u32>,
}

impl Draft {
    pub(super) fn record(
        &self,
        id: &ConnectionId,
        sealer: &Sealer,
        now: Timestamp,
    ) -> Result<ConnectionRecord, ConnectionError> {
        Ok(ConnectionRecord {
            name: text("/name", &self.name)?,
            server_url: server(&self.server_url)?.as_str().to_owned(),
            client_id: text("/client_id", &self.client_id)?,
            client_secret: sealer.seal(&place(id), secret(&self.client_secret)?)?,
            timeout_seconds: within(
                "/timeout_seconds",
                self.timeout_seconds.unwrap_or(TIMEOUT),
                MOST_TIMEOUT,
            )?,
            max_concurrent: within(
                "/max_concurrent",
                self.max_concurrent.unwrap_or(CONCURRENT),
                MOST_CONCURRENT,
            )?,
            created_at: now,
        })
    }
}

impl Edit {
    pub(super) fn applied(
        &self,
        before: &ConnectionRecord,
        id: &ConnectionId,
        sealer: &Sealer,
    ) -> Result<ConnectionRecord, ConnectionError> {
        let mut after = before.clone();
        if let Some(name) = &self.name {
            after.name = text("/name", name)?;
        }
        if let Some(url) = &self.server_url {
            let url = server(url)?;
            // Whoever may edit a connection must not be able to have its secret sent to a server of
            // their own: to another host it goes only when somebody who knows it says so.
            if self.client_secret.is_none() && !same_trust(&before.server_url, url.as_str()) {
                return Err(invalid(
                    "/client_secret",
                    "the connection moves to another server; send its client secret again, since a stored secret goes only to the server it was given for",
                ));
            }
            after.server_url = url.as_str().to_owned();
        }
        if let Some(client_id) = &self.client_id {
            after.client_id = text("/client_id", client_id)?;
        }
        if let Some(given) = &self.client_secret {
            after.client_secret = sealer.seal(&place(id), secret(given)?)?;
        }
        if let Some(seconds) = self.timeout_seconds {
            after.timeout_seconds = within("/timeout_seconds", seconds, MOST_TIMEOUT)?;
        }
        if let Some(most) = self.max_concurrent {
            after.max_concurrent = within("/max_concurrent", most, MOST_CONCURRENT)?;
        }
        Ok(after)
    }

    /// Which fields are changed, for the audit; never what to.
    pub(super) fn fields(&self) -> serde_json::Value {
        let named = [
            ("name", self.name.is_some()),
            ("server_url", self.server_url.is_some()),
            ("client_id", self.client_id.is_some()),
            ("client_secret", self.client_secret.is_some()),
            ("timeout_seconds", self.timeout_seconds.is_some()),
            ("max_concurrent", self.max_concurrent.is_some()),
        ];
        let changed = named.into_iter().filter(|(_, changed)| *changed);
        json!({ "fields": changed.map(|(name, _)| name).collect::<Vec<_>>() })
    }
}

/// Whether a secret given for one server may go to another: the same host, and not from an encrypted
/// connection to an open one. The port may change, since it is found by trying.
pub(crate) fn same_trust(before: &str, after: &str) -> bool {
    let split = |url: &str| {
        let url = reqwest::Url::parse(url).ok()?;
        Some((url.host_str()?.to_owned(), url.scheme() == "https"))
    };
    match (split(before), split(after)) {
        (Some((host, sealed)), Some((next, next_sealed))) => {
            host == next && (!sealed || next_sealed)
        }
        _ => false,
    }
}

fn invalid(field: &'static str, reason: impl Into<String>) -> ConnectionError {
    ConnectionError::Invalid {
        field: Field(field),
        reason: reason.into(),
    }
}

fn server(text: &str) -> Result<ServerUrl, ConnectionError> {
    ServerUrl::parse(text).map_err(|error| invalid("/server_url", error.to_string()))
}

fn text(field: &'static str, given: &str) -> Result<String, ConnectionError> {
    let trimmed = given.trim();
    if trimmed.is_empty() || trimmed.chars().count() > LONGEST {
        return Err(invalid(
            field,
            format!("it needs 1 to {LONGEST} characters"),
        ));
    }
    if trimmed.chars().any(char::is_control) {
        return Err(invalid(field, "it holds a control character"));
    }
    Ok(trimmed.to_owned())
}

fn secret(given: &SecretString) -> Result<&SecretString, ConnectionError> {
    match given.expose_secret().len() {
        1..=LONGEST_SECRET => Ok(given),
        _ => Err(invalid(
            "/client_secret",
            format!("it needs 1 to {LONGEST_SECRET} bytes"),
        )),
    }
}

fn within(field: &'static str, given: u32, most: u32) -> Result<u32, ConnectionError> {
    if (1..=most).contains(&given) {
        return Ok(given);
    }
    Err(invalid(
        field,
        format!("{given} is not between 1 and {most}"),
    ))
}

#[cfg(test)]
mod tests {
    use super::same_trust;

    #[test]
    fn a_secret_stays_with_its_server() {
        for (before, after, trusted) in [
            ("https://a.looker.com", "https://a.looker.com:19999", true),
            ("http://127.0.0.1:1", "http://127.0.0.1:2", true),
            ("http://a.example", "https://a.example", true),
            ("https://a.example", "http://a.example", false),
            ("https://a.example", "https://b.example", false),
            ("https://a.example", "https://a.example.evil.example", false),
        ] {
            assert_eq!(same_trust(before, after), trusted, "{before} -> {after}");
        }
    }
}
