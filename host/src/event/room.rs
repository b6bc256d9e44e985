//! How much memory all results that come in may take together.
//!
//! What is in memory of a result is small and has its own bound, but whoever sends slowly holds it for
//! long, and there may be many.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The most bytes.
const MOST: usize = 96 << 20;

/// What is left of the room.
#[derive(Debug, Clone)]
pub struct Room(Arc<AtomicUsize>);

impl Default for Room {
    fn default() -> Self {
        Self(Arc::new(AtomicUsize::new(MOST)))
    }
}

/// A part of the room, given back when it is dropped.
#[derive(Debug)]
pub(super) struct Share {
    room: Room,
    bytes: usize,
}

impl Room {
    /// A share of so many bytes, if there are as many.
    pub(super) fn share(&self, bytes: usize) -> Option<Share> {
        let mut share = Share {
            room: self.clone(),
            bytes: 0,
        };
        share.grow_to(bytes).then_some(share)
    }
}

impl Share {
    /// Takes what is wanting to so many bytes. Nothing is taken where that is not to be had.
    pub fn grow_to(&mut self, bytes: usize) -> bool {
        let wanting = bytes.saturating_sub(self.bytes);
        let take = |left: usize| left.checked_sub(wanting);
        let order = Ordering::Relaxed;
        let taken = self.room.0.fetch_update(order, order, take).is_ok();
        if taken {
            self.bytes += wanting;
        }
        taken
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.room.0.fetch_add(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_given_back_can_be_had_again() {
        let room = Room::default();
        let mut first = room.share(MOST - 10).unwrap();
        assert!(room.share(11).is_none());
        assert!(first.grow_to(MOST) && !first.grow_to(MOST + 1));
        assert!(room.share(1).is_none());
        drop(first);
        assert!(room.share(MOST).is_some());
    }
}
