//! Making changes durable, many at a time.
//!
//! sled's flush hands the data to the kernel but does not wait for the disk, so a change is durable
//! only after a flush *and* an fdatasync of the database file. One thread does both; while it
//! waits for the disk, further changes gather and share the next round.

use std::fs::File;
use std::io;
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;

use tokio::sync::{mpsc, oneshot, watch};

use super::acked::Acked;
use crate::store::StoreError;

/// How many changes may wait for the disk before further ones have to wait to be made.
const WAITING: usize = 1024;

/// What has to be synced for a change to be durable.
pub(super) struct Disk {
    pub db: sled::Db,
    /// Our own handle on sled's database file.
    pub file: File,
    pub acked: Acked,
    /// The newest durable change, for those who want to know.
    pub durable: watch::Sender<u64>,
}

impl Disk {
    fn sync(&self, sequence: u64) -> Result<(), SyncFailed> {
        self.db.flush().map_err(|e| SyncFailed(e.to_string()))?;
        sync_file(&self.file).map_err(|e| SyncFailed(e.to_string()))?;
        self.acked
            .advance(sequence)
            .map_err(|e| SyncFailed(e.to_string()))?;
        // Changes made at once may ask in another order than they were made in.
        self.durable.send_if_modified(|newest| {
            let newer = sequence > *newest;
            *newest = sequence.max(*newest);
            newer
        });
        Ok(())
    }
}

pub(super) fn sync_file(file: &File) -> io::Result<()> {
    file.sync_data()
}

/// The disk refused to keep something.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub(super) struct SyncFailed(String);

/// Whether the store can still be trusted.
///
/// After a failed write or sync nobody knows what the disk holds, and trying again may succeed
/// without having kept anything. What is in memory is then no longer a true picture either, so
/// the store stops answering until it is opened anew.
#[derive(Debug, Default)]
pub(super) struct Health(OnceLock<String>);

impl Health {
    pub fn check(&self) -> Result<(), StoreError> {
        match self.0.get() {
            None => Ok(()),
            Some(reason) => Err(StoreError::unavailable(format!(
                "an earlier write failed ({reason}); put the disk right, then start the server again"
            ))),
        }
    }

    pub fn fail(&self, reason: impl ToString) {
        let reason = reason.to_string();
        tracing::error!(reason, "the store has stopped: a write failed");
        // A second failure adds nothing to the first.
        let _ = self.0.set(reason);
    }
}

struct Request {
    sequence: u64,
    done: oneshot::Sender<Result<(), SyncFailed>>,
}

/// The thread that syncs. Dropping it waits for the thread to end.
pub(super) struct Syncer {
    requests: Option<mpsc::Sender<Request>>,
    thread: Option<JoinHandle<()>>,
}

impl Syncer {
    /// Starts the thread.
    pub fn start(disk: Disk, health: Arc<Health>) -> Result<Self, StoreError> {
        let (requests, waiting) = mpsc::channel(WAITING);
        let thread = std::thread::Builder::new()
            .name("store-sync".to_owned())
            .spawn(move || run(&disk, &health, waiting))
            .map_err(|e| StoreError::Unavailable {
                reason: "its thread could not be started".to_owned(),
                source: Some(e.into()),
            })?;
        Ok(Self {
            requests: Some(requests),
            thread: Some(thread),
        })
    }

    /// Takes a place among those that wait for the disk. It is taken before a change is made, so
    /// that between the change and its syncing there is no point at which a caller can vanish.
    pub async fn reserve(&self) -> Result<Place<'_>, StoreError> {
        let stopped = || StoreError::unavailable("its thread has ended; start the server again");
        let requests = self.requests.as_ref().ok_or_else(stopped)?;
        requests.reserve().await.map(Place).map_err(|_| stopped())
    }
}

impl Drop for Syncer {
    fn drop(&mut self) {
        self.requests = None;
        if let Some(thread) = self.thread.take() {
            // A panic of the thread has been reported by then; there is nobody left to tell.
            let _ = thread.join();
        }
    }
}

/// A place among those that wait for the disk.
pub(super) struct Place<'a>(mpsc::Permit<'a, Request>);

impl Place<'_> {
    /// Asks that everything up to `sequence` becomes durable; the answer says when it is.
    pub fn sync(self, sequence: u64) -> Synced {
        let (done, answer) = oneshot::channel();
        self.0.send(Request { sequence, done });
        Synced(answer)
    }
}

/// Becomes ready when the change is durable.
#[must_use]
pub(super) struct Synced(oneshot::Receiver<Result<(), SyncFailed>>);

impl Synced {
    pub async fn wait(self) -> Result<(), StoreError> {
        let ended = || SyncFailed("the thread that syncs has ended".to_owned());
        let outcome = self.0.await.unwrap_or_else(|_| Err(ended()));
        outcome.map_err(|e| StoreError::InDoubt { source: e.into() })
    }
}

fn run(disk: &Disk, health: &Health, mut waiting: mpsc::Receiver<Request>) {
    let (mut group, mut newest) = (Vec::new(), 0);
    while let Some(first) = waiting.blocking_recv() {
        group.push(first);
        while let Ok(next) = waiting.try_recv() {
            group.push(next);
        }
        // Changes come here in nearly the order they were made; what has been acknowledged stays so.
        let gathered = group.iter().map(|request| request.sequence).max();
        newest = newest.max(gathered.unwrap_or(0));
        let outcome = match health.check() {
            Ok(()) => disk.sync(newest),
            Err(e) => Err(SyncFailed(e.to_string())),
        };
        if let Err(e) = &outcome {
            health.fail(e);
        }
        for request in group.drain(..) {
            // Whoever has stopped waiting does not need to be told.
            let _ = request.done.send(outcome.clone());
        }
    }
}
