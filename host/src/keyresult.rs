//! Objectives and key results: what people aim at, and the numbers that move them.
//!
//! [`KeyResults`] is the door. A key result whose integration is on is read by its [`poll`], which
//! the [`scheduler`] claims from the store when it is due; one whose integration is off is set by
//! hand ([`manual`]); a result that was pushed to us is read by [`push`]. Every read, whatever made it happen, ends in [`outcome`]: the reading, what it
//! means for the key result, and what listeners are told, in one step.

mod backfill;
mod draft;
pub mod drift;
mod error;
mod history;
mod link;
mod manual;
mod objective;
mod outcome;
pub mod period;
mod poll;
mod poll_run;
pub mod progress;
mod push;
mod record;
mod refresh;
pub mod schedule;
pub mod scheduler;
mod subscribers;
mod watch;

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use tokio::sync::Semaphore;

use crate::access::By;
use crate::chart::Charts;
use crate::clock::SharedClock;
use crate::id::{KeyResultId, ObjectiveId};
use crate::metrics::Metrics;
use crate::once::{Known, Once};
use crate::record::{self as records, Stored, entry};
use crate::store::{Change, Expected, Kind, SharedStore, StoreError};

pub use backfill::Backfilled;
pub use draft::{Draft, Edit, ObjectiveDraft, ObjectiveEdit};
pub use error::KeyResultError;
pub use history::{KeptReading, Span};
pub use manual::Manual;
pub use objective::Objective;
pub use poll::{Pending, PollId, PollRecord};
pub use push::{Pushed, Standing, Taken};
pub use record::{
    Failure, Integration, KeyResult, KeyResultRecord, Link, Missed, ObjectiveRecord, ProgressRecord,
};

/// How often a change is tried against others' changes before the caller is told. Of those who have
/// read the same version one gets through at a time, so this is how many may come at once.
const TRIES: usize = 64;

/// Objectives and key results.
pub struct KeyResults {
    store: SharedStore,
    charts: Arc<Charts>,
    clock: SharedClock,
    /// The shortest interval of a schedule.
    shortest: SignedDuration,
    metrics: Metrics,
    /// Pushed results that are held in memory at a time; each may have 32 MiB.
    pushes: Semaphore,
}

/// How many pushed results are read at a time.
const PUSHES: usize = 4;

/// The topic under which listeners hear that a key result was made, changed or removed.
const TOPIC: &str = "key-result";

impl KeyResults {
    /// Key results in this store, read through these charts. `shortest` is the shortest interval
    /// that a schedule may have.
    #[must_use]
    pub fn new(
        store: SharedStore,
        charts: Arc<Charts>,
        clock: SharedClock,
        shortest: SignedDuration,
        metrics: Metrics,
    ) -> Arc<Self> {
        Arc::new(Self {
            store,
            charts,
            clock,
            shortest,
            metrics,
            pushes: Semaphore::new(PUSHES),
        })
    }

