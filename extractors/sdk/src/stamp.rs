//! The texts that Looker writes for points in time.
//!
//! `2017`, `2017-07`, `2017-07-28`, `2017-07-28 13`, `… 13:45`, `… 13:45:10`, `… 13:45:10.250`, with
//! a blank or a `T` before the hour and perhaps an offset after the time; `2017-Q3`, `FY2024`,
//! `FY2024-Q1`.
//!
//! ```
//! use lensmount_sdk::stamp::{self, Grain};
//!
//! let quarter = stamp::parse("2017-Q3").expect("a quarter");
//! assert_eq!((quarter.grain, quarter.start.to_string()), (Grain::Quarter, "2017-07-01T00:00:00".into()));
//! let moment = stamp::parse("2017-07-28 13:45:10+02:00").expect("a moment");
//! assert_eq!(moment.instant().map(|at| at.to_string()).as_deref(), Some("2017-07-28T11:45:10Z"));
//! assert_eq!(stamp::parse("July"), None);
//! ```

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::Offset;

use crate::calendar;
use crate::zone::Zone;

/// How fine a text is. Finer is greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grain {
    /// `2017` or `FY2017`
    Year,
    /// `2017-Q3` or `FY2024-Q1`
    Quarter,
    /// `2017-07`
    Month,
    /// `2017-07-28`
    Day,
    /// `2017-07-28 13`
    Hour,
    /// `2017-07-28 13:45`
    Minute,
    /// `2017-07-28 13:45:10`
    Second,
    /// With a fraction of a second.
    Instant,
}

/// A text read as a point in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// Where the period begins, by the clock of the text's own zone.
    pub start: DateTime,
    /// How fine the text is.
    pub grain: Grain,
    /// Whether it is said to be fiscal (`FY`); `start` is then that of the calendar year.
    pub fiscal: bool,
    /// The offset that follows the time, if one does.
    pub offset: Option<Offset>,
}

impl Stamp {
    /// The instant, where an offset says which it is.
    pub fn instant(&self) -> Option<Timestamp> {
        self.offset?.to_timestamp(self.start).ok()
    }

    /// Where the period begins by the clock of a zone: texts without an offset are in it already.
    pub fn local(&self, zone: &Zone) -> Option<DateTime> {
        match self.offset {
            None => Some(self.start),
            Some(_) => self.instant().map(|instant| zone.local(instant)),
        }
    }

    /// The start moved by whole months.
    #[must_use]
    pub fn moved(self, months: i64) -> Option<Self> {
        let start = calendar::months_later(self.start, months)?;
        Some(Self { start, ..self })
    }
}

/// Reads a text; none where it is not a point in time.
pub fn parse(text: &str) -> Option<Stamp> {
    parse_bytes(text.as_bytes())
}

/// Reads the bytes of a text, as [`parse`] does.
pub(crate) fn parse_bytes(text: &[u8]) -> Option<Stamp> {
    let mut rest = Rest(text);
    let fiscal = rest.takes(b"FY");
    let year = rest.number::<4>()?;
    let stamp = |month: i64, day: i64| {
        Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
    };
    let whole = |date: Date, grain| Stamp {
        start: date.at(0, 0, 0, 0),
        grain,
        fiscal,
        offset: None,
    };
    if rest.0.is_empty() {
        return Some(whole(stamp(1, 1)?, Grain::Year));
    }
    if !rest.takes(b"-") {
        return None;
    }
    if rest.takes(b"Q") {
        let quarter = rest.number::<1>()?;
        let known = (1..=4).contains(&quarter) && rest.0.is_empty();
        return known.then_some(whole(stamp(i64::from(quarter) * 3 - 2, 1)?, Grain::Quarter));
    }
    if fiscal {
        return None;
    }
    let month = i64::from(rest.number::<2>()?);
    if rest.0.is_empty() {
        return Some(whole(stamp(month, 1)?, Grain::Month));
    }
    if !rest.takes(b"-") {
        return None;
    }
    let date = stamp(month, i64::from(rest.number::<2>()?))?;
    if rest.0.is_empty() {
        return Some(whole(date, Grain::Day));
    }
    time(date, rest)
}

