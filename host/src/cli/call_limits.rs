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
}

impl CallLimits {
    /// What the sandbox is to hold calls to.
    pub fn limits(&self) -> Limits {
        Limits {
            cpu: Duration::from_millis(self.call_cpu_ms),
            wall: Duration::from_millis(self.call_wall_ms),
            memory: (self.call_memory_mib as usize) << 20,
            ..Limits::default()
        }
    }
}
