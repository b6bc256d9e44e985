//! Requests that come again: the same one within an hour is what it was the first time.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::id::RunId;
use crate::record::{self as records, Record, RecordError};
use crate::store::{Change, Digest, Expected, Kind, Store, StoreError};

/// How long a request that comes again is the one that it was.
pub const RESEND_WINDOW: SignedDuration = SignedDuration::from_hours(1);

/// What makes requests the same: its digest is all that is kept of it.
#[derive(Debug, Clone)]
pub struct Request(String);

/// Which run a request was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Resend {
    run: String,
    at: Timestamp,
}

impl Record for Resend {
    const KIND: Kind = Kind::Resend;
    const FORMAT: u32 = 1;
}

/// What is known of a request.
#[derive(Debug)]
pub enum Known {
    /// Nothing, or it was long ago: the change that notes it has to expect this.
    New(Expected),
    /// It was this run a short while ago.
    Again(RunId),
}

impl Request {
    /// A request that is told by these parts.
    #[must_use]
    pub fn of(parts: &serde_json::Value) -> Self {
        Self(Digest::of(parts.to_string().as_bytes()).to_hex())
    }

    /// Whether it came a short while ago.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn known(&self, store: &dyn Store, now: Timestamp) -> Result<Known, RecordError> {
        let Some(found) = records::get::<Resend>(store, &self.0).await? else {
            return Ok(Known::New(Expected::Absent));
        };
        let lately = now.duration_since(found.record.at) < RESEND_WINDOW;
        let run = found.record.run.parse().ok().filter(|_| lately);
        Ok(run.map_or(Known::New(Expected::Version(found.version)), Known::Again))
    }

    /// Adds to a change that it is this run.
    ///
    /// # Errors
    ///
    /// When that cannot be written as JSON, which is a fault of ours.
    pub fn noted(
        &self,
        change: Change,
        seen: Expected,
        run: &RunId,
        at: Timestamp,
    ) -> Result<Change, RecordError> {
        let resend = Resend {
            run: run.as_str().to_owned(),
            at,
        };
        Ok(change.put(Kind::Resend, &self.0, seen, records::body(&resend)?))
    }
}

/// Forgets requests that came longer ago. Run now and then: they only take space.
///
/// # Errors
///
/// When the store fails.
pub(super) async fn sweep(store: &dyn Store, now: Timestamp) -> Result<(), RecordError> {
    const PAGE: usize = 200;
    let mut after: Option<String> = None;
    loop {
        let page = records::list::<Resend>(store, after.as_deref(), PAGE).await?;
        let Some(last) = page.last() else {
            return Ok(());
        };
        after = Some(last.key.clone());
        let old = page
            .iter()
            .filter(|it| now.duration_since(it.record.at) > RESEND_WINDOW);
        for resend in old {
            let seen = Expected::Version(resend.version);
            let change = Change::new().delete(Kind::Resend, &resend.key, seen);
            match store.commit(change).await {
                // One that was written anew just now is kept.
                Ok(_) | Err(StoreError::Stale { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}
