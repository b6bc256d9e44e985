//! How long a call of ours may still take, whatever it is made of.

use std::future::Future;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::error::{Doing, LookerError};

/// The longest that a call may take, whatever is asked for: later moments cannot be told.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// A moment by which all has to be done. It goes by the machine's steady clock: setting the wall
/// clock neither cuts a call short nor draws it out.
#[derive(Debug, Clone, Copy)]
pub(super) struct Deadline {
    began: Instant,
    at: Instant,
}

impl Deadline {
    pub fn after(time: Duration) -> Self {
        let began = Instant::now();
        Self {
            began,
            at: began + time.min(LONGEST),
        }
    }

    /// What is left of the time.
    pub fn left(self) -> Duration {
        self.at.saturating_duration_since(Instant::now())
    }

    /// Waits for a future, but not beyond the deadline.
    pub async fn bound<T>(
        self,
        doing: Doing,
        future: impl Future<Output = T>,
    ) -> Result<T, LookerError> {
        timeout_at(self.at, future)
            .await
            .map_err(|_| self.over(doing))
    }

    /// The error for a deadline that has passed.
    pub fn over(self, doing: Doing) -> LookerError {
        LookerError::Timeout {
            task_id: None,
            waited: self.began.elapsed(),
            doing,
        }
    }
}
