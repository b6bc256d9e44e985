//! The schedule at work: polls are claimed when they are due, run, and completed.
//!
//! The store is the truth: what is due stands there, with a lease for whoever works on it, so that a
//! server which dies is followed by itself after a restart, or by another one on the same store. A
//! change in the store is a hint to look again; without one the scheduler looks when the next poll
//! is due, and every few seconds anyway, because clocks can be set.

mod queue;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::SignedDuration;
use tokio::sync::Semaphore;
use tokio::sync::mpsc::UnboundedSender;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument as _;
use uuid::Uuid;

use crate::record as records;
use crate::store::{Lease, Line, StoreError};

use super::KeyResults;
use super::poll::PollRecord;
use queue::{Of, Queue};

/// How long a poll is ours without a word from us. A server that dies holds its polls up for so
/// long.
const LEASE: SignedDuration = SignedDuration::from_secs(60);
/// How often a lease is renewed while its poll runs.
const RENEWAL: Duration = Duration::from_secs(20);
/// The longest time between two looks at the store.
const LOOK: Duration = Duration::from_secs(5);
/// How long to wait for a store that does not answer.
const AWAY: Duration = Duration::from_secs(1);
/// How long polls that run may take to end when the server stops.
const DRAIN: Duration = Duration::from_secs(5);
/// Polls that run at a time. Most of their time is spent waiting for Looker, whose own cap is the
/// connection's; there are many, so that a Looker that does not answer holds up only its own.
const POLLS: usize = 512;
/// Polls that are claimed and wait for their turn at most. Beyond that they wait in the store.
const WAITING: usize = 100_000;

/// Claims and runs polls until it is told to stop.
pub async fn run(key_results: Arc<KeyResults>, stop: CancellationToken) {
    let holder = format!("server-{}", Uuid::now_v7().simple());
    let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    // Reads for the schedule leave room in the sandbox for people who are waiting for an answer.
    let reads = Arc::new(Semaphore::new((cores * 4).min(16)));
    let running = TaskTracker::new();
    let mut queue = Queue::new(POLLS);
    let (ended, mut ends) = tokio::sync::mpsc::unbounded_channel::<Of>();
    let mut changed = key_results.store.changed();
    let mut renewed = Instant::now();
    while !stop.is_cancelled() {
        changed.mark_unchanged();
        let wait = match claim(&key_results, &holder, &mut queue).await {
            Ok(wait) => wait,
            Err(error) => {
                tracing::warn!(%error, "the schedule waits for the store");
                AWAY
            }
        };
        if renewed.elapsed() >= RENEWAL {
            renewed = Instant::now();
            renew(&key_results, &mut queue).await;
        }
        while let Ok(of) = ends.try_recv() {
            queue.ended(&of);
        }
        while let Some((of, lease)) = queue.next() {
            let (key_results, reads) = (Arc::clone(&key_results), Arc::clone(&reads));
            let (stop, turn) = (stop.clone(), Turn(of, ended.clone()));
            running.spawn(async move {
                work(&key_results, lease, &reads, &stop).await;
                drop(turn);
            });
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(wait) => {}
            Ok(()) = changed.changed() => {}
            // Only those who wait have something of it.
            Some(of) = ends.recv(), if queue.len() > 0 => queue.ended(&of),
        }
    }
    for lease in queue.drain() {
        give_back(&key_results, &lease).await;
    }
    running.close();
    if tokio::time::timeout(DRAIN, running.wait()).await.is_err() {
        tracing::warn!("polls that were still running are left to the next start");
    }
}

/// A turn of a poll, which ends with its work, however that ends.
struct Turn(Of, UnboundedSender<Of>);

impl Drop for Turn {
    fn drop(&mut self) {
        // Nobody hears it once the schedule has stopped.
        drop(self.1.send(self.0.take()));
    }
}

