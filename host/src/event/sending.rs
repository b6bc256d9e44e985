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

use super::batch::{self, Batch, Body};
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
/// How long to wait while as many destinations are worked on as may be.
const FULL: Duration = Duration::from_millis(50);
/// How long to wait for a store that does not answer.
const AWAY: Duration = Duration::from_secs(1);
/// How long requests may take to end when the server stops.
const DRAIN: Duration = Duration::from_secs(3);
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
    /// The time that its messages say they were sent at.
    stamp: String,
    outcome: Outcome,
}

enum Outcome {
    /// The destination has it, save for the messages that it refused for good and those that are
    /// still to be sent.
    Found(Sifted),
    /// None of it will ever be taken.
    Refused(String),
    /// Not now.
    Away(Away),
    /// Its run is gone, and so is it.
    Orphan,
}

/// What is known of the messages of a segment that is not taken as a whole.
#[derive(Default)]
struct Sifted {
    refused: Vec<(Box<RawValue>, String)>,
    left: Vec<Box<RawValue>>,
    away: Option<Away>,
}

/// A destination was away.
struct Away {
    reason: String,
    asked: Option<Duration>,
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
                for segment in found.into_iter().take(SIDE_BY_SIDE - flying.len()) {
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
        let read = waiting.map(|it| {
            let key = it.key.clone();
            records::parse(it).map_err(|error| (key, error))
        });
        Ok(read
            .filter_map(|read| match read {
                Ok(segment) => Some(segment),
                // It stays where it is, and the others go on.
                Err((key, error)) => {
                    tracing::error!(key, %error, "a segment cannot be read");
                    None
                }
            })
            .collect())
    }

    async fn send(&self, segment: Stored<Segment>) -> Result<Sent, RunError> {
        let mut stamp = segment.record.made.clone();
        let outcome = self.sent(&segment, &mut stamp).await?;
        Ok(Sent {
            segment,
            stamp,
            outcome,
        })
    }

    async fn sent(
        &self,
        segment: &Stored<Segment>,
        stamp: &mut String,
    ) -> Result<Outcome, RunError> {
        let Some(run) = self.run_of(&segment.key).await? else {
            return Ok(Outcome::Orphan);
        };
        let address = &run.record.address;
        let place = format!("run/{}/write_key", run.key);
        let key = match self.sealer.open(&place, &address.write_key) {
            Ok(key) => key,
            Err(error) => return Ok(Outcome::Refused(error.to_string())),
        };
        let now = self.clock.now();
        let body = self
            .store
            .blob(BlobSpace::Outbox, &segment.record.body)
            .await;
        let mut body = match body {
            Ok(Some(body)) => Vec::from(body),
            Ok(None) => return Ok(lost("its events are missing from the store")),
            Err(error @ StoreError::Corrupt { .. }) => return Ok(lost(&error.to_string())),
            Err(error) => return Err(error.into()),
        };
        let made: Option<Timestamp> = stamp.parse().ok();
        if made.is_some_and(|made| now.duration_since(made) > STALE) {
            let made = std::mem::replace(stamp, time(now));
            let again = stamp.clone();
            let again = tokio::task::spawn_blocking(move || batch::sent_at(&body, &made, &again));
            body = match again.await.map_err(RunError::Worker)? {
                Ok(body) => body,
                Err(error) => return Ok(lost(&error.to_string())),
            };
        }
        let answer = self
            .data_plane
            .send(&address.server_url, &key, body.clone());
        Ok(match answer.await {
            Answer::Taken => Outcome::Found(Sifted::default()),
            Answer::Refused(reason) => Outcome::Refused(reason),
            Answer::Away { reason, asked } => Outcome::Away(Away { reason, asked }),
            Answer::Unfit(reason) => {
                let messages = tokio::task::spawn_blocking(move || batch::messages(&body));
                match messages.await.map_err(RunError::Worker)? {
                    Ok(messages) => Outcome::Found(
                        self.sift(&address.server_url, &key, messages, stamp, reason)
                            .await?,
                    ),
                    Err(error) => lost(&error.to_string()),
                }
            }
        })
    }

