//! A project in Rust, built by cargo.

use std::path::Path;

use anyhow::{Context, anyhow};
use lensmount_toolchain::{Component, Lock, Package, Toolchain, ToolchainError, Workspace};

/// The project's component.
pub(super) fn build(folder: &Path) -> anyhow::Result<Component> {
    let toolchain = Toolchain::find().map_err(told)?;
    let workspace = Workspace::around(folder)
        .map_err(told)?
        .with_lock(Lock::Mended);
    let package = package(&toolchain, &workspace, folder)?;
    let built = toolchain.build(&workspace, &[package]).map_err(told)?;
    built.into_iter().next().context("cargo built nothing")
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
        other => super::told(&other),
    }
}