/// Claims what is due and queues it; says how long to wait until something else may be.
async fn claim(
    key_results: &KeyResults,
    holder: &str,
    queue: &mut Queue,
) -> Result<Duration, StoreError> {
    let store = &key_results.store;
    let until = |due: jiff::Timestamp| {
        let wait = due.duration_since(key_results.clock.now());
        Duration::try_from(wait).unwrap_or(Duration::ZERO).min(LOOK)
    };
    match store.next_due(Line::Charts).await? {
        None => return Ok(LOOK),
        Some(due) if until(due) > Duration::ZERO => return Ok(until(due)),
        Some(_) if queue.len() >= WAITING => return Ok(AWAY),
        Some(_) => {}
    }
    let most = POLLS.min(WAITING - queue.len());
    for lease in store.claim_due(Line::Charts, holder, LEASE, most).await? {
        let poll = records::get::<PollRecord>(store.as_ref(), &lease.poll).await;
        // What cannot be read is told by its run.
        let of = poll.ok().flatten().map(|poll| poll.record.connection);
        queue.add(of, lease);
    }
    let wait = store.next_due(Line::Charts).await?.map_or(LOOK, until);
    // Never a busy loop, whatever the store says is due.
    Ok(wait.max(Duration::from_millis(5)))
}

/// Keeps the leases of polls that wait for their turn.
async fn renew(key_results: &KeyResults, queue: &mut Queue) {
    let mut lost = HashSet::new();
    for lease in queue.waiting() {
        if let Err(error) = key_results.store.renew(lease, LEASE).await {
            tracing::warn!(poll = lease.poll, %error, "the lease of a poll that waits was not renewed");
            if matches!(error, StoreError::Fenced { .. }) {
                lost.insert((lease.poll.clone(), lease.epoch));
            }
        }
    }
    queue.retain(|lease| !lost.contains(&(lease.poll.clone(), lease.epoch)));
}

/// Gives a lease back with nothing done.
async fn give_back(key_results: &KeyResults, lease: &Lease) {
    if let Err(error) = key_results.store.release(lease).await {
        tracing::debug!(%error, "a lease was not given back; it ends by itself");
    }
}

/// Runs one poll and keeps its lease while it runs.
async fn work(key_results: &KeyResults, lease: Lease, reads: &Semaphore, stop: &CancellationToken) {
    let span = tracing::info_span!("poll", poll = lease.poll, epoch = lease.epoch);
    let late = key_results.clock.now().duration_since(lease.due);
    let late = Duration::try_from(late).unwrap_or(Duration::ZERO);
    let run = key_results.run_poll(&lease, reads).instrument(span.clone());
    tokio::pin!(run);
    let outcome = loop {
        tokio::select! {
            outcome = &mut run => break outcome,
            () = stop.cancelled() => {
                // A poll of a moment ends by itself; a long one is the next start's.
                if let Ok(outcome) = tokio::time::timeout(DRAIN / 2, &mut run).await {
                    break outcome;
                }
                give_back(key_results, &lease).await;
                return;
            }
            () = tokio::time::sleep(RENEWAL) => {
                match key_results.store.renew(&lease, LEASE).await {
                    Ok(_) => {}
                    Err(error @ StoreError::Fenced { .. }) => {
                        // A poll that has just completed holds no lease any more either, while its
                        // change is on the way to the disk; it ends in a moment.
                        if let Ok(outcome) = tokio::time::timeout(DRAIN / 2, &mut run).await {
                            break outcome;
                        }
                        span.in_scope(|| tracing::warn!(%error, "a poll was lost to another server"));
                        key_results.metrics.poll_lost();
                        return;
                    }
                    // There is time for another try before the lease ends.
                    Err(error) => {
                        span.in_scope(|| tracing::warn!(%error, "a lease was not renewed"));
                    }
                }
            }
        }
    };
    let _in = span.enter();
    match outcome {
        Ok(()) => {
            tracing::debug!("completed");
            key_results.metrics.polled(late);
        }
        Err(error) => {
            key_results.metrics.poll_lost();
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "a poll was not completed; it is due again when its lease ends"
            );
        }
    }
}