    /// Finds the messages that a destination refuses, so that they do not sink the others: halves
    /// are sent until each that is refused stands alone. What is not told apart in one go is left for
    /// the next.
    async fn sift(
        &self,
        server_url: &str,
        key: &SecretString,
        messages: Vec<Box<RawValue>>,
        stamp: &str,
        reason: String,
    ) -> Result<Sifted, RunError> {
        let (mut sifted, mut requests) = (Sifted::default(), 0);
        let mut left = vec![(messages, reason)];
        while let Some((mut messages, reason)) = left.pop() {
            if messages.len() <= 1 {
                let refused = messages.into_iter().map(|it| (it, reason.clone()));
                sifted.refused.extend(refused);
                continue;
            }
            let second = messages.split_off(messages.len() / 2);
            for half in [second, messages] {
                if requests >= SEARCH || sifted.away.is_some() {
                    sifted.left.extend(half);
                    continue;
                }
                requests += 1;
                let (made, half) = bodied(half, stamp.to_owned()).await?;
                match self.data_plane.send(server_url, key, made.bytes).await {
                    Answer::Taken => {}
                    Answer::Unfit(reason) => left.push((half, reason)),
                    Answer::Refused(reason) => {
                        let refused = half.into_iter().map(|it| (it, reason.clone()));
                        sifted.refused.extend(refused);
                    }
                    Answer::Away { reason, asked } => {
                        sifted.away = Some(Away { reason, asked });
                        sifted.left.extend(half);
                    }
                }
            }
            if sifted.away.is_some() || requests >= SEARCH {
                let rest = left.drain(..).flat_map(|(messages, _)| messages);
                sifted.left.extend(rest);
            }
        }
        Ok(sifted)
    }

    /// Writes what became of a segment.
    async fn settle(&self, address: &str, sent: Sent) -> Result<(), RunError> {
        let Sent {
            segment,
            stamp,
            outcome,
        } = sent;
        let run = run_in(&segment.key).to_owned();
        let now = self.clock.now();
        let seen = Expected::Version(segment.version);
        let gone = Change::new().delete(Kind::Segment, &segment.key, seen);
        let sifted = match outcome {
            Outcome::Found(sifted) => sifted,
            Outcome::Orphan => {
                self.store.commit(gone).await?;
                self.forget_body(&segment).await;
                return Ok(());
            }
            Outcome::Refused(reason) => return self.bury(&run, &segment, &reason).await,
            Outcome::Away(away) => {
                self.away(address, &away);
                if now.duration_since(segment.record.since) > LIFE {
                    let reason = format!("it was not taken for three days: {}", away.reason);
                    return self.bury(&run, &segment, &reason).await;
                }
                let noted = self.note(
                    &run,
                    |delivery| delivery.last_error = Some(away.reason.clone()),
                    Change::new(),
                );
                return noted.await;
            }
        };
        match &sifted.away {
            Some(away) => self.away(address, away),
            None => self.pauses.taken(address, now),
        }
        let (refused, left) = (sifted.refused.len() as u64, sifted.left.len() as u64);
        let delivered = u64::from(segment.record.messages).saturating_sub(refused + left);
        let first: Vec<String> = sifted
            .refused
            .iter()
            .take(FIRST)
            .map(|(_, reason)| reason.clone())
            .collect();
        // Bodies are known by what is in them: where all of a segment was refused, its dead letters
        // have the very body that it had.
        let mut is_kept = false;
        let mut change = if left > 0 {
            let (body, _) = bodied(sifted.left, stamp.clone()).await?;
            let rest = self.kept(body, &segment.record, &stamp, None).await?;
            is_kept |= rest.body == segment.record.body;
            Change::new().put(Kind::Segment, &segment.key, seen, records::body(&rest)?)
        } else {
            gone
        };
        if refused > 0 {
            let reason = first.first().cloned();
            tracing::warn!(
                run,
                refused,
                reason,
                "a destination refused events for good"
            );
            let messages = sifted.refused.into_iter().map(|(message, _)| message);
            let (body, _) = bodied(messages.collect(), stamp.clone()).await?;
            let letters = self.kept(body, &segment.record, &stamp, reason).await?;
            is_kept |= letters.body == segment.record.body;
            let key = format!("{}{}", dead(&run), Uuid::now_v7().simple());
            change = change.put(
                Kind::Segment,
                key,
                Expected::Absent,
                records::body(&letters)?,
            );
        }
        let noted = self.note(
            &run,
            |delivery| {
                delivery.delivered += delivered;
                delivery.dead += refused;
                let room = FIRST.saturating_sub(delivery.first.len());
                delivery
                    .first
                    .extend(first.iter().take(room).map(|reason| Rejected {
                        row: None,
                        reason: reason.clone(),
                    }));
                delivery.last_error = sifted.away.as_ref().map(|away| away.reason.clone());
                delivery.at = Some(now);
            },
            change,
        );
        noted.await?;
        if !is_kept {
            self.forget_body(&segment).await;
        }
        Ok(())
    }

