//! When polls are due.

use jiff::Timestamp;

use super::{name, read_micros};
use crate::store::StoreError;
use crate::store::sled::envelope::{seal, unseal};

/// When polls are due, by their names.
pub(in crate::store::sled) const POLLS: &str = "polls";

pub(in crate::store::sled) fn seal_due(poll: &[u8], due: Timestamp) -> Vec<u8> {
    seal(POLLS, poll, &due.as_microsecond().to_be_bytes())
}

/// Reads a poll's name, which is the record's key, and when it is due.
pub(in crate::store::sled) fn open_due<'a>(
    key: &'a [u8],
    value: &[u8],
) -> Result<(&'a str, Timestamp), StoreError> {
    let corrupt = |reason| StoreError::corrupt(name(POLLS, key), reason);
    let poll = std::str::from_utf8(key).map_err(|_| corrupt("its key is no name"))?;
    let due = <[u8; 8]>::try_from(unseal(POLLS, key, value)?)
        .ok()
        .and_then(read_micros)
        .ok_or_else(|| corrupt("it is no time"))?;
    Ok((poll, due))
}
