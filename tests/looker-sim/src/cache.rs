//! Answers that are kept for a while.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use jiff::{SignedDuration, Timestamp};

use crate::lock::lock;
use crate::result::Ran;

/// Answers kept at most; beyond that the cache starts anew.
const MOST: usize = 4_000;

/// Answers by query and limit.
#[derive(Debug)]
pub struct Cache {
    life: SignedDuration,
    kept: Mutex<HashMap<String, Arc<Ran>>>,
}

impl Cache {
    /// A cache whose answers live for `seconds` of the simulated clock.
    pub fn new(seconds: u64) -> Self {
        Self {
            life: SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX)),
            kept: Mutex::default(),
        }
    }

    /// The answer kept under `key`, and whether it is too old to be served as it is.
    pub fn get(&self, key: &str, now: Timestamp) -> Option<(Arc<Ran>, bool)> {
        let ran = lock(&self.kept).get(key).cloned()?;
        let age = now.duration_since(ran.ran_at);
        // A clock that was set back makes all that was read later a thing of the future.
        let stale = age >= self.life || age.is_negative();
        Some((ran, stale))
    }

    /// Keeps an answer in place of the one before. A failed one is not kept.
    pub fn put(&self, key: String, ran: &Arc<Ran>) {
        if ran.outcome.is_err() {
            return;
        }
        let mut kept = lock(&self.kept);
        if kept.len() >= MOST {
            kept.clear();
        }
        kept.insert(key, Arc::clone(ran));
    }
}
