//! The catalog as calls see it: a map that is swapped as a whole.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::sync::{OnceCell, Semaphore};

use crate::clock::SharedClock;
use crate::sandbox::{CallError, Called, Lens, SLOTS_EACH, Sandbox, Share};
use crate::store::{Digest, SharedStore};

use super::calls::Introduction;
use super::canary::Canary;
use super::error::CatalogError;
use super::record::{ExtractorRecord, VersionRecord};

/// All extractors, in the store and ready to be called.
pub struct Catalog {
    pub(super) store: SharedStore,
    pub(super) sandbox: Arc<Sandbox>,
    pub(super) clock: SharedClock,
    /// The components that this server brings itself, and would bring again.
    pub(super) brought: HashSet<Digest>,
    /// Components come in and go out one at a time: compiling uses all cores by itself, and bytes
    /// that are on their way in must not be taken for bytes that nothing names.
    pub(super) intake: Semaphore,
    live: ArcSwap<BTreeMap<String, Arc<Live>>>,
    pub(super) trials: Trials,
}

/// What the active version and the one on trial had done when the trial began, by extractor.
#[derive(Debug, Default)]
pub(super) struct Trials(Mutex<HashMap<String, (Counts, Counts)>>);

impl Trials {
    pub fn lock<T>(&self, with: impl FnOnce(&mut HashMap<String, (Counts, Counts)>) -> T) -> T {
        with(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// One extractor at one version of its document.
pub(super) struct Live {
    /// The document's version. An older document never replaces a newer one, in whichever order
    /// their writers get here.
    pub document: u64,
    /// Without versions it stands for an extractor that is gone.
    pub record: ExtractorRecord,
    pub versions: BTreeMap<String, Arc<Version>>,
    /// What calls of its versions may use together.
    share: Arc<Share>,
}

/// A version that can be called. Whoever holds it keeps its code, also when another becomes active.
pub struct Version {
    /// The extractor's name.
    pub name: String,
    /// What the store keeps of it.
    pub record: VersionRecord,
    /// How often it was called since this server started.
    pub tally: Tally,
    pub(super) share: Arc<Share>,
    pub(super) lens: OnceCell<Arc<Lens>>,
    pub(super) introduction: OnceCell<Arc<Introduction>>,
}

/// Calls since the server started.
#[derive(Debug, Default)]
pub struct Tally {
    calls: AtomicU64,
    failures: AtomicU64,
    stopped: AtomicU64,
    micros: AtomicU64,
}

/// Calls and what became of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// All of them.
    pub calls: u64,
    /// Those that failed or were stopped.
    pub failed: u64,
    /// How long all of them took together.
    pub took: Duration,
}

impl Counts {
    /// What came after `before`.
    #[must_use]
    pub fn since(self, before: Self) -> Self {
        Self {
            calls: self.calls.saturating_sub(before.calls),
            failed: self.failed.saturating_sub(before.failed),
            took: self.took.saturating_sub(before.took),
        }
    }

    /// How many of a hundred failed.
    #[must_use]
    pub fn failed_percent(self) -> f64 {
        // Counts of calls are far below what a double tells apart.
        #[expect(
            clippy::cast_precision_loss,
            reason = "a percentage for people and a bound"
        )]
        let (failed, calls) = (self.failed as f64, self.calls.max(1) as f64);
        failed / calls * 100.0
    }

    /// How long one took; none where there was none.
    #[must_use]
    pub fn mean(self) -> Option<Duration> {
        let micros = u64::try_from(self.took.as_micros()).ok()?;
        Some(Duration::from_micros(micros.checked_div(self.calls)?))
    }
}

impl Tally {
    /// Counts one call, and how long it took.
    pub(super) fn count<T>(&self, outcome: &Result<Called<T>, CallError>, took: Duration) {
        self.calls.fetch_add(1, Ordering::Relaxed);
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.micros.fetch_add(micros, Ordering::Relaxed);
        match outcome {
            Ok(_) => {}
            Err(CallError::Failure(_)) => drop(self.failures.fetch_add(1, Ordering::Relaxed)),
            Err(CallError::Stopped(_)) => drop(self.stopped.fetch_add(1, Ordering::Relaxed)),
        }
    }

    /// All of it.
    #[must_use]
    pub fn counts(&self) -> Counts {
        Counts {
            calls: self.calls(),
            failed: self.failures() + self.stopped(),
            took: Duration::from_micros(self.micros.load(Ordering::Relaxed)),
        }
    }

    /// All calls.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }

    /// Calls that ended in the extractor's own failure.
    #[must_use]
    pub fn failures(&self) -> u64 {
        self.failures.load(Ordering::Relaxed)
    }

    /// Calls that were stopped.
    #[must_use]
    pub fn stopped(&self) -> u64 {
        self.stopped.load(Ordering::Relaxed)
    }
}

impl Catalog {
    pub(super) fn empty(
        store: SharedStore,
        sandbox: Arc<Sandbox>,
        clock: SharedClock,
        brought: HashSet<Digest>,
    ) -> Self {
        Self {
            store,
            sandbox,
            clock,
            brought,
            intake: Semaphore::new(1),
            live: ArcSwap::default(),
            trials: Trials::default(),
        }
    }

