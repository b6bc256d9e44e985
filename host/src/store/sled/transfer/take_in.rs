//! Writing the lines of an export into the trees.

use sled::{Batch, Tree};

use crate::store::export::{Export, ExportedReading, Line};
use crate::store::sled::record::{self, INDEX_BITS};
use crate::store::sled::{Database, unreadable};
use crate::store::{ReadingPlace, StoreError};

/// How many records of an import are written at a time.
const BATCH: usize = 1000;

impl Database {
    pub(super) fn take_in(&self, export: &Export) -> Result<(), StoreError> {
        let newest = export.summary().sequence;
        let mut waiting = Waiting::new(self);
        export.for_each(|line| {
            match line {
                Line::Document(document) if document.version <= newest => {
                    let key = record::document_key(&document.kind, &document.key);
                    let body = document.body.as_bytes();
                    let value =
                        record::seal_document(&key, document.version, document.updated_at, body);
                    waiting.documents.1.insert(key, value);
                }
                Line::Audit(entry) if entry.seq <= newest => {
                    let key = entry.seq.to_be_bytes();
                    let value = record::seal_audit(&key, entry.at, &entry.entry)?;
                    waiting.audit.1.insert(&key, value);
                }
                Line::Reading(reading) if reading.seq >> INDEX_BITS <= newest => {
                    waiting.reading(&reading);
                }
                Line::Document(_) | Line::Audit(_) | Line::Reading(_) => {
                    return Err(export.damaged("it holds something newer than it says"));
                }
                Line::Poll(poll) => {
                    let key = poll.poll.as_bytes();
                    let due = record::whole_micros(poll.due);
                    waiting.polls.1.insert(key, record::seal_due(key, due));
                }
                Line::Header(_) | Line::Blob(_) | Line::End(_) => {}
            }
            waiting.count += 1;
            if waiting.count == BATCH {
                waiting.write()?;
            }
            Ok(())
        })?;
        waiting.write()
    }
}

/// What has been read and not been written yet, by tree.
struct Waiting<'a> {
    documents: (&'a Tree, Batch),
    audit: (&'a Tree, Batch),
    readings: (&'a Tree, Batch),
    origins: (&'a Tree, Batch),
    polls: (&'a Tree, Batch),
    count: usize,
}

impl<'a> Waiting<'a> {
    fn new(database: &'a Database) -> Self {
        Self {
            documents: (&database.documents, Batch::default()),
            audit: (&database.audit, Batch::default()),
            readings: (&database.readings, Batch::default()),
            origins: (&database.origins, Batch::default()),
            polls: (&database.polls, Batch::default()),
            count: 0,
        }
    }

    fn reading(&mut self, reading: &ExportedReading) {
        let place = ReadingPlace {
            at: record::whole_micros(reading.at),
            seq: reading.seq,
        };
        let key = record::reading_key(&reading.key_result, place);
        let body = reading.body.as_bytes();
        let value = record::seal_reading(&key, reading.recorded_at, &reading.origin, body);
        self.readings.1.insert(key, value);
        let origin = record::origin_key(&reading.key_result, &reading.origin);
        let value = record::seal_origin(&origin, place);
        self.origins.1.insert(origin, value);
    }

    fn write(&mut self) -> Result<(), StoreError> {
        self.count = 0;
        let all = [
            &mut self.documents,
            &mut self.audit,
            &mut self.readings,
            &mut self.origins,
            &mut self.polls,
        ];
        for (tree, batch) in all {
            tree.apply_batch(std::mem::take(batch))
                .map_err(unreadable)?;
        }
        Ok(())
    }
}
