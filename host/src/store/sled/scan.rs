//! Reading documents and audit records.

use std::ops::Bound;

use super::record;
use super::{Database, Memory, unreadable};
use crate::store::{AuditRecord, Document, Kind, StoreError};

impl Database {
    pub fn get(&self, kind: Kind, key: &str) -> Result<Option<Document>, StoreError> {
        self.health.check()?;
        let key = record::document_key(kind.as_str(), key);
        match self.documents.get(&key).map_err(unreadable)? {
            Some(value) => record::open_document(&key, &value).map(Some),
            None => Ok(None),
        }
    }

    pub fn list(
        &self,
        kind: Kind,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Document>, StoreError> {
        self.health.check()?;
        let memory = self.read();
        self.listed(&memory, kind, after, limit)
    }

    /// The same, unless somebody changes something just now: that may take as long as the disk does.
    pub fn list_at_once(
        &self,
        kind: Kind,
        after: Option<&str>,
        limit: usize,
    ) -> Option<Result<Vec<Document>, StoreError>> {
        let memory = self.try_read()?;
        let health = self.health.check();
        Some(health.and_then(|()| self.listed(&memory, kind, after, limit)))
    }

    fn listed(
        &self,
        _: &Memory,
        kind: Kind,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Document>, StoreError> {
        // Keys are not empty, so the kind alone comes before all of them.
        let start = record::document_key(kind.as_str(), after.unwrap_or(""));
        let end = [kind.as_str().as_bytes(), &[1]].concat();
        let found = self
            .documents
            .range((Bound::Excluded(start), Bound::Excluded(end)));
        found
            .take(limit)
            .map(|entry| {
                let (key, value) = entry.map_err(unreadable)?;
                record::open_document(&key, &value)
            })
            .collect()
    }

    pub fn audit(&self, before: Option<u64>, limit: usize) -> Result<Vec<AuditRecord>, StoreError> {
        self.health.check()?;
        let _memory = self.read();
        let found = match before {
            Some(before) => self.audit.range(..before.to_be_bytes()),
            None => self.audit.iter(),
        };
        found
            .rev()
            .take(limit)
            .map(|entry| {
                let (key, value) = entry.map_err(unreadable)?;
                record::open_audit(&key, &value)
            })
            .collect()
    }
}
