//! The places that a connection has to run queries in.
//!
//! A place is taken before a query is begun and given back once Looker no longer works on it. A
//! query that is left to finish when our time is over keeps its place, so that what runs at Looker
//! stays within the cap; its place comes free when its result is picked up, when it is seen to have
//! ended, or after [`LEFT_FOR`]. Places belong to the connection and outlive its clients, which are
//! made anew with every edit; only at another server a connection has other places.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How long a query that was left to finish keeps its place at most. Looker forgets tasks within an
/// hour, and a task that it has lost without saying so must not starve the connection meanwhile.
const LEFT_FOR: Duration = Duration::from_secs(10 * 60);

/// The places of one connection. They are given out in the order in which they were asked for,
/// whoever asks: the semaphore's queue is first in, first out.
pub struct Places {
    free: Arc<Semaphore>,
    size: Mutex<Size>,
    left: Mutex<HashMap<String, Left>>,
    left_for: Duration,
}

/// How many places there are.
struct Size {
    most: usize,
    /// Places that are taken and were taken away since: they are not given out again.
    owed: usize,
}

/// The places of a task that was left to finish. An id is left twice only by a server that gives
/// one id to two tasks.
#[derive(Default)]
struct Left {
    places: Vec<Place>,
    /// Tells this leaving from a later one under the same id.
    turn: Arc<()>,
}

/// A place that is taken. It is given back when this is dropped.
pub(super) struct Place {
    permit: Option<OwnedSemaphorePermit>,
    of: Arc<Places>,
}

impl Places {
    /// So many places.
    #[must_use]
    pub fn new(most: usize) -> Arc<Self> {
        Self::leaving_for(most, LEFT_FOR)
    }

    /// The same with another time that a query left to finish keeps its place.
    pub(super) fn leaving_for(most: usize, left_for: Duration) -> Arc<Self> {
        let most = sound(most);
        Arc::new(Self {
            free: Arc::new(Semaphore::new(most)),
            size: Mutex::new(Size { most, owed: 0 }),
            left: Mutex::default(),
            left_for,
        })
    }

    /// Has it be so many from now on. Where there are to be fewer, those that are taken beyond that
    /// are not given out again.
    pub fn resize(&self, most: usize) {
        let most = sound(most);
        let mut size = lock(&self.size);
        let (more, fewer) = (
            most.saturating_sub(size.most),
            size.most.saturating_sub(most),
        );
        let forgiven = size.owed.min(more);
        size.owed -= forgiven;
        self.free.add_permits(more - forgiven);
        size.owed += fewer - self.free.forget_permits(fewer);
        size.most = most;
    }

    /// How many there are.
    pub(super) fn most(&self) -> usize {
        lock(&self.size).most
    }

    /// How long what was left to finish keeps its place at most.
    pub(super) fn left_for(&self) -> Duration {
        self.left_for
    }

    /// Waits for a place.
    pub(super) async fn take(self: &Arc<Self>) -> Place {
        // The semaphore is never closed; if it were, nothing would be held back.
        let permit = Arc::clone(&self.free).acquire_owned().await.ok();
        Place {
            permit,
            of: Arc::clone(self),
        }
    }

    /// Whether a task was left to finish and keeps its place.
    pub(super) fn keeps(&self, task: &str) -> bool {
        lock(&self.left).contains_key(task)
    }

    /// A task that was left to finish has ended, or nobody will ever know.
    pub(super) fn ended(&self, task: &str) {
        // The places are given back once the lock is.
        let left = lock(&self.left).remove(task);
        drop(left);
    }
}

