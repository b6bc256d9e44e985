//! Segments on their way to their destinations: each destination is claimed by itself, so that none
//! waits for another, and is sent several segments at a time.
//!
//! A segment is removed in the change that counts it as delivered. A crash in between sends it again,
//! under the same message ids. What is refused for good becomes dead letters.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;
use serde_json::value::RawValue;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use crate::record::{self as records, Stored};
use crate::store::{BlobSpace, Change, Expected, Kind, Lease, Line, Next, StoreError};

use super::batch::{self, Batch};
use super::data_plane::Answer;
use super::error::RunError;
use super::message::time;
use super::record::{Delivery, FIRST, Rejected, RunRecord, Segment, dead};
use super::run::Runs;

/// How long a destination is ours without a word from us.
const LEASE: SignedDuration = SignedDuration::from_secs(60);
/// How often its lease is renewed while it is worked on.
const RENEWAL: Duration = Duration::from_secs(20);
/// Requests to one destination that are under way at a time.
const SIDE_BY_SIDE: usize = 4;
/// Segments that are looked for at a time.
const PAGE: usize = 16;
/// Destinations that are worked on at a time.
const DESTINATIONS: usize = 256;
/// The longest time between two looks at the store.
const LOOK: Duration = Duration::from_secs(5);
/// How long to wait for a store that does not answer.
const AWAY: Duration = Duration::from_secs(1);
/// How long requests may take to end when the server stops.
const DRAIN: Duration = Duration::from_secs(3);
/// The longest pause after a destination was away.
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_mins(5);
/// How long a segment is tried for.
const LIFE: SignedDuration = SignedDuration::from_hours(72);
/// A body that was made so long ago says anew when it is sent.
const STALE: SignedDuration = SignedDuration::from_secs(60);
/// The most requests that are spent on finding the messages of a segment that are refused.
const SEARCH: usize = 400;
/// How often a change is tried against others' changes.
const TRIES: usize = 8;

/// A segment that was sent, and what became of it.
struct Sent {
    segment: Stored<Segment>,
    outcome: Outcome,
}

