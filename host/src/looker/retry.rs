//! Trying again what is worth trying again, while there is time.

use std::future::Future;
use std::time::Duration;

use super::deadline::Deadline;
use super::error::LookerError;

/// How often a call is tried in all. What has not worked by then is left to whoever reads next.
const TRIES: u32 = 5;

/// The least time that another try has to have: one that is begun with less would end as one that was
/// too late, and hide what Looker has said.
const LEAST: Duration = Duration::from_millis(100);

/// The pause before the second try; it doubles from one to the next.
const PAUSE: Duration = Duration::from_millis(200);

/// A failed try, and what it says about another.
#[derive(Debug)]
pub(super) struct Failed {
    pub error: LookerError,
    pub again: Again,
}

/// Whether another try makes sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Again {
    /// It would end the same way.
    Never,
    /// It might work, and the first try has done nothing: for any call.
    Untouched(Option<Duration>),
    /// It might work, but the first try may have done its work: for calls that may be repeated.
    Unsure,
}

impl From<LookerError> for Failed {
    fn from(error: LookerError) -> Self {
        Self {
            error,
            again: Again::Never,
        }
    }
}

/// Tries until it works, until it makes no sense, or until another try would be too late; then the
/// last failure is told.
pub(super) async fn retried<T, F>(
    deadline: Deadline,
    repeatable: bool,
    mut attempt: impl FnMut() -> F,
) -> Result<T, LookerError>
where
    F: Future<Output = Result<T, Failed>>,
{
    let mut tries = 0;
    loop {
        let failed = match attempt().await {
            Ok(value) => return Ok(value),
            Err(failed) => failed,
        };
        tries += 1;
        let Some(pause) = failed.again.pause(tries, repeatable, deadline.left()) else {
            return Err(failed.error);
        };
        tokio::time::sleep(pause).await;
    }
}

impl Again {
    /// How long to pause after so many tries; none when there is to be no other.
    fn pause(self, tries: u32, repeatable: bool, left: Duration) -> Option<Duration> {
        let asked = match self {
            Self::Untouched(asked) => asked.unwrap_or_default(),
            Self::Unsure if repeatable => Duration::ZERO,
            Self::Unsure | Self::Never => return None,
        };
        // Looker's own wish is a lower bound: all who were told the same come back spread out.
        let pause = asked.saturating_add(jittered(PAUSE * (1 << (tries - 1))));
        (tries < TRIES && pause.saturating_add(LEAST) <= left).then_some(pause)
    }
}

/// Between half of a pause and all of it, so that those who failed together do not all come back at
/// once. Without randomness it is all of it.
fn jittered(pause: Duration) -> Duration {
    let part = getrandom::u32().unwrap_or(u32::MAX) >> 16;
    pause / 2 + (pause / 2) * part / 0xffff
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tries(again: Again, repeatable: bool, mut left: u64) -> u32 {
        let mut tries = 1;
        while let Some(pause) = again.pause(tries, repeatable, Duration::from_secs(left)) {
            left -= pause.as_secs();
            tries += 1;
        }
        tries
    }

    #[test]
    fn what_can_be_tried_again_is_tried_again_while_there_is_time() {
        let second = Some(Duration::from_secs(1));
        let cases = [
            (Again::Never, true, 60, 1),
            (Again::Unsure, true, 60, TRIES),
            (Again::Unsure, false, 60, 1),
            (Again::Untouched(None), false, 60, TRIES),
            (Again::Untouched(second), false, 60, TRIES),
            (Again::Untouched(second), true, 1, 1),
            (Again::Untouched(second), true, 2, 2),
            (Again::Untouched(Some(Duration::MAX)), true, 60, 1),
        ];
        for (again, repeatable, left, expected) in cases {
            assert_eq!(
                tries(again, repeatable, left),
                expected,
                "{again:?} {repeatable} {left}"
            );
        }
    }

    #[test]
    fn another_try_is_begun_only_with_time_for_it() {
        let pause = |left| Again::Unsure.pause(1, true, left);
        assert_eq!(pause(PAUSE / 2 + LEAST - Duration::from_millis(1)), None);
        assert!(pause(PAUSE + LEAST).is_some());
    }

    #[test]
    fn a_pause_is_never_longer_than_it_was_and_never_less_than_half() {
        for _ in 0..1_000 {
            let pause = jittered(Duration::from_secs(1));
            assert!((500..=1_000).contains(&pause.as_millis()), "{pause:?}");
        }
    }
}
