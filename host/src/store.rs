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
pub mod sled;

#[cfg(test)]
mod conformance;
#[cfg(test)]
pub(crate) mod faults;

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;

pub use self::audit::{AuditEntry, AuditRecord};
pub use self::blob::BlobSpace;
pub use self::change::{Change, Committed, Expected, Write};
pub use self::digest::{Digest, InvalidDigest};
pub use self::document::{Document, Format, Kind, MAX_KEY_BYTES, MAX_RECORD_BYTES};
pub use self::error::{Cause, StoreError};
pub use self::export::{CheckReport, ExportSummary};

/// A store shared by everything that keeps something.
pub type SharedStore = Arc<dyn Store>;

/// Everything the host keeps. Each method is one atomic step.
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

    /// Makes all writes of a change and its audit entry in one step, which is durable when this
    /// returns.
    ///
    /// # Errors
    ///
    /// [`StoreError::Stale`] when a document is not at the expected version; nothing is written
    /// then. [`StoreError::InDoubt`] when nobody can say whether the change was made: read before
    /// making it again. After any other error nothing has been written.
    async fn commit(&self, change: Change) -> Result<Committed, StoreError>;

    /// Audit records, newest first, those with a sequence below `before`, at most `limit`.
    async fn audit(
        &self,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<AuditRecord>, StoreError>;

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
    /// be imported into any implementation. Blobs that can be made again are left out.
    async fn export(&self, out: &Path) -> Result<ExportSummary, StoreError>;

    /// Takes in an export, versions and audit included. The export is verified first, and the
    /// store must be [empty](StoreError::NotEmpty).
    async fn import(&self, from: &Path) -> Result<ExportSummary, StoreError>;

    /// Reads and verifies every record and every blob. Damage is in the report, not an error.
    async fn check(&self) -> Result<CheckReport, StoreError>;
}
