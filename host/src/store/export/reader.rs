//! Reading an export.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::{BLOBS, End, ExportSummary, ExportedBlob, FORMAT, LINES, Line};
use crate::store::blob_dir::BlobDir;
use crate::store::{BlobSpace, Digest, StoreError};

/// An export whose last line has been found to agree with all the others.
pub(in crate::store) struct Export {
    lines_path: PathBuf,
    blobs: BlobDir,
    summary: ExportSummary,
}

impl Export {
    /// Opens an export and verifies its lines. Blobs are verified as they are read.
    pub fn open(dir: &Path) -> Result<Self, StoreError> {
        let mut export = Self {
            lines_path: dir.join(LINES),
            blobs: BlobDir::at(dir.join(BLOBS)),
            summary: ExportSummary::default(),
        };
        let mut summary = ExportSummary::default();
        export.for_each(|line| {
            summary.count(&line);
            Ok(())
        })?;
        export.summary = summary;
        Ok(export)
    }

    /// What the export holds.
    pub fn summary(&self) -> ExportSummary {
        self.summary
    }

    /// Hands out every line between the first and the last, and verifies on the way.
    pub fn for_each(
        &self,
        mut each: impl FnMut(Line) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let file =
            File::open(&self.lines_path).map_err(StoreError::io("open", &self.lines_path))?;
        let mut file = BufReader::new(file);
        let mut hash = Sha256::new();
        let mut text = Vec::new();
        let mut count = 0;
        loop {
            text.clear();
            file.read_until(b'\n', &mut text)
                .map_err(StoreError::io("read", &self.lines_path))?;
            if text.is_empty() {
                return Err(self.damaged("it has no last line: it is incomplete"));
            }
            if count == 0 {
                self.check_format(&text)?;
            }
            let line = serde_json::from_slice(&text)
                .map_err(|e| self.damaged(format!("line {}: {e}", count + 1)))?;
            if let Line::End(end) = line {
                return self.check_end(&end, count, hash);
            }
            hash.update(&text);
            count += 1;
            each(line)?;
        }
    }

    /// The bytes of a blob that a line names.
    pub fn blob(&self, named: &ExportedBlob) -> Result<(BlobSpace, Vec<u8>), StoreError> {
        let space = named.space.parse().map_err(|()| {
            StoreError::invalid(format!(
                "the export holds blobs for {:?}, which this release does not know; import it with \
                 the release that made it",
                named.space
            ))
        })?;
        let bytes = self.blobs.get(space, &named.digest)?;
        let bytes =
            bytes.ok_or_else(|| self.damaged(format!("the blob {} is missing", named.digest)))?;
        Ok((space, bytes))
    }

    // The first line is looked at for its format only, as the rest of it may be different in a
    // later one.
    fn check_format(&self, first: &[u8]) -> Result<(), StoreError> {
        #[derive(Deserialize)]
        struct First {
            header: Format,
        }
        #[derive(Deserialize)]
        struct Format {
            format: u32,
        }
        let first: First = serde_json::from_slice(first)
            .map_err(|e| self.damaged(format!("it does not begin like an export: {e}")))?;
        if first.header.format > FORMAT {
            return Err(StoreError::Newer {
                record: self.name(),
                found: first.header.format,
                known: FORMAT,
            });
        }
        Ok(())
    }

    fn check_end(&self, end: &End, count: u64, hash: Sha256) -> Result<(), StoreError> {
        let digest = Digest::from_bytes(hash.finalize().into());
        if end.lines != count || end.digest != digest {
            return Err(self.damaged("its content does not agree with its last line"));
        }
        Ok(())
    }

    pub fn damaged(&self, reason: impl Into<String>) -> StoreError {
        StoreError::corrupt(self.name(), reason)
    }

    fn name(&self) -> String {
        format!("the export {}", self.lines_path.display())
    }
}
