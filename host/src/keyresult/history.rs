//! The readings of a key result over time.

use jiff::Timestamp;

use crate::id::KeyResultId;
use crate::reading::Reading;
use crate::record::RecordError;
use crate::store::{ReadingPlace, ReadingRange};

use super::KeyResults;
use super::error::KeyResultError;

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
}
