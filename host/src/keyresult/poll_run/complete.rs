//! The end of a run: all that came of it, and what comes next, in one change.

use std::collections::HashSet;

use jiff::Timestamp;

use crate::keyresult::error::KeyResultError;
use crate::keyresult::outcome::Ahead;
use crate::keyresult::poll::PollRecord;
use crate::keyresult::subscribers::Subscriber;
use crate::keyresult::{KeyResults, TRIES};
use crate::record::{self as records, Stored};
use crate::store::{Change, Expected, Kind, Lease, Next, StoreError};

use super::{After, Noted, Outcomes};

/// Key results that are written in one change. However many are read off one query, a change and
/// what is told of it stay small.
const PART: usize = 256;

/// A poll, if it is there, and who is to be read by it.
pub(super) type Subscribed = (Option<Stored<PollRecord>>, Vec<Subscriber>);

impl KeyResults {
    /// Writes all that came of a run. Whoever was changed, switched off or deleted in the meantime
    /// is left out; whoever was linked in the meantime is read next. What was `found` when the run
    /// began is taken to be so still, as long as the change then depends on it.
    pub(super) async fn complete(
        &self,
        lease: &Lease,
        outcomes: &Outcomes,
        after: &After,
        began: Timestamp,
        mut found: Option<Subscribed>,
    ) -> Result<(), KeyResultError> {
        let (mut written, mut tries) = (HashSet::new(), 0);
        while tries < TRIES {
            let key = lease.poll.as_str();
            let (poll, subscribers) = match found.take() {
                Some(found) => found,
                None => (
                    records::get::<PollRecord>(self.store.as_ref(), key).await?,
                    self.subscribers(key).await?,
                ),
            };
            let now = self.clock.now();
            let mut change = Change::new();
            let mut next: Option<Timestamp> = None;
            let (mut part, mut more) = (Vec::new(), false);
            for subscriber in &subscribers {
                let known = outcomes.get(&subscriber.key_result.id);
                let known = known.filter(|noted| noted.integration == subscriber.integration);
                let known = known.filter(|_| !written.contains(&subscriber.key_result.id));
                if known.is_some() && part.len() == PART {
                    more = true;
                    continue;
                }
                let ahead = match known {
                    Some(noted) => {
                        let of = &subscriber.key_result;
                        part.push(of.id.clone());
                        let ahead = ahead(subscriber, key, noted.last, after.again, began);
                        let Noted { outcome, found, .. } = noted;
                        change = outcome.recorded(change, of, ahead, found, now)?;
                        ahead
                    }
                    None => waiting(subscriber, after.again, now),
                };
                next = match (next, ahead.next_due) {
                    (Some(a), Some(b)) => Some(a.min(b)),
                    (a, b) => a.or(b),
                };
            }
            if more {
                // Each key result's own documents say whether it was as it was read, so a part may
                // be written ahead of the end of the lease.
                match self.store.commit(change).await {
                    Ok(_) => written.extend(part),
                    Err(StoreError::Stale { .. }) => tries += 1,
                    Err(error) => return Err(error.into()),
                }
                continue;
            }
            change = match poll {
                Some(poll) if subscribers.is_empty() => {
                    change.delete(Kind::Poll, key, Expected::Version(poll.version))
                }
                Some(poll) => {
                    let pending = if poll.record.pending == after.waited_for {
                        after.pending.clone()
                    } else {
                        poll.record.pending.clone()
                    };
                    let record = PollRecord {
                        failures: after.failures,
                        pending,
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
            let change = change.completing(lease.clone(), next);
            match self.store.commit(change.patient()).await {
                Ok(_) => return Ok(()),
                Err(StoreError::Stale { .. }) => tries += 1,
                Err(error) => return Err(error.into()),
            }
        }
        Err(KeyResultError::Contended)
    }
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
