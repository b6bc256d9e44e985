//! How everything is laid out in sled's trees.

mod feed;
mod poll;
mod reading;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::store::{AuditEntry, AuditRecord, Document, StoreError};

use super::envelope::{seal, unseal};

pub(super) use self::feed::{FEED, feed_key, open_entry, read_feed_key, seal_entry};
pub(super) use self::poll::{POLLS, open_due, seal_due};
pub(super) use self::reading::{
    INDEX_BITS, ORIGINS, READINGS, open_origin, open_reading, origin_key, reading_key,
    readings_prefix, seal_origin, seal_reading,
};

/// Documents, by kind, a zero byte and key.
pub(super) const DOCUMENTS: &str = "documents";
/// Audit records, by sequence in big-endian order.
pub(super) const AUDIT: &str = "audit";
/// The store's own figures.
pub(super) const META: &str = "meta";

/// The figure that says how the trees are laid out.
pub(super) const SCHEMA: &[u8] = b"schema_version";
/// The figure that counts changes.
pub(super) const SEQUENCE: &[u8] = b"sequence";
/// The figure that is there while an import is under way.
pub(super) const IMPORTING: &[u8] = b"importing";

/// What a record is called in messages.
pub(super) fn name(tree: &str, key: &[u8]) -> String {
    match tree {
        DOCUMENTS => match split_document_key(key) {
            Some((kind, key)) => format!("the document {kind}/{key}"),
            None => format!("a document with the unreadable key {}", hex::encode(key)),
        },
        AUDIT => match <[u8; 8]>::try_from(key) {
            Ok(seq) => format!("the audit record {}", u64::from_be_bytes(seq)),
            Err(_) => format!(
                "an audit record with the unreadable key {}",
                hex::encode(key)
            ),
        },
        READINGS => match reading::split_reading_key(key) {
            Some((key_result, place)) => {
                format!("the reading {key_result} at {} ({})", place.at, place.seq)
            }
            None => format!("a reading with the unreadable key {}", hex::encode(key)),
        },
        ORIGINS => match split_document_key(key) {
            Some((key_result, origin)) => format!("the origin {key_result}/{origin}"),
            None => format!("an origin with the unreadable key {}", hex::encode(key)),
        },
        POLLS => format!("the poll {}", String::from_utf8_lossy(key)),
        FEED => match read_feed_key(key) {
            Some(place) => format!("the entry {place} of the feed"),
            None => format!(
                "an entry of the feed with the unreadable key {}",
                hex::encode(key)
            ),
        },
        _ => format!("the figure {}/{}", tree, String::from_utf8_lossy(key)),
    }
}

/// Neither kinds nor keys contain a zero byte, so the order of these is that of the documents' keys.
pub(super) fn document_key(kind: &str, key: &str) -> Vec<u8> {
    [kind.as_bytes(), &[0], key.as_bytes()].concat()
}

pub(super) fn split_document_key(key: &[u8]) -> Option<(&str, &str)> {
    std::str::from_utf8(key).ok()?.split_once('\0')
}

/// The time as stores keep it: whole microseconds, which is what PostgreSQL keeps as well.
pub(super) fn whole_micros(at: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(at.as_microsecond()).unwrap_or(at)
}

fn read_micros(bytes: [u8; 8]) -> Option<Timestamp> {
    Timestamp::from_microsecond(i64::from_be_bytes(bytes)).ok()
}

/// A time as part of a key: with its sign turned around, the order of bytes is that of time.
fn micros_key(at: Timestamp) -> [u8; 8] {
    (at.as_microsecond() ^ i64::MIN).to_be_bytes()
}

fn read_micros_key(bytes: [u8; 8]) -> Option<Timestamp> {
    Timestamp::from_microsecond(i64::from_be_bytes(bytes) ^ i64::MIN).ok()
}

/// Adds a text whose end has to be found again. No text that is stored in this way is longer than a
/// key, so two bytes are enough for its length.
fn text_with_length(payload: &mut Vec<u8>, text: &str) {
    let length = u16::try_from(text.len()).unwrap_or(u16::MAX);
    payload.extend(length.to_be_bytes());
    payload.extend(text.as_bytes());
}

