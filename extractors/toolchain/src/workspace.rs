//! The crates to build and the folder to build them in.

use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::error::ToolchainError;
use crate::machine::Machine;
use crate::toolchain::Toolchain;

/// A workspace with guests in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workspace {
    root: PathBuf,
    target_dir: PathBuf,
    pub(crate) lock: Lock,
}

/// What cargo may do to `Cargo.lock`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Lock {
    /// Nothing: what is built is what is in it.
    #[default]
    Kept,
    /// Write it where it is missing, and mend it where Cargo.toml has changed.
    Mended,
}

/// A crate that can be built into a component.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Package {
    /// As its Cargo.toml names it.
    pub name: String,
    /// As its Cargo.toml, or the workspace's, has it.
    pub version: String,
    /// Where its Cargo.toml lies.
    pub folder: PathBuf,
}

impl Workspace {
    /// A workspace by its root folder and cargo's target folder.
    pub fn new(root: impl Into<PathBuf>, target_dir: impl Into<PathBuf>) -> Self {
        Self {
            root: root.into(),
            target_dir: target_dir.into(),
            lock: Lock::default(),
        }
    }

    /// The same workspace, with another say over its `Cargo.lock`.
    #[must_use]
    pub fn with_lock(self, lock: Lock) -> Self {
        Self { lock, ..self }
    }

    /// The workspace that holds the package whose build script is running, one folder deep.
    ///
    /// # Errors
    ///
    /// Where no cargo runs it.
    pub fn of_build_script() -> Result<Self, ToolchainError> {
        let variable = |name| {
            env::var_os(name)
                .map(PathBuf::from)
                .ok_or(ToolchainError::NoVariable { name })
        };
        let package = variable("CARGO_MANIFEST_DIR")?;
        let (out, triple) = (variable("OUT_DIR")?, variable("TARGET")?);
        Ok(Self::new(
            package.parent().unwrap_or(&package),
            target_dir_around(&out, triple.as_os_str()),
        ))
    }

    /// The workspace that a folder belongs to, as cargo sees it.
    ///
    /// # Errors
    ///
    /// Where it belongs to none.
    pub fn around(folder: &Path) -> Result<Self, ToolchainError> {
        let machine = Machine::here()?;
        let cargo = machine
            .locate(&machine.cargo)
            .ok_or(ToolchainError::NoCargo)?;
        let metadata = Metadata::read(&machine, &cargo, folder)?;
        Ok(Self::new(
            metadata.workspace_root,
            metadata.target_directory,
        ))
    }

    /// Where it stands.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where guests are built: apart from all else, because a build that runs inside another would
    /// wait for the folder that the other has locked.
    pub fn guest_dir(&self) -> PathBuf {
        self.target_dir.join("guests")
    }
}

impl Toolchain {
    /// The crates below a folder of the workspace that can be built into components: those whose
    /// library is a `cdylib`, by name.
    ///
    /// # Errors
    ///
    /// Where cargo cannot read the workspace.
    pub fn guests(
        &self,
        workspace: &Workspace,
        folder: impl AsRef<Path>,
    ) -> Result<Vec<Package>, ToolchainError> {
        let metadata = Metadata::read(&self.machine, &self.cargo, &workspace.root)?;
        let below = metadata.workspace_root.join(folder);
        let mut packages: Vec<Package> = metadata
            .packages
            .into_iter()
            .filter(|package| package.manifest_path.starts_with(&below))
            .filter(MetadataPackage::is_guest)
            .filter_map(|package| {
                let folder = package.manifest_path.parent()?.to_owned();
                Some(Package {
                    name: package.name,
                    version: package.version,
                    folder,
                })
            })
            .collect();
        packages.sort();
        Ok(packages)
    }
}

/// Cargo's own account of a workspace, which knows what packages inherit from it.
#[derive(Deserialize)]
struct Metadata {
    packages: Vec<MetadataPackage>,
    workspace_root: PathBuf,
    target_directory: PathBuf,
}

#[derive(Deserialize)]
struct MetadataPackage {
    name: String,
    version: String,
    manifest_path: PathBuf,
    targets: Vec<MetadataTarget>,
}

#[derive(Deserialize)]
struct MetadataTarget {
    crate_types: Vec<String>,
}

impl Metadata {
    /// Without dependencies, so that nothing is fetched and nothing locked.
    fn read(machine: &Machine, cargo: &Path, folder: &Path) -> Result<Self, ToolchainError> {
        let output = machine
            .command(cargo)
            .current_dir(folder)
            .args(["metadata", "--no-deps", "--format-version", "1"])
            .output()
            .map_err(|source| ToolchainError::Run {
                program: cargo.to_owned(),
                source,
            })?;
        if !output.status.success() {
            let messages = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            return Err(ToolchainError::Workspace {
                root: folder.to_owned(),
                messages,
            });
        }
        serde_json::from_slice(&output.stdout).map_err(ToolchainError::Answer)
    }
}

impl MetadataPackage {
    fn is_guest(&self) -> bool {
        self.targets
            .iter()
            .any(|target| target.crate_types.iter().any(|kind| kind == "cdylib"))
    }
}

/// Cargo tells a build script its own folder, `<target>[/<triple>]/<profile>/build/…`, not the
/// target folder.
fn target_dir_around(out: &Path, triple: &OsStr) -> PathBuf {
    let profile = out
        .ancestors()
        .find(|folder| folder.file_name() == Some(OsStr::new("build")))
        .and_then(Path::parent);
    let above = profile.and_then(Path::parent).unwrap_or(out);
    match above.parent() {
        Some(parent) if above.file_name() == Some(triple) => parent.to_owned(),
        _ => above.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::path::Path;

    use super::target_dir_around;

    #[test]
    fn the_target_folder_is_found_from_a_build_scripts_own() {
        let check = |out: &str, expected: &str| {
            let found = target_dir_around(Path::new(out), OsStr::new("x86_64-unknown-linux-gnu"));
            assert_eq!(found, Path::new(expected));
        };
        check("/w/target/debug/build/lensmount-0a/out", "/w/target");
        check(
            "/t/x86_64-unknown-linux-gnu/bench/build/lensmount-0a/out",
            "/t",
        );
        check(
            "/home/build/target/debug/build/lensmount/0a/out",
            "/home/build/target",
        );
    }
}
