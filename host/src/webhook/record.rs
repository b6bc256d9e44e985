//! What the store keeps of a webhook.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::record::Record;
use crate::secret::Sealed;
use crate::store::Kind;

/// A webhook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookRecord {
    /// Where requests go.
    pub url: String,
    /// What it is told: topics of the feed.
    pub kinds: Vec<String>,
    /// What requests are signed with, in the spelling `whsec_…`.
    pub(super) secret: Sealed,
    /// When it was made.
    pub created_at: Timestamp,
    /// How it does.
    #[serde(default)]
    pub standing: Standing,
}

/// How a webhook does.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// Rounds in a row in which nothing came through.
    pub failures: u32,
    /// Until when its receiver is left alone.
    #[serde(default)]
    pub paused_until: Option<Timestamp>,
    /// Since when.
    pub failing_since: Option<Timestamp>,
    /// What was wrong with the newest notice that did not come through.
    pub last_error: Option<String>,
    /// When a notice came through last.
    pub last_delivered_at: Option<Timestamp>,
    /// Notices that were given up.
    pub given_up: u64,
    /// When its receiver said that it wants no more.
    pub stopped: Option<Timestamp>,
}

impl Record for WebhookRecord {
    const KIND: Kind = Kind::Webhook;
    const FORMAT: u32 = 1;
}

/// Where a webhook's secret is sealed for.
pub(super) fn place(id: &str) -> String {
    format!("webhook/{id}/secret")
}
