//! One compiler, and what it could compile for WebAssembly with.

use std::fs;
use std::path::{Path, PathBuf};

use crate::TARGET;
use crate::machine::Machine;

/// Where a compiler has the target's `core`, `alloc` and `std` from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Library {
    /// Ready made, in the compiler's own folder.
    Ready,
    /// From its sources, built along with the guests.
    Sources,
}

/// A compiler that answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Compiler {
    pub(crate) rustc: PathBuf,
    /// E.g. "1.95.0".
    pub(crate) release: String,
    /// E.g. "x86_64-unknown-linux-gnu".
    pub(crate) host: String,
    /// The major version of its LLVM: a linker of an older one may not read what it writes.
    pub(crate) llvm: Option<u32>,
    pub(crate) sysroot: PathBuf,
    /// `None` where it has nothing to compile for WebAssembly with.
    pub(crate) library: Option<Library>,
}

impl Compiler {
    /// Asks a compiler what it is. `None` where it does not answer, e.g. rustup's proxy without a
    /// toolchain behind it.
    pub(crate) fn probe(machine: &Machine, rustc: &Path) -> Option<Self> {
        let rustc = machine.locate(rustc)?;
        let about = machine.answer(&rustc, &["-vV"]).ok()?;
        let value = |key: &str| {
            about
                .lines()
                .find_map(|line| line.strip_prefix(key)?.strip_prefix(": "))
                .map(str::to_owned)
        };
        let sysroot = PathBuf::from(machine.answer(&rustc, &["--print", "sysroot"]).ok()?.trim());
        // The folder is named whether it exists or not, and is no folder at all to a compiler that
        // does not know the target.
        let folder = machine
            .answer(&rustc, &["--print", "target-libdir", "--target", TARGET])
            .map(|line| PathBuf::from(line.trim()));
        let sources = sysroot.join("lib/rustlib/src/rust/library/std/Cargo.toml");
        let library = match folder {
            Ok(folder) if holds_std(&folder) => Some(Library::Ready),
            // Of Debian only: where rustup brought sources, for an editor mostly, it can bring the
            // target as well, which is quicker and needs nothing unstable.
            Ok(_) if rustc == machine.debian_rustc && sources.is_file() => Some(Library::Sources),
            _ => None,
        };
        Some(Self {
            release: value("release")?,
            host: value("host")?,
            llvm: value("LLVM version").and_then(|version| version.split('.').next()?.parse().ok()),
            rustc,
            sysroot,
            library,
        })
    }

    /// Whether it is new enough for this workspace.
    pub(crate) fn is_recent(&self) -> bool {
        number(&self.release) >= number(env!("CARGO_PKG_RUST_VERSION"))
    }

    /// The linker for WebAssembly that comes with rustup's compilers, where it is.
    pub(crate) fn own_linker(&self) -> Option<PathBuf> {
        let linker = self
            .sysroot
            .join("lib/rustlib")
            .join(&self.host)
            .join("bin/rust-lld");
        linker.is_file().then_some(linker)
    }
}

/// Whether a compiled standard library lies in a folder; an interrupted installation leaves one
/// without.
fn holds_std(folder: &Path) -> bool {
    fs::read_dir(folder).is_ok_and(|entries| {
        entries.flatten().any(|entry| {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            name.starts_with("libstd-") && name.ends_with(".rlib")
        })
    })
}

/// The first two numbers of a version, which are all that a `rust-version` speaks of.
fn number(version: &str) -> Option<(u32, u32)> {
    let mut parts = version.split('.').map(|part| part.parse().ok());
    Some((parts.next()??, parts.next()??))
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn versions_are_compared_as_numbers() {
        assert!(number("1.100.0") > number("1.95"));
        assert!(number("1.63.0") < number("1.95"));
        assert_eq!(number("1.95.0-nightly"), number("1.95"));
        assert_eq!(number("new"), None);
    }
}
