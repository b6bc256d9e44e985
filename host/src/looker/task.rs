//! Query tasks: queries that Looker runs by itself, to be asked after.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::api::Api;
use super::ask::{Ask, segment};
use super::deadline::Deadline;
use super::error::{Doing, LookerError};
use super::place::{Keeping, Place, Places};
use super::wire::Task;

/// How long killing a query may take: it is done for good manners.
const KILLING: Duration = Duration::from_secs(5);

/// The first pause before a task that was left to finish is asked after; each is longer than the one
/// before.
const FIRST_LOOK: Duration = Duration::from_secs(1);

/// The longest such pause.
const LONGEST_LOOK: Duration = Duration::from_secs(15);

/// How long one question after a task may take. Looker answers it from memory, so one that takes
/// longer is lost, and the next will do.
pub(super) const QUESTION: Duration = Duration::from_secs(10);

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

/// Asks where a task stands.
pub(super) async fn ask_after(
    api: &Arc<Api>,
    id: &str,
    deadline: Deadline,
) -> Result<Task, LookerError> {
    let ask = Ask::get(path(id, "")?, format!("query task {id}"));
    let ask = Ask {
        doing: Doing::Running,
        limit: QUESTION,
        ..ask
    };
    api.read(&ask, deadline).await
}

/// The tasks of a client that somebody waits for. Those that were left to finish are known by the
/// places that they keep.
pub(super) struct Tasks {
    needed: Mutex<BTreeMap<String, usize>>,
    killing: TaskTracker,
    places: Arc<Places>,
    /// Set once the client's session is over.
    parted: CancellationToken,
}

impl Tasks {
    pub fn new(places: Arc<Places>) -> Arc<Self> {
        Arc::new(Self {
            needed: Mutex::default(),
            killing: TaskTracker::new(),
            places,
            parted: CancellationToken::new(),
        })
    }

    /// Marks a task as needed, and in its place, for as long as the answer is kept.
    pub fn need(self: &Arc<Self>, api: &Arc<Api>, id: String, place: Place) -> Needed {
        *self.lock().entry(id.clone()).or_default() += 1;
        Needed {
            tasks: Arc::clone(self),
            api: Arc::clone(api),
            id,
            place: Some(place),
        }
    }

    /// Nobody comes back to a task any more, and it keeps no place.
    pub fn forget(&self, id: &str) {
        self.places.ended(id);
    }

    /// Waits until the tasks that are being killed are dead, and asks after none any more.
    pub async fn settle(&self) {
        self.parted.cancel();
        self.killing.close();
        let _ = tokio::time::timeout(KILLING, self.killing.wait()).await;
        self.killing.reopen();
    }

    /// Leaves a task to finish in its place, and asks Looker after it now and then until it has ended:
    /// whoever comes back to it may come late or never.
    fn leave(&self, api: Weak<Api>, id: String, place: Place) {
        let keeping = place.leave_to(&id);
        let (places, parted) = (Arc::downgrade(&self.places), self.parted.clone());
        tokio::spawn(async move {
            tokio::select! {
                () = until_ended(&api, &id, &keeping) => {
                    if let Some(places) = places.upgrade().filter(|_| !keeping.is_over()) {
                        places.ended(&id);
                    }
                }
                // The place is kept for whoever picks the task up with another client.
                () = parted.cancelled() => {}
            }
        });
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

/// Asks after a task until Looker says that it has ended, or it keeps its place no longer.
async fn until_ended(api: &Weak<Api>, id: &str, keeping: &Keeping) {
    let (mut pause, mut expired) = (FIRST_LOOK, false);
    loop {
        sleep(pause).await;
        pause = (pause * 3 / 2).min(LONGEST_LOOK);
        if keeping.is_over() {
            return;
        }
        let Some(api) = api.upgrade() else {
            // Nobody is there to ask; the place comes free with time.
            return std::future::pending().await;
        };
        match ask_after(&api, id, Deadline::after(QUESTION)).await {
            Err(LookerError::NotFound { .. }) => return,
            Err(_) => {}
            Ok(task) => match Status::of(task.status.as_deref()) {
                Status::Done | Status::Killed => return,
                // What says so once may yet come back to life.
                Status::Expired if expired => return,
                status => expired = status == Status::Expired,
            },
        }
    }
}

/// The need of a task, with the place that it runs in. Dropped before it is over, because the caller
/// has gone away, it has the query killed, unless somebody else needs it.
pub(super) struct Needed {
    tasks: Arc<Tasks>,
    api: Arc<Api>,
    id: String,
    place: Option<Place>,
}

impl Needed {
    /// The task has ended one way or the other. Its place is free for another.
    pub fn ended(mut self) -> Option<Place> {
        self.tasks.release(&self.id);
        self.place.take()
    }

    /// The task is left to finish in its place: somebody will come back to it, or find it hot.
    pub fn left(mut self) {
        self.tasks.release(&self.id);
        if let Some(place) = self.place.take() {
            self.tasks
                .leave(Arc::downgrade(&self.api), self.id.clone(), place);
        }
    }
}

impl Drop for Needed {
    fn drop(&mut self) {
        let Some(place) = self.place.take() else {
            return;
        };
        let wanted = !self.tasks.release(&self.id) || self.tasks.places.keeps(&self.id);
        let (Ok(runtime), Some(segment)) = (Handle::try_current(), segment(&self.id)) else {
            return;
        };
        if wanted {
            return;
        }
        let (api, tasks, id) = (
            Arc::clone(&self.api),
            Arc::clone(&self.tasks),
            self.id.clone(),
        );
        // Its place is free once it is dead.
        let kill = async move {
            let ask = Ask::delete(
                format!("/running_queries/{segment}"),
                format!("running query {segment}"),
            );
            match api.call(&ask, Deadline::after(KILLING)).await {
                Ok(_) | Err(LookerError::NotFound { .. }) => drop(place),
                Err(error) => {
                    tracing::debug!(task = id, %error, "did not kill a query that nobody waits for");
                    tasks.leave(Arc::downgrade(&api), id, place);
                }
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
