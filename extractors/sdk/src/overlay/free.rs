//! What may differ in a row, byte by byte.

use crate::block::{Block, WIDTH};
use crate::skip::{self, Strings};

/// Which bytes of a block may differ, and how.
#[derive(Clone, Copy, Debug)]
pub(super) struct Free {
    /// One plain character may stand in the place of another.
    plain: u64,
    /// So may one digit in the place of another.
    digits: u64,
    /// That is so of all digits that stand there.
    pub all_digits: bool,
}

impl Free {
    /// Whether a block differs from another in nothing else than it may.
    pub fn allows(self, one: Block, other: Block) -> bool {
        let plain = self.plain & !one.ends_ascii();
        let digits = self.digits & one.digits() & other.digits();
        one.equal(other) | plain | digits == u64::MAX
    }
}

/// Which bytes of a row may differ.
pub(super) fn free(row: &[u8]) -> Vec<Free> {
    let mut strings = Strings::default();
    let (mut before, mut escaped) = (0, 0);
    let mut plain = Vec::with_capacity(row.len().div_ceil(WIDTH));
    let mut digits = Vec::with_capacity(row.len().div_ceil(WIDTH));
    let mut opened = None;
    for place in (0..row.len()).step_by(WIDTH) {
        let block = Block::at(row, place);
        let inside = strings.inside(block);
        let backslashes = block.is(b'\\');
        plain.push(inside & !block.ends_ascii() & !(backslashes << 1 | escaped));
        digits.push(!inside);
        // Where a string begins or ends.
        let mut turns = inside ^ (inside << 1 | before);
        while turns != 0 {
            let turn = place + turns.trailing_zeros() as usize;
            turns &= turns - 1;
            match opened.take() {
                None => opened = Some(turn),
                Some(start) if row.get(skip::blanks(row, turn + 1)) == Some(&b':') => {
                    // A key.
                    forbid(&mut plain, start, turn);
                }
                Some(_) => {}
            }
        }
        (before, escaped) = (inside >> 63, backslashes >> 63);
    }
    let at = |bits: &[u64], place: usize| {
        let (word, bit) = (place / WIDTH, place % WIDTH);
        let low = bits.get(word).copied().unwrap_or_default() >> bit;
        let high = bits.get(word + 1).copied().unwrap_or_default();
        low | if bit == 0 { 0 } else { high << (WIDTH - bit) }
    };
    let last = row.len() - WIDTH;
    let places = (0..=last).step_by(WIDTH).chain([last]);
    places
        .map(|place| {
            let (plain, digits) = (at(&plain, place), at(&digits, place));
            let there = Block::at(row, place).digits();
            Free {
                plain,
                digits,
                all_digits: there & !(plain | digits) == 0,
            }
        })
        .collect()
}

/// Takes the bits from one place to another away.
fn forbid(words: &mut [u64], from: usize, to: usize) {
    let (first, last) = (from / WIDTH, to / WIDTH);
    for (place, word) in words.iter_mut().enumerate().take(last + 1).skip(first) {
        let low = if place == first {
            !0 << (from % WIDTH)
        } else {
            !0
        };
        let high = if place == last {
            !0 >> (WIDTH - 1 - to % WIDTH)
        } else {
            !0
        };
        *word &= !(low & high);
    }
}
