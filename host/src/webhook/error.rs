//! What can go wrong with webhooks.

use crate::egress::Refused;
use crate::record::RecordError;
use crate::secret::SecretError;
use crate::store::StoreError;

use super::draft::MOST;

/// An operation on a webhook that did not go through.
#[derive(Debug, thiserror::Error)]
pub enum WebhookError {
    /// No webhook of that id.
    #[error("there is no webhook {id}; list the webhooks to see those there are")]
    NotFound {
        /// As asked for.
        id: String,
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
    #[error("there are {MOST} webhooks, and there may be no more; delete one that nobody needs")]
    TooMany,
    /// It has said that it wants no more.
    #[error(
        "the webhook's receiver has answered 410 Gone and is told nothing more; delete the webhook, and make it anew if it is to be told again"
    )]
    Stopped,
    /// Others change it all the time.
    #[error("the webhook is being changed by others; look at it and try again")]
    Contended,
    /// The idempotency key came with another request before.
    #[error(
        "this `Idempotency-Key` came with another request before; take a new key for a new request"
    )]
    OtherRequest,
    /// Its secret cannot be sealed or opened.
    #[error("the secret of the webhook cannot be used")]
    Secret(#[from] SecretError),
    /// No client to send with.
    #[error("no HTTP client can be made on this machine")]
    Client(#[source] reqwest::Error),
    /// A worker of ours failed; a defect.
    #[error("a worker failed while a webhook was changed")]
    Worker(#[source] tokio::task::JoinError),
    /// The store failed or holds something unreadable.
    #[error(transparent)]
    Record(#[from] RecordError),
}

impl From<StoreError> for WebhookError {
    fn from(error: StoreError) -> Self {
        Self::Record(error.into())
    }
}
