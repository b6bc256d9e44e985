//! A change: writes and an audit entry that are made in one step.

use std::collections::HashSet;
use std::fmt;

use jiff::Timestamp;
use serde::de::IgnoredAny;

use super::{AuditEntry, Kind, MAX_KEY_BYTES, MAX_RECORD_BYTES, StoreError};

/// What a write expects to find.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// No document.
    Absent,
    /// A document at this version.
    Version(u64),
    /// Anything: the last writer wins.
    Any,
}

impl Expected {
    /// Whether a document at version `found`, or none, is what was expected.
    pub fn met_by(self, found: Option<u64>) -> bool {
        match self {
            Self::Absent => found.is_none(),
            Self::Version(version) => found == Some(version),
            Self::Any => true,
        }
    }
}

/// One write of a change.
#[derive(Clone, PartialEq, Eq)]
pub enum Write {
    /// Writes a document.
    Put {
        /// The document's kind.
        kind: Kind,
        /// The document's key.
        key: String,
        /// What must be there before.
        expected: Expected,
        /// The JSON text of the owner's record.
        body: Vec<u8>,
    },
    /// Removes a document. With [`Expected::Any`] it is no error when there is none.
    Delete {
        /// The document's kind.
        kind: Kind,
        /// The document's key.
        key: String,
        /// What must be there before.
        expected: Expected,
    },
}

impl Write {
    /// The kind of the document written.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Put { kind, .. } | Self::Delete { kind, .. } => *kind,
        }
    }

    /// The key of the document written.
    pub fn key(&self) -> &str {
        match self {
            Self::Put { key, .. } | Self::Delete { key, .. } => key,
        }
    }

    /// What must be there before.
    pub fn expected(&self) -> Expected {
        match self {
            Self::Put { expected, .. } | Self::Delete { expected, .. } => *expected,
        }
    }
}

impl fmt::Debug for Write {
    // As with documents, the body stays out of logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = match self {
            Self::Put { .. } => "put",
            Self::Delete { .. } => "delete",
        };
        write!(
            f,
            "{verb} {}/{} expecting {:?}",
            self.kind(),
            self.key(),
            self.expected()
        )
    }
}

/// Writes and an audit entry that are made in one step, or not at all.
///
/// ```ignore
/// Change::new()
///     .put(Kind::Extractor, "invoices", Expected::Absent, body)
///     .audited(AuditEntry::new("token:deploy", "extractor.create", "extractor:invoices"))
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[must_use = "a change does nothing until it is committed"]
pub struct Change {
    /// The writes. Each document is written at most once.
    pub writes: Vec<Write>,
    /// What is remembered of the change.
    pub audit: Option<AuditEntry>,
}

impl Change {
    /// A change that does nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the writing of a document.
    pub fn put(
        mut self,
        kind: Kind,
        key: impl Into<String>,
        expected: Expected,
        body: impl Into<Vec<u8>>,
    ) -> Self {
        self.writes.push(Write::Put {
            kind,
            key: key.into(),
            expected,
            body: body.into(),
        });
        self
    }

    /// Adds the removal of a document.
    pub fn delete(mut self, kind: Kind, key: impl Into<String>, expected: Expected) -> Self {
        self.writes.push(Write::Delete {
            kind,
            key: key.into(),
            expected,
        });
        self
    }

    /// Sets what is remembered of the change.
    pub fn audited(mut self, entry: AuditEntry) -> Self {
        self.audit = Some(entry);
        self
    }

    /// Refuses what no implementation should have to store: checked once, here, so that all
    /// implementations take and refuse the same changes.
    pub(super) fn validate(&self) -> Result<(), StoreError> {
        if self.writes.is_empty() && self.audit.is_none() {
            return Err(StoreError::invalid("the change is empty"));
        }
        let mut seen = HashSet::new();
        for write in &self.writes {
            let (kind, key) = (write.kind(), write.key());
            validate_key(kind, key)?;
            if !seen.insert((kind, key)) {
                return Err(StoreError::invalid(format!(
                    "{kind}/{key} is written twice"
                )));
            }
            if let Write::Put { body, .. } = write {
                validate_body(kind, key, body)?;
            }
        }
        if let Some(entry) = &self.audit {
            let size = serde_json::to_vec(entry).map_or(usize::MAX, |text| text.len());
            within_limit("the audit entry", size)?;
        }
        Ok(())
    }
}

// Control characters are refused as PostgreSQL cannot keep all of them, and as no person could
// read or type such a key.
fn validate_key(kind: Kind, key: &str) -> Result<(), StoreError> {
    if key.is_empty() || key.len() > MAX_KEY_BYTES || key.chars().any(char::is_control) {
        return Err(StoreError::invalid(format!(
            "{key:.600?} is no key for a document of kind {kind}; a key has 1 to {MAX_KEY_BYTES} \
             bytes and no control characters"
        )));
    }
    Ok(())
}

fn validate_body(kind: Kind, key: &str, body: &[u8]) -> Result<(), StoreError> {
    within_limit(&format!("{kind}/{key}"), body.len())?;
    let json = std::str::from_utf8(body)
        .is_ok_and(|text| serde_json::from_str::<IgnoredAny>(text).is_ok());
    if !json {
        return Err(StoreError::invalid(format!(
            "the body of {kind}/{key} is not JSON"
        )));
    }
    Ok(())
}

fn within_limit(what: &str, size: usize) -> Result<(), StoreError> {
    if size > MAX_RECORD_BYTES {
        return Err(StoreError::TooLarge {
            what: what.to_owned(),
            size,
            limit: MAX_RECORD_BYTES,
        });
    }
    Ok(())
}

/// What became of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Committed {
    /// The version that every document written by the change has now, and the sequence of its
    /// audit record.
    pub version: u64,
    /// When it was made, by the store's clock, in whole microseconds.
    pub at: Timestamp,
}
