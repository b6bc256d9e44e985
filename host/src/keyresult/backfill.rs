//! A history out of the chart itself: its series, as far back as it shows.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use lensmount_sdk::stamp;

use crate::access::By;
use crate::chart::Fresh;
use crate::id::KeyResultId;
use crate::reading::Reading;
use crate::store::{Change, NewReading};

use super::KeyResults;
use super::error::KeyResultError;
use super::outcome::body;
use super::refresh::on;

/// Readings of one change: a chart may show thousands of points.
const CHUNK: usize = 200;

/// What a backfill came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Backfilled {
    /// Points that were added to the history.
    pub added: usize,
    /// Points that an earlier backfill had added; they stay as they were.
    pub present: usize,
}

impl KeyResults {
    /// Adds every point of the chart's series to the history, each at the time it stands for. What
    /// was read or backfilled before stays, and the value of the key result does not change.
    ///
    /// # Errors
    ///
    /// When the chart cannot be read or has no points in time.
    pub async fn backfill(&self, id: &KeyResultId, by: By) -> Result<Backfilled, KeyResultError> {
        let integration = on(&self.get(id).await?)?;
        let located = self.charts.locate(&integration.wanted()).await?;
        let live = self.charts.fetch(&located, Fresh::Now).await?;
        let version = self.charts.reader(
            located.chart.chart_type.as_deref(),
            integration.link.extractor.as_deref(),
        )?;
        let origin = |at: Option<&str>| format!("backfill:{}", at.unwrap_or_default());
        let series = live.series(&version, &integration.chosen(), origin).await?;
        let zone = live.source().time_zone();
        let points = series.into_iter().map(|reading| {
            let moment = reading.at.as_deref().and_then(|at| moment(at, &zone));
            moment.map(|moment| (moment, reading))
        });
        let points: Option<Vec<(Timestamp, Reading)>> = points.collect();
        let points = points.ok_or(KeyResultError::NoHistory)?;
        let mut done = Backfilled::default();
        let audit = by.entry("key-result.backfill", format!("key-result:{id}"));
        // What is remembered of it comes first, so that a crash in the middle leaves a trace too.
        self.store.commit(Change::new().audited(audit)).await?;
        for chunk in points.chunks(CHUNK) {
            let mut change = Change::new();
            for (at, reading) in chunk {
                change = change.reading(NewReading {
                    key_result: id.as_str().to_owned(),
                    origin: reading.origin.clone(),
                    at: *at,
                    body: body(reading)?,
                });
            }
            let committed = self.store.commit(change).await?;
            done.present += committed.repeated.len();
            done.added += chunk.len() - committed.repeated.len();
        }
        Ok(done)
    }
}

/// The beginning of the period that an x value names.
fn moment(at: &str, zone: &TimeZone) -> Option<Timestamp> {
    let stamp = stamp::parse(at)?;
    if let Some(instant) = stamp.instant() {
        return Some(instant);
    }
    Some(stamp.start.to_zoned(zone.clone()).ok()?.timestamp())
}
