//! The writes of a change.

use std::fmt;

use crate::store::{Due, Kind, NewReading};

/// What a write expects to find.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// No document.
    Absent,
    /// A document at this version.
    Version(u64),
    /// Anything: the last writer wins.
    Any,
}

impl Expected {
    /// Whether a document at version `found`, or none, is what was expected.
    pub fn met_by(self, found: Option<u64>) -> bool {
        match self {
            Self::Absent => found.is_none(),
            Self::Version(version) => found == Some(version),
            Self::Any => true,
        }
    }
}

/// One write of a change.
#[derive(Clone, PartialEq, Eq)]
pub enum Write {
    /// Writes a document.
    Put {
        /// The document's kind.
        kind: Kind,
        /// The document's key.
        key: String,
        /// What must be there before.
        expected: Expected,
        /// The JSON text of the owner's record.
        body: Vec<u8>,
    },
    /// Removes a document. With [`Expected::Any`] it is no error when there is none.
    Delete {
        /// The document's kind.
        kind: Kind,
        /// The document's key.
        key: String,
        /// What must be there before.
        expected: Expected,
    },
    /// Writes nothing, and makes the change depend on a document that it leaves as it is.
    Check {
        /// The document's kind.
        kind: Kind,
        /// The document's key.
        key: String,
        /// What must be there.
        expected: Expected,
    },
    /// Keeps a reading, unless its key result has one of that origin: the first one stands.
    Reading(NewReading),
    /// Says when a poll is due.
    Due {
        /// The poll.
        poll: String,
        /// When it is due.
        due: Due,
    },
    /// Adds an entry to the feed.
    Tell {
        /// What it is about, such as `reading`.
        topic: String,
        /// The JSON text of what is told.
        body: Vec<u8>,
    },
}

impl Write {
    /// The document that this is about, and what must be there before; none for what is no
    /// document.
    pub fn document(&self) -> Option<(Kind, &str, Expected)> {
        match self {
            Self::Put {
                kind,
                key,
                expected,
                ..
            }
            | Self::Delete {
                kind,
                key,
                expected,
            }
            | Self::Check {
                kind,
                key,
                expected,
            } => Some((*kind, key, *expected)),
            Self::Reading(_) | Self::Due { .. } | Self::Tell { .. } => None,
        }
    }
}

impl fmt::Debug for Write {
    // As with documents, the body stays out of logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = match self {
            Self::Put { .. } => "put",
            Self::Delete { .. } => "delete",
            Self::Check { .. } => "check",
            Self::Reading(reading) => {
                return write!(f, "keep {}/{}", reading.key_result, reading.origin);
            }
            Self::Due { poll, due } => return write!(f, "due {poll} {due:?}"),
            Self::Tell { topic, .. } => return write!(f, "tell {topic}"),
        };
        let Some((kind, key, expected)) = self.document() else {
            return f.write_str(verb);
        };
        write!(f, "{verb} {kind}/{key} expecting {expected:?}")
    }
}
