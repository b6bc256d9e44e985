//! The catalog as calls see it: a map that is swapped as a whole.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use tokio::sync::{OnceCell, Semaphore};

use crate::clock::SharedClock;
use crate::sample::kept::Kept;
use crate::sandbox::{Lens, SLOTS_EACH, Sandbox, Share};
use crate::store::{Digest, SharedStore};

use super::calls::Introduction;
use super::canary::Canary;
use super::error::CatalogError;
use super::record::{ExtractorRecord, VersionRecord};
use super::resting::Rest;
use super::signature::Publishers;
use super::tally::{Counts, Tally};

/// What a catalog is made of.
pub struct Parts {
    /// Where extractors are kept.
    pub store: SharedStore,
    /// Where they run.
    pub sandbox: Arc<Sandbox>,
    /// The time.
    pub clock: SharedClock,
    /// What key results read last, to try versions on.
    pub kept: Arc<Kept>,
    /// Who may publish extractors for this server.
    pub publishers: Publishers,
}

/// All extractors, in the store and ready to be called.
pub struct Catalog {
    pub(super) store: SharedStore,
    pub(super) sandbox: Arc<Sandbox>,
    pub(super) clock: SharedClock,
    /// What key results read last, to try versions on.
    pub(super) kept: Arc<Kept>,
    /// Who may publish extractors for this server.
    pub(super) publishers: Publishers,
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
    /// What its calls came to since this server started.
    pub tally: Tally,
    pub(super) share: Arc<Share>,
    pub(super) rest: Rest,
    pub(super) lens: OnceCell<Arc<Lens>>,
    pub(super) introduction: OnceCell<Arc<Introduction>>,
    pub(super) manual: OnceCell<Arc<str>>,
}

impl Catalog {
    pub(super) fn empty(
        Parts {
            store,
            sandbox,
            clock,
            kept,
            publishers,
        }: Parts,
        brought: HashSet<Digest>,
    ) -> Self {
        Self {
            store,
            sandbox,
            clock,
            kept,
            publishers,
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

    /// What key results read last, to try versions on.
    #[must_use]
    pub fn kept(&self) -> &Arc<Kept> {
        &self.kept
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

    /// The versions that answer somebody or were called since the server started: all that there is
    /// something to count of. There are no more of them than versions in the store.
    #[must_use]
    pub fn counted(&self) -> Vec<Arc<Version>> {
        self.versions(|live, version| {
            let (active, canary) = (live.record.active.as_ref(), live.record.canary.as_ref());
            let answering = [active.map(|it| &it.version), canary.map(|it| &it.version)];
            version.tally.is_begun() || answering.contains(&Some(&version.record.version))
        })
    }

    /// The versions that are wanted.
    pub(super) fn versions(&self, wanted: impl Fn(&Live, &Version) -> bool) -> Vec<Arc<Version>> {
        let map = self.live.load();
        let versions = map
            .values()
            .flat_map(|live| live.versions.values().map(move |version| (live, version)));
        let wanted = versions.filter(|(live, version)| wanted(live, version));
        wanted.map(|(_, version)| Arc::clone(version)).collect()
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
            rest: Rest::default(),
            lens: OnceCell::new(),
            introduction: OnceCell::new(),
            manual: OnceCell::new(),
        }
    }
}
