//! Records: documents of ours, each with a format, read and written in one way.
//!
//! A document's body is `{"format": 1, "record": {…}}`. A record counts only once its format is known,
//! so that what a later release wrote is refused by name and not misread.

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::store::{Document, Expected, Format, Kind, Store, StoreError};

/// Something that is kept as a document.
pub trait Record: Serialize + DeserializeOwned {
    /// The kind of its documents.
    const KIND: Kind;
    /// The format this release writes, and the latest it reads.
    const FORMAT: u32;
}

/// A record as the store has it.
#[derive(Debug, Clone)]
pub struct Stored<T> {
    /// The key of its document.
    pub key: String,
    /// The version of its document.
    pub version: u64,
    /// When it was last written.
    pub updated_at: Timestamp,
    /// The record.
    pub record: T,
}

/// A record cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A later release wrote it.
    #[error(
        "{record} was stored by a newer Lensmount (format {format}); start that one, or restore a backup"
    )]
    Newer {
        /// Kind and key.
        record: String,
        /// Its format.
        format: u32,
    },
    /// It is not what we wrote.
    #[error("{record} cannot be read; restore a backup")]
    Unreadable {
        /// Kind and key.
        record: String,
        /// What the parser said.
        #[source]
        source: serde_json::Error,
    },
}

#[derive(Serialize, Deserialize)]
struct Envelope<T> {
    format: u32,
    record: T,
}

/// The body of a record's document.
///
/// # Errors
///
/// When it cannot be written as JSON, which is a fault of ours.
pub fn body<T: Record>(record: &T) -> Result<Vec<u8>, RecordError> {
    let envelope = Envelope {
        format: T::FORMAT,
        record,
    };
    serde_json::to_vec(&envelope).map_err(|source| RecordError::Unreadable {
        record: T::KIND.to_string(),
        source,
    })
}

/// Reads a record out of its document.
///
/// # Errors
///
/// [`RecordError::Newer`] and [`RecordError::Unreadable`].
pub fn parse<T: Record>(document: Document) -> Result<Stored<T>, RecordError> {
    let name = || format!("{}/{}", T::KIND, document.key);
    let unreadable = |source| RecordError::Unreadable {
        record: name(),
        source,
    };
    let read: Result<Envelope<T>, _> = serde_json::from_slice(&document.body);
    let format = match &read {
        Ok(envelope) => envelope.format,
        // What a later release wrote need not be readable for this one.
        Err(_) => Format::of(&document.body).map_err(unreadable)?,
    };
    if format > T::FORMAT {
        return Err(RecordError::Newer {
            record: name(),
            format,
        });
    }
    let envelope = read.map_err(unreadable)?;
    Ok(Stored {
        key: document.key,
        version: document.version,
        updated_at: document.updated_at,
        record: envelope.record,
    })
}

/// The record of that key, if there is one.
///
/// # Errors
///
/// When the store fails or the record cannot be read.
pub async fn get<T: Record>(
    store: &dyn Store,
    key: &str,
) -> Result<Option<Stored<T>>, RecordError> {
    let document = store.get(T::KIND, key).await?;
    document.map(parse).transpose()
}

/// A page of records in the order of their keys.
///
/// # Errors
///
/// As for [`get`].
pub async fn list<T: Record>(
    store: &dyn Store,
    after: Option<&str>,
    limit: usize,
) -> Result<Vec<Stored<T>>, RecordError> {
    let page = store.list(T::KIND, after, limit).await?;
    page.into_iter().map(parse).collect()
}

/// What an index has under a name: the second halves of the keys `name/…` of a kind. Documents of an
/// index say nothing but their key; they are written in the same change as what they point at.
///
/// # Errors
///
/// When the store fails.
pub async fn under(store: &dyn Store, kind: Kind, name: &str) -> Result<Vec<String>, RecordError> {
    // Most names have a few members, and what is listed beyond them is read for nothing.
    const FEW: usize = 8;
    const MANY: usize = 512;
    let prefix = format!("{name}/");
    let (mut after, mut found) = (prefix.clone(), Vec::new());
    let mut limit = FEW;
    loop {
        let page = store.list(kind, Some(&after), limit).await?;
        let whole = page.len() == limit;
        limit = (limit * 8).min(MANY);
        for document in page {
            let Some(rest) = document.key.strip_prefix(&prefix) else {
                return Ok(found);
            };
            found.push(rest.to_owned());
            after = document.key;
        }
        if !whole {
            return Ok(found);
        }
    }
}

/// The key of an index entry.
#[must_use]
pub fn entry(name: &str, member: &str) -> String {
    format!("{name}/{member}")
}

/// The key of a document that is written by whatever joins a parent. Whoever deletes the parent
/// expects it as it was before looking for members, so that nothing joins in between.
#[must_use]
pub fn guard(parent: &str) -> String {
    entry("guard", parent)
}

/// The version of a parent's guard, as a delete of the parent has to expect it.
///
/// # Errors
///
/// When the store fails.
pub async fn guarded(store: &dyn Store, parent: &str) -> Result<Expected, RecordError> {
    let guard = store.get(Kind::Member, &guard(parent)).await?;
    Ok(guard.map_or(Expected::Absent, |guard| Expected::Version(guard.version)))
}

/// The body of an index entry.
pub const ENTRY: &[u8] = b"{}";
