//! Objectives: made, changed, and as far as their key results are.

use jiff::Timestamp;

use crate::access::By;
use crate::decimal::Decimal;
use crate::id::{KeyResultId, ObjectiveId};
use crate::once::{Known, Once};
use crate::record::{self as records, Stored, entry};
use crate::store::{Change, Expected, Kind, StoreError};

use super::draft::{ObjectiveDraft, ObjectiveEdit};
use super::error::KeyResultError;
use super::progress::{expected, mean};
use super::record::ObjectiveRecord;
use super::{KeyResults, TRIES};

/// An objective whole.
#[derive(Debug, Clone)]
pub struct Objective {
    /// Its id.
    pub id: ObjectiveId,
    /// The version of its document.
    pub version: u64,
    /// When people last changed it.
    pub updated_at: Timestamp,
    /// What people say of it.
    pub record: ObjectiveRecord,
    /// How far its key results are, as a fraction.
    pub progress: Option<Decimal>,
    /// How far it should be by now, as a fraction.
    pub expected: Option<Decimal>,
    /// How many key results it has.
    pub key_results: usize,
    /// How many of them have a value.
    pub measured: usize,
}

impl KeyResults {
    /// Makes an objective.
    ///
    /// # Errors
    ///
    /// When the draft is unsound.
    pub async fn create_objective(
        &self,
        draft: ObjectiveDraft,
        once: Option<Once>,
        by: By,
    ) -> Result<Objective, KeyResultError> {
        for _ in 0..TRIES {
            let now = self.clock.now();
            let record = draft.clone().record(now)?;
            let id = ObjectiveId::fresh(self.clock.as_ref());
            let mut change = Change::new()
                .put(
                    Kind::Objective,
                    id.as_str(),
                    Expected::Absent,
                    records::body(&record)?,
                )
                .audited(by.entry("objective.create", format!("objective:{id}")));
            if let Some(once) = &once {
                match once.known(self.store.as_ref(), now).await? {
                    Known::Made(id) => return self.objective_of(&id).await,
                    Known::Other => return Err(KeyResultError::OtherRequest),
                    Known::New(expected) => {
                        change = once.noted(change, expected, id.as_str(), now)?;
                    }
                }
            }
            match self.store.commit(change).await {
                Ok(_) => return self.objective(&id).await,
                Err(StoreError::Stale { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(KeyResultError::Contended)
    }

    /// An objective.
    ///
    /// # Errors
    ///
    /// [`KeyResultError::NotFound`].
    pub async fn objective(&self, id: &ObjectiveId) -> Result<Objective, KeyResultError> {
        self.objective_of(id.as_str()).await
    }

    async fn objective_of(&self, id: &str) -> Result<Objective, KeyResultError> {
        let stored = records::get::<ObjectiveRecord>(self.store.as_ref(), id).await?;
        self.rolled_up(stored.ok_or_else(|| no_objective(id))?)
            .await
    }

    /// A page of objectives, the oldest first.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn objectives(
        &self,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Objective>, KeyResultError> {
        let mut found = Vec::new();
        for stored in records::list(self.store.as_ref(), after, limit).await? {
            found.push(self.rolled_up(stored).await?);
        }
        Ok(found)
    }

    /// Changes an objective.
    ///
    /// # Errors
    ///
    /// [`KeyResultError::Stale`] when it has changed since it was `seen`.
    pub async fn edit_objective(
        &self,
        id: &ObjectiveId,
        edit: ObjectiveEdit,
        seen: Option<u64>,
        by: By,
    ) -> Result<Objective, KeyResultError> {
        for _ in 0..TRIES {
            let before = self.objective(id).await?;
            if seen.is_some_and(|seen| seen != before.version) {
                return Err(KeyResultError::Stale);
            }
            let record = edit.clone().applied(before.record)?;
            let change = Change::new()
                .put(
                    Kind::Objective,
                    id.as_str(),
                    Expected::Version(before.version),
                    records::body(&record)?,
                )
                .audited(by.entry("objective.edit", format!("objective:{id}")));
            match self.store.commit(change).await {
                Ok(_) => return self.objective(id).await,
                Err(StoreError::Stale { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(KeyResultError::Contended)
    }

    /// Removes an objective that has no key results.
    ///
    /// # Errors
    ///
    /// [`KeyResultError::InUse`] when it has some.
    pub async fn delete_objective(
        &self,
        id: &ObjectiveId,
        seen: Option<u64>,
        by: By,
    ) -> Result<(), KeyResultError> {
        let guard = records::guarded(self.store.as_ref(), id.as_str()).await?;
        let before = self.objective(id).await?;
        if seen.is_some_and(|seen| seen != before.version) {
            return Err(KeyResultError::Stale);
        }
        if before.key_results > 0 {
            return Err(KeyResultError::InUse {
                key_results: before.key_results,
            });
        }
        let change = Change::new()
            .delete(
                Kind::Objective,
                id.as_str(),
                Expected::Version(before.version),
            )
            .delete(Kind::Member, records::guard(id.as_str()), guard)
            .audited(by.entry("objective.delete", format!("objective:{id}")));
        match self.store.commit(change).await {
            Ok(_) => Ok(()),
            Err(StoreError::Stale { .. }) => Err(KeyResultError::Stale),
            Err(error) => Err(error.into()),
        }
    }

    /// The ids of an objective's key results.
    pub(super) async fn members(
        &self,
        objective: &ObjectiveId,
    ) -> Result<Vec<String>, KeyResultError> {
        let found = records::under(self.store.as_ref(), Kind::Member, objective.as_str()).await?;
        Ok(found)
    }

    /// Adds to a change that a key result joins an objective, which has to be there then. Its
    /// guard is written, so that it cannot be deleted in the same moment.
    pub(super) async fn joined(
        &self,
        change: Change,
        objective: &Option<ObjectiveId>,
        id: &KeyResultId,
    ) -> Result<Change, KeyResultError> {
        let Some(objective) = objective else {
            return Ok(change);
        };
        let stored = records::get::<ObjectiveRecord>(self.store.as_ref(), objective.as_str())
            .await?
            .ok_or_else(|| KeyResultError::invalid(
                "/objective_id",
                format!("there is no objective {objective}; list the objectives to see those there are"),
            ))?;
        Ok(change
            .check(
                Kind::Objective,
                objective.as_str(),
                Expected::Version(stored.version),
            )
            .put(
                Kind::Member,
                entry(objective.as_str(), id.as_str()),
                Expected::Any,
                records::ENTRY,
            )
            .put(
                Kind::Member,
                records::guard(objective.as_str()),
                Expected::Any,
                records::ENTRY,
            ))
    }

    async fn rolled_up(
        &self,
        stored: Stored<ObjectiveRecord>,
    ) -> Result<Objective, KeyResultError> {
        let id: ObjectiveId = stored.key.parse().map_err(|_| no_objective(&stored.key))?;
        let key_results = self.list(Some(&id), None, usize::MAX).await?;
        let parts: Vec<_> = key_results
            .iter()
            .map(|it| (&it.record.weight, it.fraction()))
            .collect();
        let record = stored.record;
        Ok(Objective {
            progress: mean(parts.iter().map(|(weight, part)| (*weight, part.as_ref()))),
            expected: expected(
                record.from.and_then(|from| from.begins()),
                record.to.and_then(|to| to.ends()),
                self.clock.now(),
            ),
            key_results: parts.len(),
            measured: parts.iter().filter(|(_, part)| part.is_some()).count(),
            id,
            version: stored.version,
            updated_at: stored.updated_at,
            record,
        })
    }
}

fn no_objective(id: &str) -> KeyResultError {
    KeyResultError::NotFound {
        what: "objective",
        id: id.to_owned(),
    }
}
