//! What all versions of one extractor share: the limits of their calls, and how many may run at once.

use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;

use super::limits::Limits;
use super::places::Places;

/// The part of the sandbox that one extractor may use, whichever version of it is called. What is set
/// here counts from the next call on; calls that run go on as they began. Calls read it without a
/// lock.
#[derive(Debug)]
pub struct Share {
    limits: ArcSwap<Limits>,
    pub(super) places: Places,
    /// The edit that was set last.
    seen: Mutex<u64>,
}

impl Share {
    /// Calls under these limits, so many of them at once.
    #[must_use]
    pub fn new(limits: Limits, at_once: usize) -> Self {
        Self {
            limits: ArcSwap::from_pointee(limits),
            places: Places::new(at_once),
            seen: Mutex::new(0),
        }
    }

    /// Sets both as an edit has it. Edits are numbered in their order; one that comes late changes
    /// nothing.
    pub fn set(&self, edit: u64, limits: Limits, at_once: usize) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if edit < *seen {
            return;
        }
        *seen = edit;
        if **self.limits.load() != limits {
            self.limits.store(Arc::new(limits));
        }
        self.places.resize(at_once);
    }

    /// The limits of the next call.
    #[must_use]
    pub fn limits(&self) -> Arc<Limits> {
        self.limits.load_full()
    }

    /// How many calls are under way.
    #[must_use]
    pub fn under_way(&self) -> usize {
        self.places.taken()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edit_that_comes_late_changes_nothing() {
        let share = Share::new(Limits::default(), 2);
        let limits = |output| Limits {
            output,
            ..Limits::default()
        };
        share.set(7, limits(70), 7);
        share.set(6, limits(60), 6);
        assert_eq!(share.limits().output, 70);
        assert_eq!(
            (0..9)
                .filter_map(|_| share.places.try_take().map(std::mem::forget))
                .count(),
            7
        );
    }
}
