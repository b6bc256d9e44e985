//! `lensmount extractor build`.

mod carried;
mod javascript;
mod program;
mod python;
mod rust;
mod unchanged;

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use clap::{Args, ValueEnum};
use lensmount_toolchain::{Component, ErrorChain, ToolchainError};

use super::template::Language;
use unchanged::Sources;

/// Build a project into a component, which lies beside its Cargo.toml, package.json or pyproject.toml
///
/// It carries the project's samples, on which a server that is given it tries it.
/// It takes a Rust compiler with the target wasm32-unknown-unknown, Node with npm, or Python with venv,
/// by the project's language, and says how to get what is missing. What npm and pip install goes into
/// the project's folder, in the versions that it pins, and is used again from then on.
#[derive(Debug, Args)]
pub(super) struct Build {
    /// The folder of the project
    #[arg(default_value = ".", value_name = "DIR")]
    project: PathBuf,
}

impl Build {
    pub fn run(&self) -> anyhow::Result<()> {
        let component = project(&self.project)?;
        writeln!(std::io::stdout(), "{}", component.display())?;
        Ok(())
    }
}

/// Whether a folder is a project that can be built.
pub(super) fn is_project(folder: &Path) -> bool {
    language(folder).is_some()
}

/// The language of the project in a folder.
fn language(folder: &Path) -> Option<Language> {
    let languages = Language::value_variants().iter().copied();
    languages
        .into_iter()
        .find(|language| folder.join(language.manifest()).is_file())
}

/// Builds the project in a folder; its component.
pub(super) fn project(folder: &Path) -> anyhow::Result<PathBuf> {
    match language(folder) {
        Some(Language::Rust) => written(rust::build(folder)?, folder),
        Some(Language::JavaScript) => where_changed(folder, javascript::build),
        Some(Language::Python) => where_changed(folder, python::build),
        None => bail!(
            "there is no Cargo.toml, package.json or pyproject.toml in {}; `lensmount extractor new` makes a project",
            folder.display()
        ),
    }
}

/// What cargo does by itself: builds what has changed since it was built last.
fn where_changed(
    folder: &Path,
    build: impl FnOnce(&Path) -> anyhow::Result<Component>,
) -> anyhow::Result<PathBuf> {
    let unreadable = || format!("{} cannot be read", folder.display());
    let sources = Sources::read(folder).with_context(unreadable)?;
    if let Some(component) = sources.component() {
        return Ok(component);
    }
    let component = written(build(folder)?, folder)?;
    let kept = sources.became(&component);
    kept.with_context(|| format!("{} cannot be written to", folder.display()))?;
    Ok(component)
}

fn written(mut component: Component, folder: &Path) -> anyhow::Result<PathBuf> {
    component.wasm = carried::with_samples(folder, component.wasm)?;
    component.write_to(folder).map_err(|error| told(&error))
}

fn told(error: &ToolchainError) -> anyhow::Error {
    anyhow!("{}", ErrorChain(error))
}
