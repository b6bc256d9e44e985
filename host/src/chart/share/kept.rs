//! Results by their query: those that are being fetched, and those that were fetched a moment ago.
//!
//! An hour has thousands of them, and each is looked for, kept and dropped, so none of that goes
//! through the others.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use futures_util::future::{BoxFuture, WeakShared};
use jiff::{SignedDuration, Timestamp};

use crate::id::ConnectionId;
use crate::looker::{Fetched, Looker, Run};

use super::Outcome;

/// How long a result is kept for others.
pub(super) const KEPT: SignedDuration = SignedDuration::from_secs(60);
/// How many bytes of results are kept for others.
const MOST_BYTES: usize = 64 << 20;
/// How many entries there may be before those are looked for that nobody waits for any more.
const CROWDED: usize = 64;

/// Which query of which connection.
pub(super) type Key = (ConnectionId, String);

/// All of them.
pub(super) struct Kept {
    entries: HashMap<Arc<Key>, Entry>,
    /// The keys of those that are done, by when they were asked for and by number.
    done: BTreeMap<(Timestamp, u64), Arc<Key>>,
    /// How large the results of those are together.
    bytes: usize,
    /// The number of the run that was begun last.
    latest: u64,
    crowded: usize,
    /// When those that nobody waits for any more were looked for.
    swept: Timestamp,
}

/// One run of a query.
pub(super) struct Entry {
    /// Which run it is; a key may have one after the other.
    pub number: u64,
    /// The client that runs it. A connection that was edited has another one, and what the one
    /// before was told is not for it.
    pub looker: Arc<Looker>,
    pub began: Timestamp,
    pub run: Run,
    pub state: State,
}

pub(super) enum State {
    /// Held weakly: when nobody waits any more, the run is given up.
    Going(WeakShared<BoxFuture<'static, Outcome>>),
    Done(Arc<Fetched>),
}

impl Default for Kept {
    fn default() -> Self {
        Self {
            entries: HashMap::new(),
            done: BTreeMap::new(),
            bytes: 0,
            latest: 0,
            crowded: CROWDED,
            swept: Timestamp::UNIX_EPOCH,
        }
    }
}

impl Kept {
    /// The run of a query that was begun last, unless its result is too old.
    pub fn get(&mut self, key: &Key, now: Timestamp) -> Option<&Entry> {
        self.forget_old(now);
        self.forget_abandoned(now);
        self.entries.get(key)
    }

    /// Notes that a run has begun; its number. It takes the place of the one before.
    pub fn begin(
        &mut self,
        key: &Key,
        looker: &Arc<Looker>,
        began: Timestamp,
        run: &Run,
        going: WeakShared<BoxFuture<'static, Outcome>>,
    ) -> u64 {
        self.remove(key);
        self.forget_abandoned(began);
        self.latest += 1;
        let entry = Entry {
            number: self.latest,
            looker: Arc::clone(looker),
            began,
            run: run.clone(),
            state: State::Going(going),
        };
        self.entries.insert(Arc::new(key.clone()), entry);
        self.latest
    }

    /// Keeps the result of a run for others as long as there is room; a failure is nobody else's.
    pub fn ended(
        &mut self,
        key: &Key,
        number: u64,
        now: Timestamp,
        fetched: Option<&Arc<Fetched>>,
    ) {
        let known = self.entries.get_key_value(key);
        let Some((key, entry)) = known.filter(|(_, entry)| entry.number == number) else {
            return;
        };
        if matches!(entry.state, State::Done(_)) {
            return;
        }
        let (key, began) = (Arc::clone(key), entry.began);
        let Some(fetched) = fetched else {
            self.remove(&key);
            return;
        };
        if let Some(entry) = self.entries.get_mut(&key) {
            entry.state = State::Done(Arc::clone(fetched));
        }
        self.bytes = self.bytes.saturating_add(fetched.body.len());
        self.done.insert((began, number), key);
        self.forget_old(now);
        while self.bytes > MOST_BYTES
            && let Some((_, oldest)) = self.done.first_key_value()
        {
            let oldest = Arc::clone(oldest);
            self.remove(&oldest);
        }
    }

    fn forget_old(&mut self, now: Timestamp) {
        while let Some((&(began, _), key)) = self.done.first_key_value()
            && now.duration_since(began) >= KEPT
        {
            let key = Arc::clone(key);
            self.remove(&key);
        }
    }

