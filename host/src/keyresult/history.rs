//! The readings of a key result over time.

use jiff::Timestamp;

use crate::id::KeyResultId;
use crate::reading::Reading;
use crate::record::{self as records, RecordError, entry};
use crate::store::{Change, Expected, Kind, ReadingPlace, ReadingRange, Store};

use super::KeyResults;
use super::error::KeyResultError;

/// Under which name it is kept whose history is to be forgotten. The note is written in one change
/// with the delete and removed when nothing is left, so that a crash in between leaves nothing behind.
pub(super) const FORGET: &str = "forget";

/// Which part of a history.
#[derive(Debug, Clone, Copy, Default)]
pub struct Span {
    /// Nothing before this moment.
    pub from: Option<Timestamp>,
    /// Nothing at this moment or after it.
    pub to: Option<Timestamp>,
    /// Only what stands before this place.
    pub before: Option<ReadingPlace>,
}

/// A reading of a history.
#[derive(Debug, Clone)]
pub struct KeptReading {
    /// Where it stands.
    pub place: ReadingPlace,
    /// The reading.
    pub reading: Reading,
}

impl KeyResults {
    /// Readings of a key result, the newest first.
    ///
    /// # Errors
    ///
    /// [`KeyResultError::NotFound`].
    pub async fn readings(
        &self,
        id: &KeyResultId,
        span: Span,
        limit: usize,
    ) -> Result<Vec<KeptReading>, KeyResultError> {
        self.get(id).await?;
        let range = ReadingRange {
            from: span.from,
            to: span.to,
            before: span.before,
        };
        let found = self.store.readings(id.as_str(), &range, limit).await?;
        let kept = found.into_iter().map(|stored| {
            let reading = serde_json::from_slice(&stored.body);
            Ok(KeptReading {
                place: stored.place(),
                reading: reading.map_err(|source| RecordError::Unreadable {
                    record: format!("reading {} of key result {id}", stored.origin),
                    source,
                })?,
            })
        });
        kept.collect()
    }

    /// Forgets the history of a key result that was deleted.
    pub(super) async fn forget(&self, id: &str) -> Result<(), KeyResultError> {
        forget(self.store.as_ref(), id).await
    }

    /// Forgets what is left of the histories of deleted key results, as after a crash.
    ///
    /// # Errors
    ///
    /// When the store fails; what is left then is left for the next time.
    pub async fn forget_deleted(&self) -> Result<(), KeyResultError> {
        forget_deleted(self.store.as_ref()).await
    }
}

async fn forget(store: &dyn Store, id: &str) -> Result<(), KeyResultError> {
    store.forget_readings(id).await?;
    let done = Change::new().delete(Kind::Setting, entry(FORGET, id), Expected::Any);
    store.commit(done).await?;
    Ok(())
}

async fn forget_deleted(store: &dyn Store) -> Result<(), KeyResultError> {
    for id in records::under(store, Kind::Setting, FORGET).await? {
        forget(store, &id).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;
    use crate::store::NewReading;
    use crate::store::sled::SledStore;

    #[tokio::test]
    async fn what_a_crash_left_of_a_deleted_history_is_forgotten_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let clock = ManualClock::default().shared();
        let store = SledStore::open(dir.path(), clock).unwrap();
        for key_result in ["kr_gone", "kr_kept"] {
            let reading = NewReading {
                key_result: key_result.to_owned(),
                origin: "slot:1".to_owned(),
                at: Timestamp::UNIX_EPOCH,
                body: b"{}".to_vec(),
            };
            store.commit(Change::new().reading(reading)).await.unwrap();
        }
        let note = entry(FORGET, "kr_gone");
        let deleted = Change::new().put(Kind::Setting, &note, Expected::Absent, records::ENTRY);
        store.commit(deleted).await.unwrap();
        forget_deleted(&store).await.unwrap();
        let range = ReadingRange::default();
        for (key_result, left) in [("kr_gone", 0), ("kr_kept", 1)] {
            let found = store.readings(key_result, &range, 10).await.unwrap();
            assert_eq!(found.len(), left, "{key_result}");
        }
        assert!(store.get(Kind::Setting, &note).await.unwrap().is_none());
    }
}
