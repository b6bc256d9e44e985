//! Polls: what is due when, and who has taken it on.
//!
//! A poll is no more than a name with a time at which it is due. Whoever works on one holds a lease
//! of it, which ends by itself, so that a holder that has died is followed by another one. Each
//! lease has an epoch, which tells a holder that was taken for dead from the one that followed.

use jiff::Timestamp;

/// Who works on a poll, told by how its name begins. Each line is claimed by itself, so that what
/// waits in one holds up nobody in another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Line {
    /// Queries of charts: every name that is in no other line.
    Charts,
    /// Notices for webhooks: names that begin with `webhook/`.
    Webhooks,
    /// Events for destinations: names that begin with `deliver/`.
    Deliveries,
}

impl Line {
    /// The line that a poll of this name stands in.
    #[must_use]
    pub fn of(poll: &str) -> Self {
        match poll.split_once('/') {
            Some(("webhook", _)) => Self::Webhooks,
            Some(("deliver", _)) => Self::Deliveries,
            _ => Self::Charts,
        }
    }
}

/// The right to work on a poll for a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// The poll.
    pub poll: String,
    /// Who holds it.
    pub holder: String,
    /// Greater than that of any lease before it of this poll, also if the poll was removed and
    /// made anew.
    pub epoch: u64,
    /// When the poll was due.
    pub due: Timestamp,
    /// When others may claim the poll, by the store's clock.
    pub expires_at: Timestamp,
}

/// When a poll is to be due, for whoever does not hold it. Times are kept in whole microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// At this time, unless it is due earlier already. A poll that is not there is made. One that
    /// is leased is due again at this time after it has been completed, unless that says an earlier
    /// one: what its holder has read may be older than the reason for this.
    NoLaterThan(Timestamp),
    /// Never: it is removed, also from whoever holds it.
    Never,
}

/// What becomes of a poll that its holder has completed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// It is due at this time, or earlier if somebody asked for that in the meantime.
    At(Timestamp),
    /// It is removed, unless somebody asked for it in the meantime.
    Gone,
}
