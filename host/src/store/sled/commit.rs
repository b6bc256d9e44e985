//! Making a change: one transaction over all trees.

use jiff::Timestamp;
use sled::transaction::{
    ConflictableTransactionError as Conflict, TransactionError, TransactionalTree,
};
use sled::{IVec, Transactional as _};

use super::feed::told;
use super::record::{self, INDEX_BITS, SEQUENCE};
use super::schedule::Plan;
use super::{Database, unreadable};
use crate::store::{
    Change, Committed, Expected, FeedPlace, Kind, NewReading, ReadingPlace, StoreError, Write,
};

impl Database {
    /// Makes a change in memory and in sled's log; it is not durable yet.
    pub fn apply(&self, change: &Change) -> Result<Committed, StoreError> {
        self.health.check()?;
        self.check_space(0)?;
        let mut memory = self.write();
        let at = record::whole_micros(self.clock.now());
        // Transactions cannot scan, and what is in memory must change only once they have gone
        // through; so both are looked at before. The gate keeps everybody else out meanwhile.
        let plan = memory.schedule.plan(change)?;
        let outdated = self.outdated(&memory, change)?;
        let committed = self.write_all(change, &plan, &outdated, at)?;
        memory.schedule.make(plan);
        memory.feed_length = memory.feed_length + told(change) - outdated.len();
        Ok(committed)
    }

    fn write_all(
        &self,
        change: &Change,
        plan: &Plan,
        outdated: &[IVec],
        at: Timestamp,
    ) -> Result<Committed, StoreError> {
        let trees = (
            &self.meta,
            &self.documents,
            &self.audit,
            &self.readings,
            &self.origins,
            &self.polls,
            &self.feed,
        );
        // sled may run this closure more than once, so it does nothing but read and write trees.
        let outcome =
            trees.transaction(|(meta, documents, audit, readings, origins, polls, feed)| {
                let version = sequence(meta)? + 1;
                let mut step = Step {
                    documents,
                    readings,
                    origins,
                    feed,
                    told: 0,
                    committed: Committed {
                        version,
                        at,
                        repeated: Vec::new(),
                    },
                };
                for (index, write) in (0..).zip(&change.writes) {
                    step.write(index, write)?;
                }
                for (poll, due) in plan.dues() {
                    match due {
                        Some(due) => {
                            polls.insert(poll, record::seal_due(poll.as_bytes(), due))?;
                        }
                        None => {
                            polls.remove(poll)?;
                        }
                    }
                }
                for key in outdated {
                    feed.remove(key)?;
                }
                if let Some(entry) = &change.audit {
                    let key = version.to_be_bytes();
                    let sealed = record::seal_audit(&key, at, entry).map_err(Conflict::Abort)?;
                    audit.insert(&key, sealed)?;
                }
                meta.insert(SEQUENCE, record::seal_figure(SEQUENCE, version))?;
                Ok(step.committed)
            });
        outcome.map_err(|e| match e {
            TransactionError::Abort(refused) => refused,
            TransactionError::Storage(e) => {
                self.health.fail(&e);
                StoreError::InDoubt { source: e.into() }
            }
        })
    }

    /// How many changes have been made.
    pub fn sequence(&self) -> Result<u64, StoreError> {
        match self.meta.get(SEQUENCE).map_err(unreadable)? {
            Some(value) => record::open_figure(SEQUENCE, &value),
            None => Ok(0),
        }
    }
}

fn sequence(meta: &TransactionalTree) -> Result<u64, Conflict<StoreError>> {
    match meta.get(SEQUENCE)? {
        Some(value) => record::open_figure(SEQUENCE, &value).map_err(Conflict::Abort),
        None => Ok(0),
    }
}

/// The writes of a change on their way into the trees.
struct Step<'a> {
    documents: &'a TransactionalTree,
    readings: &'a TransactionalTree,
    origins: &'a TransactionalTree,
    feed: &'a TransactionalTree,
    told: u32,
    committed: Committed,
}

impl Step<'_> {
    fn write(&mut self, index: u64, write: &Write) -> Result<(), Conflict<StoreError>> {
        if let Some((kind, key, expected)) = write.document() {
            self.expect(kind, key, expected)?;
        }
        match write {
            Write::Put {
                kind, key, body, ..
            } => {
                let key = record::document_key(kind.as_str(), key);
                let Committed { version, at, .. } = self.committed;
                let sealed = record::seal_document(&key, version, at, body);
                self.documents.insert(key, sealed)?;
            }
            Write::Delete { kind, key, .. } => {
                self.documents
                    .remove(record::document_key(kind.as_str(), key))?;
            }
            Write::Reading(reading) => self.reading(index, reading)?,
            Write::Tell { topic, body } => self.tell(topic, body)?,
            // To look was all there was to do, and what becomes of polls has been planned for all
            // of them together.
            Write::Check { .. } | Write::Due { .. } => {}
        }
        Ok(())
    }

    fn expect(
        &self,
        kind: Kind,
        key: &str,
        expected: Expected,
    ) -> Result<(), Conflict<StoreError>> {
        // Whoever overwrites whatever is there can also mend a record that cannot be read any more.
        if expected == Expected::Any {
            return Ok(());
        }
        let record_key = record::document_key(kind.as_str(), key);
        let found = match self.documents.get(&record_key)? {
            Some(value) => {
                let found = record::open_document(&record_key, &value).map_err(Conflict::Abort)?;
                Some(found.version)
            }
            None => None,
        };
        if expected.met_by(found) {
            return Ok(());
        }
        Err(Conflict::Abort(StoreError::Stale {
            kind,
            key: key.to_owned(),
            found,
        }))
    }

    fn reading(&mut self, index: u64, reading: &NewReading) -> Result<(), Conflict<StoreError>> {
        let origin = record::origin_key(&reading.key_result, &reading.origin);
        if self.origins.get(&origin)?.is_some() {
            self.committed.repeated.push(reading.origin.clone());
            return Ok(());
        }
        let place = ReadingPlace {
            at: record::whole_micros(reading.at),
            seq: self.committed.version << INDEX_BITS | index,
        };
        let key = record::reading_key(&reading.key_result, place);
        let sealed = record::seal_reading(&key, self.committed.at, &reading.origin, &reading.body);
        self.readings.insert(key, sealed)?;
        let sealed = record::seal_origin(&origin, place);
        self.origins.insert(origin, sealed)?;
        Ok(())
    }

    fn tell(&mut self, topic: &str, body: &[u8]) -> Result<(), Conflict<StoreError>> {
        let key = record::feed_key(FeedPlace {
            version: self.committed.version,
            index: self.told,
        });
        self.told += 1;
        let sealed = record::seal_entry(&key, self.committed.at, topic, body);
        self.feed.insert(&key, sealed)?;
        Ok(())
    }
}