enum Outcome {
    /// All of it is there, save for these.
    Done {
        refused: Vec<(Box<RawValue>, String)>,
    },
    /// None of it will ever be.
    Refused(String),
    /// Not now.
    Away {
        reason: String,
        asked: Option<Duration>,
    },
}

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
        let mut away: Option<SignedDuration> = None;
        let mut changed = self.store.changed();
        loop {
            if away.is_none() && flying.len() < SIDE_BY_SIDE {
                changed.mark_unchanged();
                let found = self.next_segments(address, &keys).await?;
                for segment in found {
                    if flying.len() >= SIDE_BY_SIDE {
                        break;
                    }
                    keys.insert(segment.key.clone());
                    flying.push(self.send(segment));
                }
            }
            if flying.is_empty() {
                break;
            }
            tokio::select! {
                Some(sent) = flying.next() => {
                    let sent = sent?;
                    keys.remove(&sent.segment.key);
                    if let Some(asked) = self.settle(sent).await? {
                        away = Some(away.unwrap_or_default().max(asked));
                    }
                }
                // Segments are made while others are on their way.
                Ok(()) = changed.changed(), if flying.len() < SIDE_BY_SIDE => {}
            }
        }
        let next = match away {
            None => {
                self.pauses.forget(address);
                Next::Gone
            }
            Some(asked) => {
                let pause = self.pauses.next(address).min(LONGEST_PAUSE).max(asked);
                let now = self.clock.now();
                Next::At(now.saturating_add(pause).unwrap_or(now))
            }
        };
        let done = Change::new().completing(lease.clone(), next);
        self.store.commit(done).await?;
        Ok(())
    }

    /// The segments that are sent next: the oldest that wait, without those on their way.
    async fn next_segments(
        &self,
        address: &str,
        flying: &HashSet<String>,
    ) -> Result<Vec<Stored<Segment>>, RunError> {
        let prefix = format!("{address}/");
        let page = self.store.list(Kind::Segment, Some(&prefix), PAGE).await?;
        let of_this = page.into_iter().filter(|it| it.key.starts_with(&prefix));
        let waiting = of_this.filter(|it| !flying.contains(&it.key));
        Ok(waiting.map(records::parse).collect::<Result<_, _>>()?)
    }

    async fn send(&self, segment: Stored<Segment>) -> Result<Sent, RunError> {
        let Some(run) = self.run_of(&segment.key).await? else {
            // Its run was removed, and so is it.
            let outcome = Outcome::Refused("its run is gone".to_owned());
            return Ok(Sent { segment, outcome });
        };
        let address = &run.record.address;
        let place = format!("run/{}/write_key", run.key);
        let key = match self.sealer.open(&place, &address.write_key) {
            Ok(key) => key,
            Err(error) => {
                let outcome = Outcome::Refused(error.to_string());
                return Ok(Sent { segment, outcome });
            }
        };
        let now = self.clock.now();
        if now.duration_since(run.record.begun_at) > LIFE {
            let reason = "it was not taken for three days".to_owned();
            let outcome = Outcome::Refused(reason);
            return Ok(Sent { segment, outcome });
        }
        let body = self
            .store
            .blob(BlobSpace::Outbox, &segment.record.body)
            .await?;
        let Some(body) = body else {
            let outcome = Outcome::Refused("its events are missing from the store".to_owned());
            return Ok(Sent { segment, outcome });
        };
        let mut body = Vec::from(body);
        let mut stamp = segment.record.made.clone();
        let made: Option<Timestamp> = stamp.parse().ok();
        if made.is_some_and(|made| now.duration_since(made) > STALE) {
            let made = std::mem::replace(&mut stamp, time(now));
            let again = stamp.clone();
            let again = tokio::task::spawn_blocking(move || batch::sent_at(&body, &made, &again));
            body = again
                .await
                .map_err(RunError::Worker)?
                .map_err(RunError::Batch)?;
        }
        let answer = self
            .data_plane
            .send(&address.server_url, &key, body.clone());
        let outcome = match answer.await {
            Answer::Taken => Outcome::Done {
                refused: Vec::new(),
            },
            Answer::Refused(reason) => Outcome::Refused(reason),
            Answer::Away { reason, asked } => Outcome::Away { reason, asked },
            Answer::Unfit(reason) => {
                let messages = batch::messages(&body).map_err(RunError::Batch)?;
                self.search(&address.server_url, &key, messages, &stamp, reason)
                    .await?
            }
        };
        Ok(Sent { segment, outcome })
    }

    /// Finds the messages that a destination refuses, so that they do not sink the others: halves
    /// are sent until each that is refused stands alone.
    async fn search(
        &self,
        server_url: &str,
        key: &SecretString,
        messages: Vec<Box<RawValue>>,
        stamp: &str,
        reason: String,
    ) -> Result<Outcome, RunError> {
        let (mut refused, mut requests) = (Vec::new(), 0);
        let mut left = vec![(messages, reason)];
        while let Some((mut messages, reason)) = left.pop() {
            if messages.len() <= 1 {
                refused.extend(
                    messages
                        .into_iter()
                        .map(|message| (message, reason.clone())),
                );
                continue;
            }
            let second = messages.split_off(messages.len() / 2);
            for half in [second, messages] {
                if requests >= SEARCH {
                    let reason =
                        format!("{reason} (one of {} that were not told apart)", half.len());
                    refused.extend(half.into_iter().map(|message| (message, reason.clone())));
                    continue;
                }
                requests += 1;
                let mut batch = Batch::default();
                for message in &half {
                    batch.add(message.get().as_bytes());
                }
                let body = batch.body(stamp).map_err(RunError::Batch)?;
                match self.data_plane.send(server_url, key, body.bytes).await {
                    Answer::Taken => {}
                    Answer::Unfit(reason) => left.push((half, reason)),
                    Answer::Refused(reason) => {
                        refused.extend(half.into_iter().map(|message| (message, reason.clone())));
                    }
                    // What has been taken is sent again with the rest, under the same ids.
                    Answer::Away { reason, asked } => return Ok(Outcome::Away { reason, asked }),
                }
            }
        }
        Ok(Outcome::Done { refused })
    }

    /// Writes what became of a segment. How long to leave its destination alone, where that is so.
    async fn settle(&self, sent: Sent) -> Result<Option<SignedDuration>, RunError> {
        let Sent { segment, outcome } = sent;
        let run = run_in(&segment.key).to_owned();
        let all = u64::from(segment.record.messages);
        let (dead, error, pause) = match outcome {
            Outcome::Done { refused } => (
                self.dead_letters(&run, &segment, refused).await?,
                None,
                None,
            ),
            Outcome::Refused(reason) => {
                let refused = Segment {
                    refused: Some(reason.clone()),
                    ..segment.record.clone()
                };
                let dead = Dead {
                    segment: Some(refused),
                    count: all,
                    first: vec![reason.clone()],
                };
                (dead, Some(reason), None)
            }
            Outcome::Away { reason, asked } => {
                let asked = asked.and_then(|it| SignedDuration::try_from(it).ok());
                self.note(
                    &run,
                    |delivery| delivery.last_error = Some(reason.clone()),
                    Change::new(),
                )
                .await?;
                return Ok(Some(asked.unwrap_or_default()));
            }
        };
        let mut change = Change::new().delete(Kind::Segment, &segment.key, Expected::Any);
        let keeps_body = dead
            .segment
            .as_ref()
            .is_some_and(|it| it.body == segment.record.body);
        if let Some(dead) = &dead.segment {
            let number = segment.key.rsplit('/').next().unwrap_or_default();
            let key = format!("{}{number}", self::dead(&run));
            change = change.put(Kind::Segment, key, Expected::Any, records::body(dead)?);
        }
        let now = self.clock.now();
        let noted = self.note(
            &run,
            |delivery| {
                delivery.delivered += all.saturating_sub(dead.count);
                delivery.dead += dead.count;
                let room = FIRST.saturating_sub(delivery.first.len());
                let first = dead.first.iter().take(room).map(|reason| Rejected {
                    row: None,
                    reason: reason.clone(),
                });
                delivery.first.extend(first);
                delivery.last_error.clone_from(&error);
                delivery.at = Some(now);
            },
            change,
        );
        noted.await?;
        if !keeps_body {
            let gone = self
                .store
                .delete_blob(BlobSpace::Outbox, &segment.record.body);
            if let Err(error) = gone.await {
                tracing::warn!(%error, "a body that was delivered is left for the next start");
            }
        }
        Ok(pause)
    }

    /// Keeps messages that were refused, to be looked at and sent again.
    async fn dead_letters(
        &self,
        run: &str,
        segment: &Stored<Segment>,
        refused: Vec<(Box<RawValue>, String)>,
    ) -> Result<Dead, RunError> {
        let Some((_, reason)) = refused.first() else {
            return Ok(Dead::default());
        };
        let (reason, count) = (reason.clone(), refused.len() as u64);
        tracing::warn!(run, count, reason, "a destination refused events for good");
        let first = refused.iter().take(FIRST).map(|(_, why)| why.clone());
        let first = first.collect();
        let mut batch = Batch::default();
        for (message, _) in &refused {
            batch.add(message.get().as_bytes());
        }
        let made = segment.record.made.clone();
        let at = made.clone();
        let body = tokio::task::spawn_blocking(move || batch.body(&at));
        let body = body
            .await
            .map_err(RunError::Worker)?
            .map_err(RunError::Batch)?;
        let messages = body.messages;
        let body = self
            .store
            .put_blob(BlobSpace::Outbox, body.bytes.into())
            .await?;
        let segment = Some(Segment {
            body,
            messages,
            made,
            refused: Some(reason),
        });
        Ok(Dead {
            segment,
            count,
            first,
        })
    }

    /// Makes a change together with what it means for how far the sending of a run is.
    async fn note(
        &self,
        run: &str,
        edit: impl Fn(&mut Delivery),
        change: Change,
    ) -> Result<(), RunError> {
        for _ in 0..TRIES {
            let before = records::get::<Delivery>(self.store.as_ref(), run).await?;
            let (seen, mut delivery) = match before {
                None => (Expected::Absent, Delivery::default()),
                Some(before) => (Expected::Version(before.version), before.record),
            };
            edit(&mut delivery);
            let body = records::body(&delivery)?;
            let made = change.clone().put(Kind::Delivery, run, seen, body);
            match self.store.commit(made).await {
                Ok(_) => return Ok(()),
                Err(StoreError::Stale { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(RunError::Contended)
    }

    async fn run_of(&self, segment: &str) -> Result<Option<Stored<RunRecord>>, RunError> {
        Ok(records::get(self.store.as_ref(), run_in(segment)).await?)
    }

    /// Sends the dead letters of a run again.
    ///
    /// # Errors
    ///
    /// [`RunError::NotFound`], and [`RunError::NothingDead`] when it has none.
    pub async fn redrive(&self, id: &str, by: crate::access::By) -> Result<super::Run, RunError> {
        let run = records::get::<RunRecord>(self.store.as_ref(), id).await?;
        let run = run.ok_or_else(|| RunError::NotFound { id: id.to_owned() })?;
        let prefix = dead(id);
        let page = self.store.list(Kind::Segment, Some(&prefix), 1_000).await?;
        let (mut change, mut count) = (Change::new(), 0);
        let address = &run.record.address.key;
        for document in page.into_iter().filter(|it| it.key.starts_with(&prefix)) {
            let dead: Stored<Segment> = records::parse(document)?;
            let number = dead.key.rsplit('/').next().unwrap_or_default();
            count += u64::from(dead.record.messages);
            let segment = Segment {
                refused: None,
                ..dead.record
            };
            let key = format!("{address}/{id}/{number}");
            change = change
                .delete(Kind::Segment, &dead.key, Expected::Version(dead.version))
                .put(
                    Kind::Segment,
                    key,
                    Expected::Absent,
                    records::body(&segment)?,
                );
        }
        if count == 0 {
            return Err(RunError::NothingDead);
        }
        let due = crate::store::Due::NoLaterThan(self.clock.now());
        let change = change
            .due(super::record::poll(address), due)
            .audited(by.entry("run.redrive", format!("run:{id}")));
        let noted = self.note(
            id,
            |delivery| {
                delivery.dead = delivery.dead.saturating_sub(count);
                delivery.first.clear();
            },
            change,
        );
        noted.await?;
        self.get(id).await
    }
}

/// What of a segment became dead letters.
#[derive(Default)]
struct Dead {
    segment: Option<Segment>,
    count: u64,
    first: Vec<String>,
}

/// The run that a segment's key names.
fn run_in(segment: &str) -> &str {
    segment.rsplit('/').nth(1).unwrap_or_default()
}
