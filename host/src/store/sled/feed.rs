//! Reading the feed and keeping it short.

use std::ops::Bound;

use sled::IVec;

use super::record;
use super::{Database, Memory, unreadable};
use crate::store::{Change, FEED_LENGTH, FeedEdges, FeedEntry, FeedPlace, StoreError, Write};

/// How many entries too many there may be before some are dropped: dropping many at a time means
/// looking for them seldom.
const SLACK: usize = 100;

impl Database {
    pub fn feed(
        &self,
        after: Option<FeedPlace>,
        limit: usize,
    ) -> Result<Vec<FeedEntry>, StoreError> {
        self.health.check()?;
        let start = match after {
            Some(place) => Bound::Excluded(record::feed_key(place)),
            None => Bound::Unbounded,
        };
        // What is not durable yet may never have happened when the listener comes back.
        let newest = self.durable_place();
        if after.is_some_and(|after| after >= newest) {
            return Ok(Vec::new());
        }
        let _memory = self.read();
        let end = Bound::Included(record::feed_key(newest));
        let found = self.feed.range((start, end)).filter_map(|entry| {
            let entry = entry.map_err(unreadable);
            // One that is damaged is told to nobody; those after it are.
            entry
                .map(|(key, value)| record::open_entry(&key, &value).ok())
                .transpose()
        });
        found.take(limit).collect()
    }

    pub fn feed_edges(&self) -> Result<Option<FeedEdges>, StoreError> {
        self.health.check()?;
        let end = record::feed_key(self.durable_place());
        let _memory = self.read();
        let mut found = self.feed.range(..=end);
        let Some(oldest) = found.next() else {
            return Ok(None);
        };
        let oldest = place_of(oldest)?;
        let newest = found.next_back().map_or(Ok(oldest), place_of)?;
        Ok(Some(FeedEdges { oldest, newest }))
    }

    /// The entries that are dropped for so many that are told.
    pub(super) fn outdated(&self, memory: &Memory, told: usize) -> Result<Vec<IVec>, StoreError> {
        let excess = (memory.feed_length + told).saturating_sub(FEED_LENGTH);
        if excess <= SLACK {
            return Ok(Vec::new());
        }
        let oldest = self.feed.iter().keys().take(excess.min(memory.feed_length));
        oldest.map(|key| key.map_err(unreadable)).collect()
    }

    fn durable_place(&self) -> FeedPlace {
        FeedPlace {
            version: *self.durable.borrow(),
            index: u32::MAX,
        }
    }
}

/// How many entries a change adds.
pub(super) fn told(change: &Change) -> usize {
    let writes = change.writes.iter();
    writes
        .filter(|write| matches!(write, Write::Tell { .. }))
        .count()
}

/// The place of an entry, be it damaged or not.
fn place_of(entry: sled::Result<(IVec, IVec)>) -> Result<FeedPlace, StoreError> {
    let (key, _) = entry.map_err(unreadable)?;
    record::read_feed_key(&key)
        .ok_or_else(|| StoreError::corrupt(record::name(record::FEED, &key), "its key is no place"))
}
