//! Making changes and making them durable, many at a time.
//!
//! sled's flush hands the data to the kernel but does not wait for the disk, so a change is durable
//! only after a flush *and* an fdatasync of the database file. One thread makes changes and does
//! both; while it waits for the disk, further changes gather and share the next round.

use std::fs::File;
use std::io;
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;

use tokio::sync::{oneshot, watch};

use super::Database;
use super::acked::Acked;
use super::queue::{Place, Queue};
use crate::store::{Change, Committed, StoreError};

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

impl SyncFailed {
    fn into_doubt(self) -> StoreError {
        StoreError::InDoubt {
            source: self.into(),
        }
    }
}

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

/// What the thread is asked for.
enum Request {
    /// To make a change, durably.
    Make(Box<Change>, oneshot::Sender<Result<Committed, StoreError>>),
    /// To make durable what was made up to a sequence.
    Keep(u64, oneshot::Sender<Result<(), StoreError>>),
}

/// The thread that makes changes and syncs them. Dropping it waits for the thread to end.
pub(super) struct Syncer {
    queue: Arc<Queue<Request>>,
    thread: Option<JoinHandle<()>>,
}

impl Syncer {
    /// Starts the thread.
    pub fn start(disk: Disk, database: Arc<Database>) -> Result<Self, StoreError> {
        let queue = Arc::new(Queue::new());
        let requests = Abandoned {
            queue: Arc::clone(&queue),
            health: Arc::clone(&database.health),
        };
        let thread = std::thread::Builder::new()
            .name("store-sync".to_owned())
            .spawn(move || run(&disk, &database, &requests.queue))
            .map_err(|e| StoreError::Unavailable {
                reason: "its thread could not be started".to_owned(),
                source: Some(e.into()),
            })?;
        Ok(Self {
            queue,
            thread: Some(thread),
        })
    }

    /// Makes a change; it is durable when this returns. From when it has a place, it is made also when
    /// the caller goes away.
    pub async fn make(&self, change: Change) -> Result<Committed, StoreError> {
        let place = self.place().await?;
        let (done, answer) = oneshot::channel();
        let hurry = !change.patient;
        place.put(Request::Make(Box::new(change), done), hurry);
        answer.await.unwrap_or_else(|_| Err(ended()))
    }

    /// Takes a place among those that wait for the disk. It is taken before something is made, so
    /// that between making and syncing it there is no point at which a caller can vanish.
    pub async fn reserve(&self) -> Result<Reserved<'_>, StoreError> {
        self.place().await.map(Reserved)
    }

    async fn place(&self) -> Result<Place<'_, Request>, StoreError> {
        let stopped = || StoreError::unavailable("its thread has ended; start the server again");
        self.queue.place().await.ok_or_else(stopped)
    }
}

impl Drop for Syncer {
    fn drop(&mut self) {
        self.queue.close();
        if let Some(thread) = self.thread.take() {
            // A panic of the thread has been reported by then; there is nobody left to tell.
            let _ = thread.join();
        }
    }
}

/// A place among those that wait for the disk.
pub(super) struct Reserved<'a>(Place<'a, Request>);

impl Reserved<'_> {
    /// Asks that everything up to `sequence` becomes durable; the answer says when it is.
    pub fn sync(self, sequence: u64) -> Synced {
        let (done, answer) = oneshot::channel();
        self.0.put(Request::Keep(sequence, done), true);
        Synced(answer)
    }
}

/// Becomes ready when the change is durable.
#[must_use]
pub(super) struct Synced(oneshot::Receiver<Result<(), StoreError>>);

impl Synced {
    pub async fn wait(self) -> Result<(), StoreError> {
        self.0.await.unwrap_or_else(|_| Err(ended()))
    }
}

fn ended() -> StoreError {
    SyncFailed("the thread that syncs has ended".to_owned()).into_doubt()
}

/// Tells all who wait, and all who come, when the thread ends early.
struct Abandoned {
    queue: Arc<Queue<Request>>,
    health: Arc<Health>,
}

impl Drop for Abandoned {
    fn drop(&mut self) {
        if std::thread::panicking() {
            // What is in memory may be ahead of the disk.
            self.health.fail("its thread has ended early");
        }
        self.queue.abandon();
    }
}

fn run(disk: &Disk, database: &Database, queue: &Queue<Request>) {
    let mut newest = 0;
    while let Some(requests) = queue.take() {
        let changes = requests.iter().filter_map(|request| match request {
            Request::Make(change, _) => Some(&**change),
            Request::Keep(..) => None,
        });
        let mut made = database.apply(changes).into_iter();
        // What has been acknowledged stays so, in whatever order it was made and asked for.
        let mut answers: Vec<Answer> = Vec::with_capacity(requests.len());
        for request in requests {
            match request {
                Request::Make(_, done) => match made.next() {
                    Some(Ok(committed)) => {
                        newest = newest.max(committed.version);
                        answers.push(Answer::Made(done, committed));
                    }
                    // Whoever has stopped waiting does not need to be told.
                    Some(Err(refused)) => drop(done.send(Err(refused))),
                    None => {}
                },
                Request::Keep(sequence, done) => {
                    newest = newest.max(sequence);
                    answers.push(Answer::Kept(done));
                }
            }
        }
        if answers.is_empty() {
            continue;
        }
        let outcome = match database.health.check() {
            Ok(()) => disk.sync(newest),
            Err(e) => Err(SyncFailed(e.to_string())),
        };
        if let Err(e) = &outcome {
            database.health.fail(e);
        }
        for answer in answers {
            answer.send(&outcome);
        }
    }
}

/// Who is answered once all of a round is durable.
enum Answer {
    Made(oneshot::Sender<Result<Committed, StoreError>>, Committed),
    Kept(oneshot::Sender<Result<(), StoreError>>),
}

impl Answer {
    fn send(self, outcome: &Result<(), SyncFailed>) {
        let outcome = outcome.clone().map_err(SyncFailed::into_doubt);
        // Whoever has stopped waiting does not need to be told.
        match self {
            Self::Made(done, committed) => drop(done.send(outcome.map(|()| committed))),
            Self::Kept(done) => drop(done.send(outcome)),
        }
    }
}
