//! What can go wrong with connections.

use std::sync::Arc;

use crate::looker::LookerError;
use crate::record::RecordError;
use crate::secret::SecretError;
use crate::store::StoreError;

/// A field of a connection that is to blame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field(pub &'static str);

/// An operation on a connection that did not go through.
#[derive(Debug, thiserror::Error)]
pub enum ConnectionError {
    /// No connection of that id.
    #[error("there is no connection {id}; list the connections to see those there are")]
    NotFound {
        /// As asked for.
        id: String,
    },
    /// Another connection has the name.
    #[error(
        "there is a connection {name:?} already; names tell connections apart, so choose another"
    )]
    NameTaken {
        /// The name.
        name: String,
    },
    /// A field is not sound.
    #[error("{reason}")]
    Invalid {
        /// Which.
        field: Field,
        /// Why, and what to do.
        reason: String,
    },
    /// Key results are linked through it.
    #[error(
        "{key_results} key results are linked through connection {name:?}; link them elsewhere or delete them first"
    )]
    InUse {
        /// Its name.
        name: String,
        /// How many.
        key_results: usize,
    },
    /// It has changed since the caller looked at it.
    #[error("the connection has changed since you looked at it; read it again, then change it")]
    Stale,
    /// Others change it all the time.
    #[error("the connection is being changed by others; look at it and try again")]
    Contended,
    /// The idempotency key came with another request before.
    #[error(
        "this `Idempotency-Key` came with another request before; take a new key for a new request"
    )]
    OtherRequest,
    /// Its secret cannot be sealed or opened.
    #[error("the secret of the connection cannot be used")]
    Secret(#[from] SecretError),
    /// Looker did not do what was asked.
    #[error(transparent)]
    Looker(Arc<LookerError>),
    /// The store failed or holds something unreadable.
    #[error(transparent)]
    Record(#[from] RecordError),
}

impl From<LookerError> for ConnectionError {
    fn from(error: LookerError) -> Self {
        Self::Looker(Arc::new(error))
    }
}

impl From<StoreError> for ConnectionError {
    fn from(error: StoreError) -> Self {
        Self::Record(error.into())
    }
}
