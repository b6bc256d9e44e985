//! What the store keeps of a destination.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::id::DestinationId;
use crate::record::Record;
use crate::secret::Sealed;
use crate::store::Kind;

/// What a destination speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum DestinationKind {
    /// A data plane of RudderStack.
    RudderStack,
}

impl DestinationKind {
    /// The one that there is, as requests name it.
    pub const DEFAULT: &str = "rudderstack";
}

/// A destination.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DestinationRecord {
    /// Tells it apart, for people.
    pub name: String,
    /// What it speaks.
    pub kind: DestinationKind,
    /// The data plane, without `/v1/batch`.
    pub server_url: String,
    /// What it knows us by.
    pub write_key: Sealed,
    /// When it was made.
    pub created_at: Timestamp,
}

impl Record for DestinationRecord {
    const KIND: Kind = Kind::Destination;
    const FORMAT: u32 = 1;
}

/// Where a destination's write key is sealed for.
pub(super) fn place(id: &str) -> String {
    format!("destination/{id}/write_key")
}

/// The same, of a destination that is being made.
pub(super) fn place_of(id: &DestinationId) -> String {
    place(id.as_str())
}
