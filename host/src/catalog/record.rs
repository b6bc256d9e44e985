//! What the store keeps of an extractor.

use std::collections::BTreeSet;

use jiff::Timestamp;
use semver::Version;
use serde::{Deserialize, Serialize};

use crate::sandbox::World;
use crate::store::Digest;

use super::canary::Canary;
use super::limits::Overrides;

/// The format of [`ExtractorRecord`]. A record of a later format is refused, never guessed at.
pub(super) const FORMAT: u32 = 1;

/// Everything there is to know about one extractor, in one document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExtractorRecord {
    /// [`FORMAT`] of the server that wrote it.
    pub format: u32,
    /// The key in URLs and settings.
    pub name: String,
    /// In the order they came.
    pub versions: Vec<VersionRecord>,
    /// Which version answers; none until one has been activated.
    pub active: Option<Active>,
    /// What was active before, the most recent last. Rolling back takes from the end.
    pub history: Vec<Active>,
    /// Every version that has ever answered, also one that was rolled back.
    #[serde(default)]
    pub answered: BTreeSet<String>,
    /// Where several read a chart type, the lowest goes first; those without one come last.
    #[serde(default)]
    pub order: Option<i32>,
    /// A version that answers for a part of the callers beside the active one.
    #[serde(default)]
    pub canary: Option<Canary>,
    /// What its calls may use in place of the server's own limits.
    #[serde(default)]
    pub limits: Overrides,
}

/// A version that answers, or did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Active {
    /// Which.
    pub version: String,
    /// A pinned version stays when a newer server brings a newer built-in.
    pub pinned: bool,
}

/// One version. It never changes once it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionRecord {
    /// A semantic version.
    pub version: String,
    /// Of the component's bytes, which are a blob of that name.
    pub digest: Digest,
    /// Bytes.
    pub size: u64,
    /// Where it came from.
    pub origin: Origin,
    /// When it was stored.
    pub created_at: Timestamp,
    /// Its world of the contract.
    pub world: World,
    /// Short title, in its own words.
    pub title: String,
    /// One or two sentences, in its own words.
    pub summary: String,
    /// The chart types it reads; empty for an event mapper.
    pub chart_types: Vec<String>,
    /// The release of the contract that it is built against.
    #[serde(default = "first_contract")]
    pub contract: String,
    /// Whether it has a manual.
    #[serde(default)]
    pub documented: bool,
    /// The publisher that vouched for it when it came.
    #[serde(default)]
    pub signed_by: Option<String>,
}

/// What all were built against before there was another.
fn first_contract() -> String {
    "1.0.0".into()
}

/// Where a version came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// It came with a server.
    BuiltIn,
    /// An operator uploaded it.
    Uploaded,
}

/// How far a version has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Stored and callable by version, never active so far.
    Staged,
    /// It answers for a part of the callers.
    Canary,
    /// It answers.
    Active,
    /// It answered before.
    Retired,
}

impl ExtractorRecord {
    /// An extractor that has no version yet.
    pub(super) fn new(name: &str) -> Self {
        Self {
            format: FORMAT,
            name: name.to_owned(),
            versions: Vec::new(),
            active: None,
            history: Vec::new(),
            answered: BTreeSet::new(),
            order: None,
            canary: None,
            limits: Overrides::default(),
        }
    }

    /// A version by its text.
    #[must_use]
    pub fn version(&self, version: &str) -> Option<&VersionRecord> {
        self.versions
            .iter()
            .find(|candidate| candidate.version == version)
    }

    /// The version that answers.
    #[must_use]
    pub fn active(&self) -> Option<&VersionRecord> {
        self.active
            .as_ref()
            .and_then(|active| self.version(&active.version))
    }

    /// How far a version has come.
    #[must_use]
    pub fn state(&self, version: &str) -> State {
        let is = |active: &Active| active.version == version;
        if self.active.as_ref().is_some_and(is) {
            State::Active
        } else if self.canary.as_ref().is_some_and(|it| it.version == version) {
            State::Canary
        } else if self.answered.contains(version) {
            State::Retired
        } else {
            State::Staged
        }
    }

    /// Versions by semantic order, the newest first; for people.
    #[must_use]
    pub fn newest_first(&self) -> Vec<&VersionRecord> {
        let mut versions: Vec<_> = self.versions.iter().collect();
        versions.sort_by(|a, b| {
            Version::parse(&b.version)
                .ok()
                .cmp(&Version::parse(&a.version).ok())
        });
        versions
    }

    /// Makes `next` the one that answers and remembers what did. What is active already only
    /// changes its pin.
    pub(super) fn activate(&mut self, next: Active) {
        // One on trial has been promoted, or is no longer beside what it was held against.
        self.canary = None;
        self.answered.insert(next.version.clone());
        if let Some(previous) = self.active.replace(next)
            && self
                .active
                .as_ref()
                .is_some_and(|active| active.version != previous.version)
        {
            self.history.push(previous);
            let excess = self.history.len().saturating_sub(HISTORY);
            self.history.drain(..excess);
        }
    }
}

impl ExtractorRecord {
    /// Drops built-ins of earlier builds that share a number with another, save what answers or can
    /// be rolled back to; each restart of a server under development would leave one.
    pub(super) fn forget_rebuilds(&mut self) {
        let kept = |version: &VersionRecord| {
            let is = |active: &Active| active.version == version.version;
            version.origin == Origin::Uploaded
                || !version.version.contains('+')
                || self.active.as_ref().is_some_and(is)
                || self
                    .canary
                    .as_ref()
                    .is_some_and(|it| it.version == version.version)
                || self.history.iter().rev().take(4).any(is)
        };
        let gone: Vec<String> = self
            .versions
            .iter()
            .filter(|version| !kept(version))
            .map(|version| version.version.clone())
            .collect();
        self.versions
            .retain(|version| !gone.contains(&version.version));
        self.history.retain(|step| !gone.contains(&step.version));
        self.answered.retain(|version| !gone.contains(version));
    }
}

/// How many steps back can be gone; more would let one document grow without end.
const HISTORY: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    fn active(version: &str) -> Active {
        Active {
            version: version.into(),
            pinned: true,
        }
    }

    #[test]
    fn activating_remembers_what_answered_before() {
        let mut record = ExtractorRecord::new("tide");
        record.activate(active("1.0.0"));
        record.activate(active("2.0.0"));
        assert_eq!(record.active, Some(active("2.0.0")));
        assert_eq!(record.history, [active("1.0.0")]);
        assert_eq!(record.state("1.0.0"), State::Retired);
        assert_eq!(record.state("3.0.0"), State::Staged);
    }

    #[test]
    fn activating_what_is_active_adds_no_step() {
        let mut record = ExtractorRecord::new("tide");
        record.activate(Active {
            version: "1.0.0".into(),
            pinned: false,
        });
        record.activate(active("1.0.0"));
        assert_eq!(
            (record.active, record.history.len()),
            (Some(active("1.0.0")), 0)
        );
    }

    #[test]
    fn history_does_not_grow_without_end() {
        let mut record = ExtractorRecord::new("tide");
        for n in 0..100 {
            record.activate(active(&format!("1.0.{n}")));
        }
        assert_eq!(record.history.len(), HISTORY);
        assert_eq!(record.history.last(), Some(&active("1.0.98")));
    }
}
