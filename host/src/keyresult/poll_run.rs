//! One run of a poll: the query once, then every key result that wants it.

use std::collections::HashMap;
use std::sync::Arc;

use futures_util::{FutureExt as _, StreamExt as _};
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest as _, Sha256};
use tokio::sync::Semaphore;

use crate::chart::{ChartError, Fresh, Live, Picked, left_running};
use crate::id::KeyResultId;
use crate::looker::LookerError;
use crate::record as records;
use crate::store::{Change, Expected, Kind, Lease, Next, StoreError};

use super::error::KeyResultError;
use super::outcome::{Ahead, Outcome};
use super::poll::{Pending, PollRecord};
use super::record::Integration;
use super::subscribers::Subscriber;
use super::{KeyResults, TRIES};

/// The longest pause after failures, so that a Looker that is back is noticed within minutes.
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_mins(5);
/// How long a query that goes on at Looker is waited for; Looker forgets tasks before that.
const LONGEST_PENDING: SignedDuration = SignedDuration::from_hours(1);
/// Reads of one poll that are under way at a time.
const SIDE_BY_SIDE: usize = 4;

/// What was read under which integration. An outcome counts only for that one.
type Outcomes = HashMap<KeyResultId, (Integration, Outcome, bool)>;

/// What a run leaves behind for the next one.
#[derive(Debug, Clone, Default)]
struct After {
    failures: u32,
    pending: Option<Pending>,
    /// When to try again, where the slots are still to be read.
    again: Option<Timestamp>,
}

impl KeyResults {
    /// Runs a poll that was claimed, and completes its lease with all that came of it in one step.
    /// `reads` are the reads that the server makes side by side for its schedule.
    ///
    /// # Errors
    ///
    /// When the store fails, or the lease was lost to somebody else. Nothing is written then.
    pub async fn run_poll(&self, lease: &Lease, reads: &Semaphore) -> Result<(), KeyResultError> {
        let now = self.clock.now();
        let subscribers = self.subscribers(&lease.poll).await?;
        let Some(poll) = records::get::<PollRecord>(self.store.as_ref(), &lease.poll).await? else {
            return self.made_anew(lease, &subscribers, now).await;
        };
        let due: Vec<(Timestamp, Subscriber)> = subscribers
            .into_iter()
            .filter_map(|subscriber| Some((subscriber.slot_due(now)?, subscriber)))
            .collect();
        let (outcomes, after) = if due.is_empty() {
            let after = After {
                failures: poll.record.failures,
                pending: poll.record.pending,
                again: None,
            };
            (Outcomes::new(), after)
        } else {
            self.read_due(lease, &poll.record, &due, reads, now).await
        };
        for (_, outcome, _) in outcomes.values() {
            if let Some(outcome) = outcome.counted() {
                self.metrics.read(outcome);
            }
        }
        self.complete(lease, &outcomes, &after, now).await
    }

    /// Completes the lease of a poll that has no record. It removed itself when nobody subscribed to
    /// it any more; whoever was linked in that very moment gets it back.
    async fn made_anew(
        &self,
        lease: &Lease,
        subscribers: &[Subscriber],
        now: Timestamp,
    ) -> Result<(), KeyResultError> {
        let (change, next) = match subscribers.first() {
            None => (Change::new(), Next::Gone),
            Some(subscriber) => {
                let record = PollRecord::new(&subscriber.integration.wanted());
                let body = records::body(&record)?;
                let change = Change::new().put(Kind::Poll, &lease.poll, Expected::Absent, body);
                (change, Next::At(now))
            }
        };
        self.store
            .commit(change.completing(lease.clone(), next))
            .await?;
        Ok(())
    }

