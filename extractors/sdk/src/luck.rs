//! Whether what was learnt of some rows is still worth trying on the next.

/// Rows that looked like one before, minus those that did not.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Luck(i32);

/// So many more rows may be unlike all before than alike. Then nothing is tried any more.
const FIRST: i32 = 16;
/// Luck that is had early counts no longer when rows come that are alike no more.
const MOST: i32 = 64;

impl Default for Luck {
    fn default() -> Self {
        Self(FIRST)
    }
}

impl Luck {
    /// A row was alike.
    #[inline]
    pub fn hit(&mut self) {
        self.0 = (self.0 + 1).min(MOST);
    }

    /// A row was unlike all.
    pub fn miss(&mut self) {
        self.0 -= 1;
    }

    /// Whether too many were.
    #[inline]
    pub fn is_out(self) -> bool {
        self.0 <= 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_runs_out_of_rows_that_are_unlike_however_many_were_alike() {
        for (hits, misses) in [(0, FIRST), (1, FIRST + 1), (1_000_000, MOST)] {
            let mut luck = Luck::default();
            (0..hits).for_each(|_| luck.hit());
            let missed = (0..misses).filter(|_| {
                let was_out = luck.is_out();
                luck.miss();
                !was_out
            });
            assert_eq!(missed.count(), usize::try_from(misses).unwrap());
            assert!(luck.is_out());
        }
    }
}
