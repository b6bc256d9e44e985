//! Spans of the calendar.

use jiff::Span;
use jiff::civil::{Date, DateTime, Time};

/// A span of the calendar. Weeks begin on Monday.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Quarter,
    Year,
}

impl Unit {
    /// The unit of this name, in singular or plural.
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name.strip_suffix('s').unwrap_or(name) {
            "minute" => Self::Minute,
            "hour" => Self::Hour,
            "day" => Self::Day,
            "week" => Self::Week,
            "month" => Self::Month,
            "quarter" => Self::Quarter,
            "year" => Self::Year,
            _ => return None,
        })
    }

    /// When the one that holds `moment` began.
    pub fn start(self, moment: DateTime) -> Option<DateTime> {
        let (date, time) = (moment.date(), moment.time());
        let midnight = |date: Date| date.to_datetime(Time::midnight());
        Some(match self {
            Self::Minute => date.to_datetime(Time::new(time.hour(), time.minute(), 0, 0).ok()?),
            Self::Hour => date.to_datetime(Time::new(time.hour(), 0, 0, 0).ok()?),
            Self::Day => midnight(date),
            Self::Week => {
                let since = i64::from(date.weekday().to_monday_zero_offset());
                midnight(date.checked_sub(Span::new().try_days(since).ok()?).ok()?)
            }
            Self::Month => midnight(date.first_of_month()),
            Self::Quarter => {
                let first = (date.month() - 1) / 3 * 3 + 1;
                midnight(Date::new(date.year(), first, 1).ok()?)
            }
            Self::Year => midnight(date.first_of_year()),
        })
    }

    /// `moment` moved by `count` of it. Backwards where `count` is negative.
    pub fn later(self, moment: DateTime, count: i64) -> Option<DateTime> {
        let span = Span::new();
        let span = match self {
            Self::Minute => span.try_minutes(count),
            Self::Hour => span.try_hours(count),
            Self::Day => span.try_days(count),
            Self::Week => span.try_weeks(count),
            Self::Month => span.try_months(count),
            Self::Quarter => span.try_months(count.checked_mul(3)?),
            Self::Year => span.try_years(count),
        };
        moment.checked_add(span.ok()?).ok()
    }

    /// When the one `count` after the one that holds `moment` began.
    pub fn start_later(self, moment: DateTime, count: i64) -> Option<DateTime> {
        self.later(self.start(moment)?, count)
    }
}
