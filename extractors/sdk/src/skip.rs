//! Where a value ends that nobody asked for.
//!
//! Such a value is not parsed. A string ends at the next quote that is not escaped, a list or object
//! where as many brackets have closed as have opened; brackets in strings do not count. That is
//! looked up for sixty-four bytes at a time. Whether the value is sound JSON inside is not looked
//! at: what is read of a document is checked, what is passed over need only be whole.
//!
//! The marks of escaped bytes follow Langdale and Lemire, "Parsing gigabytes of JSON per second"
//! (2019), section 3.1.1.

use crate::block::{Block, FEW, Few, WIDTH};
use crate::scan;

/// Where a list or object ends: the place after its last bracket. `from` is the place after its
/// first. None where the text ends before.
pub(crate) fn container(text: &[u8], from: usize) -> Option<usize> {
    let mut strings = Strings::default();
    let mut depth = 1_u32;
    let mut place = from;
    while place < text.len() {
        let block = Block::at(text, place);
        // With these bits set all four brackets are one byte. So are `Y`, `_`, `y` and DEL, which
        // stand nowhere but in strings; most blocks of long texts have no bracket outside them.
        let outside = !strings.inside(block) & block.is_with(0x26, 0x7f);
        if outside != 0 {
            let closing = block.is_with(0x20, b'}') & outside;
            let opening = block.is_with(0x20, b'{') & outside;
            if closing.count_ones() < depth {
                depth += opening.count_ones();
                depth -= closing.count_ones();
            } else if let Some(end) = ends(opening, closing, &mut depth) {
                return Some(place + end + 1);
            }
        }
        place += WIDTH;
    }
    None
}

/// The bit at which all that has opened is closed; else `depth` is what it is after the block.
fn ends(opening: u64, closing: u64, depth: &mut u32) -> Option<usize> {
    let before = *depth;
    let mut rest = closing;
    let mut closed = 0;
    while rest != 0 {
        let bit = rest.trailing_zeros();
        let opened = (opening & ((1 << bit) - 1)).count_ones();
        closed += 1;
        if before + opened == closed {
            return Some(bit as usize);
        }
        rest &= rest - 1;
    }
    *depth = before + opening.count_ones() - closed;
    None
}

/// Where a string ends: the place after its last quote. `from` is the place after its first. None
/// where the text ends before.
#[inline]
pub(crate) fn string(text: &[u8], from: usize) -> Option<usize> {
    // Most are short.
    let marks = Few::at(text, from).map_or(0, Few::marks);
    if marks == 0 {
        return long_string(text, from);
    }
    let mark = from + marks.trailing_zeros() as usize;
    if text.get(mark) == Some(&b'"') {
        return Some(mark + 1);
    }
    long_string(text, mark)
}

/// The same for a string that is long, has escapes, or ends among the text's last bytes.
fn long_string(text: &[u8], from: usize) -> Option<usize> {
    let mut escapes = Escapes::default();
    let mut place = from;
    while place < text.len() {
        let block = Block::at(text, place);
        if !escapes.is_open() && !block.has_marks() {
            place += WIDTH;
            continue;
        }
        let quotes = escapes.unescaped(block.is(b'"'), block.is(b'\\'));
        if quotes != 0 {
            return Some(place + quotes.trailing_zeros() as usize + 1);
        }
        place += WIDTH;
    }
    None
}

/// Where a run of plain text ends: the place of the next quote, backslash or control character,
/// which may be the text's end.
#[inline]
pub(crate) fn plain(text: &[u8], from: usize) -> usize {
    first(text, from, Few::ends, |byte| {
        matches!(byte, b'"' | b'\\' | ..b' ')
    })
}

/// Where a run of plain text in ASCII ends: as [`plain`], or at the next byte that is not ASCII.
#[inline]
pub(crate) fn ascii(text: &[u8], from: usize) -> usize {
    first(text, from, Few::ends_ascii, |byte| {
        matches!(byte, b'"' | b'\\' | ..b' ' | 0x80..)
    })
}

/// Whether two texts are the same.
#[inline]
pub(crate) fn same(one: &[u8], other: &[u8]) -> bool {
    if one.len() != other.len() {
        return false;
    }
    let Some(last) = one.len().checked_sub(FEW) else {
        return scan::same(one, other);
    };
    // The last bytes may lie across the ones before.
    if !few_same(one, other, 0) || !few_same(one, other, last) {
        return false;
    }
    if last <= FEW {
        return true;
    }
    if one.len() <= WIDTH {
        return few_same(one, other, FEW) && few_same(one, other, last - FEW);
    }
    blocks(one, other, |one, other| one.same(other))
}