/// A date as it is written before a time, and read.
pub(crate) type Written = ([u8; 10], Date);

/// Reads the bytes of a text, as [`parse`] does, after others: many have the date of the one before.
pub(crate) fn parse_after(last: &mut Option<Written>, text: &[u8]) -> Option<Stamp> {
    if let Some((written, rest)) = text.split_first_chunk()
        && let Some((known, date)) = *last
        && known == *written
        && !rest.is_empty()
    {
        return time(date, Rest(rest));
    }
    let stamp = parse_bytes(text)?;
    if stamp.grain > Grain::Day {
        *last = text
            .first_chunk()
            .map(|written| (*written, stamp.start.date()));
    }
    Some(stamp)
}

/// The time of day after a date, with the offset that may follow it.
fn time(date: Date, mut rest: Rest<'_>) -> Option<Stamp> {
    if !(rest.takes(b" ") || rest.takes(b"T") || rest.takes(b"t")) {
        return None;
    }
    let mut parts = [0_i8; 3];
    let mut grain = Grain::Day;
    let grains = [Grain::Hour, Grain::Minute, Grain::Second];
    for (index, (part, finer)) in parts.iter_mut().zip(grains).enumerate() {
        if index > 0 && !rest.takes(b":") {
            break;
        }
        *part = i8::try_from(rest.number::<2>()?).ok()?;
        grain = finer;
    }
    let mut nanoseconds = 0;
    if grain == Grain::Second && (rest.takes(b".") || rest.takes(b",")) {
        nanoseconds = rest.fraction()?;
        grain = Grain::Instant;
    }
    let [hour, minute, second] = parts;
    let time = jiff::civil::Time::new(hour, minute, second, nanoseconds).ok()?;
    let offset = match rest.0 {
        [] => None,
        _ => Some(offset(rest)?),
    };
    Some(Stamp {
        start: date.to_datetime(time),
        grain,
        fiscal: false,
        offset,
    })
}

/// `Z`, ` UTC`, `+00:00`, ` -0800`, `+01`.
fn offset(mut rest: Rest<'_>) -> Option<Offset> {
    rest.takes(b" ");
    if matches!(rest.0, b"Z" | b"z" | b"UTC" | b"GMT") {
        return Some(Offset::UTC);
    }
    let west = rest.takes(b"-");
    if !west && !rest.takes(b"+") {
        return None;
    }
    let hours = i32::from(rest.number::<2>()?);
    rest.takes(b":");
    let minutes = if rest.0.is_empty() {
        0
    } else {
        i32::from(rest.number::<2>()?)
    };
    if !rest.0.is_empty() || hours > 23 || minutes > 59 {
        return None;
    }
    let seconds = (hours * 60 + minutes) * 60;
    Offset::from_seconds(if west { -seconds } else { seconds }).ok()
}

/// What is left of a text to read.
struct Rest<'a>(&'a [u8]);

