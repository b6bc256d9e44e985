//! What one call of an extractor may use, as flags and variables.

use std::time::Duration;

use clap::Args;

use crate::sandbox::Limits;

/// The same for a server and for an author who tries an extractor under that server's limits.
#[derive(Debug, Args)]
pub(super) struct CallLimits {
    /// Milliseconds of processor time that one call of an extractor may use
    #[arg(
        long,
        env = "LENSMOUNT_CALL_CPU_MS",
        default_value_t = 2_000,
        value_name = "MS"
    )]
    call_cpu_ms: u64,
    /// Milliseconds that one call of an extractor may take
    #[arg(
        long,
        env = "LENSMOUNT_CALL_WALL_MS",
        default_value_t = 10_000,
        value_name = "MS"
    )]
    call_wall_ms: u64,
    /// MiB of memory that one call of an extractor may use
    #[arg(long, env = "LENSMOUNT_CALL_MEMORY_MIB", default_value_t = 256, value_name = "MIB",
        value_parser = clap::value_parser!(u32).range(1..=4096))]
    call_memory_mib: u32,
    /// KiB that the answer of one call may have
    #[arg(long, env = "LENSMOUNT_CALL_OUTPUT_KIB", default_value_t = 8_192, value_name = "KIB",
        value_parser = clap::value_parser!(u32).range(1..=65_536))]
    call_output_kib: u32,
    /// Log lines that are kept of one call; after 10,000 it is stopped
    #[arg(long, env = "LENSMOUNT_CALL_LOG_LINES", default_value_t = 100, value_name = "N",
        value_parser = clap::value_parser!(u32).range(0..=10_000))]
    call_log_lines: u32,
    /// KiB of log text that are kept of one call; after 1 MiB it is stopped
    #[arg(long, env = "LENSMOUNT_CALL_LOG_KIB", default_value_t = 16, value_name = "KIB",
        value_parser = clap::value_parser!(u32).range(0..=1_024))]
    call_log_kib: u32,
    /// KiB of stack that one call may use
    #[arg(long, env = "LENSMOUNT_CALL_STACK_KIB", default_value_t = 512, value_name = "KIB",
        value_parser = clap::value_parser!(u32).range(64..=8_192))]
    call_stack_kib: u32,
}

impl CallLimits {
    /// What the sandbox is to hold calls to.
    pub fn limits(&self) -> Limits {
        Limits {
            cpu: Duration::from_millis(self.call_cpu_ms),
            wall: Duration::from_millis(self.call_wall_ms),
            memory: (self.call_memory_mib as usize) << 20,
            output: (self.call_output_kib as usize) << 10,
            stack: (self.call_stack_kib as usize) << 10,
            ..Limits::default()
        }
        .keeping(
            self.call_log_lines as usize,
            (self.call_log_kib as usize) << 10,
        )
    }
}
