//! One golden sample: a file that says what is asked and what is expected.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use serde_json::value::{RawValue, to_raw_value};

use crate::sample::{Document, Order, Sample, lay_out};

/// A sample in a file.
#[derive(Debug)]
pub(super) struct Golden {
    /// What is asked and expected.
    pub sample: Sample,
    path: PathBuf,
    text: String,
}

/// The files of a folder that are samples: every `.json` in it. What samples name lies in folders
/// below.
pub(in super::super) fn files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
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

/// What a sample is called in reports: its file's name without the end.
pub(in super::super) fn name(path: &Path) -> String {
    path.file_stem()
        .map_or_else(String::new, |stem| stem.to_string_lossy().into_owned())
}

impl Golden {
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let text = text(path)?;
        let sample = {
            let document = parse(path, &text)?;
            let result = result(path, document.result())?;
            let sample = document.with(&name(path), result.into());
            sample.with_context(|| path.display().to_string())?
        };
        Ok(Self {
            sample,
            path: path.to_owned(),
            text,
        })
    }

    /// Writes what is to be expected from now on into the file and leaves all else of it as it is.
    pub fn expect(&self, expected: &str) -> anyhow::Result<()> {
        let laid_out = lay_out(expected, Order::Kept).replace('\n', "\n  ");
        let text = match parse(&self.path, &self.text)?.expected() {
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

/// The samples of a folder as one JSON array, each with its name and its result in it.
pub(in super::super) fn together(folder: &Path) -> anyhow::Result<String> {
    let samples: Vec<String> = files(folder)?
        .iter()
        .map(|file| whole(file))
        .collect::<Result<_, _>>()?;
    Ok(format!("[{}]", samples.join(",")))
}

/// A sample that needs no file beside it.
pub(in super::super) fn whole(path: &Path) -> anyhow::Result<String> {
    let text = text(path)?;
    let document = parse(path, &text)?;
    let mut fields: BTreeMap<Cow<'_, str>, Box<RawValue>> = serde_json::from_str(&text)?;
    fields.insert("name".into(), to_raw_value(&name(path))?);
    if document.result().get().starts_with('"') {
        let result = String::from_utf8(result(path, document.result())?);
        let result =
            result.with_context(|| format!("{}: its result is no text", path.display()))?;
        fields.insert("result".into(), to_raw_value(&result)?);
    }
    Ok(serde_json::to_string(&fields)?)
}

fn text(path: &Path) -> anyhow::Result<String> {
    fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))
}

fn parse<'a>(path: &Path, text: &'a str) -> anyhow::Result<Document<'a>> {
    serde_json::from_str(text).with_context(|| format!("{} is no sample", path.display()))
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
