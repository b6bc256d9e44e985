//! One run of a query for all who want it.
//!
//! Whoever wants a result that is being fetched waits for it; whoever wants one that was fetched
//! late enough takes it. What "late enough" is, the caller says ([`Fresh`]): a slot of a schedule
//! takes any result that was asked for since the slot began, so equal reads in a slot cost one run.

mod kept;

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared as Sharing};
use jiff::Timestamp;

use crate::clock::SharedClock;
use crate::looker::{Fetched, Looker, LookerError, Queue, Run};

use super::error::ChartError;
use kept::{Kept, Key, State};

/// How fresh a result has to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fresh {
    /// Run now; a run that is under way will do.
    Now,
    /// As [`Fresh::Now`], and Looker itself must not answer from its cache.
    Uncached,
    /// A result that was asked for at that time or later will do.
    Since(Timestamp),
}

impl Fresh {
    /// From when on what was asked for will do.
    pub(super) fn since(self) -> Option<Timestamp> {
        match self {
            Self::Since(since) => Some(since),
            Self::Now | Self::Uncached => None,
        }
    }

    /// Whether Looker may answer from its cache.
    pub(super) fn takes_cached(self) -> bool {
        self != Self::Uncached
    }
}

type Outcome = Result<Arc<Fetched>, Arc<LookerError>>;
type Going = Sharing<BoxFuture<'static, Outcome>>;

/// Results that are being fetched, and those fetched a moment ago.
#[derive(Default)]
pub(super) struct Shared(Mutex<Kept>);

impl Shared {
    /// The outcome of the run that fits, or of one that is begun. Whoever waits for the run of
    /// another waits no longer than for its own.
    pub async fn run<F>(
        &self,
        key: Key,
        looker: &Arc<Looker>,
        fresh: Fresh,
        clock: &SharedClock,
        run: &Run,
        begin: impl FnOnce() -> F,
    ) -> Result<Arc<Fetched>, ChartError>
    where
        F: Future<Output = Result<Fetched, LookerError>> + Send + 'static,
    {
        let now = clock.now();
        // The run is held until its result is there for others: one that nobody holds is begun anew.
        let (number, _held, outcome) = match self.fitting(&key, looker, fresh, now) {
            Fitting::Done(fetched) => return Ok(fetched),
            Fitting::Going(number, going, others) => {
                let outcome = going.clone();
                let outcome = match (run.queue, run.deadline) {
                    (Queue::Within, Some(deadline)) => {
                        let waited = tokio::time::timeout(deadline.left(), outcome).await;
                        waited.map_err(|_| looker.too_late(&others, deadline))?
                    }
                    _ => outcome.await,
                };
                (Some(number), going, outcome)
            }
            Fitting::None => {
                let (number, going) = self.begin(&key, looker, run, now, begin());
                let outcome = going.clone().await;
                (number, going, outcome)
            }
        };
        if let Some(number) = number {
            self.lock().ended(&key, number, now, outcome.as_ref().ok());
        }
        outcome.map_err(ChartError::Looker)
    }

    fn fitting(&self, key: &Key, looker: &Arc<Looker>, fresh: Fresh, now: Timestamp) -> Fitting {
        let mut kept = self.lock();
        let entry = kept.get(key, now);
        let Some(entry) = entry.filter(|entry| Arc::ptr_eq(&entry.looker, looker)) else {
            return Fitting::None;
        };
        if !fresh.takes_cached() && entry.run.cache {
            return Fitting::None;
        }
        let since = fresh.since();
        if since.is_some_and(|since| entry.began < since) {
            return Fitting::None;
        }
        match &entry.state {
            State::Going(going) => going.upgrade().map_or(Fitting::None, |going| {
                Fitting::Going(entry.number, going, entry.run.clone())
            }),
            State::Done(fetched) if since.is_some() => Fitting::Done(Arc::clone(fetched)),
            State::Done(_) => Fitting::None,
        }
    }

