//! How long destinations that were away are left alone.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::SignedDuration;

/// How often each destination was away in a row. It is not kept: after a restart all are asked anew.
#[derive(Debug, Default)]
pub(super) struct Pauses(Mutex<HashMap<String, u32>>);

impl Pauses {
    /// The next pause of a destination: twice as long each time.
    pub fn next(&self, address: &str) -> SignedDuration {
        let mut times = self.lock();
        let times = times.entry(address.to_owned()).or_default();
        *times = times.saturating_add(1);
        SignedDuration::from_millis(500_i64 << (*times).min(16))
    }

    /// A destination is back.
    pub fn forget(&self, address: &str) {
        self.lock().remove(address);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, u32>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_and_begin_anew() {
        let pauses = Pauses::default();
        let of = |address| pauses.next(address).as_millis();
        assert_eq!(
            [of("a"), of("a"), of("a"), of("b")],
            [1_000, 2_000, 4_000, 1_000]
        );
        pauses.forget("a");
        assert_eq!(of("a"), 1_000);
        for _ in 0..100 {
            assert!(of("b") > 0);
        }
    }
}
