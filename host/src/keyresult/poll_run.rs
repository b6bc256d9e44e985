//! One run of a poll: the query once, then every key result that wants it.

mod complete;
mod fetch;
mod pause;

use std::collections::HashMap;

use futures_util::{FutureExt as _, StreamExt as _};
use jiff::{SignedDuration, Timestamp};
use tokio::sync::Semaphore;

use crate::chart::{Live, Wanted, left_running, was_queueing};
use crate::id::KeyResultId;
use crate::record as records;
use crate::store::{Change, Expected, Kind, Lease, Next};

use super::KeyResults;
use super::drift::Found;
use super::error::KeyResultError;
use super::outcome::Outcome;
use super::poll::{Pending, PollRecord};
use super::record::Integration;
use super::subscribers::Subscriber;
use fetch::{Failed, retry_after};
use pause::pause;

/// The longest that Looker may ask to be left alone: a clock that is wrong must not put a poll away
/// for days.
const LONGEST_ASKED: SignedDuration = SignedDuration::from_mins(15);
/// Reads of one poll that are under way at a time.
const SIDE_BY_SIDE: usize = 4;

/// What came of a read.
struct Noted {
    /// Under which integration. It counts only for that one.
    integration: Integration,
    outcome: Outcome,
    /// What the chart was found to be.
    found: Found,
    /// Whether that was the last word on the slot.
    last: bool,
}

type Outcomes = HashMap<KeyResultId, Noted>;

