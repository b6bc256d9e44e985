//! Time, cut as finely as the requested timeframes need.

use std::collections::HashMap;

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

use super::{Member, Plan, Spans};
use crate::ledger::OPENED;
use crate::model::{Measure, Timeframe};

/// A piece of time that belongs to one group.
#[derive(Debug, Clone, Copy)]
pub struct Slice {
    /// When it begins, in seconds since the epoch.
    pub from: i64,
    /// When it ends.
    pub to: i64,
    /// Which of the periods it belongs to.
    pub period: usize,
}

/// All slices of a query, and the periods they belong to.
#[derive(Debug, Default)]
pub struct Slices {
    /// In order.
    pub slices: Vec<Slice>,
    /// For each period its members of the requested timeframes, in the order these come in.
    pub periods: Vec<Vec<Member>>,
}

/// Months that a forecast looks ahead.
const AHEAD: i64 = 3;

/// Cuts `spans` for the timeframes of `plan`. What lies after now is cut only where it shows: under
/// a forecast, or where gaps are filled.
pub fn cut(plan: &Plan, spans: &Spans, now: Timestamp) -> Slices {
    let frames: Vec<Timeframe> = plan
        .rows
        .iter()
        .chain(&plan.pivots)
        .filter_map(|field| field.timeframe())
        .collect();
    let hourly = frames.contains(&Timeframe::Hour);
    let mut slices = Slices::default();
    let mut known: HashMap<Vec<Member>, usize> = HashMap::new();
    for span in spans {
        let start = span.start.max(OPENED.to_datetime(Time::midnight()));
        let end = span.end.min(horizon(plan, now, span.end));
        let mut day = start.date();
        while day.to_datetime(Time::midnight()) < end {
            let Ok(next) = day.checked_add(1.day()) else {
                break;
            };
            for (from, to) in pieces(day, next, hourly) {
                let (from, to) = (from.max(start), to.min(end));
                if from >= to {
                    continue;
                }
                let members: Vec<_> = frames.iter().map(|frame| member(*frame, from)).collect();
                let count = slices.periods.len();
                let period = *known.entry(members.clone()).or_insert(count);
                if period == count {
                    slices.periods.push(members);
                }
                let second = |local| second(local, &plan.zone);
                slices.slices.push(Slice {
                    from: second(from),
                    to: second(to),
                    period,
                });
            }
            day = next;
        }
    }
    slices
}

/// Up to when there is something to show.
fn horizon(plan: &Plan, now: Timestamp, wanted: DateTime) -> DateTime {
    let local = now.to_zoned(plan.zone.clone()).datetime();
    if plan
        .measures
        .iter()
        .any(|field| field.measure() == Some(Measure::Forecast))
    {
        let month = local.date().first_of_month().to_datetime(Time::midnight());
        return month.saturating_add((AHEAD + 1).months());
    }
    let far = local.saturating_add(366.days());
    if plan.filled && wanted < far {
        return wanted;
    }
    // The running second counts; what is sold in it has to lie before now all the same.
    local.saturating_add(1.second())
}

fn pieces(day: Date, next: Date, hourly: bool) -> Vec<(DateTime, DateTime)> {
    let midnight = day.to_datetime(Time::midnight());
    let end = next.to_datetime(Time::midnight());
    if !hourly {
        return vec![(midnight, end)];
    }
    let hour = |hour: i64| midnight.saturating_add(hour.hours());
    (0..24).map(|from| (hour(from), hour(from + 1))).collect()
}

/// A local time on the line of all seconds. One that a change of clocks skips is the one after.
fn second(local: DateTime, zone: &TimeZone) -> i64 {
    match zone.to_timestamp(local) {
        Ok(moment) => moment.as_second(),
        Err(_) => i64::MAX / 4,
    }
}

const WEEKDAYS: [&str; 7] = [
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
];

fn member(frame: Timeframe, at: DateTime) -> Member {
    let date = at.date();
    let weekday = date.weekday().to_monday_zero_offset();
    Member::Text(match frame {
        Timeframe::Hour => format!("{date} {:02}", at.hour()),
        Timeframe::Date => date.to_string(),
        Timeframe::Week => date.saturating_sub(i64::from(weekday).days()).to_string(),
        Timeframe::Month => format!("{:04}-{:02}", date.year(), date.month()),
        Timeframe::Quarter => format!("{:04}-{:02}", date.year(), (date.month() - 1) / 3 * 3 + 1),
        Timeframe::Year => return Member::Number(date.year().into()),
        Timeframe::DayOfWeek => {
            let rank = weekday.unsigned_abs();
            return Member::Ranked(rank, WEEKDAYS[usize::from(rank)]);
        }
    })
}