    /// Drops those that nobody waits for any more: when the last time is as long ago as results are
    /// kept, or there are twice as many entries as were left then.
    fn forget_abandoned(&mut self, now: Timestamp) {
        // A clock that was set back makes the last time a thing of the future.
        let since = now.duration_since(self.swept).abs();
        if since < KEPT && self.entries.len() < self.crowded {
            return;
        }
        self.swept = now;
        self.entries.retain(|_, entry| match &entry.state {
            State::Going(going) => going.upgrade().is_some(),
            State::Done(_) => true,
        });
        self.crowded = CROWDED.max(self.entries.len() * 2);
    }

    fn remove(&mut self, key: &Key) {
        let Some(entry) = self.entries.remove(key) else {
            return;
        };
        if let State::Done(fetched) = &entry.state {
            self.done.remove(&(entry.began, entry.number));
            self.bytes -= fetched.body.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use futures_util::FutureExt as _;
    use futures_util::future::Shared;

    use super::super::tests::{client, key};
    use super::*;

    fn going() -> Shared<BoxFuture<'static, Outcome>> {
        std::future::pending().boxed().shared()
    }

    fn of_size(bytes: usize) -> Arc<Fetched> {
        Arc::new(Fetched {
            body: Bytes::from(vec![b' '; bytes]),
            explore_url: None,
            query_id: "1".into(),
            task_id: None,
        })
    }

    /// Those of the queries `0`, `1` and so on that have a result.
    fn results(kept: &mut Kept, queries: usize) -> Vec<usize> {
        let mut done = |query: &usize| {
            let entry = kept.get(&key(&query.to_string()), Timestamp::UNIX_EPOCH);
            entry.is_some_and(|entry| matches!(entry.state, State::Done(_)))
        };
        (0..queries).filter(|query| done(query)).collect()
    }

    #[test]
    fn what_was_asked_for_first_goes_first_when_there_is_no_room() {
        let (mut kept, looker, run) = (Kept::default(), client(), Run::default());
        let now = Timestamp::UNIX_EPOCH;
        let at = |query: usize| {
            let second = i64::try_from(query).expect("a few");
            now + SignedDuration::from_secs(second)
        };
        let going = going();
        let numbers: Vec<_> = (0..5)
            .map(|query| {
                let going = going.downgrade().expect("it goes on");
                kept.begin(&key(&query.to_string()), &looker, at(query), &run, going)
            })
            .collect();
        let part = of_size(MOST_BYTES / 4);
        // They end in another order.
        for query in [4, 0, 1, 3, 2] {
            kept.ended(&key(&query.to_string()), numbers[query], now, Some(&part));
        }
        assert_eq!(results(&mut kept, 5), [1, 2, 3, 4]);
        kept.ended(&key("1"), numbers[1], now, Some(&of_size(MOST_BYTES)));
        assert_eq!(results(&mut kept, 5), [1, 2, 3, 4], "it ends once");
        let number = kept.begin(
            &key("2"),
            &looker,
            at(5),
            &run,
            going.downgrade().expect("so"),
        );
        assert_eq!(results(&mut kept, 5), [1, 3, 4], "it runs anew");
        kept.ended(&key("2"), number, now, Some(&of_size(MOST_BYTES / 2)));
        assert_eq!(results(&mut kept, 5), [2, 3, 4]);
        assert_eq!((kept.bytes, kept.done.len()), (MOST_BYTES, 3));
    }

    #[test]
    fn runs_that_nobody_waits_for_do_not_pile_up() {
        let (mut kept, looker, run) = (Kept::default(), client(), Run::default());
        let waited_for = going();
        for query in 0..1_000 {
            let left = going();
            let going = if query == 7 { &waited_for } else { &left };
            let going = going.downgrade().expect("it goes on");
            let key = key(&query.to_string());
            kept.begin(&key, &looker, Timestamp::UNIX_EPOCH, &run, going);
        }
        assert!(kept.entries.len() <= CROWDED, "{}", kept.entries.len());
        assert!(kept.get(&key("7"), Timestamp::UNIX_EPOCH).is_some());
        assert!(kept.get(&key("7"), Timestamp::UNIX_EPOCH + KEPT).is_some());
        assert_eq!(kept.entries.len(), 1);
    }
}