/// Whether texts that are as long as each other are alike, block by block. None are that are shorter
/// than a block.
#[inline]
fn blocks(one: &[u8], other: &[u8], alike: impl Fn(Block, Block) -> bool) -> bool {
    let alike =
        |(one, other): (&[u8; WIDTH], &[u8; WIDTH])| alike(Block::load(one), Block::load(other));
    // The last block may lie across the one before.
    let last = one.last_chunk().zip(other.last_chunk());
    let (blocks, _) = one.as_chunks();
    let (others, _) = other.as_chunks();
    last.is_some_and(&alike) && blocks.iter().zip(others).all(alike)
}

#[inline]
fn few_same(one: &[u8], other: &[u8], place: usize) -> bool {
    match (Few::at(one, place), Few::at(other, place)) {
        (Some(one), Some(other)) => one.same(other),
        _ => false,
    }
}

/// Whether a text stands there, or one that has other digits in the place of its digits. None is found
/// that is shorter than a block.
#[inline(never)]
pub(crate) fn alike(text: &[u8], from: usize, model: &[u8]) -> bool {
    let here = text
        .get(from..)
        .and_then(|rest| rest.get(..model.len()))
        .unwrap_or_default();
    blocks(here, model, |one, other| {
        one.same(other) || one.same_but_digits(other)
    })
}

/// Whether anything in a string's content is escaped.
#[inline]
pub(crate) fn has_escapes(text: &[u8]) -> bool {
    let few = |place| Few::at(text, place).is_some_and(|few| few.backslashes() != 0);
    // The last bytes may lie across the ones before.
    match text.len().checked_sub(FEW) {
        None => scan::has(text, b'\\'),
        Some(last) => few(0) || few(last) || last > FEW && (FEW..last).step_by(FEW).any(few),
    }
}

/// Where blanks end: the place of the next byte that is none, which may be the text's end.
#[inline]
pub(crate) fn blanks(text: &[u8], from: usize) -> usize {
    first(text, from, Few::values, |byte| {
        !matches!(byte, b' ' | b'\n' | b'\t' | b'\r')
    })
}

/// Where a number ends, whatever it is made of.
#[inline]
pub(crate) fn number(text: &[u8], from: usize) -> usize {
    first(text, from, Few::ends_number, |byte| {
        matches!(byte, b',' | b':' | b'"' | ..=b' ' | 0x80..) || *byte | 0x26 == 0x7f
    })
}

/// The first place from one on where a byte is what is looked for, or the text's end. Sixteen bytes
/// at once are asked first, and those that are left one by one.
///
/// Mostly it is among the first sixteen. A loop costs a guest more than what is done in it: its time
/// is looked at whenever one goes round.
#[inline]
fn first(text: &[u8], from: usize, of_few: impl Fn(Few) -> u32, is: impl Fn(&u8) -> bool) -> usize {
    match Few::at(text, from).map_or(0, &of_few) {
        0 => later(text, from, of_few, is),
        bits => from + bits.trailing_zeros() as usize,
    }
}

/// The same, further away.
#[cold]
#[inline(never)]
fn later(text: &[u8], from: usize, of_few: impl Fn(Few) -> u32, is: impl Fn(&u8) -> bool) -> usize {
    let mut place = from;
    while let Some(few) = Few::at(text, place) {
        let bits = of_few(few);
        if bits != 0 {
            return place + bits.trailing_zeros() as usize;
        }
        place += FEW;
    }
    let rest = text.get(place..).unwrap_or_default();
    place + rest.iter().position(is).unwrap_or(rest.len())
}

/// Follows strings from block to block.
#[derive(Default)]
pub(crate) struct Strings {
    escapes: Escapes,
    /// All bits where the block before ended inside a string, else none.
    open: u64,
}

impl Strings {
    /// Which bytes of the next block stand in a string, its first quote included.
    #[inline]
    pub fn inside(&mut self, block: Block) -> u64 {
        let quotes = block.is(b'"');
        let quotes = if self.escapes.is_open() || block.has(b'\\') {
            self.escapes.unescaped(quotes, block.is(b'\\'))
        } else {
            quotes
        };
        if quotes == 0 {
            return self.open;
        }
        let inside = toggled(quotes) ^ self.open;
        self.open = if inside >> 63 == 1 { u64::MAX } else { 0 };
        inside
    }
}

/// Each bit is whether an odd number of bits is set up to and with it.
#[inline]
fn toggled(mut bits: u64) -> u64 {
    for distance in [1, 2, 4, 8, 16, 32] {
        bits ^= bits << distance;
    }
    bits
}

/// Follows backslashes from block to block.
#[derive(Default)]
struct Escapes {
    /// One where the block before ended with a backslash that escapes what comes next.
    next: u64,
}

impl Escapes {
    /// Whether the next byte is escaped.
    #[inline]
    fn is_open(&self) -> bool {
        self.next != 0
    }

