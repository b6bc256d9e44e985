//! Where extractors run: wasmtime, and nothing around it that an extractor could reach.
//!
//! An extractor is a pure function in a box. It gets bytes, gives values, and can import a log (`log`,
//! `lines`) and the rules of time zones (`zones`), and nothing else. Each call runs in a fresh instance ([`Lens`]) under [`Limits`]: processor time, wall time,
//! memory summed over all its memories, output, stack and log lines. Whatever it does, the call
//! ends as an answer, as the extractor's own failure, or as [`Stopped`] with a code of its own, and
//! the next call finds the box as it was.
//!
//! This is the only module that speaks to wasmtime.

mod bindings;
mod compile;
mod compiler;
mod cpu;
mod engine;
mod lens;
mod light;
mod limits;
mod linked;
mod log;
mod output;
mod places;
mod pool;
mod run;
mod share;
mod state;
mod stopped;
mod usage;

pub use bindings::{chart, events, types};
pub use compile::{CompileError, Compiled, is_precompiled};
pub use compiler::{Bounds, Compiler, answer};
pub use engine::{MOST_SLOTS_EACH, SLOTS_EACH, Sandbox, SandboxError};
pub use lens::{Identity, Lens, LoadError, World};
pub use limits::Limits;
pub use log::LogLine;
pub use run::{CallError, Called, Failed};
pub use share::Share;
pub use stopped::{StopCode, Stopped};
pub use usage::{Nearness, Percents, Usage};

/// The engine and its version, for `/version`.
pub const ENGINE: &str = "wasmtime 48.0.8";

#[cfg(test)]
mod tests {
    /// The engine does not tell its version, and operators compare it with advisories.
    #[test]
    fn the_engine_is_the_one_that_is_locked() {
        let version = super::ENGINE.strip_prefix("wasmtime ").expect("its name");
        let locked = format!("name = \"wasmtime\"\nversion = \"{version}\"\n");
        assert!(
            include_str!("../../Cargo.lock").contains(&locked),
            "{version}"
        );
    }
}
