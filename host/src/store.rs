//! Everything the host keeps, behind one trait.
//!
//! The operations have a meaning of their own instead of being a key-value facade, and each method
//! is one atomic step: it happens wholly or not at all, and what it answers stays true after a
//! crash. Time is the store's own. Bodies of documents belong to whoever writes them; the store
//! only asks that they are JSON, so that an export can be read by people.
//!
//! [`sled`] is the embedded implementation, for one process. The suite in `conformance` says what
//! any implementation must do.

mod audit;
mod blob;
mod blob_dir;
mod change;
mod digest;
mod document;
mod durable;
mod error;
mod export;
mod feed;
mod poll;
mod reading;
pub mod sled;
mod spool;

#[cfg(test)]
mod conformance;
#[cfg(test)]
pub(crate) mod faults;

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;

pub use self::audit::{AuditEntry, AuditRecord};
pub use self::blob::BlobSpace;
pub use self::change::{Change, Committed, Expected, MAX_WRITES, Write};
pub use self::digest::{Digest, InvalidDigest};
pub use self::document::{Document, Format, Kind, MAX_KEY_BYTES, MAX_RECORD_BYTES};
pub use self::durable::write_file as keep_file;
pub use self::error::{Cause, StoreError};
pub use self::export::{CheckReport, ExportSummary};
pub use self::feed::{FEED_LENGTH, FeedEdges, FeedEntry, FeedPlace, InvalidFeedPlace};
pub use self::poll::{Due, Lease, Line, Next};
pub use self::reading::{NewReading, ReadingPlace, ReadingRange, StoredReading};
pub use self::spool::{SpoolDir, SpoolFile, Spooled};

/// A store shared by everything that keeps something.
pub type SharedStore = Arc<dyn Store>;

/// Everything the host keeps. Each method is one atomic step, unless it says that it is not.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// The document of this kind and key, if there is one.
    async fn get(&self, kind: Kind, key: &str) -> Result<Option<Document>, StoreError>;

    /// The documents of a kind in ascending order of their keys' bytes, those after `after`, at
    /// most `limit`. To read on, hand in the last key of the page before.
    async fn list(
        &self,
        kind: Kind,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Document>, StoreError>;

    /// Completes the lease of a change, makes all its writes and keeps its audit entry in one step,
    /// which is durable when this returns.
    ///
    /// # Errors
    ///
    /// [`StoreError::Fenced`] when the lease it completes is no longer the caller's, and
    /// [`StoreError::Stale`] when a document is not at the expected version; nothing is written
    /// then, and a lease is kept. [`StoreError::InDoubt`] when nobody can say whether the change was made: read before
    /// making it again. After any other error nothing has been written.
    async fn commit(&self, change: Change) -> Result<Committed, StoreError>;

    /// Audit records, newest first, those with a sequence below `before`, at most `limit`.
    async fn audit(
        &self,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<AuditRecord>, StoreError>;

    /// Leases polls of a line to `holder`: those whose due time has come and that nobody holds, or whose lease
    /// has run out; the longest due first, at most `limit`.
    ///
    /// A lease need not outlive the store's process.
    async fn claim_due(
        &self,
        line: Line,
        holder: &str,
        lease_for: SignedDuration,
        limit: usize,
    ) -> Result<Vec<Lease>, StoreError>;

    /// Makes a lease end later: `lease_for` from now. One that has run out is renewed as well, as
    /// long as nobody else has claimed the poll.
    ///
    /// # Errors
    ///
    /// [`StoreError::Fenced`] when the lease is no longer the caller's.
    async fn renew(&self, lease: &Lease, lease_for: SignedDuration) -> Result<Lease, StoreError>;

    /// Gives a lease back with nothing done: the poll stays due. It is no error when the lease is
    /// no longer the caller's.
    async fn release(&self, lease: &Lease) -> Result<(), StoreError>;

    /// When [`claim_due`](Self::claim_due) will find something next, which may be in the past. It
    /// changes with every change that makes a poll due, and with every claim.
    async fn next_due(&self, line: Line) -> Result<Option<Timestamp>, StoreError>;

    /// Readings of a key result, newest first by the moment they stand for and then by the order in
    /// which they were kept, at most `limit`. To read on, hand in the last
    /// [place](StoredReading::place) of the page before.
    async fn readings(
        &self,
        key_result: &str,
        range: &ReadingRange,
        limit: usize,
    ) -> Result<Vec<StoredReading>, StoreError>;

    /// The reading of a key result that has this origin, if there is one.
    async fn reading(
        &self,
        key_result: &str,
        origin: &str,
    ) -> Result<Option<StoredReading>, StoreError>;

    /// Forgets all readings of a key result, durably, and says how many there were. This is done in
    /// many steps: when it fails some may be left, and it can be done again.
    async fn forget_readings(&self, key_result: &str) -> Result<u64, StoreError>;

    /// Entries of the feed after a place, oldest first, at most `limit`; from the oldest there is
    /// without a place. Only what is durable is told.
    async fn feed(
        &self,
        after: Option<FeedPlace>,
        limit: usize,
    ) -> Result<Vec<FeedEntry>, StoreError>;

    /// What the feed still holds; none when it is empty. A listener whose place is before the
    /// oldest entry, or who has one while there is no entry, may have missed some.
    async fn feed_edges(&self) -> Result<Option<FeedEdges>, StoreError>;

    /// The version of the newest durable change, and each that follows. It is a hint to look again,
    /// and may skip versions.
    fn changed(&self) -> watch::Receiver<u64>;

    /// Keeps bytes under their digest, durable when this returns. Keeping the same bytes again
    /// changes nothing, except that a damaged copy is made whole.
    async fn put_blob(&self, space: BlobSpace, bytes: Bytes) -> Result<Digest, StoreError>;

    /// The bytes kept under a digest, if there are any; [`StoreError::Corrupt`] when they are no
    /// longer what was kept.
    async fn blob(&self, space: BlobSpace, digest: &Digest) -> Result<Option<Bytes>, StoreError>;

    /// Forgets the bytes kept under a digest. It is no error when there are none.
    async fn delete_blob(&self, space: BlobSpace, digest: &Digest) -> Result<(), StoreError>;

    /// The digests of everything kept in a space, ascending.
    async fn list_blobs(&self, space: BlobSpace) -> Result<Vec<Digest>, StoreError>;

    /// Writes everything into a new folder `out`, which appears only when it is complete. It can
    /// be imported into any implementation. Left out are blobs that can be made again, leases, and
    /// the feed.
    async fn export(&self, out: &Path) -> Result<ExportSummary, StoreError>;

    /// Takes in an export, versions and audit included. The export is verified first, and the
    /// store must be [empty](StoreError::NotEmpty).
    async fn import(&self, from: &Path) -> Result<ExportSummary, StoreError>;

    /// Reads and verifies every record and every blob. Damage is in the report, not an error.
    async fn check(&self) -> Result<CheckReport, StoreError>;
}
