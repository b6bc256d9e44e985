//! How much of all runs is not done, told at whatever size it has: what waits is counted by the
//! segment, and never more of them than [`MOST`].

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::metrics::Backlog;
use crate::record::{self as records, Stored};
use crate::store::Kind;

use super::error::RunError;
use super::record::{Segment, run_in};
use super::run::Runs;

/// The most segments that are looked at; some hundred million events. What is told is the least
/// that there can be then.
const MOST: usize = 10_000;
const PAGE: usize = 500;
/// Dead letters stand between these two among the segments. They wait for nobody.
const DEAD: &str = "dead/";
const BEYOND_DEAD: &str = "dead0";

/// The runs that this server is mapping.
#[derive(Debug, Clone, Default)]
pub(super) struct Unmapped(Arc<Mutex<HashSet<String>>>);

/// A run that is being mapped, until this is dropped.
pub(super) struct Mapping {
    of: Unmapped,
    run: String,
}

impl Unmapped {
    /// A run is being mapped.
    pub fn mapping(&self, run: &str) -> Mapping {
        self.change(|runs| runs.insert(run.to_owned()));
        Mapping {
            of: self.clone(),
            run: run.to_owned(),
        }
    }

    fn change<T>(&self, change: impl FnOnce(&mut HashSet<String>) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        self.of.change(|runs| runs.remove(&self.run));
    }
}

impl Runs {
    /// What is not done of all runs.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn backlog(&self) -> Result<Backlog, RunError> {
        let mut runs = self.unmapped.change(|runs| runs.clone());
        let (mut waiting, mut oldest, mut seen) = (0, None, 0);
        let mut after: Option<String> = None;
        while seen < MOST {
            let page = self
                .store
                .list(Kind::Segment, after.as_deref(), PAGE)
                .await?;
            let Some(last) = page.last() else { break };
            after = Some(last.key.clone());
            seen += page.len();
            for document in page {
                if document.key.starts_with(DEAD) {
                    after = Some(BEYOND_DEAD.to_owned());
                    break;
                }
                // One that cannot be read is told of by whoever would send it.
                let read: Result<Stored<Segment>, _> = records::parse(document);
                let Ok(segment) = read else { continue };
                waiting += u64::from(segment.record.messages);
                let since = segment.record.since;
                oldest = Some(oldest.map_or(since, |before| since.min(before)));
                runs.insert(run_in(&segment.key).to_owned());
            }
        }
        let now = self.clock.now();
        let age = oldest.and_then(|since| Duration::try_from(now.duration_since(since)).ok());
        Ok(Backlog {
            runs: runs.len() as u64,
            waiting,
            oldest: age.unwrap_or_default(),
        })
    }
}
