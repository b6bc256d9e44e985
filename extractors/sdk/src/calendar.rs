//! Moving along the calendar: where the next periods begin.
//!
//! `jiff`'s spans do the same and more. With their texts for what may be wrong with them they are 53 KB
//! of a guest's memory, all of which is made anew for every call, so guests do without them; the two
//! agree (`tests/zones.rs` for zones, the tests below for this).

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::Offset;

/// So many months later. A day that the month does not have becomes its last one. None where the
/// calendar ends before.
pub(crate) fn months_later(start: DateTime, months: i64) -> Option<DateTime> {
    let since_year_0 = i64::from(start.year()) * 12 + i64::from(start.month()) - 1;
    let month = since_year_0.checked_add(months)?;
    let year = i16::try_from(month.div_euclid(12)).ok()?;
    let month = i8::try_from(month.rem_euclid(12) + 1).ok()?;
    let last = Date::new(year, month, 1).ok()?.days_in_month();
    let date = Date::new(year, month, start.day().min(last)).ok()?;
    Some(date.to_datetime(start.time()))
}

/// So many seconds later, by a clock that nobody moves. None where the calendar ends before, and
/// for its first and last day, which are no instants in every zone.
pub(crate) fn seconds_later(start: DateTime, seconds: i64) -> Option<DateTime> {
    let start = Offset::UTC.to_timestamp(start).ok()?;
    let second = start.as_second().checked_add(seconds)?;
    let moved = Timestamp::new(second, start.subsec_nanosecond()).ok()?;
    Some(Offset::UTC.to_datetime(moved))
}

#[cfg(test)]
mod tests {
    use jiff::{Span, ToSpan};
    use proptest::prelude::*;

    use super::*;

    /// Any moment of the years in which both ways of counting have room.
    fn moment() -> impl Strategy<Value = DateTime> {
        let seconds = -370_000_000_000_i64..250_000_000_000;
        (seconds, 0..1_000_000_000_i32).prop_map(|(second, nanosecond)| {
            let instant = Timestamp::new(second, nanosecond).expect("an instant");
            Offset::UTC.to_datetime(instant)
        })
    }

    fn jiff_says(start: DateTime, span: Span) -> Option<DateTime> {
        start.checked_add(span).ok()
    }

    proptest! {
        #[test]
        fn it_is_what_jiff_says(start in moment(), months in -24_000..24_000_i64, seconds in -3_000_000_000..3_000_000_000_i64) {
            prop_assert_eq!(months_later(start, months), jiff_says(start, months.months()));
            prop_assert_eq!(seconds_later(start, seconds), jiff_says(start, seconds.seconds()));
        }
    }

    #[test]
    fn a_month_without_that_day_ends_earlier_and_the_calendar_ends() {
        let at = |text: &str| text.parse::<DateTime>().expect("a moment");
        for (start, months, end) in [
            ("2024-01-31T10:00:00", 1, Some("2024-02-29T10:00:00")),
            ("2023-01-31T10:00:00", 1, Some("2023-02-28T10:00:00")),
            ("2023-12-31T00:00:00", 2, Some("2024-02-29T00:00:00")),
            ("2024-03-31T00:00:00", -1, Some("2024-02-29T00:00:00")),
            ("0000-01-01T00:00:00", -1, Some("-000001-12-01T00:00:00")),
            ("9999-12-01T00:00:00", 1, None),
            ("2024-01-31T10:00:00", i64::MAX, None),
            ("2024-01-31T10:00:00", i64::MIN, None),
        ] {
            assert_eq!(
                months_later(at(start), months),
                end.map(at),
                "{start} {months}"
            );
        }
        assert_eq!(
            seconds_later(at("2024-02-28T23:59:59.5"), 1),
            Some(at("2024-02-29T00:00:00.5"))
        );
        assert_eq!(
            seconds_later(at("1969-12-31T23:59:58.5"), 1),
            Some(at("1969-12-31T23:59:59.5"))
        );
        for seconds in [i64::MAX, i64::MIN] {
            assert_eq!(seconds_later(at("2024-01-01T00:00:00"), seconds), None);
        }
    }
}
