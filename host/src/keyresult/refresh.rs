//! Reading a key result now, because somebody asks.

use std::sync::Arc;

use jiff::SignedDuration;
use uuid::Uuid;

use crate::access::By;
use crate::chart::{
    Called, ChartError, Fresh, Live, Located, Picked, Queue, Wanted, left_running, was_queueing,
    was_sharing,
};
use crate::id::KeyResultId;
use crate::looker::{Doing, LookerError};
use crate::reading::Reading;
use crate::record as records;
use crate::store::{Change, Due, Expected, Kind, StoreError};

use super::drift::Found;
use super::error::KeyResultError;
use super::outcome::{Ahead, Outcome};
use super::poll::{Pending, PollRecord};
use super::record::{Integration, KeyResult, Link};
use super::schedule::{BadSchedule, Schedule};
use super::{KeyResults, TRIES};

/// The most bytes of a reading that is kept, with all that the extractor says about it.
const MOST_BYTES: usize = 16 << 10;
/// How soon a query that was not done in time is asked for again.
const PICK_UP: SignedDuration = SignedDuration::from_secs(2);

impl KeyResults {
    /// Reads a key result now and answers once the reading is stored.
    ///
    /// # Errors
    ///
    /// Why it could not be read, which is stored as well.
    pub async fn refresh(
        &self,
        id: &KeyResultId,
        fresh: Fresh,
        by: By,
    ) -> Result<KeyResult, KeyResultError> {
        let before = self.get(id).await?;
        let integration = on(&before)?;
        let begun = self.clock.now();
        let known = self.pending_of(&integration).await?;
        let wanted = Wanted {
            found: before.progress.watch.found.clone(),
            ..integration.wanted()
        };
        let located = self.charts.locate_all_of(&wanted, fresh).await;
        let live = match &located {
            Ok(located) => self.live_now(located, known.clone(), fresh).await,
            Err(error) => Err(error.clone()),
        };
        let origin = format!("refresh:{}", Uuid::now_v7().simple());
        let read = match &live {
            Ok(live) => self.read_with(live, id, &integration, &origin).await,
            Err(error) => Err(error.clone()),
        };
        let failure = read.as_ref().err().cloned();
        // That our own queue was long, or that another read is at it, says nothing of the key result.
        let ours = |error: &&ChartError| was_queueing(error) || was_sharing(error);
        if let Some(error) = failure.as_ref().filter(ours) {
            return Err(error.clone().into());
        }
        let task = failure.as_ref().and_then(left_running);
        let pending = task
            .zip(located.as_ref().ok())
            .map(|(task, located)| Pending {
                task: task.to_owned(),
                identity: located.chart.identity.clone(),
                // Asking after a query makes it no younger.
                since: known
                    .filter(|known| known.task == task)
                    .map_or(begun, |known| known.since),
            });
        let outcome = Outcome::of(read);
        if let Some(outcome) = outcome.counted() {
            self.metrics.read(outcome);
        }
        let found = match (&live, &located) {
            (Ok(live), _) => {
                let watch = &before.progress.watch;
                self.found(live, &integration, watch, &outcome).await
            }
            (_, Ok(located)) => Found::Chart(self.chart_seen(&located.chart, &integration)),
            (_, Err(error)) => Found::missed(error),
        };
        for _ in 0..TRIES {
            let before = self.get(id).await?;
            if before.enabled() != Some(&integration) {
                return Err(KeyResultError::Contended);
            }
            let now = self.clock.now();
            let mut ahead = Ahead::as_it_is(&before);
            let audit = by.entry("key-result.refresh", format!("key-result:{id}"));
            let mut change = Change::new().audited(audit);
            if let Some(pending) = &pending {
                // The result will be recorded when it comes, as that of a slot that begins now.
                ahead.slot = Some(ahead.slot.map_or(now, |slot| slot.min(now)));
                change = self.waiting(change, &integration, pending).await?;
            }
            let change = outcome.recorded(change, &before, ahead, &found, now)?;
            match self.store.commit(change).await {
                Ok(_) => {
                    return match failure {
                        Some(error) => Err(error.into()),
                        None => self.get(id).await,
                    };
                }
                Err(StoreError::Stale { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(KeyResultError::Contended)
    }

    async fn live_now(
        &self,
        located: &Located,
        known: Option<Pending>,
        fresh: Fresh,
    ) -> Result<Arc<Live>, ChartError> {
        match self.picked_up(located, known).await? {
            Some(live) => Ok(live),
            None => self.charts.fetch(located, fresh, Queue::Within).await,
        }
    }

    /// The query that the poll waits for, if it does.
    async fn pending_of(
        &self,
        integration: &Integration,
    ) -> Result<Option<Pending>, KeyResultError> {
        let key = integration.poll.as_str();
        let poll = records::get::<PollRecord>(self.store.as_ref(), key).await?;
        Ok(poll.and_then(|poll| poll.record.pending))
    }

    /// The result of a query that goes on at Looker, if it is done by now. While it is not, it is not
    /// begun a second time.
    async fn picked_up(
        &self,
        located: &Located,
        pending: Option<Pending>,
    ) -> Result<Option<Arc<Live>>, ChartError> {
        let same = |pending: &Pending| pending.identity == located.chart.identity;
        let Some(pending) = pending.filter(same) else {
            return Ok(None);
        };
        match self.charts.pick_up(located, &pending.task).await? {
            Picked::Done(live) => Ok(Some(live)),
            Picked::Gone => Ok(None),
            Picked::Running => {
                let waited = self.clock.now().duration_since(pending.since);
                Err(LookerError::Timeout {
                    task_id: Some(pending.task),
                    waited: waited.unsigned_abs(),
                    doing: Doing::Running,
                }
                .into())
            }
        }
    }

    /// Adds that the poll waits for a query that goes on at Looker.
    async fn waiting(
        &self,
        change: Change,
        integration: &Integration,
        pending: &Pending,
    ) -> Result<Change, KeyResultError> {
        let key = integration.poll.as_str();
        let Some(poll) = records::get::<PollRecord>(self.store.as_ref(), key).await? else {
            return Ok(change);
        };
        let due = self.clock.now().checked_add(PICK_UP);
        let record = PollRecord {
            pending: Some(pending.clone()),
            ..poll.record
        };
        let change = change.put(
            Kind::Poll,
            key,
            Expected::Version(poll.version),
            records::body(&record)?,
        );
        Ok(match due {
            Ok(due) => change.due(key, Due::NoLaterThan(due)),
            Err(_) => change,
        })
    }

    /// The number that an integration points at.
    pub(super) async fn read_with(
        &self,
        live: &Live,
        of: &KeyResultId,
        integration: &Integration,
        origin: &str,
    ) -> Result<Reading, ChartError> {
        let version = self.reader_for(live.chart(), integration)?;
        // One on trial reads some key results, and always the same.
        let version = self.charts.turn(version, of.as_str());
        let chosen = integration.chosen();
        let reading = live.read(&version, &chosen, origin).await?;
        // What cannot be kept is a failure of its extractor's, and no reason to lose the rest.
        let size = serde_json::to_vec(&reading).map_or(usize::MAX, |text| text.len());
        if size > MOST_BYTES {
            return Err(ChartError::TooMuchSaid {
                size,
                limit: MOST_BYTES,
            });
        }
        live.keep(&version, of.as_str(), &chosen);
        Ok(reading)
    }
}

/// The integration of a key result that is to be read.
pub(super) fn on(key_result: &KeyResult) -> Result<Integration, KeyResultError> {
    if let Some(integration) = key_result.enabled() {
        return Ok(integration.clone());
    }
    Err(KeyResultError::IntegrationOff {
        reason: match key_result.record.integration {
            Some(_) => "its integration is switched off",
            None => "it is not linked to a chart",
        },
    })
}

impl Link {
    /// The chart it points at, with what that was called when it was linked.
    #[must_use]
    pub fn wanted(&self, called: Option<Called>) -> Wanted {
        Wanted {
            connection: self.connection.clone(),
            source: self.source.clone(),
            filters: self.filters.clone(),
            time_zone: self.time_zone.clone(),
            called,
            found: None,
        }
    }
}

impl Integration {
    /// When it is read. It was checked when it was linked; the shortest interval may have been raised
    /// since.
    ///
    /// # Errors
    ///
    /// When what is stored is no schedule.
    pub fn schedule(&self) -> Result<Schedule, BadSchedule> {
        Schedule::parse(
            self.link.every.as_deref(),
            self.link.cron.as_deref(),
            self.link.time_zone.as_deref(),
            SignedDuration::from_secs(1),
        )
    }

    /// The chart it points at.
    #[must_use]
    pub fn wanted(&self) -> Wanted {
        self.link.wanted(self.called.clone())
    }

    /// What is chosen, as an extractor takes it.
    #[must_use]
    pub fn chosen(&self) -> Vec<(&str, &str)> {
        let chosen = self.link.selection.iter();
        chosen
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect()
    }
}
