//! What the process has used, and the table of it.

use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

use super::process::Process;
use super::simulator::Simulators;

/// A phase that goes on.
pub struct Phase {
    name: &'static str,
    began: Instant,
    cpu: Duration,
}

/// What a phase took.
pub struct Cost {
    name: &'static str,
    /// Key results that were made.
    made: usize,
    /// Readings that were kept.
    pub readings: usize,
    /// Queries that Looker has run by its end.
    pub looker_runs: u64,
    cpu_seconds: f64,
    /// How long it took.
    pub wall_seconds: f64,
    /// Memory at its end.
    resident_bytes: u64,
}

impl Phase {
    /// Begins one.
    pub fn begin(name: &'static str) -> Self {
        Self {
            name,
            began: Instant::now(),
            cpu: cpu(),
        }
    }

    /// Ends it.
    pub async fn end(
        self,
        simulators: &Simulators,
        made: usize,
        readings: usize,
    ) -> anyhow::Result<Cost> {
        let (wall, used) = (self.began.elapsed(), cpu() - self.cpu);
        Ok(Cost {
            name: self.name,
            made,
            readings,
            looker_runs: simulators.runs().await?,
            cpu_seconds: used.as_secs_f64(),
            wall_seconds: wall.as_secs_f64(),
            resident_bytes: Process(std::process::id()).resident()?,
        })
    }
}

/// Prints what the columns are.
pub fn head() {
    println!(
        "{:<18} {:>8} {:>10} {:>12} {:>9} {:>9} {:>14} {:>12}",
        "", "made", "readings", "Looker runs", "CPU s", "wall s", "CPU µs/reading", "resident MiB"
    );
}

impl Cost {
    /// Processor time of a reading, in microseconds.
    pub fn each(&self) -> Option<f64> {
        let readings = (self.readings > 0).then_some(self.readings)?;
        Some(self.cpu_seconds * 1e6 / readings as f64)
    }

    /// Prints it as a line, after the one before.
    pub fn tell(&self, before: Option<&Self>) {
        let each = self
            .each()
            .map_or_else(String::new, |each| format!("{each:.0}"));
        println!(
            "{:<18} {:>8} {:>10} {:>12} {:>9.1} {:>9.1} {:>14} {:>12}",
            self.name,
            self.made,
            self.readings,
            self.looker_runs - before.map_or(0, |before| before.looker_runs),
            self.cpu_seconds,
            self.wall_seconds,
            each,
            self.resident_bytes >> 20,
        );
    }
}

/// Processor time of all threads so far.
fn cpu() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::try_from(time).unwrap_or_default()
}
