//! What people say of a destination, held to what a destination can be.

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

use crate::connection::same_trust;
use crate::egress::Targets;
use crate::event::data_plane;
use crate::id::DestinationId;
use crate::secret::Sealer;

use super::error::DestinationError;
use super::record::{DestinationKind, DestinationRecord, place_of};

const LONGEST: usize = 200;
const LONGEST_KEY: usize = 1_000;

/// A destination to be made.
#[derive(Debug)]
pub struct Draft {
    /// Tells it apart.
    pub name: String,
    /// What it speaks.
    pub kind: DestinationKind,
    /// The data plane, with or without `/v1/batch`.
    pub server_url: String,
    /// What it knows us by.
    pub write_key: SecretString,
}

/// A change of a destination: what is none stays.
#[derive(Debug, Default)]
pub struct Edit {
    /// See [`Draft`].
    pub name: Option<String>,
    /// See [`Draft`].
    pub server_url: Option<String>,
    /// See [`Draft`].
    pub write_key: Option<SecretString>,
}

impl Draft {
    pub(super) fn record(
        &self,
        id: &DestinationId,
        sealer: &Sealer,
        targets: &Targets,
        now: Timestamp,
    ) -> Result<DestinationRecord, DestinationError> {
        Ok(DestinationRecord {
            name: name(&self.name)?,
            kind: self.kind,
            server_url: server(&self.server_url, targets)?,
            write_key: sealer.seal(&place_of(id), key(&self.write_key)?)?,
            created_at: now,
        })
    }
}

impl Edit {
    pub(super) fn applied(
        &self,
        before: &DestinationRecord,
        id: &DestinationId,
        sealer: &Sealer,
        targets: &Targets,
    ) -> Result<DestinationRecord, DestinationError> {
        let mut after = before.clone();
        if let Some(given) = &self.name {
            after.name = name(given)?;
        }
        if let Some(given) = &self.server_url {
            let url = server(given, targets)?;
            // Whoever may edit a destination must not be able to have its write key sent to a server
            // of their own.
            if self.write_key.is_none() && !same_trust(&before.server_url, &url) {
                return Err(invalid(
                    "/write_key",
                    "the destination moves to another server; send its write key again, since a stored key goes only to the server it was given for",
                ));
            }
            after.server_url = url;
        }
        if let Some(given) = &self.write_key {
            after.write_key = sealer.seal(&place_of(id), key(given)?)?;
        }
        Ok(after)
    }

    /// Which fields are changed, for the audit; never what to.
    pub(super) fn fields(&self) -> serde_json::Value {
        let named = [
            ("name", self.name.is_some()),
            ("server_url", self.server_url.is_some()),
            ("write_key", self.write_key.is_some()),
        ];
        let changed = named.into_iter().filter(|(_, changed)| *changed);
        json!({ "fields": changed.map(|(name, _)| name).collect::<Vec<_>>() })
    }
}

fn invalid(field: &'static str, reason: impl Into<String>) -> DestinationError {
    DestinationError::Invalid {
        field,
        reason: reason.into(),
    }
}

fn name(given: &str) -> Result<String, DestinationError> {
    let trimmed = given.trim();
    let sound = (1..=LONGEST).contains(&trimmed.chars().count());
    if !sound || trimmed.chars().any(char::is_control) {
        let reason = format!("it needs 1 to {LONGEST} characters, none of them control characters");
        return Err(invalid("/name", reason));
    }
    Ok(trimmed.to_owned())
}

fn server(given: &str, targets: &Targets) -> Result<String, DestinationError> {
    let url = data_plane::server_url(given);
    let url = url.map_err(|error| invalid("/server_url", error.to_string()))?;
    targets.check_literal(&url)?;
    Ok(url.into())
}

fn key(given: &SecretString) -> Result<&SecretString, DestinationError> {
    match given.expose_secret().len() {
        1..=LONGEST_KEY => Ok(given),
        _ => Err(invalid(
            "/write_key",
            format!("it needs 1 to {LONGEST_KEY} bytes"),
        )),
    }
}
