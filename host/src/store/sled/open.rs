//! Opening a folder: remove what a crash left, open, verify, or refuse with a reason.

use std::fs::{self, File, TryLockError};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, RwLock};
use std::time::Duration;

use sled::{Config, Db, Mode};
use tokio::sync::watch;

use super::acked::{self, Acked};
use super::check::verify;
use super::lock::{self, DirLock};
use super::record::{
    self, AUDIT, DOCUMENTS, FEED, IMPORTING, META, ORIGINS, POLLS, READINGS, SCHEMA,
};
use super::schedule::Schedule;
use super::sync::{Disk, Health, sync_file};
use super::{Database, Memory, unreadable};
use crate::clock::SharedClock;
use crate::store::blob_dir::BlobDir;
use crate::store::{StoreError, durable};

/// How the trees are laid out; see `record`. The first layout had documents and audit only, so a
/// folder that has it needs nothing but the trees that are made on opening.
const SCHEMA_VERSION: u64 = 2;

/// sled puts a page of more than a quarter of a segment into a file of its own, which it never
/// syncs: after a power cut the page, and with it every record on it, could be gone. A page has up
/// to 20 records, of 64 KiB at most, so segments of 8 MiB keep every page in the log. sled writes
/// this size into the folder; it can only be changed by way of export and import.
const SEGMENT_BYTES: usize = 8 << 20;

const CACHE_BYTES: u64 = 64 << 20;

/// How often sled writes out on its own what nobody waits for, in milliseconds.
const FLUSH_EVERY_MS: u64 = 200;

pub(super) fn open(
    dir: &Path,
    clock: SharedClock,
    reserve: u64,
) -> Result<(Database, Disk), StoreError> {
    durable::create_dir(dir)?;
    let lock = DirLock::take(dir)?;
    let acked = Acked::read(dir)?;
    let blobs = BlobDir::at(dir.join("blobs"));
    blobs.prepare()?;
    let db = open_sled(&dir.join("sled"), &clock)?;
    let tree = |name| db.open_tree(name).map_err(unreadable);
    let database = Database {
        dir: dir.to_owned(),
        gate: RwLock::default(),
        documents: tree(DOCUMENTS)?,
        audit: tree(AUDIT)?,
        meta: tree(META)?,
        readings: tree(READINGS)?,
        origins: tree(ORIGINS)?,
        polls: tree(POLLS)?,
        feed: tree(FEED)?,
        blobs,
        clock,
        health: Arc::new(Health::default()),
        durable: watch::Sender::new(0),
        reserve,
        _lock: lock,
        db,
    };
    database.verify(acked)?;
    let disk = database.make_durable()?;
    Ok((database, disk))
}

impl Database {
    /// Finds out whether the database is one of ours, whole and not older than it should be.
    fn verify(&self, acked: Option<u64>) -> Result<(), StoreError> {
        let corrupt = |reason| {
            let record = format!("the database in {}", self.dir.display());
            Err(StoreError::corrupt(record, reason))
        };
        let empty = self.documents.is_empty() && self.audit.is_empty();
        let mut older = false;
        match self.meta.get(SCHEMA).map_err(unreadable)? {
            None if empty && acked.is_none() => older = true,
            None => return corrupt("it has lost the record that says how it is laid out".into()),
            Some(value) => match record::open_figure(SCHEMA, &value)? {
                SCHEMA_VERSION => {}
                1 => older = true,
                newer => {
                    return Err(StoreError::Newer {
                        record: format!("the database in {}", self.dir.display()),
                        found: u32::try_from(newer).unwrap_or(u32::MAX),
                        known: SCHEMA_VERSION as u32,
                    });
                }
            },
        }
        if self.meta.contains_key(IMPORTING).map_err(unreadable)? {
            return corrupt("an import into it was not completed, so it holds part of it".into());
        }
        // Not the readings: they can be so many that the start would take minutes.
        for (tree, name) in [
            (&self.documents, DOCUMENTS),
            (&self.audit, AUDIT),
            (&self.meta, META),
        ] {
            verify(tree, name, &mut |e| Err(e))?;
        }
        *self.write() = self.recall()?;
        let (found, acked) = (self.sequence()?, acked.unwrap_or(0));
        if found < acked {
            return corrupt(format!(
                "it ends with change {found}, although change {acked} has been acknowledged \
                 (to go on without what came after, remove {})",
                acked::path(&self.dir).display()
            ));
        }
        if older {
            let schema = record::seal_figure(SCHEMA, SCHEMA_VERSION);
            self.meta.insert(SCHEMA, schema).map_err(unreadable)?;
        }
        Ok(())
    }