    /// Makes dead letters of a whole segment.
    async fn bury(
        &self,
        run: &str,
        segment: &Stored<Segment>,
        reason: &str,
    ) -> Result<(), RunError> {
        let letters = Segment {
            refused: Some(reason.to_owned()),
            ..segment.record.clone()
        };
        let (count, now) = (u64::from(segment.record.messages), self.clock.now());
        tracing::warn!(run, count, reason, "a destination refused events for good");
        let key = format!("{}{}", dead(run), Uuid::now_v7().simple());
        let seen = Expected::Version(segment.version);
        let change = Change::new().delete(Kind::Segment, &segment.key, seen).put(
            Kind::Segment,
            key,
            Expected::Absent,
            records::body(&letters)?,
        );
        let noted = self.note(
            run,
            |delivery| {
                delivery.dead += count;
                if delivery.first.len() < FIRST {
                    let reason = reason.to_owned();
                    delivery.first.push(Rejected { row: None, reason });
                }
                delivery.last_error = Some(reason.to_owned());
                delivery.at = Some(now);
            },
            change,
        );
        noted.await
    }

    fn away(&self, address: &str, away: &Away) {
        let asked = away.asked.and_then(|asked| asked.try_into().ok());
        let now = self.clock.now();
        self.pauses.away(address, asked.unwrap_or_default(), now);
    }

    /// Keeps a body, as a segment that takes the place of another or of a part of it.
    async fn kept(
        &self,
        body: Body,
        of: &Segment,
        stamp: &str,
        refused: Option<String>,
    ) -> Result<Segment, RunError> {
        let messages = body.messages;
        let bytes = body.bytes.into();
        Ok(Segment {
            body: self.store.put_blob(BlobSpace::Outbox, bytes).await?,
            messages,
            made: stamp.to_owned(),
            since: of.since,
            refused,
        })
    }

    async fn forget_body(&self, segment: &Stored<Segment>) {
        let body = &segment.record.body;
        if let Err(error) = self.store.delete_blob(BlobSpace::Outbox, body).await {
            tracing::warn!(%error, "a body that was delivered is left for the next start");
        }
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
                // Whoever had the lease in between has settled the segment.
                Ok(_)
                | Err(StoreError::Stale {
                    kind: Kind::Segment,
                    ..
                }) => return Ok(()),
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
        let (address, now) = (&run.record.address.key, self.clock.now());
        for document in page.into_iter().filter(|it| it.key.starts_with(&prefix)) {
            let dead: Stored<Segment> = records::parse(document)?;
            let name = dead.key.rsplit('/').next().unwrap_or_default();
            count += u64::from(dead.record.messages);
            let segment = Segment {
                refused: None,
                since: now,
                ..dead.record
            };
            let key = format!("{address}/{id}/{name}");
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
        self.pauses.forget(address);
        let due = crate::store::Due::NoLaterThan(now);
        let change = change
            .due(super::record::poll(address), due)
            .audited(by.entry("run.redrive", format!("run:{id}")));
        let noted = self.note(
            id,
            |delivery| {
                delivery.dead = delivery.dead.saturating_sub(count);
                if delivery.dead == 0 {
                    delivery.first.clear();
                }
            },
            change,
        );
        noted.await?;
        self.get(id).await
    }
}

/// A segment whose events are gone.
fn lost(reason: &str) -> Outcome {
    tracing::error!(reason, "events cannot be sent");
    Outcome::Refused(reason.to_owned())
}

/// A body of these messages, and the messages.
async fn bodied(
    messages: Vec<Box<RawValue>>,
    stamp: String,
) -> Result<(Body, Vec<Box<RawValue>>), RunError> {
    let made = tokio::task::spawn_blocking(move || {
        let mut batch = Batch::default();
        for message in &messages {
            batch.add(message.get().as_bytes());
        }
        Ok((batch.body(&stamp)?, messages))
    });
    made.await
        .map_err(RunError::Worker)?
        .map_err(RunError::Batch)
}

/// The run that a segment's key names.
fn run_in(segment: &str) -> &str {
    segment.rsplit('/').nth(1).unwrap_or_default()
}
