//! The timeframes of time dimensions: which are points in time, and how long their periods are.
//!
//! ```
//! use lensmount_sdk::stamp::{self, Grain};
//! use lensmount_sdk::timeframe::Timeframe;
//!
//! // When the month of November 2026 is over, and what names it.
//! let months = Timeframe::by_grain(Grain::Month, 0);
//! let november = stamp::parse("2026-11").expect("a month");
//! let end = months.end(november.start).expect("it ends");
//! assert_eq!(end.to_string(), "2026-12-01T00:00:00");
//! assert!(months.is_named_by(Grain::Month) && !months.is_named_by(Grain::Year));
//! ```

use jiff::civil::DateTime;

use crate::calendar;
use crate::field::Field;
use crate::stamp::{Grain, Stamp};

/// What a period is measured in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A calendar or fiscal year.
    Year,
    /// Three months.
    Quarter,
    /// A month.
    Month,
    /// Seven days, from whichever day the value names.
    Week,
    /// A day.
    Day,
    /// An hour.
    Hour,
    /// A minute.
    Minute,
    /// A second.
    Second,
    /// No length: the value is over the moment it stands for.
    Instant,
}

/// A timeframe: its periods begin where their values say and last `count` units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeframe {
    /// The unit of its periods.
    pub unit: Unit,
    /// How many of it a period lasts.
    pub count: i64,
    /// Whether a bare year or quarter is a fiscal one.
    pub fiscal: bool,
    /// By how many months fiscal years start after the calendar years they are named by.
    pub fiscal_month_offset: i64,
}

/// What a field's metadata says of its values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// Points in time, of this timeframe.
    Time(Timeframe),
    /// Points in time, but not how long their periods are.
    SomeTime,
    /// Not points in time, and why.
    NotTime(&'static str),
    /// Nothing.
    Nothing,
}

const CYCLIC: &str = "its values come round again and again, like weekdays do";

/// The timeframes whose values come round again, without `date_` or `time_`.
const CYCLES: [&str; 14] = [
    "day_of_week",
    "day_of_week_index",
    "day_of_month",
    "day_of_year",
    "week_of_year",
    "month_name",
    "month_num",
    "quarter_of_year",
    "hour_of_day",
    "time_of_day",
    "fiscal_month_num",
    "fiscal_quarter_of_year",
    "minute_of_hour",
    "yesno",
];

/// What a field's metadata says: its type first, then `time_interval` and `is_timeframe`.
pub fn said(field: &Field<'_>) -> Said {
    let kind = field.kind.as_deref().unwrap_or_default();
    let name = kind
        .strip_prefix("date_")
        .or_else(|| kind.strip_prefix("time_"))
        .unwrap_or(kind);
    if CYCLES.contains(&name) {
        return Said::NotTime(CYCLIC);
    }
    if kind.starts_with("duration") {
        return Said::NotTime("it holds durations");
    }
    let dated = matches!(kind, "date" | "time" | "datetime" | "timestamp") || name != kind;
    let by_interval = field
        .interval
        .as_ref()
        .and_then(|(unit, count)| frame(unit, *count));
    let by_type = if dated { typed(kind, name) } else { None };
    let frame = match (by_type, by_interval) {
        // The type knows of fiscal years, the interval of counts.
        (Some(by_type), Some(by_interval)) => Some(Timeframe {
            fiscal: by_type.fiscal,
            ..by_interval
        }),
        (by_type, by_interval) => by_type.or(by_interval),
    };
    match frame {
        // A bare date may stand for the week or the month that it begins.
        Some(_) if kind == "date" && by_interval.is_none() && field.timeframe != Some(true) => {
            Said::SomeTime
        }
        Some(frame) if dated || field.timeframe != Some(false) => Said::Time(Timeframe {
            fiscal: frame.fiscal || field.fiscal == Some(true),
            fiscal_month_offset: field.fiscal_month_offset.unwrap_or(0),
            ..frame
        }),
        _ if dated || field.timeframe == Some(true) => Said::SomeTime,
        _ if field.timeframe == Some(false) => Said::NotTime("it is no time dimension"),
        _ => match kind {
            "" | "string" => Said::Nothing,
            _ => Said::NotTime("it is no time dimension"),
        },
    }
}

