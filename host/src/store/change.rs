//! A change: all that is written in one step.

mod validate;

use std::fmt;

use jiff::Timestamp;

pub(super) use self::validate::validate_lease;
use super::{AuditEntry, Due, Kind, Lease, NewReading, Next};

/// The most writes a change may have.
pub const MAX_WRITES: usize = 1 << 16;

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

/// All that is written in one step, or not at all.
///
/// ```ignore
/// Change::new()
///     .put(Kind::Extractor, "invoices", Expected::Absent, body)
///     .audited(AuditEntry::new("token:deploy", "extractor.create", "extractor:invoices"))
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[must_use = "a change does nothing until it is committed"]
pub struct Change {
    /// The lease that is completed, and what becomes of its poll.
    pub lease: Option<(Lease, Next)>,
    /// The writes, made in this order. Each document is named at most once.
    pub writes: Vec<Write>,
    /// What is remembered of the change.
    pub audit: Option<AuditEntry>,
}

impl Change {
    /// A change that does nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the writing of a document.
    pub fn put(
        self,
        kind: Kind,
        key: impl Into<String>,
        expected: Expected,
        body: impl Into<Vec<u8>>,
    ) -> Self {
        self.with(Write::Put {
            kind,
            key: key.into(),
            expected,
            body: body.into(),
        })
    }

    /// Adds the removal of a document.
    pub fn delete(self, kind: Kind, key: impl Into<String>, expected: Expected) -> Self {
        self.with(Write::Delete {
            kind,
            key: key.into(),
            expected,
        })
    }

    /// Makes the change depend on a document that it leaves as it is.
    pub fn check(self, kind: Kind, key: impl Into<String>, expected: Expected) -> Self {
        self.with(Write::Check {
            kind,
            key: key.into(),
            expected,
        })
    }

    /// Adds a reading. Where its key result has one of that origin, the first one stands and this
    /// one is [left out](Committed::repeated).
    pub fn reading(self, reading: NewReading) -> Self {
        self.with(Write::Reading(reading))
    }

    /// Says when a poll is due.
    pub fn due(self, poll: impl Into<String>, due: Due) -> Self {
        self.with(Write::Due {
            poll: poll.into(),
            due,
        })
    }

    /// Adds an entry to the feed, after those added so far.
    pub fn tell(self, topic: impl Into<String>, body: impl Into<Vec<u8>>) -> Self {
        self.with(Write::Tell {
            topic: topic.into(),
            body: body.into(),
        })
    }

    /// Makes the change complete a lease: it is made only while nobody else has claimed the poll.
    /// A lease that has run out counts until then.
    pub fn completing(mut self, lease: Lease, next: Next) -> Self {
        self.lease = Some((lease, next));
        self
    }

    /// Sets what is remembered of the change.
    pub fn audited(mut self, entry: AuditEntry) -> Self {
        self.audit = Some(entry);
        self
    }

    fn with(mut self, write: Write) -> Self {
        self.writes.push(write);
        self
    }
}

/// What became of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Committed {
    /// The version that every document written by the change has now, and the sequence of its
    /// audit record.
    pub version: u64,
    /// When it was made, by the store's clock, in whole microseconds.
    pub at: Timestamp,
    /// The origins of the readings that were left out, as there was one of that origin already; in
    /// the order of the writes.
    pub repeated: Vec<String>,
}
