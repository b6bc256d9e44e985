//! Creates that may be sent again: the same `Idempotency-Key` makes one thing.
//!
//! What a key has made is written in the same change as the thing itself, so a request whose answer
//! was lost can be repeated without harm for a day.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::record::{self, Record, RecordError};
use crate::store::{Change, Digest, Expected, Kind, Store, StoreError};

/// How long a key is remembered.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(24);

/// A request that may come again.
#[derive(Debug, Clone)]
pub struct Once {
    key: String,
    request: Digest,
}

/// What a key has made.
#[derive(Serialize, Deserialize)]
struct Made {
    request: Digest,
    id: String,
    at: Timestamp,
}

impl Record for Made {
    const KIND: Kind = Kind::Idempotency;
    const FORMAT: u32 = 1;
}

/// What is known of a key.
pub enum Known {
    /// Nothing, or it was long ago: the change must expect this version of its document.
    New(Expected),
    /// It has made this already.
    Made(String),
    /// It came with another request.
    Other,
}

impl Once {
    /// A key of this caller's, with the request it came with. The key itself is not kept: callers
    /// put all kinds of things into it.
    #[must_use]
    pub fn new(caller: &str, call: &str, key: &str, request: &[u8]) -> Self {
        let name = Digest::of(format!("{caller}\n{call}\n{key}").as_bytes());
        Self {
            key: name.to_hex(),
            request: Digest::of(request),
        }
    }

    /// What the key has made.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn known(&self, store: &dyn Store, now: Timestamp) -> Result<Known, RecordError> {
        let Some(made) = record::get::<Made>(store, &self.key).await? else {
            return Ok(Known::New(Expected::Absent));
        };
        if now.duration_since(made.record.at) > REMEMBERED {
            return Ok(Known::New(Expected::Version(made.version)));
        }
        Ok(if made.record.request == self.request {
            Known::Made(made.record.id)
        } else {
            Known::Other
        })
    }

    /// Adds to the change that the key makes `id`.
    ///
    /// # Errors
    ///
    /// When that cannot be written as JSON, which is a fault of ours.
    pub fn noted(
        &self,
        change: Change,
        expected: Expected,
        id: &str,
        at: Timestamp,
    ) -> Result<Change, RecordError> {
        let made = Made {
            request: self.request,
            id: id.to_owned(),
            at,
        };
        Ok(change.put(Kind::Idempotency, &self.key, expected, record::body(&made)?))
    }
}

/// Forgets keys that are no longer remembered. Run now and then: they only take space.
///
/// # Errors
///
/// When the store fails.
pub async fn sweep(store: &dyn Store, now: Timestamp) -> Result<(), RecordError> {
    const PAGE: usize = 200;
    let mut after: Option<String> = None;
    loop {
        let page = record::list::<Made>(store, after.as_deref(), PAGE).await?;
        let Some(last) = page.last() else {
            return Ok(());
        };
        after = Some(last.key.clone());
        let old = page
            .iter()
            .filter(|made| now.duration_since(made.record.at) > REMEMBERED);
        for made in old {
            let seen = Expected::Version(made.version);
            let change = Change::new().delete(Kind::Idempotency, &made.key, seen);
            match store.commit(change).await {
                // One that has just been used again is kept.
                Ok(_) | Err(StoreError::Stale { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}
