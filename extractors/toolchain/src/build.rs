//! Crates in, components out.

use std::collections::HashMap;
use std::env;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde::Deserialize;

use crate::TARGET;
use crate::compiler::Library;
use crate::component::Component;
use crate::environment;
use crate::error::ToolchainError;
use crate::linker::Linker;
use crate::toolchain::Toolchain;
use crate::workspace::{Lock, Package, Workspace};

impl Toolchain {
    /// Builds packages into components, in the order given. What has not changed is not built
    /// again, and several processes may build at once: cargo has its lock for that. What the
    /// compiler says goes to standard error.
    ///
    /// # Errors
    ///
    /// Where a package does not compile, or is no component once it is compiled.
    pub fn build(
        &self,
        workspace: &Workspace,
        packages: &[Package],
    ) -> Result<Vec<Component>, ToolchainError> {
        if packages.is_empty() {
            return Ok(Vec::new());
        }
        let modules = self.compile(workspace, packages)?;
        packages
            .iter()
            .map(|package| {
                let module =
                    modules
                        .get(&package.folder)
                        .ok_or_else(|| ToolchainError::NoModule {
                            package: package.name.clone(),
                        })?;
                let bytes = fs::read(module).map_err(|source| ToolchainError::File {
                    path: module.clone(),
                    source,
                })?;
                Component::from_module(package, &bytes)
            })
            .collect()
    }

    /// Runs cargo. The answer holds a module for each package's folder.
    fn compile(
        &self,
        workspace: &Workspace,
        packages: &[Package],
    ) -> Result<HashMap<PathBuf, PathBuf>, ToolchainError> {
        let mut command = self.cargo_for_guests();
        command.current_dir(workspace.root()).args([
            "build",
            "--profile",
            "guest",
            "--target",
            TARGET,
        ]);
        if workspace.lock == Lock::Kept {
            command.arg("--locked");
        }
        command
            .arg("--message-format=json-render-diagnostics")
            .arg("--target-dir")
            .arg(workspace.guest_dir());
        if self.library == Library::Sources {
            command.arg("-Zbuild-std=std,panic_abort");
        }
        for package in packages {
            command.args(["--package", &package.name]);
        }
        let output = command
            .stdin(Stdio::null())
            .stderr(Stdio::inherit())
            .output()
            .map_err(|source| ToolchainError::Run {
                program: self.cargo.clone(),
                source,
            })?;
        if !output.status.success() {
            let names: Vec<_> = packages
                .iter()
                .map(|package| package.name.as_str())
                .collect();
            return Err(ToolchainError::Build {
                packages: names.join(", "),
                status: output.status,
            });
        }
        modules(&output.stdout)
    }

    /// A cargo with this compiler and an environment that no other build has left its marks on.
    fn cargo_for_guests(&self) -> Command {
        let mut command = Command::new(&self.cargo);
        command
            .env_clear()
            .envs(environment::clean(env::vars_os()))
            .env("PATH", &self.machine.path)
            .env("RUSTC", &self.compiler.rustc)
            // Set, even where they are empty, they outweigh what a person's own cargo configuration says:
            // flags meant for their processor are of no use to a guest.
            .env("CARGO_ENCODED_RUSTFLAGS", crate::layout::flags())
            .env("RUSTC_WRAPPER", "")
            .env("RUSTC_WORKSPACE_WRAPPER", "");
        if self.library == Library::Sources {
            // Building the standard library is not stable yet, so that a stable compiler has to be
            // told that this is meant.
            command.env("RUSTC_BOOTSTRAP", "1");
        }
        if let Linker::Given(linker) = &self.linker {
            command.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker);
        }
        command
    }
}

/// One line of what cargo prints about its work.
#[derive(Deserialize)]
struct Message {
    #[serde(default)]
    manifest_path: PathBuf,
    #[serde(default)]
    filenames: Vec<PathBuf>,
}

/// Reads from cargo's messages where it left the modules, so that nothing here depends on how cargo
/// lays out its folder.
fn modules(messages: &[u8]) -> Result<HashMap<PathBuf, PathBuf>, ToolchainError> {
    let mut found = HashMap::new();
    for message in serde_json::Deserializer::from_slice(messages).into_iter::<Message>() {
        let message = message.map_err(ToolchainError::Answer)?;
        let module = message
            .filenames
            .into_iter()
            .find(|file| file.extension().is_some_and(|end| end == "wasm"));
        if let (Some(module), Some(folder)) = (module, message.manifest_path.parent()) {
            found.insert(folder.to_owned(), module);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::modules;

    #[test]
    fn modules_are_read_from_what_cargo_says() {
        let said = br#"{"reason":"compiler-artifact","manifest_path":"/r/serde/Cargo.toml","filenames":["/t/libserde.rlib"]}
{"reason":"build-script-executed","package_id":"x"}
{"reason":"compiler-artifact","manifest_path":"/w/a-b/Cargo.toml","filenames":["/t/a_b.wasm","/t/liba_b.rlib"]}
{"reason":"build-finished","success":true}
"#;
        let found = modules(said).unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!(found[Path::new("/w/a-b")], Path::new("/t/a_b.wasm"));
    }
}
