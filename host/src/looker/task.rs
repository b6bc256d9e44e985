//! Query tasks: queries that Looker runs by itself, to be asked after.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio_util::task::TaskTracker;

use super::api::Api;
use super::ask::{Ask, segment};
use super::deadline::Deadline;
use super::error::LookerError;

/// How long killing a query may take: it is done for good manners.
const KILLING: Duration = Duration::from_secs(5);

/// Where a task stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    /// Not yet done; also what a later Looker calls by a word that is not known yet.
    Running,
    /// It has a result, perhaps one that tells of an error.
    Done,
    /// Looker has lost it; now and then just before it is done.
    Expired,
    /// Somebody has ended it.
    Killed,
}

impl Status {
    /// What Looker's word for it means. The published spelling and that of practice differ.
    pub fn of(word: Option<&str>) -> Self {
        match word.map(str::to_ascii_lowercase).as_deref() {
            Some("complete" | "error") => Self::Done,
            Some("expired" | "missing") => Self::Expired,
            Some("killed") => Self::Killed,
            _ => Self::Running,
        }
    }
}

/// The path of a task, or of what is below it.
pub(super) fn path(id: &str, below: &str) -> Result<String, LookerError> {
    let what = || format!("query task {id}");
    let id = segment(id).ok_or_else(|| LookerError::NotFound { what: what() })?;
    Ok(format!("/query_tasks/{id}{below}"))
}

/// The tasks that somebody here waits for or means to come back to.
#[derive(Default)]
pub(super) struct Tasks {
    needed: Mutex<BTreeMap<String, usize>>,
    killing: TaskTracker,
}

impl Tasks {
    /// Marks a task as needed for as long as the answer is kept.
    pub fn need(self: &Arc<Self>, api: &Arc<Api>, id: String) -> Needed {
        *self.lock().entry(id.clone()).or_default() += 1;
        Needed {
            tasks: Arc::clone(self),
            api: Arc::clone(api),
            id,
            over: false,
        }
    }

    /// Nobody comes back to a task any more.
    pub fn forget(&self, id: &str) {
        self.lock().remove(id);
    }

    /// Waits until the tasks that are being killed are dead.
    pub async fn settle(&self) {
        self.killing.close();
        let _ = tokio::time::timeout(KILLING, self.killing.wait()).await;
        self.killing.reopen();
    }

    /// Takes one need of a task away; whether it was the last.
    fn release(&self, id: &str) -> bool {
        let mut needed = self.lock();
        match needed.get_mut(id) {
            Some(count) if *count > 1 => {
                *count -= 1;
                false
            }
            _ => {
                needed.remove(id);
                true
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, usize>> {
        self.needed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The need of a task. Dropped before it is over, because the caller has gone away, it has the
/// query killed, unless somebody else needs it.
pub(super) struct Needed {
    tasks: Arc<Tasks>,
    api: Arc<Api>,
    id: String,
    over: bool,
}

impl Needed {
    /// The task has ended one way or the other.
    pub fn ended(mut self) {
        self.over = true;
        self.tasks.release(&self.id);
    }

    /// The task is left to finish: somebody will come back to it.
    pub fn left(mut self) {
        self.over = true;
    }
}

impl Drop for Needed {
    fn drop(&mut self) {
        if self.over || !self.tasks.release(&self.id) {
            return;
        }
        let (Ok(runtime), Some(id)) = (Handle::try_current(), segment(&self.id)) else {
            return;
        };
        let api = Arc::clone(&self.api);
        let kill = async move {
            let ask = Ask::delete(
                format!("/running_queries/{id}"),
                format!("running query {id}"),
            );
            if let Err(error) = api.call(&ask, Deadline::after(KILLING)).await {
                tracing::debug!(task = id, %error, "did not kill a query that nobody waits for");
            }
        };
        self.tasks.killing.spawn_on(kill, &runtime);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_for_a_status_are_known_in_any_case() {
        let cases = [
            ("added", Status::Running),
            ("running", Status::Running),
            ("Complete", Status::Done),
            ("complete", Status::Done),
            ("error", Status::Done),
            ("expired", Status::Expired),
            ("KILLED", Status::Killed),
            ("something new", Status::Running),
        ];
        for (word, status) in cases {
            assert_eq!(Status::of(Some(word)), status, "{word}");
        }
        assert_eq!(Status::of(None), Status::Running);
    }
}
