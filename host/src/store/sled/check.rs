//! Verifying everything that is stored.

use std::sync::PoisonError;

use sled::Tree;

use super::record::{self, AUDIT, DOCUMENTS, META};
use super::{Database, envelope, unreadable};
use crate::store::{BlobSpace, CheckReport, StoreError};

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
            let _gate = self.gate.read().unwrap_or_else(PoisonError::into_inner);
            report.documents = verify(&self.documents, DOCUMENTS, &mut note)?;
            report.audit_records = verify(&self.audit, AUDIT, &mut note)?;
            verify(&self.meta, META, &mut note)?;
        }
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
            _ => envelope::unseal(name, &key, &value).map(drop),
        };
        if let Err(e) = sound {
            damaged(e)?;
        }
    }
    Ok(count)
}
