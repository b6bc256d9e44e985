//! A version on trial: it answers for a part of the callers beside the active one, always the same part,
//! and is taken back by itself when it does worse.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use tokio_util::sync::CancellationToken;

use crate::access::By;

use super::error::CatalogError;
use super::live::{Catalog, Version};
use super::record::ExtractorRecord;
use super::tally::Counts;

/// A version on trial, and what it is held to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Canary {
    /// Which.
    pub version: String,
    /// The part of callers that it answers for, in percent.
    pub percent: u8,
    /// Since when.
    pub since: Timestamp,
    /// What it is held to.
    pub bounds: Bounds,
}

/// When a version on trial is taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Bounds {
    /// After so many calls of it, and after each more.
    #[schema(minimum = 1, maximum = 1_000_000)]
    pub after_calls: u32,
    /// When so many more of a hundred calls fail or are stopped than of the active version's.
    #[schema(maximum = 100)]
    pub more_failures_percent: u8,
    /// When a call takes so many times as long as one of the active version's, and 5 ms more.
    #[schema(minimum = 1, maximum = 100)]
    pub times_slower: u8,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            after_calls: 50,
            more_failures_percent: 5,
            times_slower: 3,
        }
    }
}

/// A difference in time that nobody minds, whatever its ratio.
const UNMINDED: Duration = Duration::from_millis(5);

impl Canary {
    /// Whether it answers for a caller. A caller that it answers for at some percentage it answers for
    /// at every higher one.
    pub(super) fn answers_for(&self, extractor: &str, caller: &str) -> bool {
        let digest = Sha256::digest(format!("{extractor}\0{caller}"));
        let (first, _) = digest.split_at(8);
        let place = first
            .iter()
            .fold(0_u64, |place, byte| place << 8 | u64::from(*byte));
        place % 100 < u64::from(self.percent)
    }
}

impl Bounds {
    /// Why a version that did so is to be taken back, beside one that did so; none where it is not.
    fn broken(self, base: Counts, canary: Counts) -> Option<String> {
        if canary.calls < u64::from(self.after_calls) {
            return None;
        }
        let (worse, before) = (canary.failed_percent(), base.failed_percent());
        if worse > before + f64::from(self.more_failures_percent) {
            return Some(format!(
                "{worse:.1} % of its {} calls have failed, beside {before:.1} % of the active version's {}",
                canary.calls, base.calls
            ));
        }
        let (slow, usual) = (canary.mean()?, base.mean()?);
        let bound = usual * u32::from(self.times_slower) + UNMINDED;
        (slow > bound).then(|| {
            format!(
                "its calls take {:.1} ms, beside {:.1} ms of the active version's",
                slow.as_secs_f64() * 1e3,
                usual.as_secs_f64() * 1e3
            )
        })
    }
}

impl Catalog {
    /// Puts a version on trial beside the active one, in place of whichever was.
    ///
    /// # Errors
    ///
    /// When there is no such version, it is the active one, it does not load, or none is active.
    pub async fn try_out(
        self: &Arc<Self>,
        name: &str,
        version: &str,
        percent: u8,
        bounds: Bounds,
        by: By,
    ) -> Result<ExtractorRecord, CatalogError> {
        // As with what becomes active: what does not load answers for nobody.
        let found = self.version(name, Some(version))?;
        self.lens(&found).await?;
        let (catalog, name, version) = (Arc::clone(self), name.to_owned(), version.to_owned());
        let since = self.clock.now();
        let started = async move {
            let canary = Canary {
                version: version.clone(),
                percent,
                since,
                bounds,
            };
            let edit = |record: &mut ExtractorRecord| {
                let (name, version) = (record.name.clone(), canary.version.clone());
                if record.version(&version).is_none() {
                    return Err(CatalogError::NoVersion { name, version });
                }
                match &record.active {
                    None => return Err(CatalogError::NotActive { name }),
                    Some(active) if active.version == version => {
                        return Err(CatalogError::AlreadyActive { name, version });
                    }
                    Some(_) => {}
                }
                record.answered.insert(version);
                record.canary = Some(canary.clone());
                Ok(record.clone())
            };
            let action = "extractor.canary";
            let changed = catalog.change(&name, by, action, &version, edit).await?;
            catalog.begin_trial(&name);
            Ok(changed)
        };
        tokio::spawn(started).await?
    }

    /// The version that answers for a caller who would have this one: the one on trial, if it is the
    /// caller's turn.
    #[must_use]
    pub fn turn(&self, version: Arc<Version>, caller: &str) -> Arc<Version> {
        let Ok(live) = self.live(&version.name) else {
            return version;
        };
        let is_active = live.record.active().map(|it| &it.version) == Some(&version.record.version);
        let canary = live.record.canary.as_ref().filter(|_| is_active);
        let canary = canary.filter(|it| it.answers_for(&version.name, caller));
        let found = canary.and_then(|it| live.versions.get(&it.version));
        // While it rests its callers have what the others have.
        let found = found.filter(|it| !it.rest.breaker.is_resting(self.clock.as_ref()));
        found.map_or(version, Arc::clone)
    }

    /// What a version on trial and the active one have done since the trial began.
    #[must_use]
    pub fn trial(&self, name: &str) -> Option<(Counts, Counts)> {
        let live = self.live(name).ok()?;
        let canary = live.versions.get(&live.record.canary.as_ref()?.version)?;
        let base = live.versions.get(&live.record.active.as_ref()?.version)?;
        let (of_base, of_canary) = self.trials.lock(|trials| trials.get(name).copied())?;
        let counts = |version: &Version| version.tally.counts();
        Some((counts(base).since(of_base), counts(canary).since(of_canary)))
    }

