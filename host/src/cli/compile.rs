//! `lensmount compile`: what the server starts as a child of its own, to compile one component.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::sandbox::{Bounds, Compiler, Limits, answer};

/// Compile the component on standard input, within bounds
#[derive(Debug, Args)]
pub(super) struct Compile {
    /// Bytes of memory that a call of it may use: the pool that it has to fit goes by that
    #[arg(long)]
    call_memory: usize,
    /// Seconds of processor time
    #[arg(long)]
    seconds: u64,
    /// Bytes of memory
    #[arg(long)]
    memory: u64,
}

impl Compile {
    pub fn run(&self) -> anyhow::Result<()> {
        let limits = Limits {
            memory: self.call_memory,
            ..Limits::default()
        };
        let bounds = Bounds {
            cpu: Duration::from_secs(self.seconds),
            memory: self.memory,
        };
        answer(limits, bounds)
    }
}

/// This very program, called so that it compiles for calls with these limits.
pub(super) fn child(limits: &Limits, bounds: Bounds) -> Compiler {
    // The file may have been replaced by a newer one since this process was started; what compiles
    // has to be what runs.
    let this = PathBuf::from("/proc/self/exe");
    let program = match std::env::current_exe() {
        Ok(program) if !this.exists() => program,
        _ => this,
    };
    let arguments = [
        ("--call-memory", limits.memory as u64),
        ("--seconds", bounds.cpu.as_secs()),
        ("--memory", bounds.memory),
    ];
    let arguments = arguments
        .iter()
        .flat_map(|(name, value)| [(*name).to_owned(), value.to_string()]);
    Compiler::Child {
        program,
        arguments: std::iter::once("compile".to_owned())
            .chain(arguments)
            .collect(),
        bounds,
    }
}
