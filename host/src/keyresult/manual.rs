//! Values that people set by hand, while nothing is read from Looker.

use serde_json::json;

use crate::access::By;
use crate::decimal::Decimal;
use crate::reading::Reading;
use crate::record as records;
use crate::store::{Change, Expected, Kind};

use super::KeyResults;
use super::draft::text;
use super::error::KeyResultError;
use super::outcome::kept;
use super::record::{KeyResult, KeyResultRecord};

const LONGEST_NOTE: usize = 2_000;

/// A value set by hand.
#[derive(Debug, Clone)]
pub struct Manual {
    /// The value.
    pub current: Decimal,
    /// What there is to say about it.
    pub note: Option<String>,
}

impl KeyResults {
    /// Adds to a change that a person sets the value.
    pub(super) fn set_by_hand(
        &self,
        change: Change,
        before: &KeyResult,
        record: &KeyResultRecord,
        manual: &Manual,
        by: &By,
    ) -> Result<Change, KeyResultError> {
        if before.enabled().is_some() {
            return Err(KeyResultError::IntegrationOn);
        }
        let note = manual.note.as_deref();
        let note = note
            .map(|note| text("/note", note, LONGEST_NOTE))
            .transpose()?;
        let now = self.clock.now();
        let value = manual.current.to_string();
        let why = json!({ "by": by.actor, "note": note, "raw": value });
        let reading = Reading {
            value,
            rendered: None,
            at: None,
            label: before.record.title.clone(),
            notes: Vec::new(),
            why: why.as_object().cloned().unwrap_or_default(),
            ran_at: None,
            from_cache: None,
            read_at: Some(now),
            origin: "manual".to_owned(),
            extractor: None,
        };
        // A person may set a value as often as they like, so each has an origin of its own.
        let origin = format!("manual:{now}");
        let mut progress = before.progress.clone();
        progress.current = Some(manual.current.clone());
        progress.last_reading = Some(reading.clone());
        progress.last_failure = None;
        // Progress is told by what the same edit makes of start and target.
        let edited = KeyResult {
            record: record.clone(),
            ..before.clone()
        };
        let change = kept(change, &edited, &reading, &origin, now)?;
        Ok(change.put(
            Kind::Progress,
            before.id.as_str(),
            before
                .progress_version
                .map_or(Expected::Absent, Expected::Version),
            records::body(&progress)?,
        ))
    }
}
