//! Entries of the feed.

use jiff::Timestamp;

use super::{name, read_micros, split_text, text_with_length};
use crate::store::sled::envelope::{seal, unseal};
use crate::store::{FeedEntry, FeedPlace, StoreError};

/// Entries of the feed, by version and index in big-endian order.
pub(in crate::store::sled) const FEED: &str = "feed";

pub(in crate::store::sled) fn feed_key(place: FeedPlace) -> [u8; 12] {
    let mut key = [0; 12];
    key[..8].copy_from_slice(&place.version.to_be_bytes());
    key[8..].copy_from_slice(&place.index.to_be_bytes());
    key
}

pub(in crate::store::sled) fn read_feed_key(key: &[u8]) -> Option<FeedPlace> {
    let (version, index) = key.split_first_chunk::<8>()?;
    Some(FeedPlace {
        version: u64::from_be_bytes(*version),
        index: u32::from_be_bytes(index.try_into().ok()?),
    })
}

pub(in crate::store::sled) fn seal_entry(
    key: &[u8],
    at: Timestamp,
    topic: &str,
    body: &[u8],
) -> Vec<u8> {
    let mut payload = at.as_microsecond().to_be_bytes().to_vec();
    text_with_length(&mut payload, topic);
    payload.extend(body);
    seal(FEED, key, &payload)
}

pub(in crate::store::sled) fn open_entry(
    key: &[u8],
    value: &[u8],
) -> Result<FeedEntry, StoreError> {
    let corrupt = |reason| StoreError::corrupt(name(FEED, key), reason);
    let place = read_feed_key(key).ok_or_else(|| corrupt("its key is no place"))?;
    let payload = unseal(FEED, key, value)?;
    let (at, payload) = payload
        .split_first_chunk::<8>()
        .and_then(|(micros, rest)| Some((read_micros(*micros)?, rest)))
        .ok_or_else(|| corrupt("it has no time"))?;
    let (topic, body) = split_text(payload).ok_or_else(|| corrupt("it has no topic"))?;
    Ok(FeedEntry {
        place,
        at,
        topic: topic.to_owned(),
        body: body.to_vec(),
    })
}
