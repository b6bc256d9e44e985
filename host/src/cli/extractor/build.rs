//! `lensmount extractor build`.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use clap::Args;
use lensmount_toolchain::{ErrorChain, Lock, Package, Toolchain, ToolchainError, Workspace};

/// Build a project into a component, which lies beside its Cargo.toml
///
/// It takes a Rust compiler with the target wasm32-unknown-unknown, and says how to get what is missing.
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
    folder.join("Cargo.toml").is_file()
}

/// Builds the project in a folder; its component.
pub(super) fn project(folder: &Path) -> anyhow::Result<PathBuf> {
    if !is_project(folder) {
        bail!(
            "there is no Cargo.toml in {}; `lensmount extractor new` makes a project",
            folder.display()
        );
    }
    let toolchain = Toolchain::find().map_err(told)?;
    let workspace = Workspace::around(folder)
        .map_err(told)?
        .with_lock(Lock::Mended);
    let package = package(&toolchain, &workspace, folder)?;
    let built = toolchain.build(&workspace, &[package]).map_err(told)?;
    let component = built.first().context("cargo built nothing")?;
    component.write_to(folder).map_err(told)
}

/// The guest whose Cargo.toml lies in the folder.
fn package(toolchain: &Toolchain, workspace: &Workspace, folder: &Path) -> anyhow::Result<Package> {
    let folder = folder
        .canonicalize()
        .with_context(|| format!("{} cannot be read", folder.display()))?;
    let packages = toolchain.guests(workspace, "").map_err(told)?;
    let is_here = |package: &Package| {
        let there = package.folder.canonicalize();
        there.is_ok_and(|there| there == folder)
    };
    packages.into_iter().find(is_here).with_context(|| {
        format!(
            "{} holds no extractor: its Cargo.toml needs `crate-type = [\"cdylib\", \"rlib\"]` under [lib]",
            folder.display()
        )
    })
}

/// What is missing, told to somebody who may have no more of Lensmount than this program.
fn told(error: ToolchainError) -> anyhow::Error {
    match error {
        ToolchainError::NoCompiler { found } => anyhow!(
            "nothing here compiles for WebAssembly: {found}. Run `rustup target add wasm32-unknown-unknown`, \
             with rustup from https://rustup.rs where it is missing; in Lensmount's own sources, `make setup` does it"
        ),
        ToolchainError::NoCargo => anyhow!(
            "no cargo was found; install Rust from https://rustup.rs, then run \
             `rustup target add wasm32-unknown-unknown`"
        ),
        other => anyhow!("{}", ErrorChain(&other)),
    }
}
