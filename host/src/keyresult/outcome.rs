//! What a read comes to: the reading or the failure, what it means for the key result, and what
//! listeners are told, all in one change.

use jiff::Timestamp;
use serde_json::json;

use crate::chart::ChartError;
use crate::decimal::Decimal;
use crate::problem::Problem;
use crate::reading::Reading;
use crate::record as records;
use crate::store::{Change, Expected, Kind, NewReading};

use super::drift::{Found, Watch};
use super::error::KeyResultError;
use super::progress::shown_percent;
use super::record::{Failure, KeyResult};

/// The longest detail of a failure that is kept, and the longest name of a control, in characters.
/// An extractor may say a lot; what does not fit must not stop the readings of its neighbours.
const LONGEST_DETAIL: usize = 2_000;
const LONGEST_CONTROL: usize = 200;

/// What a read came to.
#[derive(Debug, Clone)]
pub(super) enum Outcome {
    /// A number.
    Read(Box<Reading>),
    /// No number.
    Failed {
        /// The stable word for why.
        code: &'static str,
        /// Why, what it means, what to do.
        detail: String,
        /// The control to change.
        control: Option<String>,
    },
    /// The slot was missed and is not made up for.
    Skipped,
}

/// Which slot comes next, and when it is read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ahead {
    pub slot: Option<Timestamp>,
    pub next_due: Option<Timestamp>,
}

impl Ahead {
    /// What is ahead of a key result already.
    pub fn as_it_is(key_result: &KeyResult) -> Self {
        Self {
            slot: key_result.progress.slot,
            next_due: key_result.progress.next_due,
        }
    }
}

impl Outcome {
    /// What a read gave.
    pub fn of(read: Result<Reading, ChartError>) -> Self {
        match read {
            Ok(reading) => Self::Read(Box::new(reading)),
            Err(error) => Self::failed(&error),
        }
    }

    /// Why there is no number.
    pub fn failed(error: &ChartError) -> Self {
        let problem = Problem::from(error);
        Self::Failed {
            code: problem.code.explained().code,
            detail: problem.detail.chars().take(LONGEST_DETAIL).collect(),
            control: problem
                .control
                .as_deref()
                .map(|control| control.chars().take(LONGEST_CONTROL).collect()),
        }
    }

    /// How it is counted; none where there was no read.
    pub fn counted(&self) -> Option<&'static str> {
        match self {
            Self::Read(_) => Some("read"),
            Self::Failed { code, .. } => Some(code),
            Self::Skipped => None,
        }
    }

    /// Adds to a change what this means for a key result, which must not have changed since it was
    /// read from the store. `found` is what the read found at the other end of the link.
    pub fn recorded(
        &self,
        change: Change,
        before: &KeyResult,
        ahead: Ahead,
        found: &Found,
        now: Timestamp,
    ) -> Result<Change, KeyResultError> {
        let mut progress = before.progress.clone();
        progress.slot = ahead.slot;
        progress.next_due = ahead.next_due;
        let mut change = change.check(
            Kind::KeyResult,
            before.id.as_str(),
            Expected::Version(before.version),
        );
        match self {
            Self::Skipped => {}
            Self::Read(reading) => {
                progress.last_failure = None;
                change = kept(change, before, reading, &reading.origin, now)?;
                progress.current = number(reading);
                progress.last_reading = Some((**reading).clone());
            }
            Self::Failed {
                code,
                detail,
                control,
            } => {
                let earlier = progress.last_failure.take();
                let failure = Failure {
                    code: (*code).to_owned(),
                    detail: detail.clone(),
                    control: control.clone(),
                    at: now,
                    since: earlier.as_ref().map_or(now, |earlier| earlier.since),
                    times: earlier.map_or(0, |earlier| earlier.times).saturating_add(1),
                };
                let told = json!({ "key_result_id": before.id, "failure": failure });
                change = change.tell("failure", told.to_string());
                progress.last_failure = Some(failure);
            }
        }
        progress.watch = before.watched(found, self, now);
        change = drifted(change, before, &progress.watch);
        Ok(change.put(
            Kind::Progress,
            before.id.as_str(),
            before
                .progress_version
                .map_or(Expected::Absent, Expected::Version),
            records::body(&progress)?,
        ))
    }
}

/// Tells what drift has begun and what has ended.
pub(super) fn drifted(mut change: Change, before: &KeyResult, now: &Watch) -> Change {
    let (begun, ended) = before.progress.watch.changes(now);
    let begun = begun.into_iter().map(|it| ("begun", it));
    let ended = ended.into_iter().map(|it| ("ended", it));
    for (what, drift) in ended.chain(begun) {
        let told = json!({ "key_result_id": before.id, "change": what, "drift": drift });
        change = change.tell("drift", told.to_string());
    }
    change
}

/// The number of a reading. The catalog has held it to plain decimal text.
fn number(reading: &Reading) -> Option<Decimal> {
    reading.value.parse().ok()
}

/// Adds a reading to the history, and tells it. `origin` keeps it from being counted twice.
pub(super) fn kept(
    change: Change,
    of: &KeyResult,
    reading: &Reading,
    origin: &str,
    at: Timestamp,
) -> Result<Change, KeyResultError> {
    let mut moved = of.clone();
    moved.progress.current = number(reading);
    let progress = moved.fraction();
    let told = json!({
        "key_result_id": of.id,
        "reading": reading,
        "progress": progress,
        "progress_percent": progress.as_ref().map(shown_percent),
    });
    Ok(change
        .reading(NewReading {
            key_result: of.id.as_str().to_owned(),
            origin: origin.to_owned(),
            at,
            body: body(reading)?,
        })
        .tell("reading", told.to_string()))
}

/// The JSON of a reading as the history keeps it.
pub(super) fn body(reading: &Reading) -> Result<Vec<u8>, KeyResultError> {
    serde_json::to_vec(reading).map_err(|source| {
        KeyResultError::Record(records::RecordError::Unreadable {
            record: "a reading".to_owned(),
            source,
        })
    })
}
