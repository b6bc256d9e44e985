//! Readings, and where the reading of an origin stands.

use jiff::Timestamp;

use super::{micros_key, name, read_micros, split_text, text_with_length};
use crate::store::sled::envelope::{seal, unseal};
use crate::store::{ReadingPlace, StoreError, StoredReading};

/// Readings, by key result, a zero byte, moment and sequence, so that their order is that of the
/// history.
pub(in crate::store::sled) const READINGS: &str = "readings";
/// Places of readings, by key result, a zero byte and origin.
pub(in crate::store::sled) const ORIGINS: &str = "origins";

/// The readings' sequence has the version of their change above this many bits.
pub(in crate::store::sled) const INDEX_BITS: u32 = 16;

const PLACE: usize = 16;

/// What the keys of all readings, or of all origins, of a key result begin with. Names contain no
/// zero byte, so those of no other key result do.
pub(in crate::store::sled) fn readings_prefix(key_result: &str) -> Vec<u8> {
    [key_result.as_bytes(), &[0]].concat()
}

pub(in crate::store::sled) fn reading_key(key_result: &str, place: ReadingPlace) -> Vec<u8> {
    let mut key = readings_prefix(key_result);
    key.extend(place_bytes(place));
    key
}

pub(in crate::store::sled) fn split_reading_key(key: &[u8]) -> Option<(&str, ReadingPlace)> {
    let (key_result, place) = key.split_last_chunk::<PLACE>()?;
    let (0, key_result) = key_result.split_last()? else {
        return None;
    };
    Some((std::str::from_utf8(key_result).ok()?, read_place(*place)?))
}

pub(in crate::store::sled) fn origin_key(key_result: &str, origin: &str) -> Vec<u8> {
    [key_result.as_bytes(), &[0], origin.as_bytes()].concat()
}

pub(in crate::store::sled) fn seal_reading(
    key: &[u8],
    recorded_at: Timestamp,
    origin: &str,
    body: &[u8],
) -> Vec<u8> {
    let mut payload = recorded_at.as_microsecond().to_be_bytes().to_vec();
    text_with_length(&mut payload, origin);
    payload.extend(body);
    seal(READINGS, key, &payload)
}

pub(in crate::store::sled) fn open_reading(
    key: &[u8],
    value: &[u8],
) -> Result<StoredReading, StoreError> {
    let corrupt = |reason| StoreError::corrupt(name(READINGS, key), reason);
    let (key_result, place) = split_reading_key(key).ok_or_else(|| corrupt("its key is no key"))?;
    let payload = unseal(READINGS, key, value)?;
    let (recorded_at, payload) = payload
        .split_first_chunk::<8>()
        .and_then(|(micros, rest)| Some((read_micros(*micros)?, rest)))
        .ok_or_else(|| corrupt("it has no time"))?;
    let (origin, body) = split_text(payload).ok_or_else(|| corrupt("it has no origin"))?;
    Ok(StoredReading {
        key_result: key_result.to_owned(),
        origin: origin.to_owned(),
        at: place.at,
        seq: place.seq,
        recorded_at,
        body: body.to_vec(),
    })
}

pub(in crate::store::sled) fn seal_origin(key: &[u8], place: ReadingPlace) -> Vec<u8> {
    seal(ORIGINS, key, &place_bytes(place))
}

/// The key of the reading that has this origin.
pub(in crate::store::sled) fn open_origin(key: &[u8], value: &[u8]) -> Result<Vec<u8>, StoreError> {
    let corrupt = |reason| StoreError::corrupt(name(ORIGINS, key), reason);
    let (key_result, _) =
        super::split_document_key(key).ok_or_else(|| corrupt("its key is no key"))?;
    let place = <[u8; PLACE]>::try_from(unseal(ORIGINS, key, value)?)
        .ok()
        .and_then(read_place)
        .ok_or_else(|| corrupt("it is no place"))?;
    Ok(reading_key(key_result, place))
}

fn place_bytes(place: ReadingPlace) -> [u8; PLACE] {
    let mut bytes = [0; PLACE];
    bytes[..8].copy_from_slice(&micros_key(place.at));
    bytes[8..].copy_from_slice(&place.seq.to_be_bytes());
    bytes
}

fn read_place(bytes: [u8; PLACE]) -> Option<ReadingPlace> {
    let (at, seq) = bytes.split_first_chunk::<8>()?;
    Some(ReadingPlace {
        at: super::read_micros_key(*at)?,
        seq: u64::from_be_bytes(seq.try_into().ok()?),
    })
}
