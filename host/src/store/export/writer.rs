//! Writing an export.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

use super::{BLOBS, End, ExportSummary, ExportedBlob, FORMAT, Header, LINES, Line};
use crate::store::blob_dir::BlobDir;
use crate::store::{BlobSpace, Digest, StoreError, durable};

/// Writes an export into a hidden folder next to its place, and puts it there when it is complete.
pub(in crate::store) struct ExportWriter {
    out: PathBuf,
    partial: TempDir,
    lines_path: PathBuf,
    lines: BufWriter<File>,
    hash: Sha256,
    count: u64,
    blobs: BlobDir,
    summary: ExportSummary,
}

impl ExportWriter {
    /// Starts an export that will appear at `out`, where nothing may be yet.
    pub fn create(out: &Path, at: Timestamp, sequence: u64) -> Result<Self, StoreError> {
        if out.exists() {
            let source = io::Error::from(io::ErrorKind::AlreadyExists);
            return Err(StoreError::io("make an export at", out)(source));
        }
        let parent = durable::parent_of(out);
        durable::create_dir(parent)?;
        // The folder that tempfile makes can be read by its owner only.
        let partial = tempfile::Builder::new()
            .prefix(".export-")
            .tempdir_in(parent)
            .map_err(StoreError::io("create a folder in", parent))?;
        let lines_path = partial.path().join(LINES);
        let file = File::create_new(&lines_path).map_err(StoreError::io("create", &lines_path))?;
        let blobs = BlobDir::at(partial.path().join(BLOBS));
        blobs.prepare()?;
        let mut writer = Self {
            out: out.to_owned(),
            partial,
            lines_path,
            lines: BufWriter::new(file),
            hash: Sha256::new(),
            count: 0,
            blobs,
            summary: ExportSummary::default(),
        };
        writer.line(&Line::Header(Header {
            format: FORMAT,
            exported_at: at,
            sequence,
        }))?;
        Ok(writer)
    }

    /// Adds a document or an audit record.
    pub fn line(&mut self, line: &Line) -> Result<(), StoreError> {
        self.summary.count(line);
        let mut text = serde_json::to_vec(line)
            .map_err(|e| StoreError::io("write", &self.lines_path)(e.into()))?;
        text.push(b'\n');
        self.hash.update(&text);
        self.count += 1;
        self.lines
            .write_all(&text)
            .map_err(StoreError::io("write", &self.lines_path))
    }

    /// Adds a blob.
    pub fn blob(&mut self, space: BlobSpace, bytes: &[u8]) -> Result<(), StoreError> {
        let digest = self.blobs.put(space, bytes)?;
        self.line(&Line::Blob(ExportedBlob {
            space: space.as_str().to_owned(),
            digest,
        }))
    }

    /// Ends the export, makes it durable and puts it in its place.
    pub fn finish(mut self) -> Result<ExportSummary, StoreError> {
        let digest = Digest::from_bytes(self.hash.clone().finalize().into());
        self.line(&Line::End(End {
            lines: self.count,
            digest,
        }))?;
        self.lines
            .flush()
            .and_then(|()| self.lines.get_ref().sync_all())
            .map_err(StoreError::io("write", &self.lines_path))?;
        self.blobs.remove_staging()?;
        durable::sync_dir(self.partial.path())?;
        fs::rename(self.partial.path(), &self.out)
            .map_err(StoreError::io("put the export at", &self.out))?;
        // It has moved away, so there is nothing left to clean up under the old name.
        let _ = self.partial.keep();
        durable::sync_dir(durable::parent_of(&self.out))?;
        Ok(self.summary)
    }
}
