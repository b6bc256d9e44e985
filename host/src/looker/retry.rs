//! Trying again what is worth trying again, while there is time.

use std::future::Future;
use std::time::Duration;

use super::deadline::Deadline;
use super::error::LookerError;

/// How often a call is tried in all. What has not worked by then is left to whoever reads next.
const TRIES: u32 = 5;

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
        let asked = match failed.again {
            Again::Untouched(asked) => asked,
            Again::Unsure if repeatable => None,
            Again::Unsure | Again::Never => return Err(failed.error),
        };
        let pause = jittered(PAUSE * (1 << (tries - 1)));
        let pause = asked.map_or(pause, |asked| asked.saturating_add(pause));
        if tries == TRIES || pause >= deadline.left() {
            return Err(failed.error);
        }
        tokio::time::sleep(pause).await;
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
    use std::cell::Cell;

    use super::*;

    fn failed(again: Again) -> Failed {
        let error = LookerError::RateLimited { retry_after: None };
        Failed { error, again }
    }

    async fn tries(repeatable: bool, seconds: u64, again: Again) -> u32 {
        let count = Cell::new(0);
        let deadline = Deadline::after(Duration::from_secs(seconds));
        let outcome: Result<(), _> = retried(deadline, repeatable, || {
            count.set(count.get() + 1);
            async { Err(failed(again)) }
        })
        .await;
        assert!(outcome.is_err());
        count.get()
    }

    #[tokio::test(start_paused = true)]
    async fn what_can_be_tried_again_is_tried_again() {
        let second = Some(Duration::from_secs(1));
        let cases = [
            (true, 60, Again::Never, 1),
            (true, 60, Again::Unsure, TRIES),
            (false, 60, Again::Unsure, 1),
            (false, 60, Again::Untouched(None), TRIES),
            (false, 60, Again::Untouched(second), TRIES),
            (true, 1, Again::Untouched(second), 1),
            (true, 2, Again::Untouched(second), 2),
        ];
        for (repeatable, time, again, expected) in cases {
            assert_eq!(
                tries(repeatable, time, again).await,
                expected,
                "{repeatable} {again:?}"
            );
        }
    }

    #[test]
    fn a_pause_is_never_longer_than_it_was_and_never_less_than_half() {
        for _ in 0..1_000 {
            let pause = jittered(Duration::from_secs(1));
            assert!((500..=1_000).contains(&pause.as_millis()), "{pause:?}");
        }
    }
}
