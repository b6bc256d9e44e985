//! The one place that asks what time it is.
//!
//! Everything else is handed a [`Clock`], so that a test decides what "now" is and no test has to
//! wait for time to pass.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

/// A clock shared by everything that asks for the time.
pub type SharedClock = Arc<dyn Clock>;

/// Says what time it is.
pub trait Clock: fmt::Debug + Send + Sync + 'static {
    /// The present moment, in UTC. It may jump, also backwards, when the machine's clock is set.
    fn now(&self) -> Timestamp;
}

/// The machine's own clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl SystemClock {
    /// The machine's clock, ready to be handed out.
    pub fn shared() -> SharedClock {
        Arc::new(Self)
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// A clock that stands still until it is told to move; for tests. Clones share one time.
#[derive(Debug, Clone)]
pub struct ManualClock(Arc<Mutex<Timestamp>>);

impl ManualClock {
    /// A clock that stands at `now`.
    pub fn at(now: Timestamp) -> Self {
        Self(Arc::new(Mutex::new(now)))
    }

    /// This clock, to be handed to what is tested; it moves with the one kept.
    pub fn shared(&self) -> SharedClock {
        Arc::new(self.clone())
    }

    /// Puts the clock at `now`, forwards or backwards.
    pub fn set(&self, now: Timestamp) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = now;
    }

    /// Moves the clock by `step`. At the ends of representable time it stands still.
    pub fn advance(&self, step: SignedDuration) {
        let mut now = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *now = now.saturating_add(step).unwrap_or(*now);
    }
}

impl Default for ManualClock {
    /// Stands at a round moment, so that times in the snapshots of tests are easy to read.
    fn default() -> Self {
        Self::at(Timestamp::constant(1_767_225_600, 0)) // 2026-01-01T00:00:00Z
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manual_clock_moves_only_when_told_and_its_clones_move_with_it() {
        let clock = ManualClock::default();
        let seen = clock.shared();
        assert_eq!(seen.now().to_string(), "2026-01-01T00:00:00Z");
        clock.advance(SignedDuration::from_secs(90));
        assert_eq!(seen.now().to_string(), "2026-01-01T00:01:30Z");
        clock.set(Timestamp::UNIX_EPOCH);
        assert_eq!(seen.now(), Timestamp::UNIX_EPOCH);
    }
}
