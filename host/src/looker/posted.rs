//! Queries that Looker has stored for us, by their exact text. Looker stores an equal query once and
//! never changes it, so one that is known need not be sent again each time it is run.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use sha2::{Digest as _, Sha256};

use super::run::explore_url;
use super::wire::PostedQuery;

/// How many are remembered; beyond that the oldest is forgotten, and sent again when it is run.
const MOST: usize = 1_024;

/// A query as Looker has stored it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stored {
    pub id: String,
    /// Where a person sees it.
    pub explore_url: Option<String>,
}

impl From<PostedQuery> for Stored {
    fn from(query: PostedQuery) -> Self {
        Self {
            explore_url: explore_url(&query),
            id: query.id.0,
        }
    }
}

type Key = [u8; 32];

/// The queries stored last.
#[derive(Default)]
pub(super) struct Posted(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    by_text: HashMap<Key, Stored>,
    in_order: VecDeque<Key>,
}

impl Posted {
    /// The query of this text, if it is known.
    pub fn get(&self, text: &str) -> Option<Stored> {
        self.lock().by_text.get(&key(text)).cloned()
    }

    /// Remembers a query.
    pub fn put(&self, text: &str, stored: Stored) {
        let (mut kept, key) = (self.lock(), key(text));
        if kept.by_text.insert(key, stored).is_some() {
            return;
        }
        kept.in_order.push_back(key);
        if kept.in_order.len() > MOST
            && let Some(oldest) = kept.in_order.pop_front()
        {
            kept.by_text.remove(&oldest);
        }
    }

    /// Forgets a query that Looker no longer knows.
    pub fn forget(&self, text: &str) {
        let (mut kept, key) = (self.lock(), key(text));
        if kept.by_text.remove(&key).is_some() {
            kept.in_order.retain(|known| *known != key);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn key(text: &str) -> Key {
    Sha256::digest(text.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_are_remembered_and_their_number_is_bounded() {
        let posted = Posted::default();
        let stored = |nth: usize| Stored {
            id: nth.to_string(),
            explore_url: None,
        };
        for nth in 0..=MOST {
            posted.put(&nth.to_string(), stored(nth));
        }
        assert_eq!(posted.get("0"), None);
        assert_eq!(posted.get("1"), Some(stored(1)));
        posted.forget("1");
        posted.forget("never known");
        assert_eq!(posted.get("1"), None);
        posted.put("1", stored(7));
        assert_eq!(posted.get("1"), Some(stored(7)));
        assert_eq!(posted.get("2"), Some(stored(2)), "there is room again");
    }
}
