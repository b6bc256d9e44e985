//! `make setup`: gets a compiler, or says how to.

use std::fmt;
use std::time::Duration;

use crate::TARGET;
use crate::apt::Apt;
use crate::compiler::Library;
use crate::error::ToolchainError;
use crate::machine::{Choice, Machine};
use crate::run::Ending;
use crate::toolchain::Toolchain;

/// Adding a target takes seconds. A machine without a way to rustup's server must not wait for its
/// patience to end.
const RUSTUP_LIMIT: Duration = Duration::from_mins(2);

/// A machine that is ready, and what it took.
#[derive(Debug)]
pub enum Prepared {
    /// Nothing was missing.
    Ready(Toolchain),
    /// Rustup added the target.
    TargetAdded(Toolchain),
    /// Debian's packages were installed.
    PackagesInstalled(Toolchain, Vec<String>),
}

impl fmt::Display for Prepared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ready(toolchain) => write!(f, "Ready: extractors are built with {toolchain}"),
            Self::TargetAdded(toolchain) => {
                write!(
                    f,
                    "Added the target {TARGET} with rustup: extractors are built with {toolchain}"
                )
            }
            Self::PackagesInstalled(toolchain, packages) => {
                write!(
                    f,
                    "Installed {}: extractors are built with {toolchain}",
                    packages.join(" ")
                )
            }
        }
    }
}

/// Does what is missing so that [`Toolchain::find_on`] finds a compiler: by rustup, else by
/// Debian's packages if this already runs as root.
///
/// # Errors
///
/// Where the person has to do something; the message says what, in one sentence.
pub fn prepare(machine: &Machine) -> Result<Prepared, ToolchainError> {
    let found = match Toolchain::find_on(machine) {
        Err(ToolchainError::NoCompiler { found }) => Err(found),
        // Rustup's library is ready in seconds; one that is built from its sources takes a minute
        // again after each `cargo clean`.
        Ok(toolchain) if toolchain.library == Library::Sources => Ok(toolchain),
        other => return other.map(Prepared::Ready),
    };
    if machine.choice != Choice::Debian
        && add_target(machine)? == Some(Ending::Done)
        && let Ok(toolchain) = Toolchain::find_on(machine)
    {
        return Ok(Prepared::TargetAdded(toolchain));
    }
    let found = match found {
        Ok(toolchain) => return Ok(Prepared::Ready(toolchain)),
        Err(found) => found,
    };
    if machine.choice == Choice::Rustup {
        return Err(ToolchainError::NoWay { found });
    }
    install_packages(machine, found)
}

/// `None` where there is no rustup.
fn add_target(machine: &Machine) -> Result<Option<Ending>, ToolchainError> {
    let Some(rustup) = machine.locate("rustup".as_ref()) else {
        return Ok(None);
    };
    machine
        .act(&rustup, &["target", "add", TARGET], RUSTUP_LIMIT)
        .map(Some)
}

fn install_packages(machine: &Machine, found: String) -> Result<Prepared, ToolchainError> {
    let Some(apt) = Apt::find(machine) else {
        return Err(ToolchainError::NoWay { found });
    };
    if machine.root && apt.update()? == Ending::Done {
        let packages = apt.packages();
        if apt.install(&packages)? == Ending::Done
            && let Ok(toolchain) = Toolchain::find_on(machine)
        {
            return Ok(Prepared::PackagesInstalled(toolchain, packages));
        }
    }
    Err(ToolchainError::NeedsRoot {
        found,
        command: Apt::command_line(&apt.packages()),
    })
}
