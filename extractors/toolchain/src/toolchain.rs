//! A compiler that was found.

use std::fmt;
use std::path::PathBuf;

use crate::compiler::{Compiler, Library};
use crate::error::ToolchainError;
use crate::linker::Linker;
use crate::machine::{Choice, Machine};

/// A compiler for WebAssembly with all that it takes to build guests.
#[derive(Debug, Clone)]
pub struct Toolchain {
    pub(crate) machine: Machine,
    pub(crate) cargo: PathBuf,
    pub(crate) compiler: Compiler,
    pub(crate) library: Library,
    pub(crate) linker: Linker,
}

impl Toolchain {
    /// Finds a compiler on this machine. Nothing is installed or written.
    ///
    /// # Errors
    ///
    /// Where there is none; the message names `make setup`.
    pub fn find() -> Result<Self, ToolchainError> {
        Self::find_on(&Machine::here()?)
    }

    /// Finds a compiler on a machine. A library that is ready made is preferred to one that must be
    /// built from its sources, which takes a minute the first time.
    ///
    /// # Errors
    ///
    /// Where there is none; the message names `make setup`.
    pub fn find_on(machine: &Machine) -> Result<Self, ToolchainError> {
        let cargo = machine
            .locate(&machine.cargo)
            .ok_or(ToolchainError::NoCargo)?;
        let candidates = candidates(machine);
        for library in [Library::Ready, Library::Sources] {
            for compiler in candidates
                .iter()
                .filter(|one| one.library == Some(library) && one.is_recent())
            {
                if let Some(linker) = Linker::find(machine, compiler) {
                    let (machine, compiler) = (machine.clone(), compiler.clone());
                    return Ok(Self {
                        machine,
                        cargo,
                        compiler,
                        library,
                        linker,
                    });
                }
            }
        }
        Err(ToolchainError::NoCompiler {
            found: account(&candidates),
        })
    }
}

impl fmt::Display for Toolchain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "rustc {} at {}",
            self.compiler.release,
            self.compiler.rustc.display()
        )?;
        if self.library == Library::Sources {
            f.write_str(
                " (its standard library is built from source, about a minute the first time)",
            )?;
        }
        Ok(())
    }
}

/// The compilers that may be taken and that answer.
fn candidates(machine: &Machine) -> Vec<Compiler> {
    let programs: &[_] = match machine.choice {
        Choice::Any => &[&machine.rustc, &machine.debian_rustc],
        Choice::Rustup => &[&machine.rustc],
        Choice::Debian => &[&machine.debian_rustc],
    };
    let mut found: Vec<Compiler> = Vec::new();
    for compiler in programs
        .iter()
        .filter_map(|program| Compiler::probe(machine, program))
    {
        if found.iter().all(|other| other.rustc != compiler.rustc) {
            found.push(compiler);
        }
    }
    found
}

/// Why none of them serves, each with its own reason.
fn account(candidates: &[Compiler]) -> String {
    if candidates.is_empty() {
        return "no rustc was found".to_owned();
    }
    let reasons = candidates.iter().map(|compiler| {
        let lacks = if !compiler.is_recent() {
            concat!("is older than ", env!("CARGO_PKG_RUST_VERSION"))
        } else if compiler.library.is_none() {
            "has no standard library for wasm32-unknown-unknown"
        } else {
            "has no linker for WebAssembly"
        };
        format!(
            "rustc {} at {} {lacks}",
            compiler.release,
            compiler.rustc.display()
        )
    });
    reasons.collect::<Vec<_>>().join(", and ")
}