    /// Begins a run, and says its number. One that is under way goes on for those who wait for it, and
    /// for nobody who comes later: the younger one takes its place.
    fn begin(
        &self,
        key: &Key,
        looker: &Arc<Looker>,
        run: &Run,
        now: Timestamp,
        work: impl Future<Output = Result<Fetched, LookerError>> + Send + 'static,
    ) -> (Option<u64>, Going) {
        let work = work.map(|outcome| outcome.map(Arc::new).map_err(Arc::new));
        let going = work.boxed().shared();
        let weak = going.downgrade();
        let number = weak.map(|weak| self.lock().begin(key, looker, now, run, weak));
        (number, going)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

enum Fitting {
    Done(Arc<Fetched>),
    Going(u64, Going, Run),
    None,
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use bytes::Bytes;
    use jiff::SignedDuration;

    use super::kept::KEPT;
    use super::*;
    use crate::chart::{was_queueing, was_sharing};
    use crate::clock::{Clock as _, ManualClock};
    use crate::egress::Targets;
    use crate::looker::{Deadline, ServerUrl, Settings};

    pub(super) fn key(query: &str) -> Key {
        let id = "con_0192f0c1a2b37c4d8e5f60718293a4b5";
        (id.parse().expect("an id"), query.to_owned())
    }

    fn fetched() -> Fetched {
        Fetched {
            body: Bytes::from_static(b"{}"),
            explore_url: None,
            query_id: "1".into(),
            task_id: None,
        }
    }

    /// A client that is never asked anything.
    pub(super) fn client() -> Arc<Looker> {
        let settings = Settings {
            server_url: ServerUrl::parse("looker.example").expect("a URL"),
            client_id: "id".into(),
            client_secret: "secret".to_owned().into(),
            timeout: Settings::TIMEOUT,
            max_concurrent: Settings::MAX_CONCURRENT,
        };
        let targets = Arc::new(Targets::new(Vec::new()));
        Looker::new(settings, targets, ManualClock::default().shared()).expect("a client")
    }

    /// Runs that count themselves.
    #[derive(Clone, Default)]
    struct Runs(Arc<AtomicUsize>);

    impl Runs {
        fn one(&self) -> impl Future<Output = Result<Fetched, LookerError>> + Send + use<> {
            let count = Arc::clone(&self.0);
            async move {
                count.fetch_add(1, Ordering::SeqCst);
                // Each of those who wait may move it on by one; it lasts longer than they come.
                for _ in 0..200 {
                    tokio::task::yield_now().await;
                }
                Ok(fetched())
            }
        }

        fn count(&self) -> usize {
            self.0.load(Ordering::SeqCst)
        }
    }

    #[tokio::test]
    async fn those_who_want_it_at_once_cost_one_run() {
        let (shared, clock, runs) = (Shared::default(), ManualClock::default(), Runs::default());
        let looker = client();
        let all = (0..50).map(|_| {
            let (shared, clock, looker) = (&shared, clock.shared(), &looker);
            let run = || runs.one();
            async move {
                let how = Run::default();
                shared
                    .run(key("a"), looker, Fresh::Now, &clock, &how, run)
                    .await
            }
        });
        for outcome in futures_util::future::join_all(all).await {
            outcome.expect("fetched");
        }
        assert_eq!(runs.count(), 1);
    }

    #[tokio::test]
    async fn a_slot_takes_what_was_fetched_since_it_began() {
        let (shared, clock, runs) = (Shared::default(), ManualClock::default(), Runs::default());
        let looker = client();
        let (slot, shown) = (clock.now(), clock.shared());
        let run = async |fresh| {
            let how = Run::default();
            shared
                .run(key("a"), &looker, fresh, &shown, &how, || runs.one())
                .await
                .expect("fetched");
            runs.count()
        };
        assert_eq!(run(Fresh::Since(slot)).await, 1);
        clock.advance(SignedDuration::from_secs(5));
        assert_eq!(run(Fresh::Since(slot)).await, 1, "the same slot");
        assert_eq!(run(Fresh::Since(clock.now())).await, 2, "a later slot");
        assert_eq!(run(Fresh::Now).await, 3, "a refresh");
        clock.advance(KEPT);
        assert_eq!(run(Fresh::Since(slot)).await, 4, "kept no longer");
    }

    #[tokio::test]
    async fn a_slot_does_not_wait_for_a_run_that_began_before_it() {
        let (shared, clock, runs) = (Shared::default(), ManualClock::default(), Runs::default());
        let (looker, shown, how) = (client(), clock.shared(), Run::default());
        let run = |fresh| shared.run(key("a"), &looker, fresh, &shown, &how, || runs.one());
        let mut before = Box::pin(run(Fresh::Now));
        assert!(futures_util::poll!(&mut before).is_pending());
        clock.advance(SignedDuration::from_secs(10));
        let slot = clock.now();
        let mut younger = Box::pin(run(Fresh::Since(slot)));
        assert!(futures_util::poll!(&mut younger).is_pending());
        assert_eq!(runs.count(), 2, "it runs anew");
        before.await.expect("fetched");
        run(Fresh::Since(slot)).await.expect("fetched");
        younger.await.expect("fetched");
        run(Fresh::Since(slot)).await.expect("fetched");
        assert_eq!(runs.count(), 2, "the end of the older one hides nothing");
    }

    #[tokio::test]
    async fn an_edited_connection_takes_nothing_of_the_one_before() {
        let (shared, clock, runs) = (Shared::default(), ManualClock::default(), Runs::default());
        let (slot, shown) = (clock.now(), clock.shared());
        for (looker, count) in [(client(), 1), (client(), 2)] {
            let fresh = Fresh::Since(slot);
            let how = Run::default();
            let run = shared.run(key("a"), &looker, fresh, &shown, &how, || runs.one());
            run.await.expect("fetched");
            assert_eq!(runs.count(), count);
        }
    }

    #[tokio::test]
    async fn whoever_waits_too_long_for_anothers_run_is_told_whose_it_is() {
        let (shared, clock, looker) =
            (Shared::default(), ManualClock::default().shared(), client());
        let how = Run::default();
        let never = std::future::pending::<Result<Fetched, LookerError>>;
        let mut first = Box::pin(shared.run(key("a"), &looker, Fresh::Now, &clock, &how, never));
        assert!(futures_util::poll!(&mut first).is_pending());
        let joined = async || {
            let how = Run {
                deadline: Some(Deadline::after(std::time::Duration::from_millis(20))),
                ..Run::default()
            };
            let late = shared.run(key("a"), &looker, Fresh::Now, &clock, &how, never);
            late.await.expect_err("it takes too long")
        };
        let queueing = joined().await;
        assert!(was_queueing(&queueing) && !was_sharing(&queueing));
        how.placed.store(true, Ordering::Relaxed);
        let sharing = joined().await;
        assert!(was_sharing(&sharing) && !was_queueing(&sharing));
        let told = sharing.to_string();
        assert!(told.contains("another read's run"), "{told}");
    }

    #[tokio::test]
    async fn a_failure_is_nobody_elses() {
        let (shared, clock, looker) = (Shared::default(), ManualClock::default(), client());
        let (slot, shown) = (clock.now(), clock.shared());
        let failing = || async { Err(LookerError::Unsupported { why: String::new() }) };
        let how = Run::default();
        let fresh = Fresh::Since(slot);
        let failed = shared.run(key("a"), &looker, fresh, &shown, &how, failing);
        assert!(failed.await.is_err());
        let runs = Runs::default();
        let again = shared.run(key("a"), &looker, fresh, &shown, &how, || runs.one());
        assert!(again.await.is_ok());
    }
}