/// What a run leaves behind for the next one.
#[derive(Debug, Clone, Default)]
struct After {
    failures: u32,
    pending: Option<Pending>,
    /// What the poll waited for when the run began. Whoever has it wait for something else since
    /// has the last word.
    waited_for: Option<Pending>,
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
        let subscribed = subscribers.len();
        let due: Vec<(Timestamp, Subscriber)> = subscribers
            .into_iter()
            .filter_map(|subscriber| Some((subscriber.slot_due(now)?, subscriber)))
            .collect();
        let (outcomes, after) = if due.is_empty() {
            let after = After {
                failures: poll.record.failures,
                pending: poll.record.pending.clone(),
                ..After::default()
            };
            (Outcomes::new(), after)
        } else {
            self.read_due(lease, &poll.record, &due, reads, now).await
        };
        let after = After {
            waited_for: poll.record.pending.clone(),
            ..after
        };
        for noted in outcomes.values() {
            if let Some(outcome) = noted.outcome.counted() {
                self.metrics.read(outcome);
            }
        }
        // Where something is written of every subscriber, the change depends on all that was read.
        let all = subscribed > 0 && outcomes.len() == subscribed;
        let found = all.then(|| {
            let subscribers = due.into_iter().map(|(_, subscriber)| subscriber);
            (Some(poll), subscribers.collect())
        });
        self.complete(lease, &outcomes, &after, now, found).await
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
            note(
                &mut outcomes,
                subscriber,
                Outcome::Skipped,
                Found::Unknown,
                true,
            );
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
        let slot = due.iter().map(|(slot, _)| *slot).max();
        let (since, slot) = (since.unwrap_or(now), slot.unwrap_or(now));
        let wanted = wanted(poll, &due);
        let after = match self.result_of(poll, &wanted, since, slot, now).await {
            Ok(Ok(live)) => {
                let read = self.read_all(&live, &due, reads).await;
                let busy = read.iter().any(|(.., last)| !last);
                for (subscriber, outcome, found, last) in read {
                    note(&mut outcomes, subscriber, outcome, found, last);
                }
                self.after_reads(lease, poll, busy)
            }
            Ok(Err(pending)) => self.after_asking(poll, pending, now),
            Err(failed) if was_queueing(&failed.error) => self.after_queueing(lease, poll),
            Err(failed) => {
                for (_, subscriber) in &due {
                    let outcome = Outcome::failed(&failed.error);
                    let found = match &failed.chart {
                        Ok(chart) => Found::Chart(self.chart_seen(chart, &subscriber.integration)),
                        Err(found) => found.as_ref().clone(),
                    };
                    note(&mut outcomes, subscriber, outcome, found, false);
                }
                self.after_failure(lease, poll, &due, failed)
            }
        };
        (outcomes, after)
    }

    /// So much later than now. There is always a time to come back at.
    fn later(&self, pause: SignedDuration) -> Option<Timestamp> {
        let now = self.clock.now();
        Some(now.saturating_add(pause).unwrap_or(now))
    }

    /// After a result was read. Where we were too busy to read all of it, Looker is not asked again
    /// and again for that.
    fn after_reads(&self, lease: &Lease, poll: &PollRecord, busy: bool) -> After {
        if !busy {
            return After::default();
        }
        let failures = poll.failures.saturating_add(1);
        let pause = pause(SignedDuration::from_secs(2), failures, &lease.poll);
        After {
            failures,
            pending: None,
            again: self.later(pause),
            ..After::default()
        }
    }

    /// After Looker said that it works on the query still: the longer it has, the longer it will.
    fn after_asking(&self, poll: &PollRecord, pending: Pending, now: Timestamp) -> After {
        let waited = now.duration_since(pending.since);
        let wait = (waited / 4).clamp(SignedDuration::from_secs(1), SignedDuration::from_mins(1));
        After {
            failures: poll.failures,
            pending: Some(pending),
            again: self.later(wait),
            ..After::default()
        }
    }

    /// After there was no place to run in. Looker was not asked, so nothing is said of it, and the
    /// slots stay as they are.
    fn after_queueing(&self, lease: &Lease, poll: &PollRecord) -> After {
        tracing::warn!(
            connection = %poll.connection,
            "a poll has waited in vain for one of the connection's places; it comes back"
        );
        let pause = pause(SignedDuration::from_secs(5), 1, &lease.poll);
        After {
            failures: poll.failures,
            pending: None,
            again: self.later(pause),
            ..After::default()
        }
    }

    /// After Looker gave no result. A query that has just begun to go on by itself is looked for
    /// soon; anything else is not hammered.
    fn after_failure(
        &self,
        lease: &Lease,
        poll: &PollRecord,
        due: &[&(Timestamp, Subscriber)],
        failed: Failed,
    ) -> After {
        let failures = poll.failures.saturating_add(1);
        let wait = if left_running(&failed.error).is_some() {
            SignedDuration::from_secs(1)
        } else {
            let patience = due.iter().map(|(_, it)| it.patience()).min();
            let first = patience.unwrap_or(SignedDuration::from_secs(5));
            let asked = retry_after(&failed.error).unwrap_or_default();
            pause(first, failures, &lease.poll).max(asked.min(LONGEST_ASKED))
        };
        After {
            failures,
            pending: failed.pending,
            again: self.later(wait),
            ..After::default()
        }
    }

    /// Every key result read off one result, a few at a time. The flag says whether that was the
    /// last word on the slot.
    async fn read_all<'a>(
        &self,
        live: &Live,
        due: &[&'a (Timestamp, Subscriber)],
        reads: &Semaphore,
    ) -> Vec<(&'a Subscriber, Outcome, Found, bool)> {
        let mut reading = Vec::with_capacity(due.len());
        for (slot, subscriber) in due {
            let read = async move {
                // A semaphore that is never closed always gives its permit.
                let _turn = reads.acquire().await;
                let origin = format!("slot:{slot}");
                let of = &subscriber.key_result.id;
                let read = self.read_with(live, of, &subscriber.integration, &origin);
                let read = read.await;
                let last = read.as_ref().err().is_none_or(|error| !error.is_passing());
                let outcome = Outcome::of(read);
                let (integration, watch) = (
                    &subscriber.integration,
                    &subscriber.key_result.progress.watch,
                );
                let found = self.found(live, integration, watch, &outcome).await;
                (subscriber, outcome, found, last)
            };
            reading.push(read.boxed());
        }
        futures_util::stream::iter(reading)
            .buffer_unordered(SIDE_BY_SIDE)
            .collect()
            .await
    }
}

fn note(outcomes: &mut Outcomes, of: &Subscriber, outcome: Outcome, found: Found, last: bool) {
    let noted = Noted {
        integration: of.integration.clone(),
        outcome,
        found,
        last,
    };
    outcomes.insert(of.key_result.id.clone(), noted);
}

/// What a poll asks for, and where that was found last.
fn wanted(poll: &PollRecord, due: &[&(Timestamp, Subscriber)]) -> Wanted {
    let mut found = due
        .iter()
        .map(|(_, it)| &it.key_result.progress.watch.found);
    Wanted {
        found: found.find_map(Clone::clone),
        ..poll.wanted()
    }
}
