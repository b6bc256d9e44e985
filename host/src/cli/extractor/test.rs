//! `lensmount extractor test`.

mod heard;
pub(super) mod sample;
mod trial;

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;
use serde_json::{Value, json};

use crate::sample::{Order, lay_out};
use crate::sandbox::Limits;

use super::super::call_limits::CallLimits;
use super::super::output::{Output, cell, rows};
use super::build;
use super::component;
use super::figures::{cells, micros};
use sample::Golden;
use trial::{Cost, Trial};

/// Run an extractor's samples in the server's sandbox and compare with what is expected
///
/// A sample is a .json file in samples/: the words of a request to the API (`result`, `vis_config` or
/// `query`, `selection` or `settings`, `context`), the `operation` (outline, read, series or convert),
/// and what is `expected`: {"output": …} or {"problem": {"code": …}}. A `result` that is a text names a
/// file beside the sample, whose bytes are taken as they are. It ends with 1 when any sample differs.
#[derive(Debug, Args)]
pub(super) struct Test {
    /// A component, or a folder: of a project, which is built first, or of one component
    #[arg(default_value = ".", value_name = "DIR | FILE.wasm")]
    project: PathBuf,
    /// The folder of samples [default: samples, in the project or beside the component]
    #[arg(long, value_name = "DIR")]
    samples: Option<PathBuf>,
    /// Write what was found into the samples that differ, or that expect nothing yet
    #[arg(long)]
    update: bool,
    #[command(flatten)]
    limits: CallLimits,
}

/// What became of a sample.
enum Verdict {
    Passed,
    /// The lines that differ.
    Differs(String),
    /// It expects nothing yet; what was found.
    Unexpected(String),
    Updated,
    /// It could not be run at all, and why.
    Broken(String),
}

impl Verdict {
    fn word(&self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Differs(_) => "differs",
            Self::Unexpected(_) => "expects nothing",
            Self::Updated => "updated",
            Self::Broken(_) => "broken",
        }
    }

    fn is_good(&self) -> bool {
        matches!(self, Self::Passed | Self::Updated)
    }

    fn account(&self) -> &str {
        match self {
            Self::Passed | Self::Updated => "",
            Self::Differs(text) | Self::Unexpected(text) | Self::Broken(text) => text,
        }
    }
}

/// A line of the report.
struct Line {
    sample: String,
    verdict: Verdict,
    cost: Cost,
    aside: Vec<String>,
}

impl Test {
    pub async fn run(&self, output: Output) -> anyhow::Result<()> {
        let (file, home) = self.component()?;
        let samples = self.samples.clone().unwrap_or_else(|| home.join("samples"));
        let files = sample::files(&samples)?;
        let limits = self.limits.limits();
        let trial = Trial::new(component::read(&file)?, limits.clone()).await?;
        let mut lines = Vec::with_capacity(files.len());
        for file in &files {
            lines.push(self.try_one(&trial, file).await);
        }
        tell(output, &trial, &limits, &lines)?;
        let bad = lines.iter().filter(|line| !line.verdict.is_good()).count();
        if bad > 0 {
            bail!(
                "{bad} of {} samples are not as expected; mend the extractor, or take what was found with --update",
                lines.len()
            );
        }
        Ok(())
    }

    /// The component's file, and the folder that it belongs to.
    fn component(&self) -> anyhow::Result<(PathBuf, PathBuf)> {
        if !self.project.is_dir() {
            let home = self.project.parent().unwrap_or(Path::new(""));
            return Ok((self.project.clone(), home.to_owned()));
        }
        // What is tested is what the sources say now.
        let file = if build::is_project(&self.project) {
            build::project(&self.project)?
        } else {
            only_component(&self.project)?
        };
        Ok((file, self.project.clone()))
    }

    async fn try_one(&self, trial: &Trial, file: &Path) -> Line {
        match self.judge(trial, file).await {
            Ok(line) => line,
            Err(error) => Line {
                sample: sample::name(file),
                verdict: Verdict::Broken(format!("{error:#}\n")),
                cost: Cost::default(),
                aside: Vec::new(),
            },
        }
    }

    async fn judge(&self, trial: &Trial, file: &Path) -> anyhow::Result<Line> {
        let golden = Golden::read(file)?;
        let (outcome, cost) = trial.run(&golden.sample).await?;
        let verdict = match &golden.sample.expected {
            Some(expected) => outcome
                .differs(expected)
                .with_context(|| file.display().to_string())?
                .map_or(Verdict::Passed, Verdict::Differs),
            None => Verdict::Unexpected(format!("{}\n", lay_out(&outcome.text, Order::Kept))),
        };
        let verdict = if self.update && !verdict.is_good() {
            golden.expect(&outcome.text)?;
            Verdict::Updated
        } else {
            verdict
        };
        Ok(Line {
            sample: golden.sample.name,
            verdict,
            cost,
            aside: outcome.aside,
        })
    }
}

/// The one component in a folder.
fn only_component(folder: &Path) -> anyhow::Result<PathBuf> {
    let unreadable = || format!("{} cannot be read", folder.display());
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).with_context(unreadable)? {
        let path = entry.with_context(unreadable)?.path();
        if path.extension().is_some_and(|end| end == "wasm") {
            found.push(path);
        }
    }
    match <[PathBuf; 1]>::try_from(found) {
        Ok([file]) => Ok(file),
        Err(found) => bail!(
            "{} holds {} components; name the file to test",
            folder.display(),
            found.len()
        ),
    }
}

fn tell(output: Output, trial: &Trial, limits: &Limits, lines: &[Line]) -> anyhow::Result<()> {
    let identity = trial.described.lens.identity();
    let report = json!({
        "name": identity.name,
        "version": identity.version,
        "digest": identity.digest.to_string(),
        "limits": {"cpu_us": micros(limits.cpu), "memory": limits.memory, "output": limits.output},
        "samples": lines.iter().map(one).collect::<Vec<_>>(),
    });
    let header = ["sample", "verdict", "time", "memory", "output", "cost"];
    output.print(&report, &header, |report| rows(&report["samples"], row))?;
    if output == Output::Json {
        return Ok(());
    }
    let mut more = String::new();
    for line in lines.iter().filter(|line| !line.verdict.is_good()) {
        let (sample, word) = (&line.sample, line.verdict.word());
        write!(more, "\n{sample} {word}:\n{}", line.verdict.account())?;
        for aside in &line.aside {
            writeln!(more, "{aside}")?;
        }
    }
    write!(std::io::stdout(), "{more}")?;
    Ok(())
}

fn one(line: &Line) -> Value {
    let usage = line.cost.usage;
    let percents = usage.percents();
    json!({
        "sample": line.sample,
        "verdict": line.verdict.word(),
        "cpu_us": micros(usage.cpu),
        "cpu_percent": percents.cpu,
        "memory": usage.memory_peak,
        "memory_percent": percents.memory,
        "output": usage.output,
        "output_percent": percents.output,
        "cost": line.cost.fuel,
        "account": line.verdict.account(),
        "aside": line.aside,
    })
}

fn row(sample: &Value) -> Vec<String> {
    let mut row = vec![cell(&sample["sample"]), cell(&sample["verdict"])];
    row.extend(cells(sample));
    row.push(cell(&sample["cost"]));
    row
}
