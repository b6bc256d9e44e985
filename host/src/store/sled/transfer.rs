//! Export and import.

mod take_in;

use std::path::Path;

use sled::Batch;

use super::record::{self, IMPORTING, INDEX_BITS, SEQUENCE};
use super::{Database, unreadable};
use crate::store::export::{
    Export, ExportWriter, ExportedDocument, ExportedPoll, ExportedReading, Line,
};
use crate::store::{BlobSpace, ExportSummary, StoreError};

impl Database {
    pub fn export(&self, out: &Path) -> Result<ExportSummary, StoreError> {
        self.health.check()?;
        // Documents and polls are taken in one go, as they change; audit records and readings are
        // only ever added, so those up to the same point can be read at leisure. (Readings are
        // forgotten as well, but only when nobody wants them any more.) Blobs are written before
        // what refers to them, so they are read last.
        let (sequence, documents, polls) = self.all_that_changes()?;
        let at = record::whole_micros(self.clock.now());
        let mut export = ExportWriter::create(out, at, sequence)?;
        for document in documents {
            export.line(&Line::Document(document))?;
        }
        for entry in self.audit.range(..=sequence.to_be_bytes()) {
            let (key, value) = entry.map_err(unreadable)?;
            export.line(&Line::Audit(record::open_audit(&key, &value)?))?;
        }
        for poll in polls {
            export.line(&Line::Poll(poll))?;
        }
        self.export_readings(&mut export, sequence)?;
        for space in BlobSpace::ALL
            .into_iter()
            .filter(|space| !space.is_derived())
        {
            for digest in self.blobs.list(space)? {
                // One that has been deleted since it was listed is no longer wanted.
                if let Some(bytes) = self.blobs.get(space, &digest)? {
                    export.blob(space, &bytes)?;
                }
            }
        }
        export.finish()
    }

    fn export_readings(&self, export: &mut ExportWriter, upto: u64) -> Result<(), StoreError> {
        for entry in self.readings.iter() {
            let (key, value) = entry.map_err(unreadable)?;
            let reading = record::open_reading(&key, &value)?;
            if reading.seq >> INDEX_BITS > upto {
                continue;
            }
            let body = String::from_utf8(reading.body).map_err(|_| {
                StoreError::corrupt(record::name(record::READINGS, &key), "its text")
            })?;
            export.line(&Line::Reading(ExportedReading {
                key_result: reading.key_result,
                origin: reading.origin,
                at: reading.at,
                seq: reading.seq,
                recorded_at: reading.recorded_at,
                body,
            }))?;
        }
        Ok(())
    }

    fn all_that_changes(
        &self,
    ) -> Result<(u64, Vec<ExportedDocument>, Vec<ExportedPoll>), StoreError> {
        let memory = self.read();
        let documents = self.documents.iter().map(|entry| {
            let (key, value) = entry.map_err(unreadable)?;
            let unreadable =
                || StoreError::corrupt(record::name(record::DOCUMENTS, &key), "its text");
            let (kind, _) = record::split_document_key(&key).ok_or_else(unreadable)?;
            let document = record::open_document(&key, &value)?;
            Ok(ExportedDocument {
                kind: kind.to_owned(),
                key: document.key,
                version: document.version,
                updated_at: document.updated_at,
                body: String::from_utf8(document.body).map_err(|_| unreadable())?,
            })
        });
        let documents = documents.collect::<Result<_, StoreError>>()?;
        let polls = memory.schedule.dues().map(|(poll, due)| ExportedPoll {
            poll: poll.to_owned(),
            due,
        });
        let mut polls = polls.collect::<Vec<_>>();
        // In an order of their own, so that exports of the same content are the same.
        polls.sort_unstable_by(|a, b| a.poll.cmp(&b.poll));
        Ok((self.sequence()?, documents, polls))
    }

    pub fn import(&self, from: &Path) -> Result<ExportSummary, StoreError> {
        self.health.check()?;
        self.check_space(0)?;
        let export = Export::open(from)?;
        let mut memory = self.write();
        if self.sequence()? != 0 || !self.documents.is_empty() || !self.audit.is_empty() {
            return Err(StoreError::NotEmpty);
        }
        // Blobs first: should one be damaged, nothing refers yet to those already taken in.
        export.for_each(|line| match line {
            Line::Blob(named) => {
                let (space, bytes) = export.blob(&named)?;
                self.check_space(bytes.len() as u64)?;
                self.blobs.put(space, &bytes).map(drop)
            }
            _ => Ok(()),
        })?;
        // The log is recovered in the order it was written. So when a crash leaves some of the
        // records behind, it leaves this mark as well, and the folder is refused from then on.
        let marked = self
            .meta
            .insert(IMPORTING, record::seal_figure(IMPORTING, 1));
        marked.map_err(unreadable)?;
        let imported = self.take_in(&export).and_then(|()| {
            let mut done = Batch::default();
            done.remove(IMPORTING);
            let sequence = export.summary().sequence;
            done.insert(SEQUENCE, record::seal_figure(SEQUENCE, sequence));
            self.meta.apply_batch(done).map_err(unreadable)?;
            *memory = self.recall()?;
            Ok(())
        });
        if let Err(e) = imported {
            self.health
                .fail(format_args!("an import was not completed: {e}"));
            return Err(e);
        }
        Ok(export.summary())
    }
}