impl Rest<'_> {
    #[inline]
    fn takes<const N: usize>(&mut self, prefix: &[u8; N]) -> bool {
        match self.0.split_first_chunk::<N>() {
            Some((first, rest)) if first == prefix => {
                self.0 = rest;
                true
            }
            _ => false,
        }
    }

    /// Exactly that many digits, four at most.
    #[inline]
    fn number<const N: usize>(&mut self) -> Option<i16> {
        let (digits, rest) = self.0.split_first_chunk::<N>()?;
        let mut number = 0_i16;
        for digit in digits {
            let digit = digit.wrapping_sub(b'0');
            if digit > 9 {
                return None;
            }
            number = number * 10 + i16::from(digit);
        }
        self.0 = rest;
        Some(number)
    }

    /// One to nine digits after the point, as nanoseconds.
    fn fraction(&mut self) -> Option<i32> {
        let count = self
            .0
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        let (digits, rest) = self.0.split_at_checked(count)?;
        if !(1..=9).contains(&count) {
            return None;
        }
        self.0 = rest;
        let digits = digits.iter().chain(std::iter::repeat(&b'0')).take(9);
        Some(digits.fold(0, |number, digit| number * 10 + i32::from(digit - b'0')))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<(String, Grain)> {
        parse(text).map(|stamp| (stamp.start.to_string(), stamp.grain))
    }

    #[test]
    fn reads_every_timeframe() {
        for (text, start, grain) in [
            ("2017", "2017-01-01T00:00:00", Grain::Year),
            ("FY2024", "2024-01-01T00:00:00", Grain::Year),
            ("2017-Q3", "2017-07-01T00:00:00", Grain::Quarter),
            ("FY2024-Q1", "2024-01-01T00:00:00", Grain::Quarter),
            ("2017-07", "2017-07-01T00:00:00", Grain::Month),
            ("2019-12-22", "2019-12-22T00:00:00", Grain::Day),
            ("2019-12-22 13", "2019-12-22T13:00:00", Grain::Hour),
            ("2019-12-22 13:45", "2019-12-22T13:45:00", Grain::Minute),
            ("2019-12-22 13:45:10", "2019-12-22T13:45:10", Grain::Second),
            ("2019-12-22T13:45:10", "2019-12-22T13:45:10", Grain::Second),
            (
                "2019-12-22 13:45:10.250",
                "2019-12-22T13:45:10.25",
                Grain::Instant,
            ),
            (
                "2019-12-22 13:45:10.123456",
                "2019-12-22T13:45:10.123456",
                Grain::Instant,
            ),
        ] {
            assert_eq!(read(text), Some((start.to_owned(), grain)), "{text}");
        }
    }

    #[test]
    fn a_text_after_others_is_read_as_by_itself() {
        let texts = [
            "2019-12-22 13",
            "2019-12-22 24",
            "2019-12-22",
            "2019-12-22x13",
            "2019-12-22T00:30:00Z",
            "2019-12-23 00",
            "2019-12-2",
            "2019-12-2313",
            "FY2019",
            "FY2019-12-22 13",
            "2019-12",
            "",
        ];
        for before in texts {
            for text in texts {
                let mut last = None;
                let _ = parse_after(&mut last, before.as_bytes());
                let after = parse_after(&mut last, text.as_bytes());
                assert_eq!(after, parse(text), "{text} after {before}");
            }
        }
    }

    #[test]
    fn reads_offsets() {
        for (text, instant) in [
            ("2017-07-28T02:25:19+00:00", "2017-07-28T02:25:19Z"),
            ("2017-07-28T02:25:19Z", "2017-07-28T02:25:19Z"),
            ("2017-07-28 02:25:19 UTC", "2017-07-28T02:25:19Z"),
            ("2017-07-28 02:25:19 -0800", "2017-07-28T10:25:19Z"),
            ("2017-07-28 02:25:19+02", "2017-07-28T00:25:19Z"),
            ("2017-07-28T02:25:19.5+05:30", "2017-07-27T20:55:19.5Z"),
        ] {
            let instant_read = parse(text)
                .and_then(|stamp| stamp.instant())
                .map(|instant| instant.to_string());
            assert_eq!(instant_read.as_deref(), Some(instant), "{text}");
        }
        assert_eq!(parse("2017-07-28 02:25:19").unwrap().instant(), None);
    }

    #[test]
    fn refuses_the_rest() {
        for text in [
            "",
            "July",
            "Monday",
            "7",
            "13",
            "201",
            "20170",
            "2017-7",
            "2017-13",
            "2017-00",
            "2017-02-30",
            "2017-Q5",
            "2017-Q0",
            "2017-Q",
            "FY2024-07",
            "FY24",
            "2017-07-28 24",
            "2017-07-28 13:60",
            "2017-07-28x",
            "2017-07-28 13:45:10 somewhere",
            "2017-07-28 13:45:10.",
            "10 to 19",
            "2017-07-2 8",
            "٢٠١٧",
            "2017-07-28 13:45:10+99:00",
            "2017-W30",
            "a2017",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
