//! What can go wrong with runs.

use crate::catalog::CatalogError;
use crate::egress::Refused;
use crate::record::RecordError;
use crate::secret::SecretError;
use crate::store::StoreError;

use super::destination::DestinationError;

/// A run could not be begun, or is not there.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// No run of that id.
    #[error("there is no run {id}; list the runs to see those there are")]
    NotFound {
        /// As asked for.
        id: String,
    },
    /// The mapper does not take the query or the settings, or could not be called.
    #[error(transparent)]
    Mapper(#[from] CatalogError),
    /// The destination's URL is not sound.
    #[error(
        "the data plane's address is not sound ({reason}); it looks like https://example.dataplane.rudderstack.com"
    )]
    ServerUrl {
        /// Why. The address itself is not told: people write keys into it.
        reason: String,
    },
    /// The destination's address may not be called.
    #[error(transparent)]
    Target(#[from] Refused),
    /// What the schedule says beside its rows is too long to be kept.
    #[error(
        "the schedule's title and what its form was filled in with have {bytes} bytes, and {most} are the most; shorten them"
    )]
    TooMuchSaid {
        /// How much there is.
        bytes: usize,
        /// How much may be.
        most: usize,
    },
    /// There is nothing to send again.
    #[error("the run has no dead letters, so there is nothing to send again")]
    NothingDead,
    /// Its result is not on this machine's disk.
    #[error("the result that it was to be made of is no longer on disk; run the schedule again")]
    NoResult,
    /// Others change it all the time.
    #[error("the run is being worked on; look at it and try again")]
    Contended,
    /// Its destination cannot be looked up.
    #[error(transparent)]
    Destination(#[from] DestinationError),
    /// Its write key cannot be sealed or opened.
    #[error("the write key of the run cannot be used: {0}")]
    Secret(#[from] SecretError),
    /// No client to send with.
    #[error("no HTTP client can be made on this machine")]
    Client(#[source] reqwest::Error),
    /// A batch cannot be written or read back.
    #[error("a batch of events cannot be read; restore a backup, or run the schedule again")]
    Batch(#[source] std::io::Error),
    /// A worker of ours failed; a defect.
    #[error("a worker failed while events were mapped")]
    Worker(#[source] tokio::task::JoinError),
    /// The store failed or holds something unreadable.
    #[error(transparent)]
    Record(#[from] RecordError),
}

impl From<StoreError> for RunError {
    fn from(error: StoreError) -> Self {
        Self::Record(error.into())
    }
}
