//! A linker for WebAssembly, for compilers that come without one.
//!
//! The compiler calls it with `-flavor wasm`, which only LLVM's generic driver understands: that is
//! `rust-lld`, or a distribution's `lld`; its `wasm-ld` does not.

use std::env;
use std::fs;
use std::path::PathBuf;

use crate::compiler::Compiler;
use crate::machine::Machine;

/// How a compiler gets to link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Linker {
    /// It has its own.
    Own,
    /// It must be told of this one.
    Given(PathBuf),
}

impl Linker {
    /// The compiler's own, else rustup's, else a distribution's.
    pub(crate) fn find(machine: &Machine, compiler: &Compiler) -> Option<Self> {
        if compiler.own_linker().is_some() {
            return Some(Self::Own);
        }
        let in_use = Compiler::probe(machine, &machine.rustc);
        in_use
            .and_then(|other| other.own_linker())
            .or_else(|| distribution(machine, compiler.llvm.unwrap_or(0)))
            .map(Self::Given)
    }
}

/// Debian numbers its linkers (`lld-22`): the newest, if it can read what the compiler writes.
/// Others have one `lld` that goes with their compiler.
fn distribution(machine: &Machine, at_least: u32) -> Option<PathBuf> {
    env::split_paths(&machine.path)
        .filter_map(|folder| fs::read_dir(folder).ok())
        .flat_map(|entries| entries.flatten())
        .filter_map(|entry| {
            let number: u32 = entry
                .file_name()
                .to_str()?
                .strip_prefix("lld-")?
                .parse()
                .ok()?;
            Some((number, entry.path()))
        })
        .filter(|(number, _)| *number >= at_least)
        .max()
        .map(|(_, path)| path)
        .or_else(|| machine.locate("lld".as_ref()))
}
