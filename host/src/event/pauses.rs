//! How long destinations that were away are left alone.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};

/// The longest pause that is not asked for.
const LONGEST: SignedDuration = SignedDuration::from_mins(5);

/// How often each destination was away in a row, and until when it is left alone. It is not kept:
/// after a restart all are asked anew.
#[derive(Debug, Default)]
pub(super) struct Pauses(Mutex<HashMap<String, Pause>>);

#[derive(Debug, Clone, Copy, Default)]
struct Pause {
    times: u32,
    until: Option<Timestamp>,
}

impl Pauses {
    /// A destination was away at `now`, and asked to be left alone for so long. Until when it is:
    /// twice as long each time.
    pub fn away(&self, address: &str, asked: SignedDuration, now: Timestamp) -> Timestamp {
        let mut pauses = self.lock();
        let pause = pauses.entry(address.to_owned()).or_default();
        pause.times = pause.times.saturating_add(1);
        let doubled = SignedDuration::from_millis(500_i64 << pause.times.min(16));
        let until = now.saturating_add(doubled.min(LONGEST).max(asked));
        let until = until.unwrap_or(now);
        pause.until = Some(until);
        until
    }

    /// Until when a destination is left alone.
    pub fn until(&self, address: &str) -> Option<Timestamp> {
        self.lock().get(address)?.until
    }

    /// A destination has taken something: its pauses begin anew. One that it has asked for beside
    /// that is kept to.
    pub fn taken(&self, address: &str, now: Timestamp) {
        let mut pauses = self.lock();
        if let Some(pause) = pauses.get_mut(address) {
            pause.times = 0;
            if pause.until.is_none_or(|until| until <= now) {
                pauses.remove(address);
            }
        }
    }

    /// A destination is asked at once, whatever was before.
    pub fn forget(&self, address: &str) {
        self.lock().remove(address);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Pause>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_are_no_shorter_than_asked_and_begin_anew() {
        let (pauses, now) = (Pauses::default(), Timestamp::UNIX_EPOCH);
        let of = |address, asked| {
            let asked = SignedDuration::from_secs(asked);
            let until = pauses.away(address, asked, now);
            assert_eq!(pauses.until(address), Some(until));
            until.as_second()
        };
        assert_eq!(
            [of("a", 0), of("a", 0), of("a", 0), of("b", 0)],
            [1, 2, 4, 1]
        );
        assert_eq!(of("a", 3_600), 3_600);
        pauses.taken("a", now);
        assert_eq!(pauses.until("a").map(Timestamp::as_second), Some(3_600));
        assert_eq!(of("a", 0), 1);
        pauses.taken("a", now + SignedDuration::from_secs(1));
        assert_eq!(pauses.until("a"), None);
        of("a", 9);
        pauses.forget("a");
        assert_eq!((pauses.until("a"), of("a", 0)), (None, 1));
        for _ in 0..100 {
            assert!(of("b", 0) <= LONGEST.as_secs());
        }
    }
}
