//! What can go wrong with destinations.

use crate::egress::Refused;
use crate::record::RecordError;
use crate::secret::SecretError;
use crate::store::StoreError;

use super::MOST;

/// An operation on a destination that did not go through.
#[derive(Debug, thiserror::Error)]
pub enum DestinationError {
    /// No destination of that id.
    #[error("there is no destination {id}; list the destinations to see those there are")]
    NotFound {
        /// As asked for.
        id: String,
    },
    /// Another destination has the name.
    #[error(
        "there is a destination {name:?} already; names tell destinations apart, so choose another"
    )]
    NameTaken {
        /// The name.
        name: String,
    },
    /// A field is not sound.
    #[error("{reason}")]
    Invalid {
        /// Where it stands in the request.
        field: &'static str,
        /// Why, and what to do.
        reason: String,
    },
    /// Its address may not be called.
    #[error(transparent)]
    Target(#[from] Refused),
    /// There are as many as there may be.
    #[error(
        "there are {MOST} destinations, and there may be no more; delete one that nobody needs"
    )]
    TooMany,
    /// It has changed since the caller looked at it.
    #[error("the destination has changed since you looked at it; read it again, then change it")]
    Stale,
    /// Others change it all the time.
    #[error("the destination is being changed by others; look at it and try again")]
    Contended,
    /// The idempotency key came with another request before.
    #[error(
        "this `Idempotency-Key` came with another request before; take a new key for a new request"
    )]
    OtherRequest,
    /// Its write key cannot be sealed or opened.
    #[error("the write key of the destination cannot be used: {0}")]
    Secret(#[from] SecretError),
    /// The store failed or holds something unreadable.
    #[error(transparent)]
    Record(#[from] RecordError),
}

impl From<StoreError> for DestinationError {
    fn from(error: StoreError) -> Self {
        Self::Record(error.into())
    }
}
