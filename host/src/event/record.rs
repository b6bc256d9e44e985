//! What the store keeps of runs: what was asked for and how far the mapping is, how far the sending
//! is, and what still has to be sent. They are three documents, as each has one writer; only the end of
//! the mapping writes the first two together, so that exactly one change makes a run done.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::record::{Record, Stored};
use crate::secret::Sealed;
use crate::store::{Digest, Expected, Kind};

/// How many rejections and dead letters are kept with their reasons.
pub const FIRST: usize = 20;

/// The schedule that a run comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Looker's id of it; none where somebody sent the rows by hand.
    pub id: Option<String>,
    /// Its title.
    pub title: Option<String>,
}

/// Where a run's events go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Address {
    /// What its deliveries are claimed by.
    pub key: String,
    /// The data plane, without `/v1/batch`.
    pub server_url: String,
    /// Sealed for the run.
    pub write_key: Sealed,
}

/// A row or a message that did not go out, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejected {
    /// The row's number, the first being 1; none for one that only the destination knows.
    pub row: Option<u64>,
    /// Why.
    pub reason: String,
}

/// How far the mapping of a run is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Mapped {
    /// Rows that are mapped; where the mapping goes on.
    pub rows: u64,
    /// Messages of the rows after those that are in segments already.
    pub ahead: u64,
    /// Messages in segments.
    pub messages: u64,
    /// Messages larger than the data plane's documentation allows.
    pub oversized: u64,
    /// Rows that gave nothing because they could not be mapped.
    pub rejected: u64,
    /// The first of them.
    pub first: Vec<Rejected>,
    /// Segments so far.
    pub segments: u32,
    /// When all rows were mapped.
    pub done_at: Option<Timestamp>,
}

/// A run, as it was asked for, and how far its mapping is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct RunRecord {
    pub action: String,
    pub version: String,
    pub plan: Plan,
    pub address: Address,
    /// The named destination that it goes to, if it goes to one.
    #[serde(default)]
    pub destination: Option<String>,
    pub settings: Vec<(String, String)>,
    pub context: Vec<(String, String)>,
    pub begun_at: Timestamp,
    pub rows: u64,
    /// Bytes of the result; what stands behind them in the file is the query.
    pub bytes: u64,
    pub result: Digest,
    /// The file that the result is in, until it is mapped.
    pub spool: Option<String>,
    pub mapped: Mapped,
}

impl Record for RunRecord {
    const KIND: Kind = Kind::Run;
    const FORMAT: u32 = 1;
}

/// How far the sending of a run is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Delivery {
    /// Messages that the destination has taken.
    pub delivered: u64,
    /// Messages that it has refused for good.
    pub dead: u64,
    /// The first of them.
    pub first: Vec<Rejected>,
    /// Why the newest request did not go through; none once one has.
    pub last_error: Option<String>,
    /// The destination was away, and has taken nothing since.
    #[serde(default)]
    pub away: bool,
    /// When it was written last.
    pub at: Option<Timestamp>,
}

impl Delivery {
    /// What the store has, and what a change of it has to expect.
    pub fn seen(stored: Option<Stored<Self>>) -> (Expected, Self) {
        match stored {
            None => (Expected::Absent, Self::default()),
            Some(stored) => (Expected::Version(stored.version), stored.record),
        }
    }
}

impl Record for Delivery {
    const KIND: Kind = Kind::Delivery;
    const FORMAT: u32 = 1;
}

/// Messages that are sent together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Segment {
    /// The body of the request.
    pub body: Digest,
    pub messages: u32,
    /// The time that the body was made for, as it is written in it.
    pub made: String,
    /// Since when it is to be sent: it is tried for so long.
    pub since: Timestamp,
    /// Why it was refused; for dead letters.
    #[serde(default)]
    pub refused: Option<String>,
}

impl Record for Segment {
    const KIND: Kind = Kind::Segment;
    const FORMAT: u32 = 1;
}

/// The name under which a destination's deliveries are claimed.
pub(super) fn poll(address: &str) -> String {
    format!("deliver/{address}")
}

/// The key of a segment that waits. Those of a destination stand together, the oldest run first.
pub(super) fn waiting(address: &str, run: &str, number: u32) -> String {
    format!("{address}/{run}/{number:08}")
}

/// The prefix of a run's dead letters.
pub(super) fn dead(run: &str) -> String {
    format!("dead/{run}/")
}

/// The run that a segment's key names.
pub(super) fn run_in(segment: &str) -> &str {
    segment.rsplit('/').nth(1).unwrap_or_default()
}

/// The id that all message ids of a run are derived from.
pub(super) fn uuid_of(run: &str) -> Uuid {
    let digits = run.trim_start_matches("run_");
    Uuid::try_parse(digits).unwrap_or_default()
}
