//! What no implementation should have to store.
//!
//! Checked once, here, so that all implementations take and refuse the same changes.

use std::collections::HashSet;
use std::fmt;

use jiff::SignedDuration;
use serde::de::IgnoredAny;

use super::{Change, MAX_WRITES, Write};
use crate::store::{MAX_KEY_BYTES, MAX_RECORD_BYTES, NewReading, StoreError};

impl Change {
    /// Refuses a change that no store should make.
    pub(in crate::store) fn validate(&self) -> Result<(), StoreError> {
        if self.writes.is_empty() && self.audit.is_none() && self.lease.is_none() {
            return Err(StoreError::invalid("the change is empty"));
        }
        if self.writes.len() > MAX_WRITES {
            return Err(StoreError::invalid(format!(
                "the change has {} writes, and a change may have {MAX_WRITES}",
                self.writes.len()
            )));
        }
        let (mut documents, mut readings) = (HashSet::new(), HashSet::new());
        for write in &self.writes {
            validate_write(write)?;
            if let Some((kind, key, _)) = write.document()
                && !documents.insert((kind, key))
            {
                return Err(StoreError::invalid(format!(
                    "{kind}/{key} is named twice in a change"
                )));
            }
            if let Write::Reading(reading) = write
                && !readings.insert((&reading.key_result, &reading.origin))
            {
                return Err(StoreError::invalid(format!(
                    "{} is named twice in a change",
                    name(reading)
                )));
            }
        }
        if let Some(entry) = &self.audit {
            let size = serde_json::to_vec(entry).map_or(usize::MAX, |text| text.len());
            within_limit("the audit entry", size)?;
        }
        Ok(())
    }
}

/// Refuses a lease that would be of no use.
pub(in crate::store) fn validate_lease(
    holder: &str,
    lease_for: SignedDuration,
) -> Result<(), StoreError> {
    validate_name("holder of a lease", holder)?;
    if !lease_for.is_positive() {
        return Err(StoreError::invalid("a lease has to last for some time"));
    }
    Ok(())
}

fn validate_write(write: &Write) -> Result<(), StoreError> {
    if let Some((kind, key, _)) = write.document() {
        validate_name(format_args!("key for a document of kind {kind}"), key)?;
    }
    match write {
        Write::Put {
            kind, key, body, ..
        } => validate_body(format_args!("{kind}/{key}"), body),
        Write::Delete { .. } | Write::Check { .. } => Ok(()),
        Write::Reading(reading) => {
            validate_name("name of a key result", &reading.key_result)?;
            validate_name("origin of a reading", &reading.origin)?;
            validate_body(name(reading), &reading.body)
        }
        Write::Due { poll, .. } => validate_name("name of a poll", poll),
        Write::Tell { topic, body } => {
            validate_name("topic of an entry of the feed", topic)?;
            validate_body(format_args!("an entry of the feed about {topic}"), body)
        }
    }
}

fn name(reading: &NewReading) -> String {
    format!("the reading {}/{}", reading.key_result, reading.origin)
}

// Control characters are refused as PostgreSQL cannot keep all of them, and as no person could
// read or type such a name.
fn validate_name(what: impl fmt::Display, name: &str) -> Result<(), StoreError> {
    if name.is_empty() || name.len() > MAX_KEY_BYTES || name.chars().any(char::is_control) {
        return Err(StoreError::invalid(format!(
            "{name:.600?} is no {what}; it has 1 to {MAX_KEY_BYTES} bytes and no control \
             characters"
        )));
    }
    Ok(())
}

fn validate_body(what: impl fmt::Display, body: &[u8]) -> Result<(), StoreError> {
    within_limit(&what, body.len())?;
    let json = std::str::from_utf8(body)
        .is_ok_and(|text| serde_json::from_str::<IgnoredAny>(text).is_ok());
    if !json {
        return Err(StoreError::invalid(format!(
            "the body of {what} is not JSON"
        )));
    }
    Ok(())
}

fn within_limit(what: impl fmt::Display, size: usize) -> Result<(), StoreError> {
    if size > MAX_RECORD_BYTES {
        return Err(StoreError::TooLarge {
            what: what.to_string(),
            size,
            limit: MAX_RECORD_BYTES,
        });
    }
    Ok(())
}
