//! What the kernel knows of a process.
#![allow(dead_code, reason = "each benchmark asks some of it")]

use std::time::Duration;

use anyhow::Context;

/// A process, by its id.
#[derive(Clone, Copy)]
pub struct Process(pub u32);

impl Process {
    /// Processor time of all its threads so far.
    pub fn cpu(self) -> anyhow::Result<Duration> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.0))?;
        // The name, which stands in brackets, may hold spaces.
        let fields: Vec<&str> = stat
            .rsplit(')')
            .next()
            .unwrap_or_default()
            .split_whitespace()
            .collect();
        let ticks = |place: usize| -> anyhow::Result<u64> {
            Ok(fields.get(place).context("no such figure")?.parse()?)
        };
        // User and system time, in hundredths of a second on every Linux.
        Ok(Duration::from_millis((ticks(11)? + ticks(12)?) * 10))
    }

    /// Memory that is resident, in bytes.
    pub fn resident(self) -> anyhow::Result<u64> {
        self.memory("VmRSS:")
    }

    /// The most memory that was ever resident, in bytes.
    pub fn peak(self) -> anyhow::Result<u64> {
        self.memory("VmHWM:")
    }

    fn memory(self, name: &str) -> anyhow::Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0));
        let status = status.context("this needs Linux")?;
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let kib = line.and_then(|line| line.split_whitespace().next());
        let kib: u64 = kib.context("no such figure")?.parse()?;
        Ok(kib << 10)
    }
}

/// Bytes in MiB.
pub fn mib(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}
