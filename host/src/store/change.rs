//! A change: all that is written in one step.

mod validate;
mod write;

use jiff::Timestamp;

pub(super) use self::validate::validate_lease;
pub use self::write::{Expected, Write};
use super::{AuditEntry, Due, Kind, Lease, NewReading, Next};

/// The most writes a change may have.
pub const MAX_WRITES: usize = 1 << 16;

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
    /// It may be made a few milliseconds later, if that spares work.
    pub patient: bool,
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

    /// Says that nobody is held up by the change. It may wait a few milliseconds for others, so that
    /// they share the way to the disk.
    pub fn patient(mut self) -> Self {
        self.patient = true;
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
