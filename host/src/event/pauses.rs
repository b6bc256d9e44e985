//! How long destinations that were away are left alone.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};

/// The longest pause that is not asked for.
const LONGEST: SignedDuration = SignedDuration::from_mins(5);

/// How often each destination was away in a row, and until when it is left alone. It is not kept, but
/// the store keeps when a destination is due next: a pause that it asked for outlasts a restart, unless
/// there is something new to send.
#[derive(Debug, Default)]
pub(super) struct Pauses(Mutex<HashMap<String, Pause>>);

#[derive(Debug, Clone, Copy, Default)]
struct Pause {
    times: u32,
    until: Option<Timestamp>,
}

impl Pauses {
    /// A destination was away at `now`, and asked to be left alone for so long. Until when it is:
    /// twice as long each time. Several requests are under way at a time; those that come back while
    /// it is left alone already were sent before that, and tell nothing new.
    pub fn away(&self, address: &str, asked: SignedDuration, now: Timestamp) -> Timestamp {
        let mut pauses = self.lock();
        let pause = pauses.entry(address.to_owned()).or_default();
        let left_alone = pause.until.filter(|until| *until > now);
        let own = match left_alone {
            Some(_) => SignedDuration::ZERO,
            None => {
                pause.times = pause.times.saturating_add(1);
                SignedDuration::from_millis(500_i64 << pause.times.min(16)).min(LONGEST)
            }
        };
        let until = now.saturating_add(own.max(asked)).unwrap_or(now);
        let until = left_alone.map_or(until, |before| before.max(until));
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

    fn at(seconds: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds)
    }

    /// Until when a destination is left alone that is away at a second and asks for so many.
    fn away(pauses: &Pauses, now: i64, asked: i64) -> i64 {
        let until = pauses.away("a", SignedDuration::from_secs(asked), at(now));
        assert_eq!(pauses.until("a"), Some(until));
        until.as_second()
    }

    #[test]
    fn pauses_double_up_to_the_longest_and_begin_anew_once_something_is_taken() {
        let (pauses, mut now, mut long) = (Pauses::default(), 0, Vec::new());
        for _ in 0..100 {
            let until = away(&pauses, now, 0);
            long.push(until - now);
            now = until;
        }
        assert_eq!(long[..5], [1, 2, 4, 8, 16]);
        assert_eq!(long.last(), Some(&LONGEST.as_secs()));
        pauses.taken("a", at(now));
        assert_eq!(pauses.until("a"), None);
        assert_eq!(away(&pauses, now, 0), now + 1);
    }

    #[test]
    fn requests_that_were_under_way_together_are_one_time_away() {
        let pauses = Pauses::default();
        let four: Vec<i64> = (0..4).map(|_| away(&pauses, 0, 0)).collect();
        assert_eq!(four, [1; 4]);
        assert_eq!(away(&pauses, 1, 0), 3);
    }

    #[test]
    fn a_pause_that_was_asked_for_is_kept_to_whatever_comes_beside_it() {
        let pauses = Pauses::default();
        assert_eq!(away(&pauses, 0, 3_600), 3_600);
        assert_eq!(away(&pauses, 5, 0), 3_600);
        assert_eq!(away(&pauses, 6, 60), 3_600);
        pauses.taken("a", at(7));
        assert_eq!(pauses.until("a"), Some(at(3_600)));
        assert_eq!(away(&pauses, 3_600, 0), 3_601);
        assert_eq!(away(&pauses, 3_600, 7_200), 10_800);
    }

    #[test]
    fn each_destination_is_left_alone_by_itself_and_can_be_asked_at_once() {
        let pauses = Pauses::default();
        away(&pauses, 0, 9);
        assert_eq!(pauses.until("b"), None);
        pauses.forget("a");
        assert_eq!(pauses.until("a"), None);
        assert_eq!(away(&pauses, 0, 0), 1);
    }
}