fn split_text(payload: &[u8]) -> Option<(&str, &[u8])> {
    let (length, payload) = payload.split_first_chunk::<2>()?;
    let (text, rest) = payload.split_at_checked(u16::from_be_bytes(*length).into())?;
    Some((std::str::from_utf8(text).ok()?, rest))
}

pub(super) fn seal_document(key: &[u8], version: u64, at: Timestamp, body: &[u8]) -> Vec<u8> {
    let payload = [
        &version.to_be_bytes(),
        &at.as_microsecond().to_be_bytes()[..],
        body,
    ]
    .concat();
    seal(DOCUMENTS, key, &payload)
}

/// Reads a document without its owner's key, which is part of the record's key.
pub(super) fn open_document(key: &[u8], value: &[u8]) -> Result<Document, StoreError> {
    let corrupt = |reason| StoreError::corrupt(name(DOCUMENTS, key), reason);
    let (_, document_key) = split_document_key(key).ok_or_else(|| corrupt("its key is no key"))?;
    let (version, updated_at, body) = split_document(key, value)?;
    Ok(Document {
        key: document_key.to_owned(),
        version,
        body: body.to_vec(),
        updated_at,
    })
}

/// The version of a document.
pub(super) fn open_version(key: &[u8], value: &[u8]) -> Result<u64, StoreError> {
    Ok(split_document(key, value)?.0)
}

/// Version, time and body of a document.
fn split_document<'a>(
    key: &[u8],
    value: &'a [u8],
) -> Result<(u64, Timestamp, &'a [u8]), StoreError> {
    let corrupt = |reason| StoreError::corrupt(name(DOCUMENTS, key), reason);
    let payload = unseal(DOCUMENTS, key, value)?;
    let (version, payload) = payload
        .split_first_chunk::<8>()
        .ok_or_else(|| corrupt("it has no version"))?;
    let (micros, body) = payload
        .split_first_chunk::<8>()
        .ok_or_else(|| corrupt("it has no time"))?;
    let updated_at = read_micros(*micros).ok_or_else(|| corrupt("its time is out of range"))?;
    Ok((u64::from_be_bytes(*version), updated_at, body))
}

/// An audit record without its sequence, which is the record's key.
#[derive(Serialize, Deserialize)]
struct StoredAudit<'a> {
    at: Timestamp,
    entry: std::borrow::Cow<'a, AuditEntry>,
}

pub(super) fn seal_audit(
    key: &[u8],
    at: Timestamp,
    entry: &AuditEntry,
) -> Result<Vec<u8>, StoreError> {
    let payload = serde_json::to_vec(&StoredAudit {
        at,
        entry: std::borrow::Cow::Borrowed(entry),
    })
    .map_err(|e| StoreError::invalid(format!("the audit entry cannot be written: {e}")))?;
    Ok(seal(AUDIT, key, &payload))
}

pub(super) fn open_audit(key: &[u8], value: &[u8]) -> Result<AuditRecord, StoreError> {
    let corrupt = |reason: String| StoreError::corrupt(name(AUDIT, key), reason);
    let seq = key
        .try_into()
        .map_err(|_| corrupt("its key is no sequence".to_owned()))?;
    let payload = unseal(AUDIT, key, value)?;
    let stored: StoredAudit<'_> =
        serde_json::from_slice(payload).map_err(|e| corrupt(e.to_string()))?;
    Ok(AuditRecord {
        seq: u64::from_be_bytes(seq),
        at: stored.at,
        entry: stored.entry.into_owned(),
    })
}

pub(super) fn seal_figure(key: &[u8], figure: u64) -> Vec<u8> {
    seal(META, key, &figure.to_be_bytes())
}

pub(super) fn open_figure(key: &[u8], value: &[u8]) -> Result<u64, StoreError> {
    let payload = unseal(META, key, value)?;
    let figure = payload
        .try_into()
        .map_err(|_| StoreError::corrupt(name(META, key), "it is no number"))?;
    Ok(u64::from_be_bytes(figure))
}
