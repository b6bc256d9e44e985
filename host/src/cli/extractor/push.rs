//! `lensmount extractor push` and `dry-run`: a version on its way to a server, and what it makes of
//! samples beside the version that answers there.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;
use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::Value;

use super::super::client::{Body, Talk};
use super::super::output::{Output, cell, rows};
use super::figures::cells;
use super::test::sample;
use super::{activate, sign};

/// Upload a component as a staged version, and say what it makes of samples beside the active one
#[derive(Debug, Args)]
pub(super) struct Push {
    /// The component, a .wasm file
    file: PathBuf,
    /// A folder of samples to try it on, besides those that it carries and what key results read last
    #[arg(long, value_name = "DIR")]
    samples: Option<PathBuf>,
    /// Who vouches for it, as `sign` wrote it [default: FILE.sig, if there is one]
    #[arg(long, value_name = "FILE")]
    signature: Option<PathBuf>,
    /// Make it the active version at once, unless it reads another number off any sample
    #[arg(long)]
    activate: bool,
}

/// Say what a version makes of samples, beside the active one
///
/// They are those that its component carries, those of the folder, and the results that key results
/// read last with this extractor. Nothing is changed by it.
#[derive(Debug, Args)]
pub(super) struct DryRun {
    /// The extractor
    name: String,
    /// The version
    version: String,
    /// A folder of samples besides
    #[arg(long, value_name = "DIR")]
    samples: Option<PathBuf>,
}

impl Push {
    pub async fn run(&self, talk: &Talk) -> anyhow::Result<()> {
        let file = &self.file;
        let wasm =
            std::fs::read(file).with_context(|| format!("{} cannot be read", file.display()))?;
        let body = match &self.samples {
            Some(folder) => Body::Form(form(wasm, folder)?, self.signature()?),
            None => Body::Wasm(wasm, self.signature()?),
        };
        let path = ["v1", "extractors"];
        let report = talk.server.send(Method::POST, &path, body).await?;
        let (name, version) = (cell(&report["name"]), cell(&report["version"]["version"]));
        let run = &report["dry_run"];
        let count = |name: &str| run[name].as_u64().unwrap_or(0);
        let (changed, misread) = (count("changed"), count("misread"));
        let left_out = count("left_out");
        let activates = self.activate && changed + misread + left_out == 0;
        if activates {
            activate(talk, &name, &version, true).await?;
        }
        let state = if activates {
            "active".into()
        } else {
            cell(&report["version"]["state"])
        };
        talk.output.print(
            &report,
            &["name", "version", "verdict", "state", "digest"],
            |report| {
                vec![vec![
                    name.clone(),
                    version.clone(),
                    cell(&report["verdict"]),
                    state,
                    cell(&report["version"]["digest"]),
                ]]
            },
        )?;
        if talk.output == Output::Table {
            tell(&report["dry_run"])?;
        }
        if self.activate && !activates {
            let why = if changed > 0 {
                let beside = cell(&run["beside"]);
                format!("{changed} samples read another number than version {beside} does")
            } else if misread > 0 {
                format!("{misread} samples are read otherwise when every byte of them is checked")
            } else {
                format!("{left_out} samples could not be tried")
            };
            bail!(
                "{why}, so {version} is staged and not active; \
                 if that is what you want, run `lensmount extractor activate {name} {version}`"
            );
        }
        Ok(())
    }
}

impl Push {
    fn signature(&self) -> anyhow::Result<Option<String>> {
        let beside = sign::beside(&self.file);
        let path = match &self.signature {
            Some(path) => path,
            None if beside.is_file() => &beside,
            None => return Ok(None),
        };
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("{} cannot be read", path.display()))?;
        Ok(Some(text.trim().to_owned()))
    }
}

impl DryRun {
    pub async fn run(&self, talk: &Talk) -> anyhow::Result<()> {
        let path = [
            "v1",
            "extractors",
            &self.name,
            "versions",
            &self.version,
            "dry-run",
        ];
        let body = match &self.samples {
            // Written as text, so that no digit of a sample goes through a float.
            Some(folder) => Body::Text(format!("{{\"samples\":{}}}", sample::together(folder)?)),
            None => Body::Nothing,
        };
        let report = talk.server.send(Method::POST, &path, body).await?;
        match talk.output {
            Output::Json => talk.output.print(&report, &[], |_| Vec::new()),
            Output::Table => tell(&report),
        }
    }
}

fn form(wasm: Vec<u8>, folder: &Path) -> anyhow::Result<Form> {
    let samples = Part::text(sample::together(folder)?).mime_str("application/json")?;
    let component = Part::bytes(wasm)
        .file_name("component.wasm")
        .mime_str("application/wasm")?;
    Ok(Form::new()
        .part("component", component)
        .part("samples", samples))
}

/// What came of the samples, one a line, and the lines that differ.
fn tell(run: &Value) -> anyhow::Result<()> {
    let mut out = std::io::stdout();
    let samples = run["samples"].as_array().map_or(&[][..], Vec::as_slice);
    if samples.is_empty() {
        return Ok(());
    }
    writeln!(out)?;
    let header = ["sample", "from", "verdict", "time", "memory", "output"];
    Output::Table.print(&run["samples"], &header, |samples| rows(samples, row))?;
    let mut more = String::new();
    for tried in samples {
        if let Some(lines) = tried["difference"].as_str() {
            write!(
                more,
                "\n{} {}:\n{lines}",
                cell(&tried["sample"]),
                verdict(tried)
            )?;
        }
    }
    let left_out = run["left_out"].as_u64().unwrap_or(0);
    if left_out > 0 {
        writeln!(
            more,
            "\n{left_out} samples were left out: there was no time for them"
        )?;
    }
    write!(out, "{more}")?;
    Ok(())
}

fn verdict(tried: &Value) -> String {
    match tried["as_expected"].as_bool() {
        Some(false) => "not as expected".into(),
        Some(true) if tried["change"].is_null() => "as expected".into(),
        _ if tried["change"].is_null() => "-".into(),
        _ => cell(&tried["change"]),
    }
}

fn row(tried: &Value) -> Vec<String> {
    let mut row = vec![
        cell(&tried["sample"]),
        cell(&tried["whose"]),
        verdict(tried),
    ];
    row.extend(cells(&tried["made"]));
    row
}
