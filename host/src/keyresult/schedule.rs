//! When a key result is read: every so often, or by a cron expression in a time zone.
//!
//! A *slot* is a moment of the schedule. Slots of `every` are multiples of it since 1970 in UTC, so
//! that key results with one interval share their slots, and with them the runs of their queries.

use croner::Cron;
use croner::parser::{CronParser, Seconds};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest as _, Sha256};

/// What is used where a key result names no schedule: Looker keeps its results for an hour.
pub const DEFAULT_EVERY: &str = "1h";
/// The longest interval: a year.
const LONGEST: i64 = 366 * 86_400;
/// The most that jitter moves a poll.
const MOST_JITTER: SignedDuration = SignedDuration::from_secs(30);

/// When a key result is read.
#[derive(Debug, Clone)]
pub enum Schedule {
    /// Every so often.
    Every(SignedDuration),
    /// By a cron expression of five fields, in a zone.
    Cron(Box<Cron>, TimeZone),
}

/// A text that is no schedule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadSchedule {
    /// Not an interval.
    #[error("{text:?} is no interval; write a number and s, m, h or d, such as 15m")]
    NotAnInterval {
        /// As given.
        text: String,
    },
    /// Shorter or longer than intervals may be.
    #[error(
        "an interval lies between {shortest} s and 366 d, and {text:?} does not; Looker is to be read, not hammered"
    )]
    OutOfBounds {
        /// As given.
        text: String,
        /// The shortest interval of this server, in seconds.
        shortest: u64,
    },
    /// Not a cron expression.
    #[error(
        "{text:?} is no cron expression of five fields (minute, hour, day of month, month, day of week), such as `0 8 * * MON-FRI`: {reason}"
    )]
    NotCron {
        /// As given.
        text: String,
        /// What the parser said.
        reason: String,
    },
    /// A cron expression that never comes.
    #[error("the cron expression {text:?} names no moment that will come")]
    Never {
        /// As given.
        text: String,
    },
    /// A cron expression that comes more often than this server reads.
    #[error(
        "the cron expression {text:?} comes more often than every {shortest} s, which is the shortest interval of this server; Looker is to be read, not hammered"
    )]
    TooOften {
        /// As given.
        text: String,
        /// The shortest interval, in seconds.
        shortest: u64,
    },
    /// Not a time zone.
    #[error("{text:?} is no time zone; name one as in Europe/Berlin")]
    NoZone {
        /// As given.
        text: String,
    },
    /// Both.
    #[error("give `every` or `cron`, not both")]
    Both,
}

impl BadSchedule {
    /// The field to blame.
    #[must_use]
    pub fn field(&self) -> &'static str {
        match self {
            Self::NotAnInterval { .. } | Self::OutOfBounds { .. } => "every",
            Self::NotCron { .. } | Self::Never { .. } | Self::TooOften { .. } | Self::Both => {
                "cron"
            }
            Self::NoZone { .. } => "time_zone",
        }
    }
}

