//! Export and import.

use std::path::Path;
use std::sync::PoisonError;

use sled::Batch;

use super::record::{self, IMPORTING, SEQUENCE};
use super::{Database, unreadable};
use crate::store::export::{Export, ExportWriter, ExportedDocument, Line};
use crate::store::{BlobSpace, ExportSummary, StoreError};

/// How many records of an import are written at a time.
const BATCH: usize = 1000;

impl Database {
    pub fn export(&self, out: &Path) -> Result<ExportSummary, StoreError> {
        self.health.check()?;
        // Documents are taken in one go, as they change; audit records are only ever added, so
        // those up to the same point can be read at leisure. Blobs are written before what refers
        // to them, so they are read last.
        let (sequence, documents) = self.all_documents()?;
        let at = record::whole_micros(self.clock.now());
        let mut export = ExportWriter::create(out, at, sequence)?;
        for document in documents {
            export.line(&Line::Document(document))?;
        }
        for entry in self.audit.range(..=sequence.to_be_bytes()) {
            let (key, value) = entry.map_err(unreadable)?;
            export.line(&Line::Audit(record::open_audit(&key, &value)?))?;
        }
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

    fn all_documents(&self) -> Result<(u64, Vec<ExportedDocument>), StoreError> {
        let _gate = self.gate.read().unwrap_or_else(PoisonError::into_inner);
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
        Ok((self.sequence()?, documents))
    }

    pub fn import(&self, from: &Path) -> Result<ExportSummary, StoreError> {
        self.health.check()?;
        self.check_space(0)?;
        let export = Export::open(from)?;
        let _gate = self.gate.write().unwrap_or_else(PoisonError::into_inner);
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
            self.meta.apply_batch(done).map_err(unreadable)
        });
        if let Err(e) = imported {
            self.health
                .fail(format_args!("an import was not completed: {e}"));
            return Err(e);
        }
        Ok(export.summary())
    }

    fn take_in(&self, export: &Export) -> Result<(), StoreError> {
        let newest = export.summary().sequence;
        let (mut documents, mut audit, mut waiting) = (Batch::default(), Batch::default(), 0);
        export.for_each(|line| {
            match line {
                Line::Document(document) if document.version <= newest => {
                    let key = record::document_key(&document.kind, &document.key);
                    let body = document.body.as_bytes();
                    let value =
                        record::seal_document(&key, document.version, document.updated_at, body);
                    documents.insert(key, value);
                }
                Line::Audit(entry) if entry.seq <= newest => {
                    let key = entry.seq.to_be_bytes();
                    let value = record::seal_audit(&key, entry.at, &entry.entry)?;
                    audit.insert(&key, value);
                }
                Line::Document(_) | Line::Audit(_) => {
                    return Err(export.damaged("it holds something newer than it says"));
                }
                Line::Header(_) | Line::Blob(_) | Line::End(_) => {}
            }
            waiting += 1;
            if waiting == BATCH {
                waiting = 0;
                self.documents
                    .apply_batch(std::mem::take(&mut documents))
                    .map_err(unreadable)?;
                self.audit
                    .apply_batch(std::mem::take(&mut audit))
                    .map_err(unreadable)?;
            }
            Ok(())
        })?;
        self.documents.apply_batch(documents).map_err(unreadable)?;
        self.audit.apply_batch(audit).map_err(unreadable)
    }
}
