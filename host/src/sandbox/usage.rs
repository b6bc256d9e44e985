//! What a call used, and how near it came to its limits.

use std::time::Duration;

use super::limits::Limits;
use super::stopped::StopCode;

/// What one call used.
#[derive(Debug, Clone, Copy, Default)]
pub struct Usage {
    /// From the call to the answer, the wait for a slot included.
    pub wall: Duration,
    /// Of it, the wait for a slot.
    pub waited: Duration,
    /// Processor time.
    pub cpu: Duration,
    /// The most memory it held at once, in bytes, over all its memories.
    pub memory_peak: usize,
    /// Bytes of text and data that it was given.
    pub input: usize,
    /// Bytes of text and data in the answer.
    pub output: usize,
    /// Log lines beyond the cap.
    pub log_dropped: usize,
    /// Instructions, where the sandbox counts them (`Sandbox::counting`).
    pub fuel: Option<u64>,
    /// How much of its limits that was.
    pub near: Nearness,
}

/// How much of each limit a call used, in thousandths of the limit that it ran under.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Nearness {
    /// Of the processor time.
    pub cpu: u16,
    /// Of the time to answer.
    pub wall: u16,
    /// Of the memory.
    pub memory: u16,
    /// Of the size of an answer.
    pub output: u16,
}

impl Nearness {
    /// How near a call came. One that a limit has ended has used all of that limit, whatever was
    /// measured: what it asked for beyond it was never given.
    pub(super) fn of(usage: &Usage, limits: &Limits, ended: Option<StopCode>) -> Self {
        let time = |used: Duration, most: Duration| part(micros(used), micros(most));
        let size = |used: usize, most: usize| part(used as u64, most as u64);
        let mut near = Self {
            cpu: time(usage.cpu, limits.cpu),
            wall: time(usage.wall, limits.wall),
            memory: size(usage.memory_peak, limits.memory),
            output: size(usage.output, limits.output),
        };
        let reached = match ended {
            Some(StopCode::CpuTimeout) => &mut near.cpu,
            Some(StopCode::WallTimeout) => &mut near.wall,
            Some(StopCode::MemoryLimit) => &mut near.memory,
            Some(StopCode::OutputLimit) => &mut near.output,
            _ => return near,
        };
        *reached = (*reached).max(WHOLE);
        near
    }

    /// The limit that it came nearest to.
    #[must_use]
    pub fn nearest(self) -> u16 {
        self.cpu.max(self.wall).max(self.memory).max(self.output)
    }

    /// Of each limit the more of two.
    #[must_use]
    pub fn most(self, other: Self) -> Self {
        Self {
            cpu: self.cpu.max(other.cpu),
            wall: self.wall.max(other.wall),
            memory: self.memory.max(other.memory),
            output: self.output.max(other.output),
        }
    }
}

/// All of a limit.
const WHOLE: u16 = 1_000;

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

fn part(used: u64, most: u64) -> u16 {
    let whole = u64::from(WHOLE);
    u16::try_from(used.saturating_mul(whole) / most.max(1)).unwrap_or(u16::MAX)
}

/// How much of its limits a call used, in percent, rounded up, so that only nothing is nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Percents {
    /// Of the processor time.
    pub cpu: u64,
    /// Of the memory.
    pub memory: u64,
    /// Of the size of an answer.
    pub output: u64,
}

impl Usage {
    /// How much of its limits that was; of several calls, of the one that came nearest to each.
    #[must_use]
    pub fn percents(&self) -> Percents {
        let part = |is_used: bool, near: u16| u64::from(near.div_ceil(10).max(is_used.into()));
        Percents {
            cpu: part(!self.cpu.is_zero(), self.near.cpu),
            memory: part(self.memory_peak > 0, self.near.memory),
            output: part(self.output > 0, self.near.output),
        }
    }

    /// What two calls used of which one came after the other.
    #[must_use]
    pub fn and(self, after: Self) -> Self {
        Self {
            wall: self.wall + after.wall,
            waited: self.waited + after.waited,
            cpu: self.cpu + after.cpu,
            memory_peak: self.memory_peak.max(after.memory_peak),
            input: self.input + after.input,
            output: self.output + after.output,
            log_dropped: self.log_dropped + after.log_dropped,
            fuel: self.fuel.zip(after.fuel).map(|(a, b)| a.saturating_add(b)),
            near: self.near.most(after.near),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearness_is_of_the_limits_that_the_call_ran_under() {
        let limits = Limits {
            cpu: Duration::from_millis(200),
            wall: Duration::from_secs(1),
            memory: 1 << 20,
            output: 100,
            ..Limits::default()
        };
        let usage = Usage {
            cpu: Duration::from_millis(50),
            wall: Duration::from_millis(100),
            memory_peak: 1 << 19,
            output: 100,
            ..Usage::default()
        };
        let near = Nearness::of(&usage, &limits, None);
        assert_eq!(
            [near.cpu, near.wall, near.memory, near.output],
            [250, 100, 500, 1_000]
        );
        assert_eq!(near.nearest(), 1_000);
        let ended = Nearness::of(&usage, &limits, Some(StopCode::MemoryLimit));
        assert_eq!((ended.memory, ended.cpu), (1_000, 250));
    }
}
