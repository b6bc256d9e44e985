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

fn interval(text: &str, shortest: SignedDuration) -> Result<SignedDuration, BadSchedule> {
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
mod tests {
    use super::*;

    const SHORTEST: SignedDuration = SignedDuration::from_secs(10);

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap_or_else(|_| panic!("{text}"))
    }

    #[test]
    fn slots_of_an_interval_are_its_multiples() {
        for (every, now, next) in [
            ("30s", "2026-11-24T10:00:01Z", "2026-11-24T10:00:30Z"),
            ("15m", "2026-11-24T10:00:01Z", "2026-11-24T10:15:00Z"),
            ("15m", "2026-11-24T10:15:00Z", "2026-11-24T10:30:00Z"),
            ("1h", "2026-11-24T10:59:59.999Z", "2026-11-24T11:00:00Z"),
            ("1d", "2026-11-24T10:00:00Z", "2026-11-25T00:00:00Z"),
            ("15m", "1969-12-31T23:50:00Z", "1970-01-01T00:00:00Z"),
        ] {
            let schedule = Schedule::parse(Some(every), None, None, SHORTEST).expect(every);
            assert_eq!(
                schedule.next_after(at(now)),
                Some(at(next)),
                "{every} after {now}"
            );
        }
    }

    #[test]
    fn cron_is_by_the_clock_of_its_zone() {
        for (cron, zone, now, next) in [
            (
                "0 8 * * *",
                None,
                "2026-11-24T08:00:00Z",
                "2026-11-25T08:00:00Z",
            ),
            (
                "0 8 * * *",
                Some("Europe/Berlin"),
                "2026-11-24T06:59:00Z",
                "2026-11-24T07:00:00Z",
            ),
            (
                "0 8 * * *",
                Some("Europe/Berlin"),
                "2026-06-24T05:59:00Z",
                "2026-06-24T06:00:00Z",
            ),
            (
                "*/5 * * * *",
                None,
                "2026-11-24T10:02:00Z",
                "2026-11-24T10:05:00Z",
            ),
            (
                "0 8 * * MON-FRI",
                None,
                "2026-11-27T09:00:00Z",
                "2026-11-30T08:00:00Z",
            ),
        ] {
            let schedule = Schedule::parse(None, Some(cron), zone, SHORTEST).expect(cron);
            assert_eq!(
                schedule.next_after(at(now)),
                Some(at(next)),
                "{cron} after {now}"
            );
        }
    }

    #[test]
    fn a_cron_expression_comes_and_not_too_often() {
        let half_hour = SignedDuration::from_mins(30);
        for (cron, refused) in [
            ("0 * * * *", false),
            ("0,30 * * * *", false),
            ("*/15 * * * *", true),
            ("0,5 3 * * *", true),
            ("0 0 30 2 *", true),
        ] {
            let schedule = Schedule::parse(None, Some(cron), None, SHORTEST).expect(cron);
            let allowed = schedule.allowed(Some(cron), at("2026-11-24T10:00:00Z"), half_hour);
            assert_eq!(allowed.is_err(), refused, "{cron}: {allowed:?}");
        }
    }

    #[test]
    fn a_slot_is_the_schedules_own_or_not() {
        let schedule = Schedule::parse(Some("15m"), None, None, SHORTEST).expect("a schedule");
        assert!(schedule.has_slot(at("2026-11-24T10:15:00Z")));
        assert!(!schedule.has_slot(at("2026-11-24T10:15:00.001Z")));
    }

    #[test]
    fn a_slot_that_the_clock_change_leaves_out_or_repeats_comes_once() {
        let daily = Schedule::parse(None, Some("30 2 * * *"), Some("Europe/Berlin"), SHORTEST);
        let daily = daily.expect("a schedule");
        for (from, days) in [("2026-03-27T12:00:00Z", 4), ("2026-10-23T12:00:00Z", 4)] {
            let (mut moment, end) = (at(from), at(from) + SignedDuration::from_hours(24 * days));
            let mut slots = 0;
            while let Some(next) = daily.next_after(moment).filter(|next| *next < end) {
                assert!(next > moment, "time goes on");
                slots += 1;
                moment = next;
            }
            assert!(
                (days - 1..=days).contains(&slots),
                "{slots} slots in {days} days"
            );
        }
    }

    #[test]
    fn what_is_no_schedule_is_refused_with_its_field() {
        for (every, cron, zone, field) in [
            (Some(""), None, None, "every"),
            (Some("m"), None, None, "every"),
            (Some("15"), None, None, "every"),
            (Some("-5m"), None, None, "every"),
            (Some("1.5h"), None, None, "every"),
            (Some("5s"), None, None, "every"),
            (Some("0s"), None, None, "every"),
            (Some("367d"), None, None, "every"),
            (Some("99999999999999999999d"), None, None, "every"),
            (None, Some(""), None, "cron"),
            (None, Some("* * * *"), None, "cron"),
            (None, Some("* * * * * *"), None, "cron"),
            (None, Some("61 * * * *"), None, "cron"),
            (Some("15m"), Some("0 8 * * *"), None, "cron"),
            (None, Some("0 8 * * *"), Some("Europe/Nowhere"), "time_zone"),
            (Some("15m"), None, Some(""), "time_zone"),
        ] {
            let refused = Schedule::parse(every, cron, zone, SHORTEST).expect_err("no schedule");
            assert_eq!(refused.field(), field, "{refused}");
        }
    }

    #[test]
    fn jitter_is_the_polls_own_and_small() {
        let schedule = Schedule::parse(Some("1m"), None, None, SHORTEST).expect("a schedule");
        let jitters: Vec<_> = (0..100)
            .map(|n| schedule.jitter(&format!("poll_{n}")))
            .collect();
        assert_eq!(jitters[0], schedule.jitter("poll_0"));
        let most = SignedDuration::from_secs(6);
        assert!(
            jitters.iter().all(|it| !it.is_negative() && *it <= most),
            "{jitters:?}"
        );
        let early = jitters.iter().filter(|it| **it < most / 2).count();
        assert!(
            (20..80).contains(&early),
            "{early} of 100 in the first half"
        );
    }
}
