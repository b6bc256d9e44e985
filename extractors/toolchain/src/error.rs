//! What can go wrong. Every message says what happened, what it means and what to do.

use std::error::Error;
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::process::ExitStatus;

/// Why there is no compiler, or why a crate is no component.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ToolchainError {
    /// Nothing on this machine compiles for WebAssembly as it stands.
    #[error(
        "the extractors cannot be built: {found}; run `make setup`, which gets what is missing or says how"
    )]
    NoCompiler {
        /// What was looked at and why it does not serve.
        found: String,
    },

    /// `make setup` could do no more by itself, but a person who is root can.
    #[error(
        "the extractors cannot be built: {found}; run this as root and then `make setup` again: {command}"
    )]
    NeedsRoot {
        /// What was looked at and why it does not serve.
        found: String,
        /// One line for a shell.
        command: String,
    },

    /// `make setup` has no way to get a compiler here.
    #[error(
        "the extractors cannot be built: {found}; install rustup from https://rustup.rs and run `make setup` again"
    )]
    NoWay {
        /// What was looked at and why it does not serve.
        found: String,
    },

    /// The variable that forces the choice of a compiler holds something else.
    #[error(
        "LENSMOUNT_GUEST_COMPILER is `{value}`; it may be `rustup` or `debian`, or unset to take what there is"
    )]
    UnknownChoice {
        /// What it holds.
        value: String,
    },

    /// A variable that cargo gives to build scripts is missing.
    #[error("{name} is not set; this is called from a build script that cargo runs")]
    NoVariable {
        /// Its name.
        name: &'static str,
    },

    /// There is no cargo to build with.
    #[error("no cargo was found; run `make setup`, which gets one or says how")]
    NoCargo,

    /// A program did not even start, or was lost sight of.
    #[error("could not run `{program}`")]
    Run {
        /// The program.
        program: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },

    /// Cargo could not say what is in the workspace.
    #[error("cargo could not read the workspace at {root}: {messages}")]
    Workspace {
        /// The workspace.
        root: PathBuf,
        /// What cargo printed.
        messages: String,
    },

    /// Cargo answered in a form that this crate does not know.
    #[error(
        "could not understand what cargo answered; it may be newer than this version of Lensmount"
    )]
    Answer(#[source] serde_json::Error),

    /// A package was asked for that there is not.
    #[error("there is no guest named `{name}`; there are: {known}")]
    NoSuchPackage {
        /// The name asked for.
        name: String,
        /// The names there are.
        known: String,
    },

    /// The compiler refused a crate. What it said was printed as it came.
    #[error(
        "cargo could not build {packages} for wasm32-unknown-unknown ({status}); what it said stands above"
    )]
    Build {
        /// The packages, in one line.
        packages: String,
        /// How cargo ended.
        status: ExitStatus,
    },

    /// Cargo built a package and left no module.
    #[error(
        "building `{package}` gave no module; its Cargo.toml needs `crate-type = [\"cdylib\", \"rlib\"]` under [lib]"
    )]
    NoModule {
        /// The package.
        package: String,
    },

    /// The module was built, but imports or exports something that its world does not have.
    #[error(
        "`{package}` was compiled but is no component: a guest may import and export only what its world in wit/ names"
    )]
    NotAComponent {
        /// The package.
        package: String,
        /// What is wrong, with the import or export named.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },

    /// A file could not be read or written.
    #[error("could not use {path}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

/// An error with all of its causes, on one line.
pub struct ErrorChain<'a>(pub &'a dyn Error);

impl fmt::Display for ErrorChain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}
