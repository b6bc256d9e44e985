//! What can go wrong with objectives and key results.

use crate::chart::ChartError;
use crate::connection::ConnectionError;
use crate::event::ReceiveError;
use crate::record::RecordError;
use crate::store::StoreError;

/// An operation on an objective or key result that did not go through.
#[derive(Debug, thiserror::Error)]
pub enum KeyResultError {
    /// No such thing.
    #[error("there is no {what} {id}; list them to see those there are")]
    NotFound {
        /// `objective` or `key result`.
        what: &'static str,
        /// As asked for.
        id: String,
    },
    /// A field is not sound.
    #[error("{reason}")]
    Invalid {
        /// Where, as a JSON pointer.
        pointer: String,
        /// Why, and what to do.
        reason: String,
    },
    /// The objective has key results.
    #[error("the objective has {key_results} key results; delete them or move them first")]
    InUse {
        /// How many.
        key_results: usize,
    },
    /// A value was set by hand while the integration is on.
    #[error(
        "the key result is read from Looker, so its value cannot be set by hand; switch its integration off first (PUT …/integration with \"enabled\": false)"
    )]
    IntegrationOn,
    /// A read was asked for while there is nothing to read.
    #[error(
        "the key result is not read from Looker: {reason}; its value is set by hand with PATCH {{\"current\": …}}"
    )]
    IntegrationOff {
        /// Why not.
        reason: &'static str,
    },
    /// A result was pushed that is not one of the linked chart.
    #[error(
        "the pushed result is not of the chart that the key result is linked to: its query has other {what}; nothing was read; schedule the very look or tile that is linked, or link the key result to this one"
    )]
    OtherQuery {
        /// What is different.
        what: &'static str,
    },
    /// Its series has no points in time.
    #[error(
        "the chart's x is no time, so its points have no place in a history; a backfill needs a chart over time"
    )]
    NoHistory,
    /// It has changed since the caller looked at it.
    #[error("it has changed since you looked at it; read it again, then change it")]
    Stale,
    /// Others change it all the time.
    #[error("it is being changed by others; look at it and try again")]
    Contended,
    /// The idempotency key came with another request before.
    #[error(
        "this `Idempotency-Key` came with another request before; take a new key for a new request"
    )]
    OtherRequest,
    /// A pushed result cannot be read back.
    #[error(transparent)]
    Received(#[from] ReceiveError),
    /// The chart could not be read.
    #[error(transparent)]
    Chart(#[from] ChartError),
    /// The connection cannot be used.
    #[error(transparent)]
    Connection(#[from] ConnectionError),
    /// The store failed or holds something unreadable.
    #[error(transparent)]
    Record(#[from] RecordError),
}

impl From<StoreError> for KeyResultError {
    fn from(error: StoreError) -> Self {
        Self::Record(error.into())
    }
}

impl KeyResultError {
    pub(super) fn invalid(pointer: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Invalid {
            pointer: pointer.into(),
            reason: reason.into(),
        }
    }
}