    /// Reads all that are due, or says why none was.
    async fn read_due(
        &self,
        lease: &Lease,
        poll: &PollRecord,
        due: &[(Timestamp, Subscriber)],
        reads: &Semaphore,
        now: Timestamp,
    ) -> (Outcomes, After) {
        let mut outcomes = Outcomes::new();
        // What Looker is working on is waited for, however late it will be.
        let (skipped, due): (Vec<_>, Vec<_>) = due
            .iter()
            .partition(|(slot, it)| poll.pending.is_none() && it.skips(*slot, now));
        for (_, subscriber) in skipped {
            note(&mut outcomes, subscriber, Outcome::Skipped, true);
        }
        if due.is_empty() {
            let after = After {
                failures: poll.failures,
                ..After::default()
            };
            return (outcomes, after);
        }
        // One result serves all of them, so it has to be new enough for the latest slot.
        let since = due.iter().map(|(slot, it)| it.since(*slot)).max();
        let fetched = self.result_of(poll, since.unwrap_or(now), now).await;
        let error = match fetched {
            Ok(Ok(live)) => {
                let read = self.read_all(&live, &due, reads).await;
                let passing = read.iter().any(|(_, _, last)| !last);
                for (subscriber, outcome, last) in read {
                    note(&mut outcomes, subscriber, outcome, last);
                }
                if !passing {
                    return (outcomes, After::default());
                }
                // Looker answered and we are too busy to read it: that is no reason to ask again
                // and again.
                let failures = poll.failures.saturating_add(1);
                let pause = pause(SignedDuration::from_secs(2), failures, &lease.poll);
                let after = After {
                    failures,
                    pending: None,
                    again: self.clock.now().checked_add(pause).ok(),
                };
                return (outcomes, after);
            }
            Ok(Err(pending)) => {
                let waited = now.duration_since(pending.since);
                let wait =
                    (waited / 4).clamp(SignedDuration::from_secs(1), SignedDuration::from_mins(1));
                let again = self.clock.now().checked_add(wait).ok();
                let after = After {
                    failures: poll.failures,
                    pending: Some(pending),
                    again,
                };
                return (outcomes, after);
            }
            Err(failed) => failed,
        };
        let failures = poll.failures.saturating_add(1);
        let patience = due.iter().map(|(_, it)| it.patience()).min();
        let first = patience.unwrap_or(SignedDuration::from_secs(5));
        // A query that has just begun to go on by itself is looked for soon; anything else is not
        // hammered.
        let wait = if left_running(&error.error).is_some() {
            SignedDuration::from_secs(1)
        } else {
            let asked = retry_after(&error.error).unwrap_or_default();
            pause(first, failures, &lease.poll).max(asked)
        };
        for (_, subscriber) in due {
            note(
                &mut outcomes,
                subscriber,
                Outcome::failed(&error.error),
                false,
            );
        }
        let after = After {
            failures,
            pending: error.pending,
            again: self.clock.now().checked_add(wait).ok(),
        };
        (outcomes, after)
    }

    /// Every key result read off one result, a few at a time. The flag says whether that was the
    /// last word on the slot.
    async fn read_all<'a>(
        &self,
        live: &Live,
        due: &[&'a (Timestamp, Subscriber)],
        reads: &Semaphore,
    ) -> Vec<(&'a Subscriber, Outcome, bool)> {
        let mut reading = Vec::with_capacity(due.len());
        for (slot, subscriber) in due {
            let read = async move {
                // A semaphore that is never closed always gives its permit.
                let _turn = reads.acquire().await;
                let origin = format!("slot:{slot}");
                let read = self.read_with(live, &subscriber.integration, &origin);
                let read = read.await;
                let last = read.as_ref().err().is_none_or(|error| !error.is_passing());
                (subscriber, Outcome::of(read), last)
            };
            reading.push(read.boxed());
        }
        futures_util::stream::iter(reading)
            .buffer_unordered(SIDE_BY_SIDE)
            .collect()
            .await
    }

    /// The result of the poll's query: of the one that goes on at Looker where there is one, else of
    /// a run that is fresh enough. The inner error is a query that goes on still.
    async fn result_of(
        &self,
        poll: &PollRecord,
        since: Timestamp,
        now: Timestamp,
    ) -> Result<Result<Arc<Live>, Pending>, Failed> {
        // What Looker works on is not forgotten because it could not be asked just now.
        let keep = |error| Failed {
            pending: poll.pending.clone(),
            error,
        };
        let located = self.charts.locate(&poll.wanted()).await.map_err(keep)?;
        let pending = poll.pending.as_ref().filter(|pending| {
            pending.identity == located.chart.identity
                && now.duration_since(pending.since) < LONGEST_PENDING
        });
        if let Some(pending) = pending {
            let picked = self.charts.pick_up(&located, &pending.task).await;
            match picked.map_err(keep)? {
                Picked::Done(live) => return Ok(Ok(live)),
                Picked::Running => return Ok(Err(pending.clone())),
                Picked::Gone => {}
            }
        }
        let identity = located.chart.identity.clone();
        let fetched = self.charts.fetch(&located, Fresh::Since(since)).await;
        fetched.map(Ok).map_err(|error| Failed {
            pending: left_running(&error).map(|task| Pending {
                task: task.to_owned(),
                identity,
                since: now,
            }),
            error,
        })
    }

