//! Verifying everything that is stored.

use std::ops::Bound;

use sled::{IVec, Tree};

use super::record::{self, AUDIT, DOCUMENTS, FEED, META, ORIGINS, POLLS, READINGS};
use super::{Database, envelope, unreadable};
use crate::store::{BlobSpace, CheckReport, StoreError};

/// How many readings are verified before others get their turn.
const STEP: usize = 1000;

impl Database {
    pub fn check(&self) -> Result<CheckReport, StoreError> {
        self.health.check()?;
        let mut report = CheckReport {
            engine_bytes: self.db.size_on_disk().map_err(unreadable)?,
            ..CheckReport::default()
        };
        let mut problems = Vec::new();
        let mut note = |e: StoreError| {
            problems.push(e.to_string());
            Ok(())
        };
        {
            let _memory = self.read();
            report.documents = verify(&self.documents, DOCUMENTS, &mut note)?;
            report.audit_records = verify(&self.audit, AUDIT, &mut note)?;
            report.polls = verify(&self.polls, POLLS, &mut note)?;
            verify(&self.feed, FEED, &mut note)?;
            verify(&self.meta, META, &mut note)?;
        }
        report.readings = self.verify_readings(&mut note)?;
        for space in BlobSpace::ALL {
            for digest in self.blobs.list(space)? {
                match self.blobs.get(space, &digest) {
                    Ok(bytes) => {
                        report.blobs += 1;
                        report.blob_bytes += bytes.map_or(0, |bytes| bytes.len() as u64);
                    }
                    Err(e) => note(e)?,
                }
            }
        }
        report.problems = problems;
        Ok(report)
    }

    /// Verifies the readings, and that each is the one its origin leads to.
    fn verify_readings(
        &self,
        damaged: &mut impl FnMut(StoreError) -> Result<(), StoreError>,
    ) -> Result<u64, StoreError> {
        let count = self.in_steps(&self.readings, |key, value| {
            let sound = record::open_reading(key, value).and_then(|reading| {
                let origin = record::origin_key(&reading.key_result, &reading.origin);
                match self.origins.get(&origin).map_err(unreadable)? {
                    Some(value) if *key == record::open_origin(&origin, &value)? => Ok(()),
                    _ => Err(StoreError::corrupt(
                        record::name(READINGS, key),
                        "its origin does not lead to it",
                    )),
                }
            });
            sound.or_else(&mut *damaged)
        })?;
        self.in_steps(&self.origins, |key, value| {
            let sound = record::open_origin(key, value).and_then(|reading| {
                match self.readings.contains_key(reading).map_err(unreadable)? {
                    true => Ok(()),
                    false => Err(StoreError::corrupt(
                        record::name(ORIGINS, key),
                        "its reading is missing",
                    )),
                }
            });
            sound.or_else(&mut *damaged)
        })?;
        Ok(count)
    }

    /// Hands out all records of a large tree, and lets changes be made in between.
    fn in_steps(
        &self,
        tree: &Tree,
        mut each: impl FnMut(&IVec, &IVec) -> Result<(), StoreError>,
    ) -> Result<u64, StoreError> {
        let mut after = Bound::Unbounded;
        let mut count = 0;
        loop {
            let _memory = self.read();
            let mut last = None;
            for entry in tree.range((after, Bound::Unbounded)).take(STEP) {
                let (key, value) = entry.map_err(unreadable)?;
                each(&key, &value)?;
                count += 1;
                last = Some(key);
            }
            match last {
                Some(key) => after = Bound::Excluded(key),
                None => return Ok(count),
            }
        }
    }
}

/// Reads a whole tree and hands each record that is not sound to `damaged`, which ends the reading
/// by returning an error. Answers how many records were read.
pub(super) fn verify(
    tree: &Tree,
    name: &str,
    damaged: &mut impl FnMut(StoreError) -> Result<(), StoreError>,
) -> Result<u64, StoreError> {
    let mut count = 0;
    for entry in tree.iter() {
        let (key, value) = entry.map_err(unreadable)?;
        count += 1;
        let sound = match name {
            DOCUMENTS => record::open_document(&key, &value).map(drop),
            AUDIT => record::open_audit(&key, &value).map(drop),
            POLLS => record::open_due(&key, &value).map(drop),
            FEED => record::open_entry(&key, &value).map(drop),
            _ => envelope::unseal(name, &key, &value).map(drop),
        };
        if let Err(e) = sound {
            damaged(e)?;
        }
    }
    Ok(count)
}
