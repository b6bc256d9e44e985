//! A version tried on samples before it answers anybody, beside the version that does.
//!
//! Nothing is changed by it and nothing is counted. Samples that say what they expect have to be met:
//! a component that does not do what its own author says is refused. What key results really read is
//! only told, since a new version may well be there to read another number.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Serialize;
use utoipa::ToSchema;

use crate::sample::{Change, Outcome, Sample, own};
use crate::sandbox::{Lens, Limits, Sandbox, Usage};

use super::ask;
use super::check::{Refused, RefusedCode};
use super::error::CatalogError;
use super::live::Catalog;

/// How long all samples together may take; those that are left then are left out.
const TIME: Duration = Duration::from_secs(30);
/// The most differences that a refusal tells in full.
const TOLD: usize = 3;

/// Where a sample comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Whose {
    /// Its author's: the component carries it.
    Own,
    /// It was sent along.
    Sent,
    /// A key result really read it.
    Kept,
}

/// What came of a dry run.
#[derive(Debug)]
pub struct DryRun {
    /// The version beside it, if another one answers.
    pub beside: Option<String>,
    /// What each call could use.
    pub limits: Arc<Limits>,
    /// What came of each sample.
    pub samples: Vec<Tried>,
    /// Samples for which there was no time.
    pub left_out: usize,
}

/// What came of one sample.
#[derive(Debug)]
pub struct Tried {
    /// Its name; of a kept one the key result's id.
    pub sample: String,
    /// Where it comes from.
    pub whose: Whose,
    /// What the version made of it.
    pub made: Made,
    /// What the version beside it made of it.
    pub beside: Option<Made>,
    /// The lines in which it is not what the sample expects; empty where it is.
    pub unexpected: Option<String>,
    /// How it differs from what the version beside it made, and in which lines.
    pub change: Option<(Change, String)>,
}

/// What a version made of a sample.
#[derive(Debug)]
pub struct Made {
    /// The answer.
    pub outcome: Outcome,
    /// What it cost.
    pub usage: Usage,
}

impl DryRun {
    /// How many samples changed in this way.
    #[must_use]
    pub fn count(&self, change: Change) -> usize {
        let changes = self
            .samples
            .iter()
            .filter_map(|tried| tried.change.as_ref());
        changes.filter(|(it, _)| *it == change).count()
    }

    /// Refuses a version that does not do what the samples expect.
    pub(super) fn met(&self) -> Result<(), Refused> {
        let unmet = |tried: &&Tried| tried.unexpected.as_ref().is_some_and(|it| !it.is_empty());
        let unmet: Vec<&Tried> = self.samples.iter().filter(unmet).collect();
        if unmet.is_empty() {
            return Ok(());
        }
        let told = unmet.iter().take(TOLD).map(|tried| {
            let lines = tried.unexpected.as_deref().unwrap_or_default();
            let whose = match tried.whose {
                Whose::Own => "its own",
                Whose::Sent | Whose::Kept => "sent along",
            };
            format!("\n{} ({whose}):\n{lines}", tried.sample)
        });
        Err(Refused::new(
            RefusedCode::SampleFailed,
            format_args!(
                "{} of {} samples are not as expected; mend the extractor, or what its samples expect \
                 (`lensmount extractor test --update`), and build it anew{}",
                unmet.len(),
                self.samples.len(),
                told.collect::<String>()
            ),
        ))
    }
}

impl Catalog {
    /// Tries a stored version, beside the one that answers, on its own samples, on those given and
    /// on what key results read last.
    ///
    /// # Errors
    ///
    /// When there is no such version or it does not load. What it makes of the samples is the
    /// answer, whatever it is.
    pub async fn dry_run(
        &self,
        name: &str,
        version: &str,
        sent: Vec<Sample>,
    ) -> Result<DryRun, CatalogError> {
        let version = self.version(name, Some(version))?;
        let lens = self.lens(&version).await?;
        let wasm = self.component(&version).await?;
        // What is stored has been found sound, so what it carries is as it was then.
        let own = tokio::task::spawn_blocking(move || own::read(&wasm)).await?;
        self.tried(&lens, own.unwrap_or_default(), sent).await
    }