/// A frame by a field's type: `name` is what follows `date_`.
fn typed(kind: &str, name: &str) -> Option<Timeframe> {
    let fiscal = name.strip_prefix("fiscal_");
    let plain = fiscal.unwrap_or(name);
    let digits = plain.trim_start_matches(|c: char| !c.is_ascii_digit());
    let unit = plain.strip_suffix(digits).unwrap_or(plain);
    let count = if digits.is_empty() {
        1
    } else {
        digits.parse().ok()?
    };
    let unit = match (kind, unit) {
        ("datetime" | "timestamp" | "time", _) => "time",
        (_, unit) => unit,
    };
    Some(Timeframe {
        fiscal: fiscal.is_some(),
        ..frame(unit, count)?
    })
}

fn frame(unit: &str, count: i64) -> Option<Timeframe> {
    let unit = match unit {
        "year" => Unit::Year,
        "quarter" => Unit::Quarter,
        "month" => Unit::Month,
        "week" => Unit::Week,
        "day" | "date" => Unit::Day,
        "hour" => Unit::Hour,
        "minute" => Unit::Minute,
        "second" => Unit::Second,
        "time" | "raw" | "millisecond" | "microsecond" | "nanosecond" => Unit::Instant,
        _ => return None,
    };
    Some(Timeframe {
        unit,
        count: count.max(1),
        fiscal: false,
        fiscal_month_offset: 0,
    })
}

impl Timeframe {
    /// A frame for values whose metadata doesn't say how long their periods are: as long as their
    /// finest text tells.
    pub fn by_grain(grain: Grain, fiscal_month_offset: i64) -> Self {
        let unit = match grain {
            Grain::Year => Unit::Year,
            Grain::Quarter => Unit::Quarter,
            Grain::Month => Unit::Month,
            Grain::Day => Unit::Day,
            Grain::Hour => Unit::Hour,
            Grain::Minute => Unit::Minute,
            Grain::Second | Grain::Instant => Unit::Instant,
        };
        Self {
            unit,
            count: 1,
            fiscal: false,
            fiscal_month_offset,
        }
    }

    /// Whether fiscal years and quarters begin elsewhere than they are written.
    pub fn is_moved(&self) -> bool {
        self.fiscal_month_offset != 0
    }

    /// The stamp with its fiscal year or quarter moved to where it begins.
    pub fn placed(&self, stamp: Stamp) -> Option<Stamp> {
        let fiscal = stamp.fiscal || (self.fiscal && stamp.grain <= Grain::Quarter);
        if fiscal && self.is_moved() {
            stamp.moved(self.fiscal_month_offset)
        } else {
            Some(stamp)
        }
    }

    /// Whether a text that fine names one of its periods. `2017` names no month, and `2017-01` no
    /// year: whoever chose a month does not mean the year that begins with it.
    pub fn is_named_by(&self, grain: Grain) -> bool {
        match self.unit {
            Unit::Year => grain == Grain::Year,
            // Looker writes a quarter by its first month.
            Unit::Quarter => matches!(grain, Grain::Quarter | Grain::Month),
            Unit::Month => grain == Grain::Month,
            Unit::Week | Unit::Day => grain == Grain::Day,
            Unit::Hour => grain == Grain::Hour,
            Unit::Minute => grain == Grain::Minute,
            Unit::Second | Unit::Instant => grain >= Grain::Second,
        }
    }

    /// Whether its periods are shorter than a day, so that offsets from UTC tell them apart.
    pub fn is_within_days(&self) -> bool {
        matches!(
            self.unit,
            Unit::Hour | Unit::Minute | Unit::Second | Unit::Instant
        )
    }

    /// Where a period that begins there ends; none where the calendar does before it.
    pub fn end(&self, start: DateTime) -> Option<DateTime> {
        let months = |each: i64| calendar::months_later(start, self.count.checked_mul(each)?);
        let seconds = |each: i64| calendar::seconds_later(start, self.count.checked_mul(each)?);
        match self.unit {
            Unit::Year => months(12),
            Unit::Quarter => months(3),
            Unit::Month => months(1),
            Unit::Week => seconds(7 * 24 * 60 * 60),
            Unit::Day => seconds(24 * 60 * 60),
            Unit::Hour => seconds(60 * 60),
            Unit::Minute => seconds(60),
            Unit::Second => seconds(1),
            Unit::Instant => Some(start),
        }
    }
}

#[cfg(test)]
mod tests;
