//! Debian's packages: the way out for a machine whose rustup has no way to fetch a target, or that
//! has no rustup.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::compiler::Compiler;
use crate::error::ToolchainError;
use crate::linker::Linker;
use crate::machine::Machine;
use crate::run::Ending;

/// Some hundred megabytes on a slow line.
const LIMIT: Duration = Duration::from_mins(15);

/// A machine with Debian's package manager.
pub(crate) struct Apt<'a> {
    machine: &'a Machine,
    apt_get: PathBuf,
}

impl<'a> Apt<'a> {
    pub(crate) fn find(machine: &'a Machine) -> Option<Self> {
        let apt_get = machine.locate("apt-get".as_ref())?;
        Some(Self { machine, apt_get })
    }

    /// The packages that are missing. `rustc-web` is the compiler that Debian keeps up to date
    /// beside its own, which is too old; `rust-web-src` the library's sources of the same version,
    /// for there is no compiled one for WebAssembly.
    pub(crate) fn packages(&self) -> Vec<String> {
        let mut packages = vec!["rustc-web".to_owned(), "rust-web-src".to_owned()];
        if !self.has_linker() {
            packages.push(self.newest_linker());
        }
        packages
    }

    /// What a person would type.
    pub(crate) fn command_line(packages: &[String]) -> String {
        format!(
            "apt-get update && apt-get install --yes --no-install-recommends {}",
            packages.join(" ")
        )
    }

    /// Fetches the lists of what there is; on a fresh machine they are empty.
    pub(crate) fn update(&self) -> Result<Ending, ToolchainError> {
        self.machine.act(&self.apt_get, &["update"], LIMIT)
    }

    /// Installs without asking. Packages that stand in the way are not removed for it: that is for
    /// the person to decide.
    pub(crate) fn install(&self, packages: &[String]) -> Result<Ending, ToolchainError> {
        let mut arguments = vec!["install", "--yes", "--no-install-recommends", "--no-remove"];
        arguments.extend(packages.iter().map(String::as_str));
        self.machine.act(&self.apt_get, &arguments, LIMIT)
    }

    /// Whether a linker is there for any compiler that Debian's would replace.
    fn has_linker(&self) -> bool {
        let of = |rustc: &Path| {
            Compiler::probe(self.machine, rustc)
                .is_some_and(|compiler| Linker::find(self.machine, &compiler).is_some())
        };
        of(&self.machine.rustc) || of(&self.machine.debian_rustc)
    }

    /// Debian has several; the newest reads what any of its compilers writes. While the lists of a
    /// fresh machine are empty, it is the one that went with rustc-web 1.96.
    fn newest_linker(&self) -> String {
        let known = self
            .machine
            .locate("apt-cache".as_ref())
            .and_then(|apt_cache| self.machine.answer(&apt_cache, &["pkgnames", "lld-"]).ok())
            .unwrap_or_default();
        let numbers = known
            .lines()
            .filter_map(|name| name.strip_prefix("lld-")?.parse().ok());
        format!("lld-{}", numbers.fold(22_u32, u32::max))
    }
}