    /// Tries a version that need not be stored yet.
    pub(super) async fn tried(
        &self,
        lens: &Lens,
        own: Vec<Sample>,
        sent: Vec<Sample>,
    ) -> Result<DryRun, CatalogError> {
        let name = &lens.identity().name;
        let beside = self.beside(lens).await;
        let kept = self.kept.samples(name).await.unwrap_or_else(|error| {
            tracing::warn!(%error, extractor = name, "a version is tried without what key results read");
            Vec::new()
        });
        let samples = of(own, Whose::Own)
            .chain(of(sent, Whose::Sent))
            .chain(of(kept, Whose::Kept));
        let stand = Stand {
            sandbox: &self.sandbox,
            lens,
            beside: beside.as_deref(),
        };
        stand.run(samples).await
    }

    /// The version that answers under the same name, if it is another one.
    async fn beside(&self, lens: &Lens) -> Option<Arc<Lens>> {
        let identity = lens.identity();
        let active = self.version(&identity.name, None).ok()?;
        if active.record.digest == identity.digest {
            return None;
        }
        // One that does not load answers nobody, so there is nothing to be held against.
        self.lens(&active).await.ok()
    }
}

/// Tries a component that nobody has stored on the samples that it carries.
pub(super) async fn on_its_own(
    sandbox: &Sandbox,
    lens: &Lens,
    own: Vec<Sample>,
) -> Result<DryRun, CatalogError> {
    let stand = Stand {
        sandbox,
        lens,
        beside: None,
    };
    stand.run(of(own, Whose::Own)).await
}

fn of(samples: Vec<Sample>, whose: Whose) -> impl Iterator<Item = (Sample, Whose)> {
    samples.into_iter().map(move |sample| (sample, whose))
}

/// A version that is tried, and the one that it is held against.
struct Stand<'a> {
    sandbox: &'a Sandbox,
    lens: &'a Lens,
    beside: Option<&'a Lens>,
}

impl Stand<'_> {
    async fn run(
        &self,
        samples: impl Iterator<Item = (Sample, Whose)>,
    ) -> Result<DryRun, CatalogError> {
        let began = Instant::now();
        let beside = self.beside.map(|it| it.identity().version.clone());
        let mut run = DryRun {
            beside,
            limits: self.lens.limits(),
            samples: Vec::new(),
            left_out: 0,
        };
        for (sample, whose) in samples {
            if began.elapsed() > TIME {
                run.left_out += 1;
            } else {
                run.samples.push(self.try_one(&sample, whose).await?);
            }
        }
        Ok(run)
    }

    async fn try_one(&self, sample: &Sample, whose: Whose) -> Result<Tried, CatalogError> {
        let made = self.made(self.lens, sample).await?;
        let unexpected = sample.expected.as_ref().map(|expected| {
            let differs = made.outcome.differs(expected);
            differs.map_or_else(|unsound| unsound.to_string(), Option::unwrap_or_default)
        });
        let beside = match self.beside {
            Some(beside) => Some((self.made(beside, sample).await?, beside.identity())),
            None => None,
        };
        let change = beside.as_ref().map(|(before, identity)| {
            let names = (&*identity.version, &*self.lens.identity().version);
            let (change, lines) = made.outcome.changed(&before.outcome, names);
            (change, lines.unwrap_or_default())
        });
        Ok(Tried {
            sample: sample.name.clone(),
            whose,
            made,
            beside: beside.map(|(made, _)| made),
            unexpected,
            change,
        })
    }

    async fn made(&self, lens: &Lens, sample: &Sample) -> Result<Made, CatalogError> {
        let asked = ask::sample(lens, self.sandbox, sample).await;
        let (outcome, usage) = asked.map_err(CatalogError::Unwritable)?;
        Ok(Made { outcome, usage })
    }
}
