//! Something that is worth getting once for all who want it: a session, or the port of the API.

use std::future::Future;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared, WeakShared};

use super::error::LookerError;

type Outcome<T> = Result<T, LookerError>;
type Flight<T> = BoxFuture<'static, Outcome<T>>;

/// A value that is got at most once at a time and remembered until it is forgotten. A failure is
/// told to all who were waiting and is not remembered. When nobody waits any more the attempt is
/// given up.
pub(super) struct SingleFlight<T: Clone>(Arc<Mutex<Slot<T>>>);

enum Slot<T: Clone> {
    Empty,
    InFlight(WeakShared<Flight<T>>),
    Known(T),
}

impl<T: Clone> Default for SingleFlight<T> {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Slot::Empty)))
    }
}

impl<T: Clone + Send + Sync + 'static> SingleFlight<T> {
    /// The value: the one known if it is good, that of the attempt under way, or that of a new one.
    pub async fn get<F>(
        &self,
        good: impl FnOnce(&T) -> bool,
        begin: impl FnOnce() -> F,
    ) -> Outcome<T>
    where
        F: Future<Output = Outcome<T>> + Send + 'static,
    {
        let flight = {
            let mut slot = lock(&self.0);
            match &*slot {
                Slot::Known(value) if good(value) => return Ok(value.clone()),
                Slot::InFlight(flight) => flight.upgrade(),
                Slot::Known(_) | Slot::Empty => None,
            }
            .unwrap_or_else(|| self.start(&mut slot, begin()))
        };
        flight.await
    }

    fn start(
        &self,
        slot: &mut Slot<T>,
        work: impl Future<Output = Outcome<T>> + Send + 'static,
    ) -> Shared<Flight<T>> {
        let place = Arc::clone(&self.0);
        let flight = async move {
            let outcome = work.await;
            *lock(&place) = match &outcome {
                Ok(value) => Slot::Known(value.clone()),
                Err(_) => Slot::Empty,
            };
            outcome
        };
        let flight = flight.boxed().shared();
        *slot = flight.downgrade().map_or(Slot::Empty, Slot::InFlight);
        flight
    }

    /// Forgets the known value if it is the one meant. An attempt under way goes on: what it brings
    /// is newer than what was meant.
    pub fn forget(&self, meant: impl FnOnce(&T) -> bool) -> Option<T> {
        let mut slot = lock(&self.0);
        match &*slot {
            Slot::Known(value) if meant(value) => match mem::replace(&mut *slot, Slot::Empty) {
                Slot::Known(value) => Some(value),
                Slot::InFlight(_) | Slot::Empty => None,
            },
            _ => None,
        }
    }
}

fn lock<T: Clone>(slot: &Mutex<Slot<T>>) -> MutexGuard<'_, Slot<T>> {
    slot.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures_util::future::join_all;
    use tokio::sync::{Notify, oneshot};

    use super::*;

    fn failure() -> LookerError {
        LookerError::NotFound {
            what: "thing".to_owned(),
        }
    }

    #[tokio::test]
    async fn all_who_wait_share_one_attempt_and_what_it_brings_is_remembered() {
        let (flight, begun) = (SingleFlight::default(), AtomicUsize::new(0));
        let get = || {
            flight.get(
                |_| true,
                || {
                    let attempt = begun.fetch_add(1, Ordering::SeqCst);
                    async move {
                        tokio::task::yield_now().await;
                        Ok(attempt)
                    }
                },
            )
        };
        let all = join_all((0..50).map(|_| get())).await;
        assert!(all.into_iter().all(|value| matches!(value, Ok(0))));
        assert!(matches!(get().await, Ok(0)));
        assert_eq!(flight.forget(|value| *value == 7), None);
        assert_eq!(flight.forget(|value| *value == 0), Some(0));
        assert!(matches!(get().await, Ok(1)));
    }

    #[tokio::test]
    async fn a_failure_is_told_to_all_who_wait_and_forgotten() {
        let (flight, begun) = (SingleFlight::<u8>::default(), AtomicUsize::new(0));
        let gate = Arc::new(Notify::new());
        let get = || {
            flight.get(
                |_| true,
                || {
                    begun.fetch_add(1, Ordering::SeqCst);
                    let gate = Arc::clone(&gate);
                    async move {
                        gate.notified().await;
                        Err(failure())
                    }
                },
            )
        };
        let mut all = Box::pin(join_all((0..9).map(|_| get())));
        assert!(futures_util::poll!(&mut all).is_pending());
        gate.notify_one();
        assert!(all.await.iter().all(Result::is_err));
        assert_eq!(begun.load(Ordering::SeqCst), 1);
        gate.notify_one();
        assert!(get().await.is_err());
        assert_eq!(begun.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn one_who_goes_away_does_not_take_the_attempt_along() {
        let flight = SingleFlight::<u8>::default();
        let (send, receive) = oneshot::channel::<u8>();
        let mut first =
            Box::pin(flight.get(|_| true, || async { receive.await.map_err(|_| failure()) }));
        assert!(futures_util::poll!(&mut first).is_pending());
        let mut second = Box::pin(flight.get(|_| true, || async { Ok(99) }));
        assert!(futures_util::poll!(&mut second).is_pending());
        drop(first);
        send.send(7).unwrap();
        assert!(matches!(second.await, Ok(7)));
    }

    #[tokio::test]
    async fn when_nobody_waits_any_more_the_next_begins_anew() {
        let flight = SingleFlight::<u8>::default();
        let mut first = Box::pin(flight.get(|_| true, std::future::pending));
        assert!(futures_util::poll!(&mut first).is_pending());
        drop(first);
        assert!(matches!(
            flight.get(|_| true, || async { Ok(2) }).await,
            Ok(2)
        ));
    }
}
