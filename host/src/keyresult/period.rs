//! The period of an objective or key result: days or moments, as they were given.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A day or a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// A whole day, in UTC.
    Day(Date),
    /// A point in time.
    Point(Timestamp),
}

impl Moment {
    /// Where it begins.
    #[must_use]
    pub fn begins(self) -> Option<Timestamp> {
        match self {
            Self::Day(day) => midnight(day),
            Self::Point(moment) => Some(moment),
        }
    }

    /// Where it ends: a period to a day includes the day.
    #[must_use]
    pub fn ends(self) -> Option<Timestamp> {
        match self {
            Self::Day(day) => midnight(day.checked_add(1.day()).ok()?),
            Self::Point(moment) => Some(moment),
        }
    }

    /// Reads a day (`2026-10-01`) or a moment as RFC 3339 has it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() == 10 {
            return text.parse().ok().map(Self::Day);
        }
        text.parse().ok().map(Self::Point)
    }
}

fn midnight(day: Date) -> Option<Timestamp> {
    let zoned = day.to_zoned(TimeZone::UTC).ok()?;
    Some(zoned.timestamp())
}

impl std::fmt::Display for Moment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Day(day) => day.fmt(f),
            Self::Point(moment) => moment.fmt(f),
        }
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| {
            serde::de::Error::custom(format_args!(
                "{text:.40} is neither a day such as 2026-10-01 nor a time such as 2026-10-01T09:00:00Z"
            ))
        })
    }
}

impl utoipa::PartialSchema for Moment {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        String::schema()
    }
}

impl utoipa::ToSchema for Moment {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_moments_read_back_as_they_were_given() {
        for (text, begins, ends) in [
            ("2026-10-01", "2026-10-01T00:00:00Z", "2026-10-02T00:00:00Z"),
            (
                "2026-10-01T09:00:00Z",
                "2026-10-01T09:00:00Z",
                "2026-10-01T09:00:00Z",
            ),
        ] {
            let moment = Moment::parse(text).expect("a moment");
            assert_eq!(moment.to_string(), text);
            assert_eq!(moment.begins().expect("in range").to_string(), begins);
            assert_eq!(moment.ends().expect("in range").to_string(), ends);
        }
        for text in [
            "",
            "2026-13-01",
            "2026-10",
            "tomorrow",
            "2026-10-01 09:00",
            "9999-99-99",
        ] {
            assert_eq!(Moment::parse(text), None, "{text}");
        }
    }
}
