//! A history out of the chart itself: its series, as far back as it shows.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, ToSpan as _};
use lensmount_sdk::stamp::{self, Grain};

use crate::access::By;
use crate::chart::{Fresh, Queue, Wanted};
use crate::id::KeyResultId;
use crate::reading::Reading;
use crate::store::{Change, Expected, Kind, NewReading, StoreError};

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
    /// Points whose period is not over: what they show may still change.
    pub unfinished: usize,
}

impl KeyResults {
    /// Adds every point of the chart's series to the history, each at the time it stands for. What
    /// was read or backfilled before stays, and the value of the key result does not change.
    ///
    /// # Errors
    ///
    /// When the chart cannot be read or has no points in time.
    pub async fn backfill(&self, id: &KeyResultId, by: By) -> Result<Backfilled, KeyResultError> {
        let before = self.get(id).await?;
        let integration = on(&before)?;
        let wanted = Wanted {
            found: before.progress.watch.found.clone(),
            ..integration.wanted()
        };
        let located = self.charts.locate_all_of(&wanted, Fresh::Now).await?;
        let live = self
            .charts
            .fetch(&located, Fresh::Now, Queue::Within)
            .await?;
        let version = self.reader_for(&located.chart, &integration)?;
        let origin = |at: Option<&str>| format!("backfill:{}", at.unwrap_or_default());
        let series = live.series(&version, &integration.chosen(), origin).await?;
        let zone = live.source().time_zone();
        let now = live.source().ran_at().unwrap_or_else(|| self.clock.now());
        let points = placed(series, &zone).ok_or(KeyResultError::NoHistory)?;
        let all = points.len();
        let points: Vec<_> = points.into_iter().filter(|it| it.ends <= now).collect();
        let mut done = Backfilled {
            unfinished: all - points.len(),
            ..Backfilled::default()
        };
        let audit = by.entry("key-result.backfill", format!("key-result:{id}"));
        // What is remembered of it comes first, so that a crash in the middle leaves a trace too.
        self.store.commit(Change::new().audited(audit)).await?;
        for chunk in points.chunks(CHUNK) {
            // Whoever deletes the key result or links it elsewhere in the meantime has the last word.
            let seen = Expected::Version(before.version);
            let mut change = Change::new().check(Kind::KeyResult, id.as_str(), seen);
            for Placed {
                begins, reading, ..
            } in chunk
            {
                change = change.reading(NewReading {
                    key_result: id.as_str().to_owned(),
                    origin: reading.origin.clone(),
                    at: *begins,
                    body: body(reading)?,
                });
            }
            let committed = match self.store.commit(change).await {
                Ok(committed) => committed,
                Err(StoreError::Stale { .. }) => return Err(KeyResultError::Stale),
                Err(error) => return Err(error.into()),
            };
            done.present += committed.repeated.len();
            done.added += chunk.len() - committed.repeated.len();
        }
        Ok(done)
    }
}

/// A point of a series with its period.
struct Placed {
    begins: Timestamp,
    ends: Timestamp,
    reading: Reading,
}

/// Every point with its period; none where an x is no time, or is of a fiscal year, whose beginning a
/// text does not tell.
fn placed(series: Vec<Reading>, zone: &TimeZone) -> Option<Vec<Placed>> {
    let mut points: Vec<Placed> = Vec::with_capacity(series.len());
    for reading in series {
        let stamp = stamp::parse(reading.at.as_deref()?).filter(|stamp| !stamp.fiscal)?;
        let at = |moment: DateTime| Some(moment.to_zoned(zone.clone()).ok()?.timestamp());
        let begins = match stamp.instant() {
            Some(instant) => instant,
            None => at(stamp.start)?,
        };
        let ends = match period(stamp.grain) {
            Some(period) => at(stamp.start.checked_add(period).ok()?)?,
            None => begins,
        };
        // A week is written like a day. How far apart the points are tells which it is.
        let before = points.last().map(|before| before.begins);
        let apart = before.filter(|_| stamp.grain == Grain::Day);
        let apart = apart.map(|before| begins.duration_since(before));
        let ends = apart.map_or(ends, |apart| {
            begins.checked_add(apart).unwrap_or(ends).max(ends)
        });
        points.push(Placed {
            begins,
            ends,
            reading,
        });
    }
    Some(points)
}

fn period(grain: Grain) -> Option<Span> {
    Some(match grain {
        Grain::Year => 1.year(),
        Grain::Quarter => 3.months(),
        Grain::Month => 1.month(),
        Grain::Day => 1.day(),
        Grain::Hour => 1.hour(),
        Grain::Minute => 1.minute(),
        Grain::Second => 1.second(),
        Grain::Instant => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ends(ats: &[&str]) -> Option<Vec<String>> {
        let reading = |at: &&str| Reading {
            value: "1".into(),
            rendered: None,
            at: Some((*at).into()),
            label: String::new(),
            notes: Vec::new(),
            why: serde_json::Map::new(),
            ran_at: None,
            from_cache: None,
            read_at: None,
            origin: String::new(),
            extractor: None,
        };
        let points = placed(ats.iter().map(reading).collect(), &TimeZone::UTC)?;
        Some(points.iter().map(|it| it.ends.to_string()).collect())
    }

    #[test]
    fn a_period_ends_where_the_next_one_would_begin() {
        for (ats, last) in [
            (&["2026-10", "2026-11"][..], "2026-12-01T00:00:00Z"),
            (&["2026-11-09", "2026-11-16"], "2026-11-23T00:00:00Z"),
            (&["2026-11-17", "2026-11-18"], "2026-11-19T00:00:00Z"),
            (&["2026-11-18 13"], "2026-11-18T14:00:00Z"),
            (&["2026-Q3"], "2026-10-01T00:00:00Z"),
            (&["2025", "2026"], "2027-01-01T00:00:00Z"),
        ] {
            let ends = ends(ats).expect("times");
            assert_eq!(ends.last().map(String::as_str), Some(last), "{ats:?}");
        }
    }

    #[test]
    fn what_is_no_time_has_no_place_in_a_history() {
        for at in ["EMEA", "Monday", "FY2026-Q1", "13", ""] {
            assert_eq!(ends(&["2026-10", at]), None, "{at}");
        }
    }
}
