//! Calls that one extractor may have under way: a number of places that can change at any time.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use tokio::sync::{Semaphore, SemaphorePermit};

/// So many calls at once.
///
/// When their number shrinks while more of them are taken, those that come free are not given out
/// again until there are as few as there should be: an edit never lets more calls run than it says,
/// save for those that run already.
#[derive(Debug)]
pub(super) struct Places {
    free: Semaphore,
    /// How many there are to be.
    size: Mutex<usize>,
    /// How many are to disappear as soon as they are free.
    owed: AtomicUsize,
}

/// One of the places, until it is dropped.
#[derive(Debug)]
pub(super) struct Place<'a> {
    of: &'a Places,
    permit: Option<SemaphorePermit<'a>>,
}

impl Places {
    pub fn new(size: usize) -> Self {
        Self {
            free: Semaphore::new(size),
            size: Mutex::new(size),
            owed: AtomicUsize::new(0),
        }
    }

    /// Waits for a place, first come, first served; `None` never comes, since nobody closes them.
    pub async fn take(&self) -> Option<Place<'_>> {
        let permit = self.free.acquire().await.ok()?;
        Some(self.taken_with(permit))
    }

    /// A place, if one is free.
    pub fn try_take(&self) -> Option<Place<'_>> {
        let permit = self.free.try_acquire().ok()?;
        Some(self.taken_with(permit))
    }

    /// How many are taken.
    pub fn taken(&self) -> usize {
        let size = self.size.lock().unwrap_or_else(PoisonError::into_inner);
        (*size + self.owed.load(Ordering::Acquire)).saturating_sub(self.free.available_permits())
    }

    /// Makes them so many.
    pub fn resize(&self, to: usize) {
        let mut size = self.size.lock().unwrap_or_else(PoisonError::into_inner);
        let owed = self.owed.load(Ordering::Acquire);
        if to >= *size {
            let more = to - *size;
            let kept = more.min(owed);
            self.owed.store(owed - kept, Ordering::Release);
            self.free.add_permits(more - kept);
        } else {
            let owed = owed + (*size - to);
            let gone = self.free.forget_permits(owed);
            self.owed.store(owed - gone, Ordering::Release);
        }
        *size = to;
    }

    fn taken_with<'a>(&'a self, permit: SemaphorePermit<'a>) -> Place<'a> {
        // One may have come free in the very moment in which they became fewer.
        if self.owed.load(Ordering::Acquire) > 0 {
            self.settle(None);
        }
        Place {
            of: self,
            permit: Some(permit),
        }
    }

    /// Lets places disappear that are to, the one that has come free first of all.
    #[cold]
    fn settle(&self, freed: Option<SemaphorePermit<'_>>) {
        let _size = self.size.lock().unwrap_or_else(PoisonError::into_inner);
        let mut owed = self.owed.load(Ordering::Acquire);
        match freed {
            Some(permit) if owed > 0 => {
                permit.forget();
                owed -= 1;
            }
            freed => drop(freed),
        }
        owed -= self.free.forget_permits(owed);
        self.owed.store(owed, Ordering::Release);
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let permit = self.permit.take();
        if self.of.owed.load(Ordering::Acquire) > 0 {
            self.of.settle(permit);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn fewer_places_count_for_those_that_are_taken() {
        let places = Places::new(3);
        let mut held: Vec<_> = (0..3).filter_map(|_| places.try_take()).collect();
        assert_eq!((held.len(), places.taken()), (3, 3));
        places.resize(1);
        assert!(places.try_take().is_none());
        for left in [2, 1] {
            held.pop();
            assert_eq!(places.taken(), left);
            assert!(places.try_take().is_none(), "{left} are taken still");
        }
        held.pop();
        assert_eq!(places.taken(), 0);
        let one = places.try_take();
        assert!(one.is_some() && places.try_take().is_none());
    }

    #[tokio::test]
    async fn more_places_are_there_at_once_and_those_that_were_to_go_stay() {
        let places = Places::new(2);
        let _held: Vec<_> = (0..2).filter_map(|_| places.try_take()).collect();
        places.resize(1);
        places.resize(3);
        let third = places.try_take();
        assert!(third.is_some() && places.try_take().is_none());
        let waiting = places.take();
        places.resize(4);
        assert!(waiting.await.is_some());
        assert_eq!(places.taken(), 3);
    }
}
