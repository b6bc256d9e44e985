//! Segments on their way to their destinations: each destination is claimed by itself, so that none
//! waits for another, and is sent several segments at a time.
//!
//! A segment is removed in the change that counts it as delivered. A crash in between sends it again,
//! under the same message ids. What is refused for good becomes dead letters.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use jiff::SignedDuration;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use crate::record::{self as records, Stored};
use crate::store::{Change, Document, Kind, Lease, Line, Next, StoreError};

use super::error::RunError;
use super::record::{Segment, run_in};
use super::run::Runs;

/// How long a destination is ours without a word from us.
const LEASE: SignedDuration = SignedDuration::from_secs(60);
/// How often its lease is renewed while it is worked on.
const RENEWAL: Duration = Duration::from_secs(20);
/// Requests to one destination that are under way at a time.
const SIDE_BY_SIDE: usize = 4;
/// Runs of a destination that are looked at for what is sent next.
const RUNS: usize = 64;
/// Destinations that are worked on at a time.
const DESTINATIONS: usize = 256;
/// The longest time between two looks at the store.
const LOOK: Duration = Duration::from_secs(5);
/// How long to wait while as many destinations are worked on as may be.
const FULL: Duration = Duration::from_millis(50);
/// How long to wait for a store that does not answer.
const AWAY: Duration = Duration::from_secs(1);
/// How long requests may take to end when the server stops.
const DRAIN: Duration = Duration::from_secs(3);

/// Sends what waits until it is told to stop.
pub async fn run(runs: Arc<Runs>) {
    let holder = format!("server-{}", Uuid::now_v7().simple());
    let running = TaskTracker::new();
    let mut changed = runs.store.changed();
    while !runs.stop.is_cancelled() {
        changed.mark_unchanged();
        let wait = match claim(&runs, &holder, DESTINATIONS.saturating_sub(running.len())).await {
            Ok((leases, wait)) => {
                for lease in leases {
                    let runs = Arc::clone(&runs);
                    running.spawn(async move { work(&runs, lease).await });
                }
                wait
            }
            Err(error) => {
                tracing::warn!(%error, "deliveries wait for the store");
                AWAY
            }
        };
        tokio::select! {
            () = runs.stop.cancelled() => {}
            () = tokio::time::sleep(wait) => {}
            Ok(()) = changed.changed() => {}
        }
    }
    running.close();
    runs.mapping.close();
    let drained = async {
        running.wait().await;
        runs.mapping.wait().await;
    };
    let _ = tokio::time::timeout(DRAIN, drained).await;
}

async fn claim(
    runs: &Runs,
    holder: &str,
    most: usize,
) -> Result<(Vec<Lease>, Duration), StoreError> {
    let store = &runs.store;
    if most == 0 {
        return Ok((Vec::new(), FULL));
    }
    let leases = store
        .claim_due(Line::Deliveries, holder, LEASE, most)
        .await?;
    let wait = store.next_due(Line::Deliveries).await?.map_or(LOOK, |due| {
        let wait = due.duration_since(runs.clock.now());
        Duration::try_from(wait).unwrap_or(Duration::ZERO).min(LOOK)
    });
    Ok((leases, wait.max(Duration::from_millis(5))))
}

/// Works on a destination, and keeps its lease meanwhile.
async fn work(runs: &Runs, lease: Lease) {
    let deliver = runs.deliver(&lease);
    tokio::pin!(deliver);
    let done = loop {
        tokio::select! {
            done = &mut deliver => break done,
            () = async { runs.stop.cancelled().await; tokio::time::sleep(DRAIN / 2).await } => return,
            () = tokio::time::sleep(RENEWAL) => {
                if let Err(error) = runs.store.renew(&lease, LEASE).await {
                    tracing::warn!(%error, "the lease of a destination was not renewed");
                    if matches!(error, StoreError::Fenced { .. }) {
                        return;
                    }
                }
            }
        }
    };
    if let Err(error) = done {
        tracing::warn!(
            error = &error as &dyn std::error::Error,
            "deliveries to a destination were not completed; they are gone on with when its lease ends"
        );
    }
}

