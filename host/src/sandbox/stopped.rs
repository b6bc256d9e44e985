//! A call that was stopped: why, where, and what it had said.

use std::fmt;

use wasmtime::{Trap, WasmBacktrace};

use super::lens::Identity;
use super::log::LogLine;
use super::state::State;
use super::usage::Usage;

/// Why a call was stopped. The text of each is stable: it is the `code` that API, CLI and log show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopCode {
    /// The guest executed an instruction that cannot go on, a panic for the most part.
    Trap,
    /// It used more processor time than a call may.
    CpuTimeout,
    /// It was not done in time.
    WallTimeout,
    /// It asked for more memory than a call may.
    MemoryLimit,
    /// Its answer was larger than an answer may be.
    OutputLimit,
    /// It recursed too deeply.
    StackOverflow,
    /// It wrote to the log without end.
    LogLimit,
    /// No slot came free in time; the guest never ran.
    Busy,
    /// It no longer fits the contract that it was loaded for.
    Incompatible,
}

impl StopCode {
    /// Every code there is.
    pub const ALL: [Self; 9] = [
        Self::Trap,
        Self::CpuTimeout,
        Self::WallTimeout,
        Self::MemoryLimit,
        Self::OutputLimit,
        Self::StackOverflow,
        Self::LogLimit,
        Self::Busy,
        Self::Incompatible,
    ];

    /// The stable text.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Trap => "trap",
            Self::CpuTimeout => "cpu-timeout",
            Self::WallTimeout => "wall-timeout",
            Self::MemoryLimit => "memory-limit",
            Self::OutputLimit => "output-limit",
            Self::StackOverflow => "stack-overflow",
            Self::LogLimit => "log-limit",
            Self::Busy => "busy",
            Self::Incompatible => "incompatible",
        }
    }
}

/// A call that ended without an answer of the extractor's own.
#[derive(Debug, Clone)]
pub struct Stopped {
    /// Why.
    pub code: StopCode,
    /// Which extractor.
    pub extractor: Identity,
    /// The function of the contract that was called.
    pub function: &'static str,
    /// What happened, as a clause: "it used more than 2 s of processor time".
    pub reason: String,
    /// The functions on the guest's stack, innermost first, where there was a trap.
    pub trace: Vec<String>,
    /// What the guest wrote to the log before it was stopped.
    pub log: Vec<LogLine>,
    /// What it had used by then.
    pub usage: Usage,
}

impl fmt::Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Identity { name, version, .. } = &self.extractor;
        write!(
            f,
            "extractor {name} {version} was stopped in `{}`: {}",
            self.function, self.reason
        )?;
        if let Some(line) = self.log.iter().rev().find(|line| line.level == "error") {
            write!(f, "; its last words: {}", line.message)?;
        }
        let advice = match self.code {
            StopCode::Busy => "try again in a moment",
            StopCode::Incompatible => {
                "upload a version that is built against this server's contract"
            }
            _ => "nothing was read; roll back or mend the extractor",
        };
        write!(f, ". {advice}")
    }
}

impl std::error::Error for Stopped {}

/// The longest trace that is kept: deep recursion would fill pages with one name.
const TRACE: usize = 16;

/// Reads wasmtime's error together with what the host noted while the guest ran.
pub(super) fn classify(error: &wasmtime::Error, state: &State) -> (StopCode, String, Vec<String>) {
    let code = state.stop.unwrap_or_else(|| code_of(error));
    let limits = &state.limits;
    let reason = match code {
        StopCode::CpuTimeout => format!(
            "it used more than {} ms of processor time",
            limits.cpu.as_millis()
        ),
        StopCode::WallTimeout => format!("it was not done within {} ms", limits.wall.as_millis()),
        StopCode::MemoryLimit => format!(
            "it asked for more than {} MiB of memory",
            limits.memory >> 20
        ),
        StopCode::OutputLimit => format!("its answer was larger than {} KiB", limits.output >> 10),
        StopCode::StackOverflow => "it recursed until its stack was full".into(),
        StopCode::LogLimit => {
            format!(
                "it wrote more than {} lines or {} KiB to the log",
                limits.flood_lines,
                limits.flood_bytes >> 10
            )
        }
        StopCode::Trap | StopCode::Busy | StopCode::Incompatible => {
            format!("it trapped: {}", error.root_cause())
        }
    };
    (code, reason, trace(error))
}

/// wasmtime keeps the type of this error to itself, so its text has to serve; a test over the
/// public door sends an answer that is too large.
const LIFT_EXHAUSTED: &str = "fuel allocated for hostcalls has been exhausted";

fn code_of(error: &wasmtime::Error) -> StopCode {
    match error.downcast_ref::<Trap>() {
        Some(Trap::StackOverflow) => StopCode::StackOverflow,
        Some(_) => StopCode::Trap,
        None if error.is::<wasmtime::PoolConcurrencyLimitError>() => StopCode::Busy,
        None if error
            .chain()
            .any(|cause| cause.to_string().contains(LIFT_EXHAUSTED)) =>
        {
            StopCode::OutputLimit
        }
        None => StopCode::Trap,
    }
}

fn trace(error: &wasmtime::Error) -> Vec<String> {
    let Some(backtrace) = error.downcast_ref::<WasmBacktrace>() else {
        return Vec::new();
    };
    backtrace
        .frames()
        .iter()
        .take(TRACE)
        .map(|frame| match frame.func_name() {
            Some(name) => format!("{:#}", rustc_demangle::demangle(name)),
            None => format!("function {}", frame.func_index()),
        })
        .collect()
}
