//! The embedded store: sled for documents and audit, files for blobs. One process per folder.
//!
//! sled 0.34 loses acknowledged writes when it is used as its manual suggests, and cannot open
//! what it wrote after an ill-timed crash. This is how it is used here:
//!
//! - A change is one transaction over all trees (`commit`), and is answered only after a flush and
//!   an fdatasync of the database file (`sync`), since sled's own flush does not wait for the disk.
//! - Values stay small and segments large, so that no page ever outgrows the log: pages that do
//!   are put into files which sled never syncs (`open`).
//! - Every value has a format version and a checksum (`envelope`), verified when the folder is
//!   opened, after the leftovers of a crash have been removed (`open`).
//! - The newest acknowledged change is noted beside the database (`acked`), so that a database
//!   which has lost its end is refused instead of being taken for the truth.
//!
//! A folder holds `pid` (the lock), `acked`, `sled/` and `blobs/`.

mod acked;
mod check;
mod commit;
mod envelope;
mod lock;
mod open;
mod record;
mod scan;
mod sync;
mod transfer;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::{Arc, RwLock};

use async_trait::async_trait;
use bytes::Bytes;
use sled::{Db, Tree};

use self::lock::DirLock;
use self::sync::{Health, Syncer};
use super::blob_dir::BlobDir;
use super::{
    AuditRecord, BlobSpace, Change, CheckReport, Committed, Digest, Document, ExportSummary, Kind,
    Store, StoreError,
};
use crate::clock::SharedClock;

/// How much space has to be left on the disk for anything to be written, in bytes. sled cannot be
/// trusted after a write for which there was no space, so it does not get that far.
const RESERVE: u64 = 64 << 20;

/// The embedded store. Dropping it closes the folder.
pub struct SledStore {
    // Dropped first: its thread uses the database.
    syncer: Syncer,
    database: Arc<Database>,
}

struct Database {
    dir: PathBuf,
    /// sled serialises transactions but not scans. Whoever changes something holds this for
    /// writing, whoever scans holds it for reading, so that a scan sees whole changes only.
    gate: RwLock<()>,
    documents: Tree,
    audit: Tree,
    meta: Tree,
    db: Db,
    blobs: BlobDir,
    clock: SharedClock,
    health: Arc<Health>,
    reserve: u64,
    // Dropped last: the folder is ours until sled has closed it.
    _lock: DirLock,
}

impl SledStore {
    /// Opens the store in a folder, which is made if it is missing. This reads every record, so
    /// it takes about a second for each 200,000 of them.
    ///
    /// # Errors
    ///
    /// [`StoreError::Locked`] when another process has it open, [`StoreError::Newer`] when a later
    /// release wrote it, [`StoreError::Corrupt`] when anything in it is damaged or missing.
    pub fn open(dir: &Path, clock: SharedClock) -> Result<Self, StoreError> {
        Self::open_with_reserve(dir, clock, RESERVE)
    }

    fn open_with_reserve(dir: &Path, clock: SharedClock, reserve: u64) -> Result<Self, StoreError> {
        let (database, disk) = open::open(dir, clock, reserve)?;
        let syncer = Syncer::start(disk, Arc::clone(&database.health))?;
        Ok(Self {
            syncer,
            database: Arc::new(database),
        })
    }

    /// Runs something that may take longer than a request should hold up others.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Database) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let database = Arc::clone(&self.database);
        let task = tokio::task::spawn_blocking(move || work(&database));
        task.await.unwrap_or_else(|e| {
            Err(StoreError::Unavailable {
                reason: "a thread of it has ended early".to_owned(),
                source: Some(e.into()),
            })
        })
    }
}

impl Database {
    /// Refuses to write when the disk is nearly full.
    fn check_space(&self, bytes: u64) -> Result<(), StoreError> {
        let stat = rustix::fs::statvfs(&self.dir)
            .map_err(|e| StoreError::io("ask for the free space of", &self.dir)(e.into()))?;
        let free = stat.f_bavail.saturating_mul(stat.f_frsize);
        if free < self.reserve.saturating_add(bytes) {
            return Err(StoreError::unavailable(format!(
                "the disk under {} has {} MiB left, which is too little to write safely; make room",
                self.dir.display(),
                free >> 20
            )));
        }
        Ok(())
    }
}

/// An error of sled's while nothing was being changed.
fn unreadable(e: sled::Error) -> StoreError {
    StoreError::Unavailable {
        reason: "the database cannot be read; start the server again, which checks it".to_owned(),
        source: Some(e.into()),
    }
}

#[async_trait]
impl Store for SledStore {
    async fn get(&self, kind: Kind, key: &str) -> Result<Option<Document>, StoreError> {
        self.database.get(kind, key)
    }

    async fn list(
        &self,
        kind: Kind,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Document>, StoreError> {
        let after = after.map(str::to_owned);
        self.blocking(move |database| database.list(kind, after.as_deref(), limit))
            .await
    }

    async fn commit(&self, change: Change) -> Result<Committed, StoreError> {
        change.validate()?;
        let place = self.syncer.reserve().await?;
        // From here to the sending of the request nothing waits, so a caller that goes away
        // cannot leave a change behind that nobody syncs.
        let committed = self.database.apply(&change)?;
        place.sync(committed.version).wait().await?;
        Ok(committed)
    }

    async fn audit(
        &self,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<AuditRecord>, StoreError> {
        self.blocking(move |database| database.audit(before, limit))
            .await
    }

    async fn put_blob(&self, space: BlobSpace, bytes: Bytes) -> Result<Digest, StoreError> {
        self.blocking(move |database| {
            database.check_space(bytes.len() as u64)?;
            database.blobs.put(space, &bytes)
        })
        .await
    }

    async fn blob(&self, space: BlobSpace, digest: &Digest) -> Result<Option<Bytes>, StoreError> {
        let digest = *digest;
        let blob = self
            .blocking(move |database| database.blobs.get(space, &digest))
            .await?;
        Ok(blob.map(Bytes::from))
    }

    async fn delete_blob(&self, space: BlobSpace, digest: &Digest) -> Result<(), StoreError> {
        let digest = *digest;
        self.blocking(move |database| database.blobs.delete(space, &digest))
            .await
    }

    async fn list_blobs(&self, space: BlobSpace) -> Result<Vec<Digest>, StoreError> {
        self.blocking(move |database| database.blobs.list(space))
            .await
    }

    async fn export(&self, out: &Path) -> Result<ExportSummary, StoreError> {
        let out = out.to_owned();
        self.blocking(move |database| database.export(&out)).await
    }

    async fn import(&self, from: &Path) -> Result<ExportSummary, StoreError> {
        let from = from.to_owned();
        let place = self.syncer.reserve().await?;
        let summary = self
            .blocking(move |database| database.import(&from))
            .await?;
        place.sync(summary.sequence).wait().await?;
        Ok(summary)
    }

    async fn check(&self) -> Result<CheckReport, StoreError> {
        self.blocking(Database::check).await
    }
}