    /// Remembers where counting begins: what was called before says nothing of a trial.
    fn begin_trial(&self, name: &str) {
        let Ok(live) = self.live(name) else { return };
        let canary = live.record.canary.as_ref();
        if let Some(version) = canary.and_then(|it| live.versions.get(&it.version)) {
            version.rest.breaker.begin_anew();
        }
        let counts = |version: Option<&String>| {
            let version = version.and_then(|version| live.versions.get(version));
            version.map_or(Counts::default(), |version| version.tally.counts())
        };
        let begin = (
            counts(live.record.active.as_ref().map(|it| &it.version)),
            counts(live.record.canary.as_ref().map(|it| &it.version)),
        );
        self.trials
            .lock(|trials| trials.insert(name.to_owned(), begin));
    }

    /// Takes a version on trial back, for that reason if it has done worse, else because somebody wants
    /// it so. One that is no longer on trial is left alone.
    pub(super) async fn take_back(
        &self,
        name: &str,
        canary: &Canary,
        reason: Option<&str>,
        by: By,
    ) -> Result<ExtractorRecord, CatalogError> {
        let mut detail = json!({ "version": canary.version });
        if let Some(reason) = reason {
            detail["reason"] = reason.into();
        }
        let edit = |record: &mut ExtractorRecord| {
            if record.canary.as_ref() == Some(canary) {
                record.canary = None;
            }
            Ok(record.clone())
        };
        let action = "extractor.canary-rollback";
        let changed = self.change_told(name, None, by, action, detail, edit);
        Ok(changed.await?.0)
    }

    /// Why a version on trial is taken back before it had its calls: it rests, and the active one does
    /// not. Few calls reach one that rests, so that its counts would not tell for long.
    fn only_the_canary_rests(&self, name: &str, canary: &Canary) -> Option<String> {
        let live = self.live(name).ok()?;
        let is_open = |version: &str| {
            let version = live.versions.get(version)?;
            Some(version.rest.breaker.is_open())
        };
        let rests = is_open(&canary.version)?;
        let base_rests = is_open(&live.record.active.as_ref()?.version)?;
        (rests && !base_rests).then(|| "its last calls had all to be stopped, so it rests".into())
    }

    /// Looks at every trial, and takes back what does worse than it may.
    async fn look_at_trials(&self) {
        for (name, canary) in self.on_trial() {
            // After a restart it is counted anew.
            let Some((base, counts)) = self.trial(&name) else {
                self.begin_trial(&name);
                continue;
            };
            let broken = || canary.bounds.broken(base, counts);
            let Some(reason) = self.only_the_canary_rests(&name, &canary).or_else(broken) else {
                continue;
            };
            let version = &canary.version;
            tracing::warn!(name, version, reason, "a version on trial is taken back");
            if let Err(error) = self
                .take_back(&name, &canary, Some(&reason), By::server())
                .await
            {
                tracing::error!(name, version, %error, "a version on trial could not be taken back; it is tried again");
            }
        }
    }
}

/// How often trials are looked at.
const LOOK: Duration = Duration::from_millis(500);

/// Looks at trials and rests until it is told to stop.
pub async fn watch(catalog: Arc<Catalog>, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(LOOK) => {
                catalog.tell_of_rests().await;
                catalog.look_at_trials().await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(calls: u64, failed: u64, each: Duration) -> Counts {
        Counts {
            calls,
            failed,
            took: each * u32::try_from(calls).unwrap(),
        }
    }

    #[test]
    fn a_caller_stays_with_what_answered_it_and_more_come_with_more_percent() {
        let canary = |percent| Canary {
            version: "2.0.0".into(),
            percent,
            since: Timestamp::UNIX_EPOCH,
            bounds: Bounds::default(),
        };
        let callers: Vec<String> = (0..10_000).map(|n| format!("kr_{n}")).collect();
        let of = |percent: u8| -> Vec<&String> {
            let canary = canary(percent);
            callers
                .iter()
                .filter(|it| canary.answers_for("tide", it))
                .collect()
        };
        assert!(of(0).is_empty() && of(100).len() == callers.len());
        let (few, more) = (of(10), of(30));
        assert!((900..1_100).contains(&few.len()), "{}", few.len());
        assert!((2_800..3_200).contains(&more.len()), "{}", more.len());
        assert!(few.iter().all(|caller| more.contains(caller)));
        let others = callers
            .iter()
            .filter(|it| canary(10).answers_for("moon", it));
        assert_ne!(
            few,
            others.collect::<Vec<_>>(),
            "another extractor has other callers"
        );
    }

    #[test]
    fn what_does_worse_than_it_may_is_taken_back() {
        let (bounds, ms) = (Bounds::default(), Duration::from_millis);
        let base = counts(1_000, 10, ms(2));
        for (what, canary, is_broken) in [
            ("too few calls to tell", counts(49, 49, ms(900)), false),
            ("as good", counts(50, 0, ms(2)), false),
            ("a little worse", counts(100, 6, ms(2)), false),
            ("fails", counts(100, 7, ms(2)), true),
            ("slower, and nobody minds", counts(100, 0, ms(11)), false),
            ("slow", counts(100, 0, ms(12)), true),
        ] {
            assert_eq!(bounds.broken(base, canary).is_some(), is_broken, "{what}");
        }
        let never_called = Counts::default();
        assert!(
            bounds
                .broken(never_called, counts(100, 50, ms(1)))
                .is_some()
        );
        assert!(
            bounds
                .broken(never_called, counts(100, 0, ms(900)))
                .is_none()
        );
    }
}