impl Place {
    /// Leaves the place to a task that goes on. Says so for as long as it keeps the place.
    pub(super) fn leave_to(self, task: &str) -> Keeping {
        let places = Arc::clone(&self.of);
        let turn = {
            let mut all = lock(&places.left);
            let left = all.entry(task.to_owned()).or_default();
            left.places.push(self);
            Arc::downgrade(&left.turn)
        };
        let (all, task, kept) = (Arc::downgrade(&places), task.to_owned(), turn.clone());
        let time = places.left_for;
        tokio::spawn(async move {
            tokio::time::sleep(time).await;
            if kept.upgrade().is_some()
                && let Some(places) = all.upgrade()
            {
                tracing::warn!(
                    task,
                    "a query that was left to finish is given up; its place is free"
                );
                places.ended(&task);
            }
        });
        Keeping(turn)
    }
}

/// Whether a task still keeps the place that was left to it.
pub(super) struct Keeping(Weak<()>);

impl Keeping {
    pub fn is_over(&self) -> bool {
        self.0.strong_count() == 0
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some(permit) = self.permit.take() else {
            return;
        };
        let mut size = lock(&self.of.size);
        if size.owed > 0 {
            size.owed -= 1;
            permit.forget();
        } else {
            drop(permit);
        }
    }
}

impl fmt::Debug for Places {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Places")
            .field("most", &self.most())
            .field("free", &self.free.available_permits())
            .finish_non_exhaustive()
    }
}

fn sound(most: usize) -> usize {
    most.clamp(1, Semaphore::MAX_PERMITS)
}

fn lock<T>(part: &Mutex<T>) -> MutexGuard<'_, T> {
    part.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    /// How many places can be taken at once just now.
    fn to_be_had(places: &Arc<Places>) -> usize {
        let taken: Vec<Place> = std::iter::from_fn(|| places.take().now_or_never()).collect();
        taken.len()
    }

    #[tokio::test]
    async fn a_change_of_their_number_counts_for_those_that_are_taken_too() {
        let places = Places::new(3);
        let mut taken = Vec::new();
        for _ in 0..3 {
            taken.push(places.take().await);
        }
        places.resize(1);
        taken.truncate(1);
        assert_eq!(to_be_had(&places), 0, "the only place is taken");
        places.resize(2);
        assert_eq!(to_be_had(&places), 1);
        taken.clear();
        assert_eq!(to_be_had(&places), 2);
        places.resize(0);
        assert_eq!(to_be_had(&places), 1, "there is always one");
    }

    #[tokio::test]
    async fn fewer_and_more_again_is_as_before() {
        let places = Places::new(4);
        let taken = places.take().await;
        places.resize(1);
        places.resize(4);
        assert_eq!(to_be_had(&places), 3);
        drop(taken);
        assert_eq!(to_be_had(&places), 4);
    }

    #[tokio::test(start_paused = true)]
    async fn a_task_that_goes_on_keeps_its_place_until_it_is_seen_to_end_or_given_up() {
        let places = Places::new(1);
        let keeping = places.take().await.leave_to("a");
        assert!(places.keeps("a") && !keeping.is_over());
        assert_eq!(to_be_had(&places), 0);
        places.ended("a");
        assert!(!places.keeps("a") && keeping.is_over());
        assert_eq!(to_be_had(&places), 1);

        tokio::time::advance(LEFT_FOR / 2).await;
        let later = places.take().await.leave_to("a");
        tokio::time::sleep(LEFT_FOR / 2 + Duration::from_secs(1)).await;
        assert!(!later.is_over(), "the first leaving's time is not its own");
        tokio::time::sleep(LEFT_FOR / 2).await;
        assert!(later.is_over() && !places.keeps("a"));
        assert_eq!(to_be_had(&places), 1);
    }

    #[tokio::test]
    async fn places_are_given_out_in_the_order_in_which_they_were_asked_for() {
        let places = Places::new(1);
        let first = places.take().await;
        let mut second = Box::pin(places.take());
        let mut third = Box::pin(places.take());
        assert!(futures_util::poll!(&mut second).is_pending());
        assert!(futures_util::poll!(&mut third).is_pending());
        drop(first);
        assert!(futures_util::poll!(&mut third).is_pending());
        assert!(futures_util::poll!(&mut second).is_ready());
    }
}