    /// What time it is by the clock that periods and schedules go by.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Makes a key result, linked if a link is given.
    ///
    /// # Errors
    ///
    /// When the draft or the link is unsound, or its objective or chart is not there.
    pub async fn create(
        &self,
        draft: Draft,
        link: Option<Link>,
        once: Option<Once>,
        by: By,
    ) -> Result<KeyResult, KeyResultError> {
        let mut planned = None;
        for _ in 0..TRIES {
            let now = self.clock.now();
            let mut noted = None;
            if let Some(once) = &once {
                match once.known(self.store.as_ref(), now).await? {
                    Known::Made(id) => return self.get_text(&id).await,
                    Known::Other => return Err(KeyResultError::OtherRequest),
                    Known::New(expected) => noted = Some((once, expected)),
                }
            }
            let mut record = draft.clone().record(now)?;
            if planned.is_none()
                && let Some(link) = &link
            {
                planned = Some(self.plan(link, None).await?);
            }
            let id = KeyResultId::fresh(self.clock.as_ref());
            let mut change = Change::new();
            change = self.joined(change, &record.objective, &id).await?;
            if let Some(integration) = &planned {
                record.integration = Some(integration.clone());
                change = self.linked(change, &id, integration).await?;
            }
            let told = json!({ "key_result_id": id, "change": "created" });
            change = change
                .put(
                    Kind::KeyResult,
                    id.as_str(),
                    Expected::Absent,
                    records::body(&record)?,
                )
                .tell(TOPIC, told.to_string())
                .audited(by.entry("key-result.create", format!("key-result:{id}")));
            if let Some((once, expected)) = noted {
                change = once.noted(change, expected, id.as_str(), now)?;
            }
            match self.store.commit(change).await {
                Ok(_) => return self.get(&id).await,
                Err(StoreError::Stale { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(KeyResultError::Contended)
    }

    /// A key result.
    ///
    /// # Errors
    ///
    /// [`KeyResultError::NotFound`].
    pub async fn get(&self, id: &KeyResultId) -> Result<KeyResult, KeyResultError> {
        self.get_text(id.as_str()).await
    }

    async fn get_text(&self, id: &str) -> Result<KeyResult, KeyResultError> {
        let stored = records::get::<KeyResultRecord>(self.store.as_ref(), id).await?;
        let stored = stored.ok_or_else(|| KeyResultError::NotFound {
            what: "key result",
            id: id.to_owned(),
        })?;
        self.with_progress(stored).await
    }

    async fn with_progress(
        &self,
        stored: Stored<KeyResultRecord>,
    ) -> Result<KeyResult, KeyResultError> {
        let progress = records::get::<ProgressRecord>(self.store.as_ref(), &stored.key).await?;
        let id = stored.key.parse().map_err(|_| KeyResultError::NotFound {
            what: "key result",
            id: stored.key.clone(),
        })?;
        Ok(KeyResult {
            id,
            version: stored.version,
            updated_at: stored.updated_at,
            record: stored.record,
            progress_version: progress.as_ref().map(|progress| progress.version),
            progress: progress.map(|progress| progress.record).unwrap_or_default(),
        })
    }

    /// A page of key results, the oldest first; of one objective, if one is named.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn list(
        &self,
        objective: Option<&ObjectiveId>,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<KeyResult>, KeyResultError> {
        let mut found = Vec::new();
        let Some(objective) = objective else {
            for stored in records::list(self.store.as_ref(), after, limit).await? {
                found.push(self.with_progress(stored).await?);
            }
            return Ok(found);
        };
        let members = self.members(objective).await?;
        let members = members
            .into_iter()
            .filter(|id| after.is_none_or(|after| id.as_str() > after));
        for id in members {
            if found.len() == limit {
                break;
            }
            // One that has just been deleted is no longer wanted.
            match self.get_text(&id).await {
                Ok(key_result) => found.push(key_result),
                Err(KeyResultError::NotFound { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(found)
    }

    /// Changes what people say of a key result. `seen` is the version that the caller has looked
    /// at; without it any will do.
    ///
    /// # Errors
    ///
    /// [`KeyResultError::Stale`] when it has changed since, and as for [`KeyResults::create`].
    pub async fn edit(
        &self,
        id: &KeyResultId,
        edit: Edit,
        seen: Option<u64>,
        by: By,
    ) -> Result<KeyResult, KeyResultError> {
        for _ in 0..TRIES {
            let before = self.seen(id, seen).await?;
            let record = edit.clone().applied(before.record.clone())?;
            let mut change = Change::new();
            if record.objective != before.record.objective {
                if let Some(left) = &before.record.objective {
                    let key = entry(left.as_str(), id.as_str());
                    change = change.delete(Kind::Member, key, Expected::Any);
                }
                change = self.joined(change, &record.objective, id).await?;
            }
            let mut action = "key-result.edit";
            if let Some(manual) = &edit.manual {
                change = self.set_by_hand(change, &before, &record, manual, &by)?;
                action = "key-result.set";
            }
            let change = change.audited(by.entry(action, format!("key-result:{id}")));
            if self.replaced(&before, &record, change).await? {
                return self.get(id).await;
            }
        }
        Err(KeyResultError::Contended)
    }

    /// Removes a key result with its history.
    ///
    /// # Errors
    ///
    /// [`KeyResultError::Stale`] when it has changed since it was `seen`.
    pub async fn delete(
        &self,
        id: &KeyResultId,
        seen: Option<u64>,
        by: By,
    ) -> Result<(), KeyResultError> {
        let before = self.seen(id, seen).await?;
        let told = json!({ "key_result_id": id, "change": "deleted" });
        let mut change = Change::new()
            .delete(
                Kind::KeyResult,
                id.as_str(),
                Expected::Version(before.version),
            )
            .delete(Kind::Progress, id.as_str(), Expected::Any)
            .put(
                Kind::Setting,
                entry(history::FORGET, id.as_str()),
                Expected::Any,
                records::ENTRY,
            )
            .tell(TOPIC, told.to_string())
            .audited(by.entry("key-result.delete", format!("key-result:{id}")));
        if let Some(objective) = &before.record.objective {
            let key = entry(objective.as_str(), id.as_str());
            change = change.delete(Kind::Member, key, Expected::Any);
        }
        if let Some(integration) = &before.record.integration {
            change = Self::unlinked(change, id, integration);
        }
        match self.store.commit(change).await {
            Ok(_) => {}
            Err(StoreError::Stale { .. }) => return Err(KeyResultError::Stale),
            Err(error) => return Err(error.into()),
        }
        // Ids never come back, so what is left of a history that could not be forgotten is seen by
        // nobody; it is forgotten later.
        if let Err(error) = self.forget(id.as_str()).await {
            tracing::warn!(%error, key_result = %id, "the history of a deleted key result is left for later");
        }
        self.forget_kept(id).await;
        Ok(())
    }

    /// A key result that must not have changed since it was `seen`.
    async fn seen(&self, id: &KeyResultId, seen: Option<u64>) -> Result<KeyResult, KeyResultError> {
        let found = self.get(id).await?;
        if seen.is_some_and(|seen| seen != found.version) {
            return Err(KeyResultError::Stale);
        }
        Ok(found)
    }

    /// Puts a record in the place of the one before, in one step with the rest of the change. False
    /// when somebody else was quicker: nothing is written then.
    async fn replaced(
        &self,
        before: &KeyResult,
        record: &KeyResultRecord,
        change: Change,
    ) -> Result<bool, KeyResultError> {
        let told = json!({ "key_result_id": before.id, "change": "edited" });
        let change = change
            .put(
                Kind::KeyResult,
                before.id.as_str(),
                Expected::Version(before.version),
                records::body(record)?,
            )
            .tell(TOPIC, told.to_string());
        match self.store.commit(change).await {
            Ok(_) => Ok(true),
            Err(StoreError::Stale { .. }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}
