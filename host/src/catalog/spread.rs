//! How a quantity of many calls is spread: sum, most, and how many were up to each bound.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counts whole numbers by bounds. To count takes three atomic operations: no lock, no allocation.
#[derive(Debug)]
pub(super) struct Spread {
    bounds: &'static [u64],
    /// One for each bound, and one for what is beyond the last.
    counts: Box<[AtomicU64]>,
    sum: AtomicU64,
    most: AtomicU64,
}

/// What was counted, at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    /// How many were greater than the bound before and at most this one.
    pub up_to: Vec<(u64, u64)>,
    /// How many were beyond the last bound.
    pub beyond: u64,
    /// All of them together.
    pub sum: u64,
    /// The greatest.
    pub most: u64,
}

impl Spread {
    /// Nothing yet. `bounds` ascend.
    pub fn by(bounds: &'static [u64]) -> Self {
        Self {
            bounds,
            counts: (0..=bounds.len()).map(|_| AtomicU64::new(0)).collect(),
            sum: AtomicU64::new(0),
            most: AtomicU64::new(0),
        }
    }

    pub fn count(&self, value: u64) {
        let place = self.bounds.partition_point(|bound| *bound < value);
        if let Some(count) = self.counts.get(place) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        self.sum.fetch_add(value, Ordering::Relaxed);
        // Seldom more than there was, and to look is cheaper than to write.
        if self.most.load(Ordering::Relaxed) < value {
            self.most.fetch_max(value, Ordering::Relaxed);
        }
    }

    pub fn sum(&self) -> u64 {
        self.sum.load(Ordering::Relaxed)
    }

    pub fn seen(&self) -> Seen {
        let count = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let up_to = self.bounds.iter().copied();
        Seen {
            up_to: up_to.zip(self.counts.iter().map(count)).collect(),
            beyond: self.counts.last().map_or(0, count),
            sum: self.sum(),
            most: self.most.load(Ordering::Relaxed),
        }
    }
}

impl Seen {
    /// How many were counted.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.up_to.iter().map(|(_, count)| count).sum::<u64>() + self.beyond
    }

    /// What one was on average; none where there was none.
    #[must_use]
    pub fn mean(&self) -> Option<u64> {
        self.sum.checked_div(self.count())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_counted_once_by_the_first_bound_that_holds_it() {
        let spread = Spread::by(&[10, 100]);
        assert_eq!(spread.seen().mean(), None);
        for value in [0, 10, 11, 100, 101, 1_000] {
            spread.count(value);
        }
        let seen = spread.seen();
        assert_eq!(seen.up_to, [(10, 2), (100, 2)]);
        assert_eq!((seen.beyond, seen.sum, seen.most), (2, 1_222, 1_000));
        assert_eq!((seen.count(), seen.mean()), (6, Some(203)));
    }
}
