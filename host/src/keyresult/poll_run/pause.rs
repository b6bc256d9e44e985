//! How long a poll pauses after Looker has given it nothing.

use jiff::SignedDuration;
use sha2::{Digest as _, Sha256};

/// The longest pause after failures, so that a Looker that is back is noticed within minutes.
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_mins(5);

/// How long to wait after so many failures in a row: twice as long each time, and a little off, so
/// that polls which failed together do not come back together.
pub(super) fn pause(first: SignedDuration, failures: u32, key: &str) -> SignedDuration {
    let doubled = 1_i32.checked_shl(failures.saturating_sub(1).min(12));
    let whole = first.checked_mul(doubled.unwrap_or(i32::MAX));
    let whole = whole.unwrap_or(LONGEST_PAUSE).min(LONGEST_PAUSE);
    let hash = Sha256::digest(format!("{key}/{failures}").as_bytes());
    let part = i32::from(hash[0] % 32);
    whole - whole / 256 * part
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_end_at_minutes() {
        let first = SignedDuration::from_secs(1);
        let pauses: Vec<_> = (1..30).map(|n| pause(first, n, "a")).collect();
        assert!(pauses[0] <= first && pauses[0] > first / 2);
        assert!(
            pauses.windows(2).take(7).all(|pair| pair[0] < pair[1]),
            "{pauses:?}"
        );
        assert!(
            pauses
                .iter()
                .all(|it| *it <= LONGEST_PAUSE && it.is_positive())
        );
        assert!(
            pauses[28] > LONGEST_PAUSE / 2,
            "it never forgets to come back"
        );
    }
}