impl Schedule {
    /// Reads a schedule. `shortest` is the shortest interval that is allowed.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn parse(
        every: Option<&str>,
        cron: Option<&str>,
        time_zone: Option<&str>,
        shortest: SignedDuration,
    ) -> Result<Self, BadSchedule> {
        let zone = zone(time_zone)?;
        match (every, cron) {
            (Some(_), Some(_)) => Err(BadSchedule::Both),
            (every, None) => interval(every.unwrap_or(DEFAULT_EVERY), shortest).map(Self::Every),
            (None, Some(text)) => {
                let parsed = CronParser::builder()
                    .seconds(Seconds::Disallowed)
                    .build()
                    .parse(text);
                let cron = parsed.map_err(|error| BadSchedule::NotCron {
                    text: text.to_owned(),
                    reason: error.to_string(),
                })?;
                Ok(Self::Cron(Box::new(cron), zone))
            }
        }
    }

    /// The first slot after a moment; none where there is none any more.
    #[must_use]
    pub fn next_after(&self, moment: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Every(every) => {
                let every = every.as_secs().max(1);
                let next = (moment.as_second().div_euclid(every) + 1).checked_mul(every)?;
                Timestamp::from_second(next).ok()
            }
            Self::Cron(cron, zone) => {
                let after = moment.to_zoned(zone.clone());
                let next = cron.find_next_occurrence(&after, false).ok()?;
                Some(next.timestamp())
            }
        }
    }

    /// Whether a cron expression comes at all, and not more often than `shortest` allows. Intervals
    /// were held to that when they were read.
    ///
    /// # Errors
    ///
    /// [`BadSchedule::Never`] and [`BadSchedule::TooOften`].
    pub fn allowed(
        &self,
        cron: Option<&str>,
        now: Timestamp,
        shortest: SignedDuration,
    ) -> Result<(), BadSchedule> {
        let text = || cron.unwrap_or_default().chars().take(80).collect();
        let mut slot = self
            .next_after(now)
            .ok_or_else(|| BadSchedule::Never { text: text() })?;
        if matches!(self, Self::Every(_)) || shortest <= SignedDuration::from_mins(1) {
            return Ok(());
        }
        // Enough of them to see the busiest hour of a week.
        for _ in 0..200 {
            let Some(next) = self.next_after(slot) else {
                break;
            };
            if next.duration_since(slot) < shortest {
                return Err(BadSchedule::TooOften {
                    text: text(),
                    shortest: u64::try_from(shortest.as_secs()).unwrap_or(0),
                });
            }
            slot = next;
        }
        Ok(())
    }

    /// Whether a moment is a slot of this schedule's own, and not one that somebody's doing made.
    #[must_use]
    pub fn has_slot(&self, moment: Timestamp) -> bool {
        let before = moment.checked_sub(SignedDuration::from_nanos(1));
        before.is_ok_and(|before| self.next_after(before) == Some(moment))
    }

    /// How much later than its slot a poll is run, so that polls of one slot do not all start at
    /// once. It is the poll's own: always the same, at most a tenth of the interval and half a
    /// minute.
    #[must_use]
    pub fn jitter(&self, poll: &str) -> SignedDuration {
        let most = match self {
            Self::Every(every) => (*every / 10).min(MOST_JITTER),
            Self::Cron(..) => MOST_JITTER / 5,
        };
        let hash = Sha256::digest(poll.as_bytes());
        let part = u16::from_be_bytes([hash[0], hash[1]]);
        let millis = most.as_millis() * i128::from(part) / i128::from(u16::MAX);
        SignedDuration::from_millis(i64::try_from(millis).unwrap_or(0))
    }
}

/// A zone by its name; UTC where none is named.
///
/// # Errors
///
/// [`BadSchedule::NoZone`].
pub fn zone(name: Option<&str>) -> Result<TimeZone, BadSchedule> {
    let Some(name) = name else {
        return Ok(TimeZone::UTC);
    };
    TimeZone::get(name).map_err(|_| BadSchedule::NoZone {
        text: name.chars().take(80).collect(),
    })
}

/// An interval such as `15m`, no shorter than `shortest`.
pub(super) fn interval(
    text: &str,
    shortest: SignedDuration,
) -> Result<SignedDuration, BadSchedule> {
    let wrong = || BadSchedule::NotAnInterval {
        text: text.chars().take(80).collect(),
    };
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return Err(wrong()),
    };
    let number: i64 = number.parse().map_err(|_| wrong())?;
    let every = number
        .checked_mul(seconds)
        .filter(|every| *every <= LONGEST);
    every
        .map(SignedDuration::from_secs)
        .filter(|every| *every >= shortest && every.is_positive())
        .ok_or_else(|| BadSchedule::OutOfBounds {
            text: text.chars().take(80).collect(),
            shortest: u64::try_from(shortest.as_secs()).unwrap_or(0),
        })
}

#[cfg(test)]
mod tests;
