//! Reading and forgetting readings.

use jiff::{SignedDuration, Timestamp};
use sled::Transactional as _;
use sled::transaction::TransactionError;

use super::record;
use super::{Database, unreadable};
use crate::store::{ReadingPlace, ReadingRange, StoreError, StoredReading};

/// How many readings are forgotten in one step.
pub(super) const STEP: usize = 1000;

impl Database {
    pub fn readings(
        &self,
        key_result: &str,
        range: &ReadingRange,
        limit: usize,
    ) -> Result<Vec<StoredReading>, StoreError> {
        self.health.check()?;
        let (start, end) = bounds(key_result, range);
        if start >= end {
            return Ok(Vec::new());
        }
        let _memory = self.read();
        let found = self.readings.range(start..end).rev().take(limit);
        found
            .map(|entry| {
                let (key, value) = entry.map_err(unreadable)?;
                record::open_reading(&key, &value)
            })
            .collect()
    }

    pub fn reading(
        &self,
        key_result: &str,
        origin: &str,
    ) -> Result<Option<StoredReading>, StoreError> {
        self.health.check()?;
        let _memory = self.read();
        let origin = record::origin_key(key_result, origin);
        let Some(value) = self.origins.get(&origin).map_err(unreadable)? else {
            return Ok(None);
        };
        let key = record::open_origin(&origin, &value)?;
        match self.readings.get(&key).map_err(unreadable)? {
            Some(value) => record::open_reading(&key, &value).map(Some),
            None => Err(StoreError::corrupt(
                record::name(record::READINGS, &key),
                "it is missing",
            )),
        }
    }

    /// Forgets some readings of a key result, fewer than [`STEP`] only when they were the last.
    /// Answers how many, and which change has to be synced for that to be durable.
    pub fn forget_some(&self, key_result: &str) -> Result<(usize, u64), StoreError> {
        self.health.check()?;
        self.check_space(0)?;
        // The gate keeps changes out between the scan and the transaction, which cannot scan.
        let _memory = self.write();
        let found = self
            .origins
            .scan_prefix(record::readings_prefix(key_result));
        let found = found.take(STEP).map(|entry| {
            let (origin, value) = entry.map_err(unreadable)?;
            let reading = record::open_origin(&origin, &value)?;
            Ok((origin, reading))
        });
        let found = found.collect::<Result<Vec<_>, StoreError>>()?;
        let trees = (&self.origins, &self.readings);
        let outcome = trees.transaction(|(origins, readings)| {
            for (origin, reading) in &found {
                origins.remove(origin)?;
                readings.remove(reading.as_slice())?;
            }
            Ok(())
        });
        outcome.map_err(|e| match e {
            TransactionError::Abort(refused) => refused,
            TransactionError::Storage(e) => {
                self.health.fail(&e);
                StoreError::InDoubt { source: e.into() }
            }
        })?;
        Ok((found.len(), self.sequence()?))
    }
}

/// The keys of the range, the end excluded.
fn bounds(key_result: &str, range: &ReadingRange) -> (Vec<u8>, Vec<u8>) {
    let first = |at| ReadingPlace {
        at: micros_from(at),
        seq: 0,
    };
    let key = |place| record::reading_key(key_result, place);
    let start = match range.from {
        Some(from) => key(first(from)),
        None => record::readings_prefix(key_result),
    };
    // No name contains a zero byte, so this comes after all readings of this key result.
    let mut end = [key_result.as_bytes(), &[1]].concat();
    let ends = [range.to.map(first), range.before];
    for place in ends.into_iter().flatten() {
        end = end.min(key(place));
    }
    (start, end)
}

/// The first whole microsecond that is not before `at`.
fn micros_from(at: Timestamp) -> Timestamp {
    let whole = record::whole_micros(at);
    if whole >= at {
        return whole;
    }
    whole
        .saturating_add(SignedDuration::from_micros(1))
        .unwrap_or(whole)
}