    /// The sandbox that its extractors run in.
    #[must_use]
    pub fn sandbox(&self) -> &Sandbox {
        &self.sandbox
    }

    /// Puts a document in place. What is loaded and counted stays with the versions that stay.
    pub(super) fn apply(&self, document: u64, record: &ExtractorRecord) {
        self.live.rcu(|map| {
            let before = map.get(&record.name);
            if before.is_some_and(|live| live.document >= document) {
                return Arc::clone(map);
            }
            let share = before.map_or_else(
                || Arc::new(Share::new(self.sandbox.limits().clone(), SLOTS_EACH)),
                |live| Arc::clone(&live.share),
            );
            let versions = record.versions.iter().map(|version| {
                let kept = before.and_then(|live| live.versions.get(&version.version));
                let version = match kept.filter(|kept| kept.record == *version) {
                    Some(kept) => Arc::clone(kept),
                    None => Arc::new(Version::new(&record.name, version.clone(), &share)),
                };
                (version.record.version.clone(), version)
            });
            let live = Live {
                document,
                record: record.clone(),
                versions: versions.collect(),
                share,
            };
            let mut next = BTreeMap::clone(map);
            next.insert(record.name.clone(), Arc::new(live));
            Arc::new(next)
        });
        // Whatever is in place by now: edits are numbered, so that of two at once the later one counts.
        if let Some(live) = self.live.load().get(&record.name) {
            let limits = live.record.limits.over(self.sandbox.limits());
            let at_once = live.record.limits.at_once();
            live.share.set(live.document, limits, at_once);
        }
    }

    /// How many calls of an extractor's versions run just now.
    #[must_use]
    pub fn under_way(&self, name: &str) -> usize {
        let map = self.live.load();
        map.get(name).map_or(0, |live| live.share.under_way())
    }

    /// All extractors by name.
    #[must_use]
    pub fn list(&self) -> Vec<ExtractorRecord> {
        let map = self.live.load();
        map.values()
            .filter(|live| !live.record.versions.is_empty())
            .map(|live| live.record.clone())
            .collect()
    }

    /// One extractor.
    ///
    /// # Errors
    ///
    /// [`CatalogError::NoExtractor`].
    pub fn get(&self, name: &str) -> Result<ExtractorRecord, CatalogError> {
        Ok(self.live(name)?.record.clone())
    }

    /// The version of an extractor's document, which changes whenever the extractor does.
    ///
    /// # Errors
    ///
    /// [`CatalogError::NoExtractor`].
    pub fn document(&self, name: &str) -> Result<u64, CatalogError> {
        Ok(self.live(name)?.document)
    }

    /// The version to call: the one that is asked for, else the active one.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub fn version(&self, name: &str, version: Option<&str>) -> Result<Arc<Version>, CatalogError> {
        let live = self.live(name)?;
        let wanted = match (version, &live.record.active) {
            (Some(version), _) => version,
            (None, Some(active)) => &active.version,
            (None, None) => {
                return Err(CatalogError::NotActive {
                    name: name.to_owned(),
                });
            }
        };
        live.versions
            .get(wanted)
            .cloned()
            .ok_or_else(|| CatalogError::NoVersion {
                name: name.to_owned(),
                version: wanted.to_owned(),
            })
    }

    /// The active version of every extractor that has one.
    #[must_use]
    pub fn active(&self) -> Vec<Arc<Version>> {
        let map = self.live.load();
        map.values()
            .filter_map(|live| live.versions.get(&live.record.active.as_ref()?.version))
            .cloned()
            .collect()
    }

    /// What is on trial just now, by extractor.
    pub(super) fn on_trial(&self) -> Vec<(String, Canary)> {
        let map = self.live.load();
        map.values()
            .filter_map(|live| Some((live.record.name.clone(), live.record.canary.clone()?)))
            .collect()
    }

    /// The versions that answer somebody: the active ones and those on trial.
    #[must_use]
    pub fn answering(&self) -> Vec<Arc<Version>> {
        let map = self.live.load();
        let on_trial = map.values().filter_map(|live| {
            live.versions
                .get(&live.record.canary.as_ref()?.version)
                .cloned()
        });
        self.active().into_iter().chain(on_trial).collect()
    }

    pub(super) fn live(&self, name: &str) -> Result<Arc<Live>, CatalogError> {
        match self.live.load().get(name) {
            Some(live) if !live.record.versions.is_empty() => Ok(Arc::clone(live)),
            _ => Err(CatalogError::NoExtractor {
                name: name.to_owned(),
            }),
        }
    }
}

impl Version {
    fn new(name: &str, record: VersionRecord, share: &Arc<Share>) -> Self {
        Self {
            name: name.to_owned(),
            record,
            tally: Tally::default(),
            share: Arc::clone(share),
            lens: OnceCell::new(),
            introduction: OnceCell::new(),
        }
    }
}
