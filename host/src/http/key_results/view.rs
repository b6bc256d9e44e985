//! A key result as callers see it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::decimal::Decimal;
use crate::keyresult::drift::Drift;
use crate::keyresult::period::Moment;
use crate::keyresult::progress::{expected, shown_percent};
use crate::keyresult::{self, Failure, Missed};
use crate::looker::Source;
use crate::reading::Reading;

/// A key result, where it stands, and why.
#[derive(Serialize, ToSchema)]
pub(crate) struct KeyResult {
    /// Its id.
    #[schema(example = "kr_0192f0c1a2b37c4d8e5f60718293a4b5")]
    id: String,
    /// What is measured.
    title: String,
    /// What it is for.
    objective_id: Option<String>,
    /// Who answers for it.
    owner: Option<String>,
    /// Where its period begins.
    from: Option<Moment>,
    /// Where its period ends.
    to: Option<Moment>,
    /// What its numbers count.
    unit: Option<String>,
    /// Where it began.
    start: Decimal,
    /// Where it should get.
    target: Decimal,
    /// Its share in its objective.
    weight: Decimal,
    /// The value it has; null until one is known.
    current: Option<Decimal>,
    /// The part of the way from start to target, as a fraction. Not clamped: negative where the
    /// value moved away from the target, above 1 beyond it.
    #[schema(example = "0.5")]
    progress: Option<Decimal>,
    /// The same as people are shown it, within 0 and 100.
    #[schema(example = "50")]
    progress_percent: Option<Decimal>,
    /// The part of its period that has passed, as a fraction: what the progress should be by now.
    expected: Option<Decimal>,
    /// Where its numbers come from; null while people set them by hand.
    integration: Option<Integration>,
    /// The reading that gave the value.
    last_reading: Option<Reading>,
    /// Why the reads after that failed; null once one has succeeded.
    last_failure: Option<Failure>,
    /// How it is no longer what it was linked to, or no longer tells anything; empty while all is well
    /// and while its integration is off.
    drift: Vec<Drift>,
    /// When it is read next.
    #[schema(value_type = Option<String>, format = DateTime)]
    next_due: Option<Timestamp>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When people last changed it.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

/// Where the numbers of a key result come from.
#[derive(Serialize, ToSchema)]
pub(crate) struct Integration {
    /// While it is off, people set the value.
    enabled: bool,
    /// Through which connection.
    connection_id: String,
    /// Which chart.
    source: Source,
    /// Which extractor; null for the one that reads the chart's type.
    extractor: Option<String>,
    /// Control name to value.
    #[schema(value_type = Object)]
    selection: BTreeMap<String, String>,
    /// Values of the dashboard's filters in place of its own.
    #[schema(value_type = Object)]
    filters: BTreeMap<String, String>,
    /// How often it is read.
    #[schema(example = "15m")]
    every: Option<String>,
    /// Or when, as a cron expression.
    cron: Option<String>,
    /// The zone of `cron` and of Looker's "today".
    time_zone: Option<String>,
    /// What is done about slots that were missed.
    missed: Missed,
    /// For how long its number may stay the same before that is drift; null for a week.
    #[schema(example = "7d")]
    still_after: Option<String>,
    /// Where the chart was found last, where that is not `source`: a LookML tile that a deploy has
    /// given another id.
    found_at: Option<Source>,
    /// What the chart was called when it was linked.
    chart_title: Option<String>,
    /// Of which type it was when it was linked.
    chart_type: Option<String>,
    /// Names the poll that reads it; key results with one poll cost one run of its query.
    poll: String,
}

impl KeyResult {
    /// A key result as it stands at `now`.
    pub fn of(of: keyresult::KeyResult, now: Timestamp) -> Self {
        let (progress, drift) = (of.fraction(), of.drift(now));
        let (record, read) = (of.record, of.progress);
        let (from, to) = (record.from, record.to);
        Self {
            id: of.id.to_string(),
            title: record.title,
            objective_id: record.objective.map(|id| id.to_string()),
            owner: record.owner,
            unit: record.unit,
            start: record.start,
            target: record.target,
            weight: record.weight,
            current: read.current,
            progress_percent: progress.as_ref().map(shown_percent),
            progress,
            expected: expected(
                from.and_then(Moment::begins),
                to.and_then(Moment::ends),
                now,
            ),
            from,
            to,
            integration: record
                .integration
                .map(|integration| Integration::of(integration, read.watch.found)),
            drift,
            last_reading: read.last_reading,
            last_failure: read.last_failure,
            next_due: read.next_due,
            created_at: record.created_at,
            updated_at: of.updated_at,
        }
    }

    /// What pages go by.
    pub fn key(&self) -> String {
        self.id.clone()
    }
}

impl Integration {
    fn of(integration: keyresult::Integration, found_at: Option<Source>) -> Self {
        let link = integration.link;
        Self {
            enabled: link.enabled,
            connection_id: link.connection.to_string(),
            source: link.source,
            extractor: link.extractor,
            selection: link.selection,
            filters: link.filters,
            every: link.every,
            cron: link.cron,
            time_zone: link.time_zone,
            missed: link.missed,
            still_after: link.still_after,
            found_at,
            chart_title: integration.called.map(|called| called.title),
            chart_type: integration.chart_type,
            poll: integration.poll.to_string(),
        }
    }
}