    /// Writes all that came of a run. Whoever was changed, switched off or deleted in the meantime
    /// is left out; whoever was linked in the meantime is read next.
    async fn complete(
        &self,
        lease: &Lease,
        outcomes: &Outcomes,
        after: &After,
        began: Timestamp,
    ) -> Result<(), KeyResultError> {
        for _ in 0..TRIES {
            let key = lease.poll.as_str();
            let poll = records::get::<PollRecord>(self.store.as_ref(), key).await?;
            let subscribers = self.subscribers(key).await?;
            let now = self.clock.now();
            let mut change = Change::new();
            let mut next: Option<Timestamp> = None;
            for subscriber in &subscribers {
                let known = outcomes.get(&subscriber.key_result.id);
                let known = known.filter(|(read, ..)| *read == subscriber.integration);
                let ahead = match known {
                    Some((_, outcome, done)) => {
                        let ahead = ahead(subscriber, key, *done, after.again, began);
                        change = outcome.recorded(change, &subscriber.key_result, ahead, now)?;
                        ahead
                    }
                    None => waiting(subscriber, after.again, now),
                };
                next = match (next, ahead.next_due) {
                    (Some(a), Some(b)) => Some(a.min(b)),
                    (a, b) => a.or(b),
                };
            }
            change = match poll {
                Some(poll) if subscribers.is_empty() => {
                    change.delete(Kind::Poll, key, Expected::Version(poll.version))
                }
                Some(poll) => {
                    let record = PollRecord {
                        failures: after.failures,
                        pending: after.pending.clone(),
                        ..poll.record.clone()
                    };
                    if record == poll.record {
                        change.check(Kind::Poll, key, Expected::Version(poll.version))
                    } else {
                        let body = records::body(&record)?;
                        change.put(Kind::Poll, key, Expected::Version(poll.version), body)
                    }
                }
                None => change,
            };
            let next = next.map_or(Next::Gone, Next::At);
            match self
                .store
                .commit(change.completing(lease.clone(), next))
                .await
            {
                Ok(_) => return Ok(()),
                Err(StoreError::Stale { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(KeyResultError::Contended)
    }
}

/// There is no result, and perhaps a query that goes on at Looker.
struct Failed {
    error: ChartError,
    pending: Option<Pending>,
}

/// How long Looker asks to be left alone, where it does.
fn retry_after(error: &ChartError) -> Option<SignedDuration> {
    let ChartError::Looker(error) = error else {
        return None;
    };
    match error.as_ref() {
        LookerError::RateLimited { retry_after } => SignedDuration::try_from((*retry_after)?).ok(),
        _ => None,
    }
}

fn note(outcomes: &mut Outcomes, of: &Subscriber, outcome: Outcome, done: bool) {
    let integration = of.integration.clone();
    outcomes.insert(of.key_result.id.clone(), (integration, outcome, done));
}

/// What comes after a read that began at `began`: the next slot after that, or the same again. A slot
/// that came while the read went on is read as well, since its time was not covered.
fn ahead(
    subscriber: &Subscriber,
    poll: &str,
    done: bool,
    again: Option<Timestamp>,
    began: Timestamp,
) -> Ahead {
    let slot = subscriber.key_result.progress.slot;
    if !done {
        return Ahead {
            slot,
            next_due: again.or(Some(began)),
        };
    }
    let next = subscriber
        .schedule
        .next_after(slot.map_or(began, |slot| slot.max(began)));
    let jitter = subscriber.schedule.jitter(poll);
    Ahead {
        slot: next,
        next_due: next.map(|next| next.checked_add(jitter).unwrap_or(next)),
    }
}

/// When a key result that was not read is due: as before, save that a slot which has come while the
/// poll waits for Looker waits with it.
fn waiting(subscriber: &Subscriber, again: Option<Timestamp>, now: Timestamp) -> Ahead {
    let ahead = Ahead::as_it_is(&subscriber.key_result);
    let next_due = match (ahead.slot, ahead.next_due) {
        (Some(slot), _) if slot <= now => again.or(Some(now)),
        (Some(slot), None) => Some(slot),
        (_, next_due) => next_due,
    };
    Ahead { next_due, ..ahead }
}

/// How long to wait after so many failures in a row: twice as long each time, and a little off, so
/// that polls which failed together do not come back together.
fn pause(first: SignedDuration, failures: u32, key: &str) -> SignedDuration {
    let doubled = 1_i32.checked_shl(failures.saturating_sub(1).min(12));
    let whole = first.checked_mul(doubled.unwrap_or(i32::MAX));
    let whole = whole.unwrap_or(LONGEST_PAUSE).min(LONGEST_PAUSE);
    let hash = Sha256::digest(format!("{key}/{failures}").as_bytes());
    let part = i32::from(hash[0] % 32);
    whole - whole / 256 * part
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_end_at_minutes() {
        let first = SignedDuration::from_secs(1);
        let pauses: Vec<_> = (1..30).map(|n| pause(first, n, "a")).collect();
        assert!(pauses[0] <= first && pauses[0] > first / 2);
        assert!(
            pauses.windows(2).take(7).all(|pair| pair[0] < pair[1]),
            "{pauses:?}"
        );
        assert!(
            pauses
                .iter()
                .all(|it| *it <= LONGEST_PAUSE && it.is_positive())
        );
        assert!(
            pauses[28] > LONGEST_PAUSE / 2,
            "it never forgets to come back"
        );
    }
}
