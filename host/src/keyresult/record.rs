//! What the store keeps of objectives and key results.
//!
//! A key result is two documents. What people say of it changes rarely and has an `ETag` for those
//! who edit it; what was read of it changes with every read, and must not make their edits stale.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::chart::Called;
use crate::decimal::Decimal;
use crate::id::{ConnectionId, KeyResultId, ObjectiveId};
use crate::looker::Source;
use crate::reading::Reading;
use crate::record::Record;
use crate::store::Kind;

use super::drift::Watch;
use super::period::Moment;
use super::poll::PollId;

/// An objective: what its key results are for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectiveRecord {
    /// What is to be achieved.
    pub title: String,
    /// Who answers for it.
    pub owner: Option<String>,
    /// Where its period begins.
    pub from: Option<Moment>,
    /// Where its period ends.
    pub to: Option<Moment>,
    /// When it was made.
    pub created_at: Timestamp,
}

impl Record for ObjectiveRecord {
    const KIND: Kind = Kind::Objective;
    const FORMAT: u32 = 1;
}

/// What people say of a key result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyResultRecord {
    /// What is measured.
    pub title: String,
    /// What it is for.
    pub objective: Option<ObjectiveId>,
    /// Who answers for it.
    pub owner: Option<String>,
    /// Where its period begins.
    pub from: Option<Moment>,
    /// Where its period ends.
    pub to: Option<Moment>,
    /// What its numbers count, such as `%`.
    pub unit: Option<String>,
    /// Where it began.
    pub start: Decimal,
    /// Where it should get.
    pub target: Decimal,
    /// Its share in its objective.
    pub weight: Decimal,
    /// Where its numbers come from.
    pub integration: Option<Integration>,
    /// When it was made.
    pub created_at: Timestamp,
}

impl Record for KeyResultRecord {
    const KIND: Kind = Kind::KeyResult;
    const FORMAT: u32 = 1;
}

/// Where the numbers of a key result come from, as people say it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// While it is off, people set the value.
    pub enabled: bool,
    /// Through which connection.
    pub connection: ConnectionId,
    /// Which chart.
    pub source: Source,
    /// Which extractor, where it is not the one that reads the chart's type.
    pub extractor: Option<String>,
    /// What is chosen of what the extractor offers.
    pub selection: BTreeMap<String, String>,
    /// Values of the dashboard's filters in place of its own.
    pub filters: BTreeMap<String, String>,
    /// How often it is read.
    pub every: Option<String>,
    /// Or when.
    pub cron: Option<String>,
    /// The zone of `cron`, and the one that Looker's "today" is meant in.
    pub time_zone: Option<String>,
    /// What is done about slots that were missed.
    pub missed: Missed,
    /// For how long its number may stay the same before that is drift: an interval, or `never`.
    #[serde(default)]
    pub still_after: Option<String>,
}

/// A link, with what was found at its other end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Integration {
    /// What people say.
    pub link: Link,
    /// The poll that reads it.
    pub poll: PollId,
    /// What the chart was called when it was linked.
    pub called: Option<Called>,
    /// Of which type it was when it was linked.
    pub chart_type: Option<String>,
    /// Which extractor read that type when it was linked.
    #[serde(default)]
    pub reader: Option<String>,
}

/// What is done about slots that passed while nobody was there to read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Missed {
    /// They are made up for by one read.
    #[default]
    Once,
    /// Nothing: the next slot is waited for.
    Skip,
}

/// What was read of a key result.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProgressRecord {
    /// The value it has.
    pub current: Option<Decimal>,
    /// The reading that gave it.
    pub last_reading: Option<Reading>,
    /// Why the read after that failed; none once one has succeeded.
    pub last_failure: Option<Failure>,
    /// The slot that is to be read next; none while the integration is off.
    pub slot: Option<Timestamp>,
    /// When it will be read.
    pub next_due: Option<Timestamp>,
    /// What is watched of its link, and how that has drifted.
    #[serde(default)]
    pub watch: Watch,
}

impl Record for ProgressRecord {
    const KIND: Kind = Kind::Progress;
    const FORMAT: u32 = 1;
}

/// Why reads fail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Failure {
    /// The stable word for it, as in problems.
    #[schema(example = "looker-timeout")]
    pub code: String,
    /// What happened, what it means, what to do.
    pub detail: String,
    /// The control to change.
    pub control: Option<String>,
    /// When it happened last.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// When reads began to fail.
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
    /// How many reads in a row have failed.
    pub times: u32,
}

/// A key result whole.
#[derive(Debug, Clone)]
pub struct KeyResult {
    /// Its id.
    pub id: KeyResultId,
    /// The version of what people say of it.
    pub version: u64,
    /// When people last changed it.
    pub updated_at: Timestamp,
    /// What people say of it.
    pub record: KeyResultRecord,
    /// What was read of it.
    pub progress: ProgressRecord,
    /// The version of what was read; none while nothing was.
    pub progress_version: Option<u64>,
}

impl KeyResult {
    /// The integration, while it is on.
    #[must_use]
    pub fn enabled(&self) -> Option<&Integration> {
        let integration = self.record.integration.as_ref();
        integration.filter(|integration| integration.link.enabled)
    }

    /// How far it has come, as a fraction; none while it has no value.
    #[must_use]
    pub fn fraction(&self) -> Option<Decimal> {
        let current = self.progress.current.as_ref()?;
        super::progress::progress(&self.record.start, &self.record.target, current)
    }
}
