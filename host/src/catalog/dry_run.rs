//! A version tried on samples before it answers anybody, beside the version that does.
//!
//! Nothing is changed by it and nothing is counted. Samples that say what they expect have to be met:
//! a component that does not do what its own author says is refused. What key results really read is
//! only told, since a new version may well be there to read another number.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use tokio::time::Instant;
use utoipa::ToSchema;

use crate::sample::{Change, Operation, Outcome, Sample, own};
use crate::sandbox::{Lens, Sandbox, Usage};

use super::ask;
use super::check::{Refused, RefusedCode};
use super::error::CatalogError;
use super::live::Catalog;

/// How long all samples together may take; those that are left then are left out.
const TIME: Duration = Duration::from_secs(30);
/// The longest answer that is told; of a longer one there are its figures and what differs.
const LONGEST: usize = 16 << 10;
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
    /// What came of each sample.
    pub samples: Vec<Tried>,
    /// Samples that were not tried: there was no time, the server was too busy, or what was kept could
    /// not be had.
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
    /// The lines in which it is not what the same version makes of it when it checks every byte;
    /// empty where it is, and where that reading came to no end.
    pub misread: String,
}

/// What a version made of a sample.
#[derive(Debug)]
pub struct Made {
    /// The answer.
    pub outcome: Outcome,
    /// What it cost.
    pub usage: Usage,
}

impl Made {
    /// Forgets an answer that is too long to be told of each of many samples.
    fn shorten(&mut self) {
        if self.outcome.text.len() > LONGEST {
            self.outcome.text = String::new();
        }
    }
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

    /// How many samples are read otherwise when every byte is checked.
    #[must_use]
    pub fn misread(&self) -> usize {
        let misread = self.samples.iter().filter(|it| !it.misread.is_empty());
        misread.count()
    }

    /// Refuses a version that does not do what the samples expect, or that reads one of its own or one
    /// sent along otherwise when every byte is checked.
    pub(super) fn met(&self) -> Result<(), Refused> {
        let unmet = |tried: &&Tried| tried.unexpected.as_ref().is_some_and(|it| !it.is_empty());
        let unmet: Vec<&Tried> = self.samples.iter().filter(unmet).collect();
        if unmet.is_empty() {
            return self.read_rightly();
        }
        let told = unmet.iter().take(TOLD).map(|tried| {
            let lines = tried.unexpected.as_deref().unwrap_or_default();
            let whose = match tried.whose {
                Whose::Own => "its own",
                Whose::Sent | Whose::Kept => "sent along",
            };
            let aside = tried.made.outcome.aside.join("\n");
            format!("\n{} ({whose}):\n{lines}{aside}", tried.sample)
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

impl DryRun {
    fn read_rightly(&self) -> Result<(), Refused> {
        let judged = |tried: &&Tried| tried.whose != Whose::Kept && !tried.misread.is_empty();
        let Some(tried) = self.samples.iter().find(judged) else {
            return Ok(());
        };
        Err(Refused::new(
            RefusedCode::SampleFailed,
            format_args!(
                "{} is read otherwise when every byte of it is checked, so its result is no sound JSON \
                 or the extractor misreads it; mend the sample, or tell who made the reader\n{}",
                tried.sample, tried.misread
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
        let (kept, lost) = self.kept.samples(name).await.unwrap_or_else(|error| {
            tracing::warn!(%error, extractor = name, "a version is tried without what key results read");
            // How many there are is not known, and the report must not look as if there were none.
            (Vec::new(), 1)
        });
        let samples = of(own, Whose::Own)
            .chain(of(sent, Whose::Sent))
            .chain(of(kept, Whose::Kept));
        let stand = Stand {
            sandbox: &self.sandbox,
            lens,
            beside: beside.as_deref(),
        };
        let mut run = stand.run(samples).await?;
        run.left_out += lost;
        Ok(run)
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
        let deadline = Instant::now() + TIME;
        let mut run = DryRun {
            beside: self.beside.map(|it| it.identity().version.clone()),
            samples: Vec::new(),
            left_out: 0,
        };
        for (sample, whose) in samples {
            let tried = self.try_one(&sample, whose);
            // One sample may take as long as an operator lets a call take.
            let Ok(tried) = tokio::time::timeout_at(deadline, tried).await else {
                run.left_out += 1;
                continue;
            };
            let Some(mut tried) = tried? else {
                run.left_out += 1;
                continue;
            };
            // What is known of it stands, whether or not there is time to read it again.
            let again = self.misread(&sample, &tried.made.outcome);
            if let Ok(misread) = tokio::time::timeout_at(deadline, again).await {
                tried.misread = misread?;
            }
            for made in [Some(&mut tried.made), tried.beside.as_mut()]
                .into_iter()
                .flatten()
            {
                made.shorten();
            }
            run.samples.push(tried);
        }
        Ok(run)
    }

    /// What comes of a sample; none where the server was too busy to say.
    async fn try_one(&self, sample: &Sample, whose: Whose) -> Result<Option<Tried>, CatalogError> {
        let made = self.made(self.lens, sample).await?;
        let beside = match self.beside {
            Some(beside) => Some(self.made(beside, sample).await?),
            None => None,
        };
        let outcomes = [Some(&made), beside.as_ref()].into_iter().flatten();
        if outcomes.into_iter().any(|it| it.outcome.undecided) {
            return Ok(None);
        }
        let (needs, is) = (sample.operation.world(), self.lens.world());
        let unexpected = sample.expected.as_ref().map(|expected| {
            let differs = made.outcome.differs(expected);
            differs.map_or_else(|unsound| unsound.to_string(), Option::unwrap_or_default)
        });
        let unexpected = if needs == is {
            unexpected
        } else {
            Some(format!(
                "it asks for an operation of the world {needs}, and the extractor is of the world {is}\n"
            ))
        };
        let change = self.beside.zip(beside.as_ref()).map(|(lens, before)| {
            let names = (&*lens.identity().version, &*self.lens.identity().version);
            let (change, lines) = made.outcome.changed(&before.outcome, names);
            (change, lines.unwrap_or_default())
        });
        Ok(Some(Tried {
            sample: sample.name.clone(),
            whose,
            made,
            beside,
            unexpected,
            change,
            misread: String::new(),
        }))
    }

    /// The lines in which an answer is another when every byte of the result is checked. A reading
    /// that was stopped says nothing: checking takes longer, and may reach a limit by that alone.
    async fn misread(&self, sample: &Sample, outcome: &Outcome) -> Result<String, CatalogError> {
        if sample.operation == Operation::Convert {
            // The SDK's event mappers check every byte as it is.
            return Ok(String::new());
        }
        let strict = self.made(self.lens, &sample.strictly()).await?.outcome;
        if strict.stopped {
            return Ok(String::new());
        }
        let (change, lines) = outcome.changed(&strict, ("every byte checked", "as it is read"));
        let lines = lines.filter(|_| change == Change::Changed);
        Ok(lines.unwrap_or_default())
    }

    async fn made(&self, lens: &Lens, sample: &Sample) -> Result<Made, CatalogError> {
        let asked = ask::sample(lens, self.sandbox, sample).await;
        let (outcome, usage) = asked.map_err(CatalogError::Unwritable)?;
        Ok(Made { outcome, usage })
    }
}
