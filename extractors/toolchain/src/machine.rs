//! What is looked at to find a compiler.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::error::ToolchainError;

/// Which compiler the extractors are to be built with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Choice {
    /// Whichever serves, the compiler in use first.
    #[default]
    Any,
    /// Only the compiler in use, with the target that rustup adds to it.
    Rustup,
    /// Only Debian's, in `/usr/bin`.
    Debian,
}

impl Choice {
    /// The variable that forces a choice.
    pub const VARIABLE: &'static str = "LENSMOUNT_GUEST_COMPILER";
}

impl FromStr for Choice {
    type Err = ToolchainError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "" => Ok(Self::Any),
            "rustup" => Ok(Self::Rustup),
            "debian" => Ok(Self::Debian),
            other => Err(ToolchainError::UnknownChoice {
                value: other.to_owned(),
            }),
        }
    }
}

/// The parts of a machine that decide about the compiler, held as values so that a test can make
/// up a machine without touching its own.
#[derive(Debug, Clone)]
pub struct Machine {
    /// Where programs are looked for.
    pub path: OsString,
    /// The compiler in use: a name or a path.
    pub rustc: PathBuf,
    /// The cargo in use: a name or a path.
    pub cargo: PathBuf,
    /// Where Debian's compiler stands.
    pub debian_rustc: PathBuf,
    /// What the person forces, if anything.
    pub choice: Choice,
    /// Whether packages may be installed without asking.
    pub root: bool,
}

impl Machine {
    /// This machine, as the environment shows it.
    pub fn here() -> Result<Self, ToolchainError> {
        let choice = env::var(Choice::VARIABLE).unwrap_or_default().parse()?;
        let path = env::var_os("PATH").unwrap_or_default();
        let program =
            |variable, name: &str| env::var_os(variable).map_or_else(|| name.into(), PathBuf::from);
        let mut machine = Self {
            path,
            // Cargo names both to build scripts, and `CARGO` to all that it runs.
            rustc: program("RUSTC", "rustc"),
            cargo: program("CARGO", "cargo"),
            debian_rustc: "/usr/bin/rustc".into(),
            choice,
            root: false,
        };
        machine.root = machine.user_is_root();
        Ok(machine)
    }

    /// Where a program stands, looked for as a shell does. `None` where there is none.
    pub(crate) fn locate(&self, program: &Path) -> Option<PathBuf> {
        if program.components().count() > 1 {
            return program.is_file().then(|| program.to_owned());
        }
        env::split_paths(&self.path)
            .map(|folder| folder.join(program))
            .find(|file| file.is_file())
    }

    /// Asked of `id`, because the standard library has no word for it and reading it from the
    /// system takes unsafe code or one more dependency.
    fn user_is_root(&self) -> bool {
        self.locate("id".as_ref())
            .and_then(|id| self.answer(&id, &["-u"]).ok())
            .is_some_and(|user| user.trim() == "0")
    }
}
