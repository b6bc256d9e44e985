//! How long a call of ours may still take, whatever it is made of.

use std::future::Future;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::error::{Doing, LookerError};

/// The longest that a call may take, whatever is asked for: later moments cannot be told.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// A moment by which all has to be done. It goes by the machine's steady clock: setting the wall
/// clock neither cuts a call short nor draws it out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadline {
    began: Instant,
    at: Instant,
}

impl Deadline {
    /// So much time from now.
    #[must_use]
    pub fn after(time: Duration) -> Self {
        let began = Instant::now();
        Self {
            began,
            at: began + time.min(LONGEST),
        }
    }

    /// The same time, moved on by so much, which does not count.
    pub(super) fn moved(self, by: Duration) -> Self {
        let by = by.min(LONGEST);
        Self {
            began: self.began + by,
            at: self.at + by,
        }
    }

    /// How much of the time has passed.
    pub(super) fn passed(self) -> Duration {
        self.began.elapsed()
    }

    /// What is left of the time.
    #[must_use]
    pub fn left(self) -> Duration {
        self.at.saturating_duration_since(Instant::now())
    }

    /// Waits for a future, but not beyond the deadline.
    pub(super) async fn bound<T>(
        self,
        doing: Doing,
        future: impl Future<Output = T>,
    ) -> Result<T, LookerError> {
        timeout_at(self.at, future)
            .await
            .map_err(|_| self.over(doing))
    }

    /// The error for a deadline that has passed.
    pub(super) fn over(self, doing: Doing) -> LookerError {
        LookerError::Timeout {
            task_id: None,
            waited: self.began.elapsed(),
            doing,
        }
    }
}
