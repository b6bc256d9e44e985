//! What is counted of a version's calls since the server started.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::sandbox::{CallError, Called, Nearness, StopCode, Usage};

use super::spread::{Seen, Spread};

/// Bounds of times, in microseconds.
const TIMES: &[u64] = &[
    100, 250, 500, 1_000, 2_500, 5_000, 10_000, 50_000, 250_000, 1_000_000, 5_000_000,
];
/// Bounds of memory, in bytes.
const SIZES: &[u64] = &[1 << 20, 4 << 20, 16 << 20, 64 << 20, 256 << 20, 1 << 30];
/// Bounds of how near a limit was come to, in thousandths. Beyond the last it was reached.
const PARTS: &[u64] = &[100, 250, 500, 750, 900, 999];

/// Calls of one version. To count one costs some thirty atomic operations: calls wait for no lock.
#[derive(Debug)]
pub struct Tally {
    answered: AtomicU64,
    failed: AtomicU64,
    stopped: [AtomicU64; StopCode::ALL.len()],
    refused: AtomicU64,
    took: Spread,
    cpu: Spread,
    waited: Spread,
    memory: Spread,
    nearest: Spread,
    input: AtomicU64,
    output: AtomicU64,
    log_dropped: AtomicU64,
    /// The most of each limit, in thousandths.
    most: [AtomicU64; LIMITS.len()],
}

/// A limit, and how much of it a call used.
type Limit = (&'static str, fn(Nearness) -> u16);

/// The limits that are told apart.
const LIMITS: [Limit; 4] = [
    ("cpu", |near| near.cpu),
    ("wall", |near| near.wall),
    ("memory", |near| near.memory),
    ("output", |near| near.output),
];

/// Calls and what became of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// All of them.
    pub calls: u64,
    /// Those that failed or were stopped.
    pub failed: u64,
    /// How long all of them took together.
    pub took: Duration,
}

/// All that was counted, at one moment.
#[derive(Debug, Clone, Default)]
pub struct Counted {
    /// Calls that gave what was asked for.
    pub answered: u64,
    /// Calls that ended in the extractor's own failure.
    pub failed: u64,
    /// Calls that were stopped, by code, where there were any.
    pub stopped: Vec<(StopCode, u64)>,
    /// Calls that were not made, because the version rested.
    pub refused: u64,
    /// How long calls took, in microseconds.
    pub took: Seen,
    /// Their processor time, in microseconds.
    pub cpu: Seen,
    /// How long they waited for a slot, in microseconds.
    pub waited: Seen,
    /// Their peak memory, in bytes.
    pub memory: Seen,
    /// How much of the limit they came nearest to, in thousandths.
    pub nearest: Seen,
    /// Bytes that they were given.
    pub input: u64,
    /// Bytes that they gave.
    pub output: u64,
    /// Log lines that were not kept.
    pub log_dropped: u64,
    /// The most of each limit that any of them used, in thousandths.
    pub most: [(&'static str, u64); LIMITS.len()],
}

impl Counts {
    /// What came after `before`.
    #[must_use]
    pub fn since(self, before: Self) -> Self {
        Self {
            calls: self.calls.saturating_sub(before.calls),
            failed: self.failed.saturating_sub(before.failed),
            took: self.took.saturating_sub(before.took),
        }
    }

    /// How many of a hundred failed.
    #[must_use]
    pub fn failed_percent(self) -> f64 {
        // Counts of calls are far below what a double tells apart.
        #[expect(
            clippy::cast_precision_loss,
            reason = "a percentage for people and a bound"
        )]
        let (failed, calls) = (self.failed as f64, self.calls.max(1) as f64);
        failed / calls * 100.0
    }

    /// How long one took; none where there was none.
    #[must_use]
    pub fn mean(self) -> Option<Duration> {
        let micros = u64::try_from(self.took.as_micros()).ok()?;
        Some(Duration::from_micros(micros.checked_div(self.calls)?))
    }
}

