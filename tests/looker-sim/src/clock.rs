//! The clock that all content, tokens and caches go by.

use std::sync::Mutex;

use jiff::{SignedDuration, Timestamp};

use crate::lock::lock;

#[derive(Debug, Clone, Copy)]
enum Pace {
    /// It stands at one moment until it is set again.
    Still(Timestamp),
    /// It runs with the machine's, this far from it.
    Running(SignedDuration),
}

/// A clock that runs with the machine's until it is set.
#[derive(Debug)]
pub struct Clock(Mutex<Pace>);

impl Clock {
    /// A clock that stands at `now`, or runs with the machine's.
    pub fn new(now: Option<Timestamp>) -> Self {
        Self(Mutex::new(match now {
            Some(now) => Pace::Still(now),
            None => Pace::Running(SignedDuration::ZERO),
        }))
    }

    /// The present moment of the simulation.
    pub fn now(&self) -> Timestamp {
        match *lock(&self.0) {
            Pace::Still(now) => now,
            Pace::Running(ahead) => shifted(Timestamp::now(), ahead),
        }
    }

    /// Whether it stands still.
    pub fn is_still(&self) -> bool {
        matches!(*lock(&self.0), Pace::Still(_))
    }

    /// Stops it at `now`.
    pub fn set(&self, now: Timestamp) {
        *lock(&self.0) = Pace::Still(now);
    }

    /// Stops it this much later than it is now.
    pub fn advance(&self, step: SignedDuration) {
        let later = shifted(self.now(), step);
        self.set(later);
    }

    /// Lets it run on from where it stands.
    pub fn run(&self) {
        let now = self.now();
        *lock(&self.0) = Pace::Running(now.duration_since(Timestamp::now()));
    }
}

/// At the ends of representable time it stays where it is.
fn shifted(moment: Timestamp, step: SignedDuration) -> Timestamp {
    moment.saturating_add(step).unwrap_or(moment)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn it_stands_still_once_set_and_runs_on_when_told() {
        let clock = Clock::new(None);
        assert!(!clock.is_still());
        clock.set(moment("2026-05-01T12:00:00Z"));
        assert_eq!(clock.now(), moment("2026-05-01T12:00:00Z"));
        clock.advance(SignedDuration::from_secs(90));
        assert_eq!(clock.now(), moment("2026-05-01T12:01:30Z"));
        clock.run();
        assert!(!clock.is_still());
        assert!(clock.now() >= moment("2026-05-01T12:01:30Z"));
    }
}
