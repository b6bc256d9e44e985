//! What Looker has said of its content a moment ago, for others who ask the same.
//!
//! All polls of a slot that read tiles of one dashboard need the same description of it, and it can
//! be megabytes. It is asked for once at a time, read once, and kept for a moment; who may take it, the
//! caller says ([`Terms`]): a poll takes what was asked for since its slot began, a person what is
//! asked for now.

use std::any::Any;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared, WeakShared};
use jiff::{SignedDuration, Timestamp};
use serde::de::DeserializeOwned;

use super::api::Api;
use super::ask::Ask;
use super::deadline::Deadline;
use super::error::{Doing, LookerError};

/// How long an answer is kept: as long as polls of one slot are spread.
const KEPT: SignedDuration = SignedDuration::from_secs(30);

/// How many bytes of answers are kept. What was read out of one is kept beside it only where it is
/// not larger than its text.
const MOST_BYTES: usize = 16 << 20;

/// On what terms content is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Terms {
    /// By when.
    pub deadline: Deadline,
    /// An answer that was asked for at that time or later will do; without it, it is asked for now.
    pub since: Option<Timestamp>,
}

impl Terms {
    /// It is asked for now.
    #[must_use]
    pub fn now(deadline: Deadline) -> Self {
        Self {
            deadline,
            since: None,
        }
    }
}

type Flight = BoxFuture<'static, Result<Said, LookerError>>;

/// An answer, and what was read out of it for all who have it.
#[derive(Clone)]
struct Said {
    body: Bytes,
    read: Arc<OnceLock<Arc<dyn Any + Send + Sync>>>,
}

impl Said {
    fn new(body: Bytes) -> Self {
        Self {
            body,
            read: Arc::default(),
        }
    }

    fn read<T>(&self, size: impl Fn(&T) -> usize) -> serde_json::Result<Arc<T>>
    where
        T: DeserializeOwned + Send + Sync + 'static,
    {
        if let Some(read) = self.read.get()
            && let Ok(read) = Arc::clone(read).downcast()
        {
            return Ok(read);
        }
        let read: Arc<T> = Arc::new(serde_json::from_slice(&self.body)?);
        if size(&read) <= self.body.len() {
            let kept: Arc<dyn Any + Send + Sync> = Arc::<T>::clone(&read);
            // Whoever reads it at the same time reads the same.
            drop(self.read.set(kept));
        }
        Ok(read)
    }
}

/// Answers by path: those under way, and those of a moment ago.
#[derive(Clone, Default)]
pub(super) struct Recent(Arc<Mutex<Kept>>);

#[derive(Default)]
struct Kept {
    answers: HashMap<String, Answer>,
    /// The number of the question asked last.
    latest: u64,
}

struct Answer {
    number: u64,
    asked: Timestamp,
    state: State,
    /// What was said before. The same text again need not be read again.
    before: Option<Said>,
}

enum State {
    /// Held weakly: when nobody waits any more, the question is given up.
    Going(WeakShared<Flight>),
    Done(Said),
}

impl Api {
    /// What Looker says of a piece of content: now, or a moment ago where the terms allow that.
    pub async fn look_up<T: DeserializeOwned>(
        self: &Arc<Self>,
        ask: Ask<'static>,
        terms: Terms,
    ) -> Result<T, LookerError> {
        let ask = Arc::new(ask);
        let said = self.said(&ask, terms).await?;
        serde_json::from_slice(&said.body).map_err(LookerError::malformed(&ask.what))
    }

    /// [`Api::look_up`] for what is large, and needed by many of whom each wants little of it. `size`
    /// says how many bytes it takes beside its texts.
    pub async fn look_up_large<T>(
        self: &Arc<Self>,
        ask: Ask<'static>,
        terms: Terms,
        size: impl Fn(&T) -> usize,
    ) -> Result<Arc<T>, LookerError>
    where
        T: DeserializeOwned + Send + Sync + 'static,
    {
        let ask = Arc::new(ask);
        let said = self.said(&ask, terms).await?;
        said.read(size).map_err(LookerError::malformed(&ask.what))
    }

