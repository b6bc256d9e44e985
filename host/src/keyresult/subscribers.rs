//! The key results that a poll reads.

use jiff::{SignedDuration, Timestamp};

use crate::record::{self as records, RecordError};
use crate::store::Kind;

use super::KeyResults;
use super::error::KeyResultError;
use super::record::{Integration, KeyResult, Missed};
use super::schedule::Schedule;

/// How late a slot may be read where missed slots are skipped; jitter and a busy moment are no
/// reason to skip.
const GRACE: SignedDuration = SignedDuration::from_secs(90);

/// A key result with the link by which it is read.
pub(super) struct Subscriber {
    /// The key result.
    pub key_result: KeyResult,
    /// Its integration, which is on.
    pub integration: Integration,
    /// When it is read.
    pub schedule: Schedule,
}

impl Subscriber {
    /// The slot that is to be read at `now`.
    pub fn slot_due(&self, now: Timestamp) -> Option<Timestamp> {
        let slot = self.key_result.progress.slot;
        slot.filter(|slot| *slot <= now)
    }

    /// Whether a slot was missed and is not to be made up for.
    pub fn skips(&self, slot: Timestamp, now: Timestamp) -> bool {
        self.integration.link.missed == Missed::Skip && now.duration_since(slot) > GRACE
    }

    /// How old a result may be. A slot of the schedule takes what was asked for since it began. The
    /// slot that linking makes takes one of half a minute before, so that key results which are
    /// linked one after the other share a run.
    pub fn since(&self, slot: Timestamp) -> Timestamp {
        if self.schedule.has_slot(slot) {
            return slot;
        }
        let tolerance = match &self.schedule {
            Schedule::Every(every) => (*every / 10).min(SignedDuration::from_secs(30)),
            Schedule::Cron(..) => SignedDuration::from_secs(5),
        };
        slot.checked_sub(tolerance).unwrap_or(slot)
    }

    /// How long a first retry waits: no longer than until the next slot of a short interval.
    pub fn patience(&self) -> SignedDuration {
        const FIRST: SignedDuration = SignedDuration::from_secs(5);
        match &self.schedule {
            Schedule::Every(every) => (*every).min(FIRST),
            Schedule::Cron(..) => FIRST,
        }
    }
}

impl KeyResults {
    /// Who is to be read by a poll. Whoever was switched off or linked elsewhere is not among them.
    pub(super) async fn subscribers(&self, poll: &str) -> Result<Vec<Subscriber>, KeyResultError> {
        let mut found = Vec::new();
        for id in records::under(self.store.as_ref(), Kind::Subscription, poll).await? {
            let key_result = match self.get_text(&id).await {
                Ok(key_result) => key_result,
                Err(KeyResultError::NotFound { .. }) => continue,
                // One that cannot be read is no reason not to read its neighbours.
                Err(KeyResultError::Record(
                    error @ (RecordError::Unreadable { .. } | RecordError::Newer { .. }),
                )) => {
                    tracing::error!(key_result = id, %error, "a key result is left out");
                    continue;
                }
                Err(error) => return Err(error),
            };
            let Some(integration) = key_result.enabled().cloned() else {
                continue;
            };
            if integration.poll.as_str() != poll {
                continue;
            }
            match integration.schedule() {
                Ok(schedule) => found.push(Subscriber {
                    key_result,
                    integration,
                    schedule,
                }),
                Err(error) => {
                    tracing::error!(key_result = id, %error, "a stored schedule cannot be read");
                }
            }
        }
        Ok(found)
    }
}