    /// Which of the next block's quotes are not escaped.
    #[inline]
    fn unescaped(&mut self, quotes: u64, backslashes: u64) -> u64 {
        // Mostly no quote follows a backslash, and then it does not matter which of them escape.
        if quotes & (backslashes << 1 | self.next) == 0 && backslashes >> 63 == 0 {
            self.next = 0;
            return quotes;
        }
        quotes & !self.escaped(backslashes)
    }

    /// Which bytes of the next block are escaped, from where its backslashes are.
    fn escaped(&mut self, backslashes: u64) -> u64 {
        const EVEN: u64 = 0x5555_5555_5555_5555;
        // A backslash that is escaped escapes nothing.
        let backslashes = backslashes & !self.next;
        let follows = backslashes << 1 | self.next;
        // Runs that begin at an odd bit: adding carries through a run to the bit after it.
        let odd = backslashes & !EVEN & !follows;
        let (evened, overflows) = odd.overflowing_add(backslashes);
        self.next = u64::from(overflows);
        (EVEN ^ evened << 1) & follows
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Byte by byte.
    fn slowly(text: &[u8], container: bool) -> Option<usize> {
        let (mut depth, mut quoted, mut escaped) = (1, !container, false);
        for (place, byte) in text.iter().enumerate() {
            let is_escaped = escaped;
            escaped = *byte == b'\\' && !is_escaped;
            match byte {
                b'"' if !is_escaped && !container => return Some(place + 1),
                b'"' if !is_escaped => quoted = !quoted,
                b'{' | b'[' if !quoted => depth += 1,
                b'}' | b']' if !quoted => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                return Some(place + 1);
            }
        }
        None
    }

    fn text() -> impl Strategy<Value = Vec<u8>> {
        let marks = prop::sample::select(b"\"\\{}[]a, \n5".to_vec());
        let runs = (marks, prop_oneof![4 => Just(1_usize), 1 => 60..70_usize]);
        prop::collection::vec(runs, 0..200).prop_map(|runs| {
            let runs = runs.into_iter();
            runs.flat_map(|(byte, times)| std::iter::repeat_n(byte, times))
                .collect()
        })
    }

    proptest! {
        #[test]
        fn ends_are_those_that_going_byte_by_byte_finds(text in text(), from in 0..70_usize) {
            let from = from.min(text.len());
            for (is_container, ends) in [(true, container as fn(&[u8], usize) -> _), (false, string)] {
                let slowly = slowly(&text[from..], is_container).map(|end| end + from);
                prop_assert_eq!(ends(&text, from), slowly);
            }
            let ends = |byte: &u8| matches!(byte, b'"' | b'\\' | ..b' ');
            let slowly = text[from..].iter().position(ends).map_or(text.len(), |end| end + from);
            prop_assert_eq!(plain(&text, from), slowly);
            let next = |is: fn(&u8) -> bool| {
                let place = text[from..].iter().position(is);
                place.map_or(text.len(), |place| from + place)
            };
            let mut changed = text.clone();
            for length in [0, 1, 3, 4, 7, 8, 9, 15, 16, 17, 31, 32, 33, 48, 63, 64, 65, text.len()] {
                let length = length.min(text.len());
                prop_assert!(same(&text[..length], &changed[..length]));
                prop_assert_eq!(has_escapes(&text[..length]), text[..length].contains(&b'\\'));
                prop_assert_eq!(has_escapes(&text[text.len() - length..]), text[text.len() - length..].contains(&b'\\'));
                if let Some(byte) = changed.get_mut(from.min(length.saturating_sub(1))) {
                    *byte ^= 1;
                }
                prop_assert_eq!(same(&text[..length], &changed[..length]), text[..length] == changed[..length]);
                changed.clone_from(&text);
            }
            prop_assert!(text.is_empty() || !same(&text, &text[1..]));
            let mut other = text.clone();
            prop_assert_eq!(alike(&text, from, &text[from..]), text.len() - from >= WIDTH);
            for (place, with) in [(from, b'7'), (text.len() / 2, b'"'), (text.len().saturating_sub(1), b'7')] {
                let Some(byte) = other.get_mut(place) else { continue };
                let is_alike = *byte == with || byte.is_ascii_digit() && with.is_ascii_digit();
                *byte = with;
                prop_assert_eq!(alike(&other, 0, &text), text.len() >= WIDTH && is_alike);
                other.clone_from(&text);
            }
            let ends = text[from..].iter().position(|byte| matches!(byte, b'"' | b'\\' | ..b' ' | 0x80..));
            prop_assert_eq!(ascii(&text, from), ends.map_or(text.len(), |end| end + from));
            prop_assert_eq!(blanks(&text, from), next(|byte| !matches!(byte, b' ' | b'\n' | b'\t' | b'\r')));
            prop_assert_eq!(number(&text, from), next(|byte| matches!(byte, b',' | b':' | b'"' | ..=b' ' | 0x80..) || *byte | 0x26 == 0x7f));
        }
    }
}
