//! What one call may use.

use std::time::Duration;

/// The caps of one call. The defaults suit charts of up to 32 MiB; an operator may change them for
/// the whole server (`lensmount serve --help`), and for single extractors all but the stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Processor time, summed over the slices in which the guest really ran.
    pub cpu: Duration,
    /// Time from call to answer, the waits of a busy server included.
    pub wall: Duration,
    /// Bytes, summed over all memories of the call.
    pub memory: usize,
    /// Bytes of text and data in the answer.
    pub output: usize,
    /// Log lines that are kept; what comes after them is counted and dropped.
    pub log_lines: usize,
    /// Bytes of log text that are kept.
    pub log_bytes: usize,
    /// Log lines after which the call is stopped as a flood.
    pub flood_lines: usize,
    /// Bytes of log text after which the call is stopped as a flood.
    pub flood_bytes: usize,
    /// Bytes of the engine's stack. Code is made to be run on the stack of its engine, so this one
    /// counts for the whole sandbox, as it was when that was made.
    pub stack: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            cpu: Duration::from_secs(2),
            wall: Duration::from_secs(10),
            memory: 256 << 20,
            output: 8 << 20,
            log_lines: 100,
            log_bytes: 16 << 10,
            flood_lines: 10_000,
            flood_bytes: 1 << 20,
            stack: 512 << 10,
        }
    }
}

impl Limits {
    /// The same with so much of the log kept. What is kept is never a flood.
    #[must_use]
    pub fn keeping(self, log_lines: usize, log_bytes: usize) -> Self {
        Self {
            log_lines,
            log_bytes,
            flood_lines: self.flood_lines.max(log_lines),
            flood_bytes: self.flood_bytes.max(log_bytes),
            ..self
        }
    }

    /// What wasmtime may lift out of a guest in one go.
    ///
    /// Its meter counts the host's own structs, which are several times larger than what a guest
    /// wrote for a list of small records; the exact count follows once the answer is there.
    pub(super) fn lift(&self) -> usize {
        self.output.saturating_mul(4)
    }
}
