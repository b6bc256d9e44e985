//! Readings: the numbers of a key result over time.

use std::fmt;

use jiff::Timestamp;

/// A reading to be kept.
#[derive(Clone, PartialEq, Eq)]
pub struct NewReading {
    /// The key result it belongs to.
    pub key_result: String,
    /// Where it comes from. A key result has one reading of each origin, for ever.
    pub origin: String,
    /// The moment it stands for in the history; kept in whole microseconds.
    pub at: Timestamp,
    /// The JSON text of the owner's record.
    pub body: Vec<u8>,
}

impl fmt::Debug for NewReading {
    // As with documents, the body stays out of logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewReading")
            .field("key_result", &self.key_result)
            .field("origin", &self.origin)
            .field("at", &self.at)
            .field("body", &format_args!("{} bytes", self.body.len()))
            .finish()
    }
}

/// A reading as the store keeps it.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredReading {
    /// The key result it belongs to.
    pub key_result: String,
    /// Where it comes from.
    pub origin: String,
    /// The moment it stands for in the history, in whole microseconds.
    pub at: Timestamp,
    /// Tells apart the readings of a store: unique, and greater for what was kept later. It is the
    /// version of the change that brought the reading, shifted left by 16 bits, plus the reading's
    /// index among the writes of that change.
    pub seq: u64,
    /// When it was kept, by the store's clock, in whole microseconds.
    pub recorded_at: Timestamp,
    /// The JSON text of the owner's record, byte for byte as it was written.
    pub body: Vec<u8>,
}

impl StoredReading {
    /// Where it stands in the history of its key result.
    pub fn place(&self) -> ReadingPlace {
        ReadingPlace {
            at: self.at,
            seq: self.seq,
        }
    }
}

impl fmt::Debug for StoredReading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredReading")
            .field("key_result", &self.key_result)
            .field("origin", &self.origin)
            .field("at", &self.at)
            .field("seq", &self.seq)
            .field("recorded_at", &self.recorded_at)
            .field("body", &format_args!("{} bytes", self.body.len()))
            .finish()
    }
}

/// A place in the history of a key result: by the moment first, and by the order of keeping among
/// those of one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReadingPlace {
    /// The moment.
    pub at: Timestamp,
    /// The reading's [`seq`](StoredReading::seq).
    pub seq: u64,
}

/// Which part of a history is wanted. All of it, unless told otherwise.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReadingRange {
    /// Nothing before this moment.
    pub from: Option<Timestamp>,
    /// Nothing at this moment or after it.
    pub to: Option<Timestamp>,
    /// Only what stands before this place: the last of the page read so far.
    pub before: Option<ReadingPlace>,
}
