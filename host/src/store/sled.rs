//! The embedded store: sled for records, files for blobs. One process per folder.
//!
//! sled 0.34 loses acknowledged writes when it is used as its manual suggests, and cannot open
//! what it wrote after an ill-timed crash. This is how it is used here:
//!
//! - A change is in one transaction over all trees, with all others that wait (`queue`, `commit`),
//!   and is answered only after a flush and an fdatasync of the database file (`sync`), since
//!   sled's own flush does not wait for the disk.
//! - Values stay small and segments large, so that no page ever outgrows the log: pages that do
//!   are put into files which sled never syncs (`open`).
//! - Every value has a format version and a checksum (`envelope`), verified when the folder is
//!   opened, after the leftovers of a crash have been removed (`open`). Readings alone are verified
//!   when they are read, and by a check, as there can be millions of them.
//! - Leases of polls are kept in memory (`schedule`), as none outlives the process.
//! - The newest acknowledged change is noted beside the database (`acked`), so that a database
//!   which has lost its end is refused instead of being taken for the truth.
//!
//! A folder holds `pid` (the lock), `acked`, `sled/` and `blobs/`.

mod acked;
mod check;
mod commit;
mod envelope;
mod feed;
mod lock;
mod open;
mod operations;
mod polls;
mod queue;
mod readings;
mod record;
mod scan;
mod schedule;
mod sync;
mod transfer;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, TryLockError};

use sled::{Db, Tree};
use tokio::sync::watch;

use self::lock::DirLock;
use self::schedule::Schedule;
use self::sync::{Health, Syncer};
use super::StoreError;
use super::blob_dir::BlobDir;
use crate::clock::SharedClock;

/// How much space has to be left on the disk for anything to be written, in bytes. sled cannot be
/// trusted after a write for which there was no space, so it does not get that far.
const RESERVE: u64 = 64 << 20;

/// The embedded store. Dropping it closes the folder.
pub struct SledStore {
    // Dropped first: its thread has the database as well.
    syncer: Syncer,
    database: Arc<Database>,
}

struct Database {
    dir: PathBuf,
    /// sled serialises transactions but not scans. Whoever changes something holds this for
    /// writing, whoever scans holds it for reading, so that a scan sees whole changes only.
    gate: RwLock<Memory>,
    documents: Tree,
    audit: Tree,
    meta: Tree,
    readings: Tree,
    origins: Tree,
    polls: Tree,
    feed: Tree,
    db: Db,
    blobs: BlobDir,
    clock: SharedClock,
    health: Arc<Health>,
    /// The version of the newest durable change.
    durable: watch::Sender<u64>,
    reserve: u64,
    // Dropped last: the folder is ours until sled has closed it.
    _lock: DirLock,
}

/// What is known besides the trees, and changes with them.
#[derive(Default)]
struct Memory {
    schedule: Schedule,
    /// How many entries the feed has; sled would have to count them.
    feed_length: usize,
}

impl SledStore {
    /// Opens the store in a folder, which is made if it is missing. This reads every record except
    /// the readings, so it takes about a second for each 200,000 of them. Readings are verified
    /// whenever they are read: to verify a million of them takes ten seconds, to open a folder that
    /// has as many takes less than one.
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
        let database = Arc::new(database);
        let syncer = Syncer::start(disk, Arc::clone(&database))?;
        Ok(Self { syncer, database })
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
    /// Keeps changes out until the guard is gone.
    fn read(&self) -> RwLockReadGuard<'_, Memory> {
        self.gate.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The same, if nobody changes anything just now.
    fn try_read(&self) -> Option<RwLockReadGuard<'_, Memory>> {
        match self.gate.try_read() {
            Ok(memory) => Some(memory),
            Err(TryLockError::Poisoned(error)) => Some(error.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    /// Keeps changes and scans out until the guard is gone.
    fn write(&self) -> RwLockWriteGuard<'_, Memory> {
        self.gate.write().unwrap_or_else(PoisonError::into_inner)
    }

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
