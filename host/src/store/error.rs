//! What can go wrong in a store, by what the caller can do about it.

use std::error::Error;
use std::io;
use std::path::{Path, PathBuf};

use super::Kind;

/// An implementation's own error, kept as the source of ours.
pub type Cause = Box<dyn Error + Send + Sync>;

/// Why a store did not do what it was asked to.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Somebody else wrote the document in the meantime.
    #[error(
        "{kind}/{key} has been changed in the meantime, so nothing was written; read it again and \
         decide anew"
    )]
    Stale {
        /// The document's kind.
        kind: Kind,
        /// The document's key.
        key: String,
        /// The version that was found; none when there is no such document.
        found: Option<u64>,
    },

    /// The lease is not the caller's any more.
    #[error(
        "the lease of the poll {poll} has passed to somebody else, or the poll is gone, so nothing \
         was written; leave it to them"
    )]
    Fenced {
        /// The poll.
        poll: String,
    },

    /// The caller asked for something that no store can do; a fault in this program.
    #[error("{what}; nothing was written")]
    Invalid {
        /// What was wrong.
        what: String,
    },

    /// A record is larger than records may be.
    #[error(
        "{what} has {size} bytes, and records may have {limit}; nothing was written; keep large \
         content as a blob"
    )]
    TooLarge {
        /// Which record.
        what: String,
        /// Its size in bytes.
        size: usize,
        /// The largest size allowed, in bytes.
        limit: usize,
    },

    /// Stored data is not what was once written.
    #[error("{record} is damaged: {reason}; {}", CORRUPT_ADVICE)]
    Corrupt {
        /// Which record, file or blob.
        record: String,
        /// How that was noticed.
        reason: String,
    },

    /// Stored data was written by a later release.
    #[error(
        "{record} has format {found}, and this release reads formats up to {known}; nothing was \
         changed; start the later release that wrote it"
    )]
    Newer {
        /// Which record or file.
        record: String,
        /// The format found.
        found: u32,
        /// The latest format this release knows.
        known: u32,
    },

    /// Another process has the folder open.
    #[error(
        "another instance holds {} ({}); stop it, or give this one a folder of its own",
        dir.display(),
        pid.map_or_else(|| "pid unknown".to_owned(), |pid| format!("pid {pid}"))
    )]
    Locked {
        /// The store's folder.
        dir: PathBuf,
        /// The other process, when it has left its number.
        pid: Option<u32>,
    },

    /// An import needs an empty store.
    #[error(
        "the store already holds something, so nothing was imported; import into a new, empty one"
    )]
    NotEmpty,

    /// The file system refused something.
    #[error(
        "could not {action} {}; see that the folder exists, is writable and has space left",
        path.display()
    )]
    Io {
        /// What was tried, such as `write`.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// Why it failed.
        #[source]
        source: io::Error,
    },

    /// The store cannot work at present. Nothing was written.
    #[error("the store cannot be used: {reason}")]
    Unavailable {
        /// What is the matter and what to do about it.
        reason: String,
        /// The implementation's own error.
        #[source]
        source: Option<Cause>,
    },

    /// The change may or may not have been made.
    #[error(
        "the store failed while a change was being made, so it may or may not have been made; read \
         what it wrote before making it again"
    )]
    InDoubt {
        /// The implementation's own error.
        #[source]
        source: Cause,
    },
}

const CORRUPT_ADVICE: &str = "the data folder needs attention: keep a copy of it, start with a new, \
                              empty folder and import the newest export";

impl StoreError {
    pub(super) fn invalid(what: impl Into<String>) -> Self {
        Self::Invalid { what: what.into() }
    }

    pub(super) fn corrupt(record: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Corrupt {
            record: record.into(),
            reason: reason.into(),
        }
    }

    pub(super) fn unavailable(reason: impl Into<String>) -> Self {
        Self::Unavailable {
            reason: reason.into(),
            source: None,
        }
    }

    /// Wraps an error of the file system; for use with `map_err`.
    pub(super) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io {
            action,
            path: path.to_owned(),
            source,
        }
    }
}