impl Default for Tally {
    fn default() -> Self {
        Self {
            answered: AtomicU64::default(),
            failed: AtomicU64::default(),
            stopped: std::array::from_fn(|_| AtomicU64::default()),
            refused: AtomicU64::default(),
            took: Spread::by(TIMES),
            cpu: Spread::by(TIMES),
            waited: Spread::by(TIMES),
            memory: Spread::by(SIZES),
            nearest: Spread::by(PARTS),
            input: AtomicU64::default(),
            output: AtomicU64::default(),
            log_dropped: AtomicU64::default(),
            most: std::array::from_fn(|_| AtomicU64::default()),
        }
    }
}

impl Tally {
    /// Counts one call however it ended, and how long it took.
    pub(super) fn count<T>(&self, outcome: &Result<Called<T>, CallError>, took: Duration) {
        let add = |to: &AtomicU64, more: u64| {
            to.fetch_add(more, Ordering::Relaxed);
        };
        let usage: &Usage = match outcome {
            Ok(called) => {
                add(&self.answered, 1);
                &called.usage
            }
            Err(error) => {
                match error {
                    CallError::Failure(_) => add(&self.failed, 1),
                    CallError::Stopped(stopped) => {
                        let places = StopCode::ALL.iter().zip(&self.stopped);
                        let mut place = places.filter(|(code, _)| **code == stopped.code);
                        place
                            .next()
                            .into_iter()
                            .for_each(|(_, count)| add(count, 1));
                    }
                }
                error.usage()
            }
        };
        self.took.count(micros(took));
        self.cpu.count(micros(usage.cpu));
        self.waited.count(micros(usage.waited));
        self.memory.count(usage.memory_peak as u64);
        self.nearest.count(usage.near.nearest().into());
        add(&self.input, usage.input as u64);
        add(&self.output, usage.output as u64);
        if usage.log_dropped > 0 {
            add(&self.log_dropped, usage.log_dropped as u64);
        }
        for ((_, of), most) in LIMITS.iter().zip(&self.most) {
            let used = of(usage.near).into();
            if most.load(Ordering::Relaxed) < used {
                most.fetch_max(used, Ordering::Relaxed);
            }
        }
    }

    /// Counts one call that was not made.
    pub(super) fn refuse(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }

    /// Calls and what became of them.
    #[must_use]
    pub fn counts(&self) -> Counts {
        Counts {
            calls: self.calls(),
            failed: self.failures() + self.stopped(),
            took: Duration::from_micros(self.took.sum()),
        }
    }

    /// All calls.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.answered.load(Ordering::Relaxed) + self.failures() + self.stopped()
    }

    /// Calls that ended in the extractor's own failure.
    #[must_use]
    pub fn failures(&self) -> u64 {
        self.failed.load(Ordering::Relaxed)
    }

    /// Calls that were stopped.
    #[must_use]
    pub fn stopped(&self) -> u64 {
        let stopped = self.stopped.iter();
        stopped.map(|count| count.load(Ordering::Relaxed)).sum()
    }

    /// Whether there is anything to tell.
    #[must_use]
    pub fn is_begun(&self) -> bool {
        self.calls() > 0 || self.refused.load(Ordering::Relaxed) > 0
    }

    /// All that was counted.
    #[must_use]
    pub fn counted(&self) -> Counted {
        let now = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let stopped = StopCode::ALL.into_iter().zip(self.stopped.iter().map(now));
        let most = std::array::from_fn(|place| {
            let (name, _) = LIMITS[place];
            (name, now(&self.most[place]))
        });
        Counted {
            answered: now(&self.answered),
            failed: now(&self.failed),
            stopped: stopped.filter(|(_, count)| *count > 0).collect(),
            refused: now(&self.refused),
            took: self.took.seen(),
            cpu: self.cpu.seen(),
            waited: self.waited.seen(),
            memory: self.memory.seen(),
            nearest: self.nearest.seen(),
            input: now(&self.input),
            output: now(&self.output),
            log_dropped: now(&self.log_dropped),
            most,
        }
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
