//! Making a change: one transaction over documents, audit and the count of changes.

use std::sync::PoisonError;

use jiff::Timestamp;
use sled::Transactional as _;
use sled::transaction::{
    ConflictableTransactionError as Conflict, TransactionError, TransactionalTree,
};

use super::record::{self, SEQUENCE};
use super::{Database, unreadable};
use crate::store::{Change, Committed, Expected, StoreError, Write};

impl Database {
    /// Makes a change in memory and in sled's log; it is not durable yet.
    pub fn apply(&self, change: &Change) -> Result<Committed, StoreError> {
        self.health.check()?;
        self.check_space(0)?;
        let _gate = self.gate.write().unwrap_or_else(PoisonError::into_inner);
        let at = record::whole_micros(self.clock.now());
        let trees = (&self.documents, &self.audit, &self.meta);
        // sled may run this closure more than once, so it does nothing but read and write trees.
        let outcome = trees.transaction(|(documents, audit, meta)| {
            let version = sequence(meta)? + 1;
            for write in &change.writes {
                apply_write(documents, write, version, at)?;
            }
            if let Some(entry) = &change.audit {
                let key = version.to_be_bytes();
                let sealed = record::seal_audit(&key, at, entry).map_err(Conflict::Abort)?;
                audit.insert(&key, sealed)?;
            }
            meta.insert(SEQUENCE, record::seal_figure(SEQUENCE, version))?;
            Ok(Committed { version, at })
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

fn apply_write(
    documents: &TransactionalTree,
    write: &Write,
    version: u64,
    at: Timestamp,
) -> Result<(), Conflict<StoreError>> {
    let key = record::document_key(write.kind().as_str(), write.key());
    // Whoever overwrites whatever is there can also mend a record that cannot be read any more.
    if write.expected() != Expected::Any {
        let found = match documents.get(&key)? {
            Some(value) => Some(
                record::open_document(&key, &value)
                    .map_err(Conflict::Abort)?
                    .version,
            ),
            None => None,
        };
        if !write.expected().met_by(found) {
            return Err(Conflict::Abort(StoreError::Stale {
                kind: write.kind(),
                key: write.key().to_owned(),
                found,
            }));
        }
    }
    match write {
        Write::Put { body, .. } => {
            let sealed = record::seal_document(&key, version, at, body);
            documents.insert(key, sealed)?;
        }
        Write::Delete { .. } => {
            documents.remove(key)?;
        }
    }
    Ok(())
}