impl Runs {
    /// Sends what waits for a destination, and completes its lease.
    async fn deliver(&self, lease: &Lease) -> Result<(), RunError> {
        let address = lease.poll.strip_prefix("deliver/").unwrap_or_default();
        let mut flying = FuturesUnordered::new();
        let mut keys: HashSet<String> = HashSet::new();
        let mut changed = self.store.changed();
        let mut failed = None;
        loop {
            let paused = self.pauses.until(address);
            let is_open = failed.is_none() && paused.is_none_or(|until| until <= self.clock.now());
            if is_open && flying.len() < SIDE_BY_SIDE {
                changed.mark_unchanged();
                let found = match self.next_segments(address, &keys).await {
                    Ok(found) => found,
                    Err(error) => {
                        failed = Some(error);
                        Vec::new()
                    }
                };
                for segment in found {
                    keys.insert(segment.key.clone());
                    flying.push(self.send(segment));
                }
            }
            if flying.is_empty() {
                break;
            }
            tokio::select! {
                Some(sent) = flying.next() => {
                    // What went out beside one that failed is settled all the same.
                    let settled = match sent {
                        Ok(sent) => {
                            keys.remove(&sent.segment.key);
                            self.settle(address, sent).await
                        }
                        Err(error) => Err(error),
                    };
                    failed = failed.or(settled.err());
                }
                // Segments are made while others are on their way.
                Ok(()) = changed.changed(), if is_open && flying.len() < SIDE_BY_SIDE => {}
            }
        }
        if let Some(error) = failed {
            return Err(error);
        }
        let now = self.clock.now();
        let paused = self.pauses.until(address).filter(|until| *until > now);
        let next = paused.map_or(Next::Gone, Next::At);
        // Whoever made a segment meanwhile made it due now; but it is left alone until then.
        let done = Change::new().completing(lease.clone(), next);
        self.store.commit(done).await?;
        Ok(())
    }

    /// The segments that are sent next, as many as may fly beside those that do: of each run the
    /// oldest that waits, and of the runs that has the fewest on their way. A run whose segments take
    /// long, because they are searched for what the destination refuses, holds up no other.
    async fn next_segments(
        &self,
        address: &str,
        flying: &HashSet<String>,
    ) -> Result<Vec<Stored<Segment>>, RunError> {
        let mut waiting = self.waiting(address, flying).await?;
        let mut next = Vec::new();
        while flying.len() + next.len() < SIDE_BY_SIDE {
            let fewest = waiting.iter_mut().filter(|it| !it.segments.is_empty());
            let Some(of) = fewest.min_by_key(|it| it.flying) else {
                break;
            };
            of.flying += 1;
            next.extend(of.segments.pop_front());
        }
        Ok(next)
    }

    /// What waits at a destination, by run, the oldest first.
    async fn waiting(
        &self,
        address: &str,
        flying: &HashSet<String>,
    ) -> Result<Vec<Waiting>, RunError> {
        let prefix = format!("{address}/");
        let (mut waiting, mut after) = (Vec::new(), prefix.clone());
        while waiting.len() < RUNS {
            // Some more than may fly: of those that are on their way there may be as many.
            let page = self
                .store
                .list(Kind::Segment, Some(&after), SIDE_BY_SIDE * 2);
            let page = page.await?;
            let Some(first) = page.first().filter(|it| it.key.starts_with(&prefix)) else {
                break;
            };
            let of_run = format!("{prefix}{}/", run_in(&first.key));
            let of_run_only = page.into_iter().filter(|it| it.key.starts_with(&of_run));
            let here = of_run_only.filter(|it| !flying.contains(&it.key));
            waiting.push(Waiting {
                flying: flying.iter().filter(|key| key.starts_with(&of_run)).count(),
                segments: here.filter_map(readable).collect(),
            });
            // Everything of this run stands before that.
            after = format!("{of_run}~");
        }
        Ok(waiting)
    }
}

/// What waits of one run.
struct Waiting {
    /// How much of it is on its way.
    flying: usize,
    segments: VecDeque<Stored<Segment>>,
}

/// A segment; one that cannot be read stays where it is, and the others go on.
fn readable(document: Document) -> Option<Stored<Segment>> {
    let key = document.key.clone();
    match records::parse(document) {
        Ok(segment) => Some(segment),
        Err(error) => {
            tracing::error!(key, %error, "a segment cannot be read");
            None
        }
    }
}