    async fn said(
        self: &Arc<Self>,
        ask: &Arc<Ask<'static>>,
        terms: Terms,
    ) -> Result<Said, LookerError> {
        loop {
            let now = self.clock.now();
            let going = match self.recent.fitting(&ask.path, terms.since, now) {
                Some(State::Done(said)) => return Ok(said),
                Some(State::Going(flight)) => flight.upgrade(),
                None => None,
            };
            let joined = going.is_some();
            let flight = going.unwrap_or_else(|| {
                let (api, ask, path) = (Arc::clone(self), Arc::clone(ask), ask.path.clone());
                let asking =
                    async move { Ok(Said::new(api.call(&ask, terms.deadline).await?.body)) };
                self.recent.begin(path, now, asking)
            });
            match terms.deadline.bound(Doing::Asking, flight).await? {
                // It was the time of whoever asked first that was over, and not ours.
                Err(LookerError::Timeout { .. }) if joined && !terms.deadline.left().is_zero() => {}
                outcome => return outcome,
            }
        }
    }
}

impl Recent {
    fn fitting(&self, path: &str, since: Option<Timestamp>, now: Timestamp) -> Option<State> {
        let mut kept = self.lock();
        // A clock that was set back makes all that was asked later a thing of the future.
        kept.answers.retain(|_, answer| {
            let age = now.duration_since(answer.asked);
            let wanted = match &answer.state {
                State::Going(flight) => flight.upgrade().is_some(),
                State::Done(_) => age < KEPT,
            };
            wanted && !age.is_negative()
        });
        let answer = kept.answers.get(path)?;
        if since.is_none_or(|since| answer.asked < since) {
            return None;
        }
        Some(match &answer.state {
            State::Going(flight) => State::Going(flight.clone()),
            State::Done(said) => State::Done(said.clone()),
        })
    }

    /// Asks anew. What was asked before is no longer for others.
    fn begin(
        &self,
        path: String,
        asked: Timestamp,
        asking: impl Future<Output = Result<Said, LookerError>> + Send + 'static,
    ) -> Shared<Flight> {
        let mut kept = self.lock();
        kept.latest += 1;
        let number = kept.latest;
        let (recent, at) = (self.clone(), path.clone());
        let flight = async move {
            let outcome = asking.await;
            recent.ended(&at, number, outcome)
        };
        let flight = flight.boxed().shared();
        if let Some(weak) = flight.downgrade() {
            let before = kept.answers.remove(&path);
            let before = before.and_then(|answer| match answer.state {
                State::Done(said) => Some(said),
                State::Going(_) => answer.before,
            });
            let answer = Answer {
                number,
                asked,
                state: State::Going(weak),
                before,
            };
            kept.answers.insert(path, answer);
        }
        flight
    }

    /// Keeps an answer as long as there is room; a failure is kept for nobody.
    fn ended(
        &self,
        path: &str,
        number: u64,
        outcome: Result<Said, LookerError>,
    ) -> Result<Said, LookerError> {
        let mut kept = self.lock();
        let answer = kept.answers.get_mut(path);
        let Some(answer) = answer.filter(|answer| answer.number == number) else {
            return outcome;
        };
        let said = match (outcome, answer.before.take()) {
            (Ok(said), Some(before)) if said.body == before.body => before,
            (Ok(said), _) => said,
            (Err(error), _) => {
                kept.answers.remove(path);
                return Err(error);
            }
        };
        answer.state = State::Done(said.clone());
        let mut done: Vec<(u64, usize, String)> = kept
            .answers
            .iter()
            .filter_map(|(path, answer)| match &answer.state {
                State::Done(said) => Some((answer.number, said.body.len(), path.clone())),
                State::Going(_) => None,
            })
            .collect();
        done.sort_unstable_by_key(|(number, ..)| std::cmp::Reverse(*number));
        let mut bytes = 0_usize;
        for (_, size, path) in done {
            bytes = bytes.saturating_add(size);
            if bytes > MOST_BYTES {
                kept.answers.remove(&path);
            }
        }
        drop(kept);
        Ok(said)
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
