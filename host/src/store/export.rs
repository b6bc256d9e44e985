//! Exports: everything a store holds, as files that any implementation can import.
//!
//! An export is a folder with `store.ndjson`, one JSON object a line, and `blobs/`. The first line
//! says which format it is, the last one holds the digest of all lines before it, and each blob is
//! named in a line of its own, so that the last line vouches for the whole folder.

mod reader;
mod writer;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{AuditRecord, Digest};

pub(super) use self::reader::Export;
pub(super) use self::writer::ExportWriter;

/// The format this release writes, and the latest it reads. The first one had no readings and no
/// polls; nothing else has changed since.
const FORMAT: u32 = 2;

const LINES: &str = "store.ndjson";
const BLOBS: &str = "blobs";

/// One line of `store.ndjson`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Line {
    Header(Header),
    Document(ExportedDocument),
    Audit(AuditRecord),
    Reading(ExportedReading),
    Poll(ExportedPoll),
    Blob(ExportedBlob),
    End(End),
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct Header {
    pub format: u32,
    pub exported_at: Timestamp,
    /// The version of the newest change in the export.
    pub sequence: u64,
}

/// A document whose kind may be unknown to this release: it is carried along nevertheless.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ExportedDocument {
    pub kind: String,
    pub key: String,
    pub version: u64,
    pub updated_at: Timestamp,
    /// JSON text in a JSON string: exact to the byte, and free of line ends.
    pub body: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ExportedReading {
    pub key_result: String,
    pub origin: String,
    pub at: Timestamp,
    pub seq: u64,
    pub recorded_at: Timestamp,
    /// As in a document.
    pub body: String,
}

/// When a poll is due. Whoever held it is not there where it is imported.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ExportedPoll {
    pub poll: String,
    pub due: Timestamp,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ExportedBlob {
    pub space: String,
    pub digest: Digest,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct End {
    /// How many lines come before this one.
    pub lines: u64,
    /// The digest of their bytes, line ends included.
    pub digest: Digest,
}

/// What an export holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct ExportSummary {
    /// How many documents.
    pub documents: u64,
    /// How many audit records.
    pub audit_records: u64,
    /// How many readings.
    pub readings: u64,
    /// How many polls.
    pub polls: u64,
    /// How many blobs.
    pub blobs: u64,
    /// The version of the newest change in it.
    pub sequence: u64,
}

impl ExportSummary {
    fn count(&mut self, line: &Line) {
        match line {
            Line::Header(header) => self.sequence = header.sequence,
            Line::Document(_) => self.documents += 1,
            Line::Audit(_) => self.audit_records += 1,
            Line::Reading(_) => self.readings += 1,
            Line::Poll(_) => self.polls += 1,
            Line::Blob(_) => self.blobs += 1,
            Line::End(_) => {}
        }
    }
}

/// What a check of the whole store found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct CheckReport {
    /// How many documents were read.
    pub documents: u64,
    /// How many audit records were read.
    pub audit_records: u64,
    /// How many readings were read.
    pub readings: u64,
    /// How many polls were read.
    pub polls: u64,
    /// How many blobs were read.
    pub blobs: u64,
    /// What the blobs amount to, in bytes.
    pub blob_bytes: u64,
    /// What the store takes on disk without its blobs, in bytes.
    pub engine_bytes: u64,
    /// What is damaged, a sentence each; empty when all is well.
    pub problems: Vec<String>,
}

impl CheckReport {
    /// Whether nothing is damaged.
    pub fn is_sound(&self) -> bool {
        self.problems.is_empty()
    }
}
