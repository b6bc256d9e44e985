//! One golden sample: a file that says what is asked and what is expected.

use std::borrow::Cow;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::http::{Words, query_text};
use crate::sandbox::World;

use super::lay_out::{Order, lay_out};

/// The function of the contract that a sample calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Operation {
    Outline,
    Read,
    Series,
    Convert,
}

impl Operation {
    /// The world that has such a function.
    pub fn world(self) -> World {
        match self {
            Self::Outline | Self::Read | Self::Series => World::ChartExtractor,
            Self::Convert => World::EventMapper,
        }
    }
}

/// What stands in the file: the words of a request to `/v1/extractors/{name}/{operation}`, and the
/// answer.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document<'a> {
    operation: Operation,
    /// Looker's answer, or the name of a file that holds it byte for byte.
    #[serde(borrow)]
    result: &'a RawValue,
    #[serde(borrow, default)]
    vis_config: Option<&'a RawValue>,
    #[serde(borrow, default)]
    query: Option<&'a RawValue>,
    #[serde(borrow, default)]
    selection: Words<'a>,
    #[serde(borrow, default)]
    settings: Words<'a>,
    #[serde(borrow, default)]
    context: Words<'a>,
    #[serde(borrow, default)]
    expected: Option<&'a RawValue>,
}

/// A sample, read.
#[derive(Debug)]
pub(super) struct Sample {
    /// The file's name without its end.
    pub name: String,
    /// What is called.
    pub operation: Operation,
    /// Looker's answer, byte for byte.
    pub result: Vec<u8>,
    /// Looker's Query object, or `{}`.
    pub query: String,
    /// What a person chose.
    pub chosen: Vec<(String, String)>,
    /// What neither result nor query say.
    pub context: Vec<(String, String)>,
    /// What is expected, as it stands in the file.
    pub expected: Option<String>,
    path: PathBuf,
    text: String,
}

/// The files of a folder that are samples: every `.json` in it. What samples name lies in folders
/// below.
pub(super) fn files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let unreadable = || format!("the samples in {} cannot be read", folder.display());
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).with_context(unreadable)? {
        let path = entry.with_context(unreadable)?.path();
        if path.extension().is_some_and(|end| end == "json") && path.is_file() {
            files.push(path);
        }
    }
    if files.is_empty() {
        bail!(
            "there is no sample in {}; a sample is a .json file with `operation`, `result` and what is `expected`",
            folder.display()
        );
    }
    files.sort();
    Ok(files)
}

/// What a sample is called in reports.
pub(super) fn name(path: &Path) -> String {
    path.file_stem()
        .map_or_else(String::new, |stem| stem.to_string_lossy().into_owned())
}

impl Sample {
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let text = fs::read_to_string(path)
            .with_context(|| format!("{} cannot be read", path.display()))?;
        let document: Document<'_> = serde_json::from_str(&text)
            .with_context(|| format!("{} is no sample", path.display()))?;
        let (chosen, other, word) = match document.operation.world() {
            World::ChartExtractor => (&document.selection, &document.settings, "selection"),
            World::EventMapper => (&document.settings, &document.selection, "settings"),
        };
        if !other.0.is_empty() {
            bail!("{}: what is chosen here is called `{word}`", path.display());
        }
        let query = query_text(document.vis_config, document.query)
            .map_err(|problem| anyhow!("{}: {}", path.display(), problem.detail))?
            .into_owned();
        Ok(Self {
            name: name(path),
            operation: document.operation,
            result: result(path, document.result)?,
            query,
            chosen: owned(chosen),
            context: owned(&document.context),
            expected: document.expected.map(|expected| expected.get().to_owned()),
            path: path.to_owned(),
            text,
        })
    }

    /// Writes what is to be expected from now on into the file and leaves all else of it as it is.
    pub fn expect(&self, expected: &str) -> anyhow::Result<()> {
        let laid_out = lay_out(expected, Order::Kept).replace('\n', "\n  ");
        let document: Document<'_> = serde_json::from_str(&self.text)?;
        let text = match document.expected {
            Some(old) => {
                // It is a part of the text, so where it stands is the distance of the two.
                let start = old.get().as_ptr().addr() - self.text.as_ptr().addr();
                let end = start + old.get().len();
                let (before, after) = (self.text.get(..start), self.text.get(end..));
                let (before, after) = before.zip(after).context("the sample has moved")?;
                format!("{before}{laid_out}{after}")
            }
            None => {
                // An `expected` that is null stands there still, and would stand there twice.
                let null = serde_json::from_str::<serde_json::Value>(&self.text)?;
                if null.get("expected").is_some() {
                    bail!("{}: take out `\"expected\": null`", self.path.display());
                }
                let inside = self.text.trim_end().strip_suffix('}');
                let inside = inside.context("the sample does not end as an object does")?;
                format!("{},\n  \"expected\": {laid_out}\n}}\n", inside.trim_end())
            }
        };
        fs::write(&self.path, text)
            .with_context(|| format!("{} cannot be written", self.path.display()))
    }
}

/// The bytes of a result: those in the sample, or of the file that it names.
fn result(sample: &Path, result: &RawValue) -> anyhow::Result<Vec<u8>> {
    if !result.get().starts_with('"') {
        return Ok(result.get().as_bytes().to_vec());
    }
    let name: Cow<'_, str> = serde_json::from_str(result.get())?;
    let path = sample.with_file_name(&*name);
    fs::read(&path).with_context(|| {
        format!(
            "{}: its result {} cannot be read",
            sample.display(),
            path.display()
        )
    })
}

fn owned(words: &Words<'_>) -> Vec<(String, String)> {
    let pairs = words.lent().into_iter();
    pairs
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}
