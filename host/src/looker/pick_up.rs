//! Coming back to a query that was left to finish.

use super::ask::{Ask, segment};
use super::connection::Looker;
use super::deadline::Deadline;
use super::error::LookerError;
use super::run::{Fetched, explore_url};
use super::task::{Status, ask_after};

/// What has become of a query that was left to finish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PickedUp {
    /// It has a result.
    Done(Fetched),
    /// It is still running.
    Running,
    /// Looker no longer knows it, or it was killed: its result will not come.
    Gone,
}

impl Looker {
    /// Looks after a query that was left to finish. That needs no place: it has one, or has ended.
    ///
    /// # Errors
    ///
    /// What Looker or the way to it answered.
    pub async fn pick_up(
        &self,
        task_id: &str,
        deadline: Deadline,
    ) -> Result<PickedUp, LookerError> {
        let outcome = self.picked_up(task_id, deadline).await?;
        if outcome != PickedUp::Running {
            self.tasks.forget(task_id);
        }
        Ok(outcome)
    }

    async fn picked_up(&self, task_id: &str, deadline: Deadline) -> Result<PickedUp, LookerError> {
        let task = match ask_after(&self.api, task_id, deadline).await {
            Err(LookerError::NotFound { .. }) => return Ok(PickedUp::Gone),
            task => task?,
        };
        let status = Status::of(task.status.as_deref());
        if matches!(status, Status::Running) {
            return Ok(PickedUp::Running);
        }
        if matches!(status, Status::Killed) {
            return Ok(PickedUp::Gone);
        }
        // An expired task may have its result all the same, so it is asked for.
        let body = match self.results(task_id, deadline).await {
            Ok(Some(body)) => body,
            Ok(None) => return Ok(PickedUp::Running),
            Err(LookerError::NotFound { .. }) => return Ok(PickedUp::Gone),
            Err(error) => return Err(error),
        };
        let query_id = task.query_id.map(|id| id.0).unwrap_or_default();
        Ok(PickedUp::Done(Fetched {
            body,
            explore_url: self.explore_url_of(&query_id, deadline).await,
            query_id,
            task_id: Some(task_id.to_owned()),
        }))
    }

    /// A link for people is worth a question, but not a failure.
    async fn explore_url_of(&self, query_id: &str, deadline: Deadline) -> Option<String> {
        let path = format!("/queries/{}", segment(query_id)?);
        let ask = Ask::get(path, format!("query {query_id}"))
            .with("fields", "id,share_url,expanded_share_url");
        explore_url(&self.api.read(&ask, deadline).await.ok()?)
    }
}