    /// What is kept in memory, read from the trees, which are verified on the way.
    pub(super) fn recall(&self) -> Result<Memory, StoreError> {
        let mut schedule = Schedule::default();
        for entry in self.polls.iter() {
            let (key, value) = entry.map_err(unreadable)?;
            let (poll, due) = record::open_due(&key, &value)?;
            schedule.add(poll, due);
        }
        // An entry of the feed is a hint to listeners and no reason not to open: it is left out, and
        // `check` names it.
        let feed_length = verify(&self.feed, FEED, &mut |error| {
            tracing::warn!(%error, "an entry of the feed is left out");
            Ok(())
        })?;
        Ok(Memory {
            schedule,
            feed_length: usize::try_from(feed_length).unwrap_or(usize::MAX),
        })
    }

    /// What was recovered may have been on its way to the disk when the last process ended, so it
    /// is synced before anybody is told of it.
    fn make_durable(&self) -> Result<Disk, StoreError> {
        let sled = self.dir.join("sled");
        let path = sled.join("db");
        self.db.flush().map_err(unreadable)?;
        let file = File::open(&path).map_err(StoreError::io("open", &path))?;
        sync_file(&file).map_err(StoreError::io("sync", &path))?;
        durable::sync_dir(&sled)?;
        let sequence = self.sequence()?;
        self.durable.send_replace(sequence);
        Ok(Disk {
            db: self.db.clone(),
            file,
            acked: Acked::start(&self.dir, sequence)?,
            durable: self.durable.clone(),
        })
    }
}

fn open_sled(dir: &Path, clock: &SharedClock) -> Result<Db, StoreError> {
    durable::create_dir(dir)?;
    wait_for_sled(dir)?;
    // sled writes its cache of page positions under this name first, then mistakes one that a
    // crash left behind for a damaged cache, and gives up.
    for path in snapshots(dir)? {
        if path
            .extension()
            .is_some_and(|extension| extension == "generating")
        {
            tracing::warn!(path = %path.display(), "removing what a crash left behind");
            fs::remove_file(&path).map_err(StoreError::io("remove", &path))?;
        }
    }
    let corrupt =
        |reason| StoreError::corrupt(format!("the database in {}", dir.display()), reason);
    match try_open(dir)? {
        Ok(db) => return Ok(db),
        Err(reason) if snapshots(dir)?.is_empty() => return Err(corrupt(reason)),
        Err(reason) => {
            tracing::warn!(
                reason,
                "the database does not open; trying without its cache"
            );
        }
    }
    // All of the cache can be made again from the log.
    wait_for_sled(dir)?;
    set_aside(dir, &clock.now().as_millisecond().to_string())?;
    try_open(dir)?.map_err(corrupt)
}

/// Waits until the threads of a store that this process has just closed have let go of the files.
/// sled does not wait for them itself; they need moments. We hold the folder's lock, so no other
/// process is among them, unless one goes around it.
pub(super) fn wait_for_sled(dir: &Path) -> Result<(), StoreError> {
    let path = dir.join("db");
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(e) => return Err(StoreError::io("open", &path)(e)),
    };
    match lock::wait_for(&file, Duration::from_secs(5)) {
        // Closing the file would not give the lock back at once where another thread is about to start
        // a process: until that runs its own program, it has a copy of the file.
        Ok(()) => file.unlock().map_err(StoreError::io("unlock", &path)),
        Err(TryLockError::WouldBlock) => Err(StoreError::Locked {
            dir: dir.to_owned(),
            pid: None,
        }),
        Err(TryLockError::Error(e)) => Err(StoreError::io("lock", &path)(e)),
    }
}

/// Opens the database, or says in what way it is damaged.
fn try_open(dir: &Path) -> Result<Result<Db, String>, StoreError> {
    let config = Config::new()
        .path(dir)
        .segment_size(SEGMENT_BYTES)
        .cache_capacity(CACHE_BYTES)
        .mode(Mode::LowSpace)
        .flush_every_ms(Some(FLUSH_EVERY_MS));
    // Some damage makes sled panic instead of returning an error.
    match catch_unwind(AssertUnwindSafe(|| config.open())) {
        Ok(Ok(db)) => Ok(Ok(db)),
        Ok(Err(sled::Error::Io(e))) => Err(StoreError::io("open the database in", dir)(e)),
        Ok(Err(e)) => Ok(Err(e.to_string())),
        Err(_) => Ok(Err("it cannot be recovered".to_owned())),
    }
}

fn snapshots(dir: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).map_err(StoreError::io("list", dir))? {
        let entry = entry.map_err(StoreError::io("list", dir))?;
        if entry.file_name().to_string_lossy().starts_with("snap.") {
            found.push(entry.path());
        }
    }
    Ok(found)
}

fn set_aside(dir: &Path, stamp: &str) -> Result<(), StoreError> {
    let aside = dir.join(format!("aside-{stamp}"));
    durable::create_dir(&aside)?;
    for path in snapshots(dir)? {
        if let Some(name) = path.file_name() {
            fs::rename(&path, aside.join(name)).map_err(StoreError::io("set aside", &path))?;
        }
    }
    durable::sync_dir(dir)
}
