//! What can go wrong with extractors as things.

use crate::sandbox::{CallError, LoadError};
use crate::store::StoreError;

use super::check::Refused;
use super::limits::BadLimit;

/// An operation on the catalog that did not go through. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// No extractor of that name.
    #[error("there is no extractor {name}; list the extractors to see those there are")]
    NoExtractor {
        /// As asked for.
        name: String,
    },
    /// No such version of it.
    #[error("extractor {name} has no version {version}; look at the extractor to see those it has")]
    NoVersion {
        /// The extractor.
        name: String,
        /// As asked for.
        version: String,
    },
    /// It has versions, but none answers.
    #[error(
        "no version of extractor {name} is active; activate one, or name a `version` in the request"
    )]
    NotActive {
        /// The extractor.
        name: String,
    },
    /// An event mapper was asked for a number, or a chart extractor for events.
    #[error("extractor {name} {version} is a {is}, and this call needs a {wanted}")]
    OtherWorld {
        /// The extractor.
        name: String,
        /// Its version.
        version: String,
        /// What it is.
        is: crate::sandbox::World,
        /// What the call needs.
        wanted: crate::sandbox::World,
    },
    /// The version had to be stopped call after call, and is left alone for a while.
    #[error(
        "extractor {name} {version} rests, because its last calls had all to be stopped; nothing was read. It is tried again in {seconds} s: wait, roll back, or have its author mend it"
    )]
    Resting {
        /// The extractor.
        name: String,
        /// Its version.
        version: String,
        /// Seconds until it is worth another try.
        seconds: u32,
    },
    /// The version answers and so cannot be deleted.
    #[error(
        "version {version} of extractor {name} is active; activate another or roll back, then delete it"
    )]
    InUse {
        /// The extractor.
        name: String,
        /// The version.
        version: String,
    },
    /// The version is on trial and so cannot be deleted.
    #[error("version {version} of extractor {name} is on trial; roll it back, then delete it")]
    OnTrial {
        /// The extractor.
        name: String,
        /// The version.
        version: String,
    },
    /// What answers for everybody cannot be tried on some.
    #[error("version {version} of extractor {name} is active already; try another one beside it")]
    AlreadyActive {
        /// The extractor.
        name: String,
        /// The version.
        version: String,
    },
    /// It has no manual.
    #[error(
        "version {version} of extractor {name} has no manual; what its controls do, its outline says"
    )]
    NoManual {
        /// The extractor.
        name: String,
        /// The version.
        version: String,
    },
    /// The version belongs to the server and would be back at the next start.
    #[error(
        "version {version} of extractor {name} came with this server and cannot be deleted; activate another instead"
    )]
    BuiltIn {
        /// The extractor.
        name: String,
        /// The version.
        version: String,
    },
    /// Nothing to go back to.
    #[error("extractor {name} has no earlier version to roll back to; activate one by name")]
    NoEarlier {
        /// The extractor.
        name: String,
    },
    /// Somebody else changed the extractor at the same time, several times over.
    #[error("extractor {name} is being changed by others; look at it and try again")]
    Contended {
        /// The extractor.
        name: String,
    },
    /// It has changed since the caller looked at it.
    #[error("extractor {name} has changed since you looked at it; read it again, then change it")]
    Stale {
        /// The extractor.
        name: String,
    },
    /// A limit cannot be set so.
    #[error(transparent)]
    Limit(#[from] BadLimit),
    /// An upload was refused by a check.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// A call did not answer.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The stored bytes of a version are gone or are not what they were.
    #[error(
        "the component of extractor {name} {version} is missing from the store or damaged; upload it again"
    )]
    Damaged {
        /// The extractor.
        name: String,
        /// The version.
        version: String,
    },
    /// It was checked once, but does not link with this server.
    #[error(
        "extractor {name} cannot be loaded by this server; upload a version built against its contract"
    )]
    Load {
        /// The extractor.
        name: String,
        /// What the linker said.
        #[source]
        source: LoadError,
    },
    /// A record of a later server.
    #[error(
        "extractor {name} was stored by a newer Lensmount (format {format}); start that one, or restore a backup"
    )]
    Newer {
        /// The extractor.
        name: String,
        /// Its format.
        format: u32,
    },
    /// A record that is not what we wrote.
    #[error("the record of extractor {name} cannot be read; restore a backup")]
    Record {
        /// The extractor.
        name: String,
        /// What the parser said.
        #[source]
        source: serde_json::Error,
    },
    /// An answer cannot be written as JSON; a defect.
    #[error("an answer of an extractor could not be written down")]
    Unwritable(#[source] serde_json::Error),
    /// The store did not answer.
    #[error("the store failed while the catalog was read or changed")]
    Store(#[from] StoreError),
    /// A worker of ours failed; a defect.
    #[error("a worker of the catalog failed")]
    Worker(#[from] tokio::task::JoinError),
}
