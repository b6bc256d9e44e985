//! What waits for the thread that makes changes: the more come together, the less each of them costs.
//!
//! What is in a hurry is taken up as soon as the thread is free. What is not waits a moment for
//! others, and goes with the first that is.

use std::mem;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Semaphore, SemaphorePermit};

/// How many may wait before further ones have to wait for a place.
const PLACES: usize = 1024;
/// How many are taken up together at most: whoever wants to look into the store waits until they are
/// made.
const MOST: usize = 64;
/// How long what is in no hurry waits for others.
const PATIENCE: Duration = Duration::from_millis(10);

/// What waits.
pub(super) struct Queue<T> {
    waiting: Mutex<Waiting<T>>,
    arrived: Condvar,
    places: Semaphore,
}

struct Waiting<T> {
    all: Vec<T>,
    /// One of them is in a hurry.
    hurry: bool,
    closed: bool,
}

impl<T> Queue<T> {
    pub fn new() -> Self {
        Self {
            waiting: Mutex::new(Waiting {
                all: Vec::new(),
                hurry: false,
                closed: false,
            }),
            arrived: Condvar::new(),
            places: Semaphore::new(PLACES),
        }
    }

    /// Takes a place; none once the queue is closed.
    pub async fn place(&self) -> Option<Place<'_, T>> {
        let permit = self.places.acquire().await.ok()?;
        Some(Place {
            queue: self,
            permit,
        })
    }

    /// Waits for something to do and takes it; none once the queue is closed and empty.
    pub fn take(&self) -> Option<Vec<T>> {
        let mut waiting = self.lock();
        while waiting.all.is_empty() {
            if waiting.closed {
                return None;
            }
            let woken = self.arrived.wait(waiting);
            waiting = woken.unwrap_or_else(PoisonError::into_inner);
        }
        let until = Instant::now() + PATIENCE;
        while !waiting.hurry && !waiting.closed && waiting.all.len() < MOST {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            let woken = self.arrived.wait_timeout(waiting, left);
            waiting = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
        let taken = if waiting.all.len() > MOST {
            // The hurry of those that are left is theirs or nobody's; they come next in any case.
            let rest = waiting.all.split_off(MOST);
            mem::replace(&mut waiting.all, rest)
        } else {
            waiting.hurry = false;
            mem::take(&mut waiting.all)
        };
        self.places.add_permits(taken.len());
        Some(taken)
    }

    /// Takes nothing more in.
    pub fn close(&self) {
        self.places.close();
        self.lock().closed = true;
        self.arrived.notify_one();
    }

    /// Closes it and drops what waits.
    pub fn abandon(&self) {
        self.close();
        let dropped = mem::take(&mut self.lock().all);
        drop(dropped);
    }

    fn lock(&self) -> MutexGuard<'_, Waiting<T>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place among those that wait.
pub(super) struct Place<'a, T> {
    queue: &'a Queue<T>,
    permit: SemaphorePermit<'a>,
}

impl<T> Place<'_, T> {
    /// Takes the place up. In a queue that is closed by now it is dropped.
    pub fn put(self, item: T, hurry: bool) {
        let mut waiting = self.queue.lock();
        if waiting.closed {
            return;
        }
        // It is given back when this is taken up.
        self.permit.forget();
        waiting.all.push(item);
        let first = waiting.all.len() == 1;
        let hastens = hurry && !mem::replace(&mut waiting.hurry, true);
        let full = waiting.all.len() == MOST;
        drop(waiting);
        // Those in between are found by whoever waits for the first.
        if first || hastens || full {
            self.queue.arrived.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    async fn put(queue: &Queue<u32>, item: u32, hurry: bool) {
        queue.place().await.expect("it is open").put(item, hurry);
    }

    #[tokio::test]
    async fn what_is_in_no_hurry_waits_a_moment_and_goes_with_what_is() {
        let queue = Queue::new();
        put(&queue, 1, false).await;
        let began = Instant::now();
        assert_eq!(queue.take(), Some(vec![1]));
        assert!(began.elapsed() >= PATIENCE);

        put(&queue, 2, false).await;
        put(&queue, 3, true).await;
        put(&queue, 4, false).await;
        assert_eq!(queue.take(), Some(vec![2, 3, 4]));
        put(&queue, 5, false).await;
        let began = Instant::now();
        assert_eq!(queue.take(), Some(vec![5]));
        assert!(began.elapsed() >= PATIENCE, "the hurry was not its own");
    }

    #[tokio::test]
    async fn whoever_waits_is_woken_by_what_is_in_a_hurry_and_by_the_end() {
        let queue = Queue::new();
        thread::scope(|scope| {
            let taking = scope.spawn(|| queue.take());
            futures_util::FutureExt::now_or_never(put(&queue, 1, true)).expect("a place is free");
            assert_eq!(taking.join().expect("no panic"), Some(vec![1]));
            let taking = scope.spawn(|| queue.take());
            queue.close();
            assert_eq!(taking.join().expect("no panic"), None);
        });
        assert!(queue.place().await.is_none(), "it takes nothing more in");
    }

    #[tokio::test]
    async fn as_many_wait_as_there_are_places_and_are_taken_up_in_order() {
        let queue = Queue::new();
        for item in 0..PLACES as u32 {
            put(&queue, item, item == 0).await;
        }
        let mut late = Box::pin(put(&queue, PLACES as u32, false));
        assert!(futures_util::poll!(&mut late).is_pending());
        let mut taken = queue.take().expect("they wait");
        assert_eq!(taken.len(), MOST);
        late.await;
        queue.close();
        while let Some(more) = queue.take() {
            taken.extend(more);
        }
        assert!(taken.into_iter().eq(0..=PLACES as u32));
    }

    #[tokio::test]
    async fn what_is_abandoned_is_dropped() {
        let queue = Queue::new();
        let (item, dropped) = tokio::sync::oneshot::channel::<()>();
        let place = queue.place().await.expect("it is open");
        queue.place().await.expect("it is open").put(item, true);
        queue.abandon();
        assert!(dropped.await.is_err());
        let (item, dropped) = tokio::sync::oneshot::channel();
        place.put(item, true);
        assert!(dropped.await.is_err(), "nobody would take it up");
        assert!(queue.take().is_none());
    }
}
