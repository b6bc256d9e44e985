//! Who did what, when.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What is to be remembered of an operation. It must hold no secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// Who did it, such as `token:deploy`.
    pub actor: String,
    /// What was done, such as `extractor.activate`.
    pub action: String,
    /// What it was done to, such as `extractor:invoices`.
    pub target: String,
    /// The request it was done in, if it was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// What else matters, as the operation sees fit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<serde_json::Value>,
}

impl AuditEntry {
    /// An entry without a request and without detail.
    pub fn new(
        actor: impl Into<String>,
        action: impl Into<String>,
        target: impl Into<String>,
    ) -> Self {
        Self {
            actor: actor.into(),
            action: action.into(),
            target: target.into(),
            request_id: None,
            detail: None,
        }
    }
}

/// An audit entry as the store keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditRecord {
    /// Its place in the order of all changes. It is also the version of every document that was
    /// written in the same step. Later records have greater ones; they are not consecutive.
    pub seq: u64,
    /// When it was done, by the store's clock, in whole microseconds.
    pub at: Timestamp,
    /// What was done.
    #[serde(flatten)]
    pub entry: AuditEntry,
}
