//! What the store keeps of a connection.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::record::Record;
use crate::secret::Sealed;
use crate::store::Kind;

/// The longest time that a query may take, in seconds.
pub const MOST_TIMEOUT: u32 = 3_600;
/// The most queries that may run on a Looker at a time.
pub const MOST_CONCURRENT: u32 = 64;

/// A connection.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ConnectionRecord {
    /// Tells it apart, for people.
    pub name: String,
    /// Where Looker is, normalised.
    pub server_url: String,
    /// The API credential's id.
    pub client_id: String,
    /// The API credential's secret.
    pub client_secret: Sealed,
    /// Seconds that a query may take.
    pub timeout_seconds: u32,
    /// Queries that may run at a time.
    pub max_concurrent: u32,
    /// When it was made.
    pub created_at: Timestamp,
}

impl Record for ConnectionRecord {
    const KIND: Kind = Kind::Connection;
    const FORMAT: u32 = 1;
}

/// Where a connection's secret is sealed for.
pub(super) fn place(id: &crate::id::ConnectionId) -> String {
    format!("connection/{id}/client_secret")
}
