//! Many bytes at once: which of them are quotes, backslashes or brackets.
//!
//! Each question is answered by one bit a byte, the first byte's the lowest: for sixteen bytes
//! ([`Few`]) or sixty-four ([`Block`]). How the bits come about is the processor's own: by the vectors
//! of WebAssembly, x86-64 or NEON, or one byte after the other. All of them give the same bits.

#[cfg(any(
    test,
    not(any(
        all(target_arch = "wasm32", target_feature = "simd128"),
        all(target_arch = "x86_64", target_feature = "sse2"),
        all(target_arch = "aarch64", target_feature = "neon"),
    ))
))]
mod scalar;

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
#[path = "block/wasm.rs"]
mod vector;
#[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
#[path = "block/sse2.rs"]
mod vector;
#[cfg(all(target_arch = "aarch64", target_feature = "neon"))]
#[path = "block/neon.rs"]
mod vector;
#[cfg(not(any(
    all(target_arch = "wasm32", target_feature = "simd128"),
    all(target_arch = "x86_64", target_feature = "sse2"),
    all(target_arch = "aarch64", target_feature = "neon"),
)))]
use scalar as vector;

use vector::Vector;

/// Bytes of a vector.
pub(crate) const FEW: usize = 16;
/// Bytes of a block.
pub(crate) const WIDTH: usize = 64;

/// Sixteen bytes of a text.
#[derive(Clone, Copy)]
pub(crate) struct Few(Vector);

impl Few {
    /// The bytes from a place in a text on; none where fewer are left.
    #[inline]
    pub fn at(text: &[u8], place: usize) -> Option<Self> {
        let bytes = text.get(place..)?.first_chunk()?;
        Some(Self(vector::load(bytes)))
    }

    /// Which bytes are quotes or backslashes.
    #[inline]
    pub fn marks(self) -> u32 {
        vector::few(marks(self.0))
    }

    /// Whether all bytes are the same as those.
    #[inline]
    pub fn same(self, other: Self) -> bool {
        vector::few(vector::equal(self.0, other.0)) == 0xffff
    }

    /// Which bytes are digits.
    #[inline]
    pub fn digits(self) -> u32 {
        vector::few(vector::digits(self.0))
    }

    /// Which bytes are backslashes.
    #[inline]
    pub fn backslashes(self) -> u32 {
        vector::few(vector::equal(self.0, vector::splat(b'\\')))
    }

    /// Which bytes are neither blanks nor ends of lines, all that Looker writes between values.
    #[inline]
    pub fn written(self) -> u32 {
        let is = |byte| vector::equal(self.0, vector::splat(byte));
        vector::few(vector::or(is(b' '), is(b'\n'))) ^ 0xffff
    }

    /// Which bytes are no blanks between values.
    #[inline]
    pub fn values(self) -> u32 {
        let is = |byte| vector::equal(self.0, vector::splat(byte));
        let blanks = vector::or(
            vector::or(is(b' '), is(b'\n')),
            vector::or(is(b'\t'), is(b'\r')),
        );
        vector::few(blanks) ^ 0xffff
    }

    /// Which bytes end a number: whatever has a meaning outside of texts, blanks and control
    /// characters, and all that is not ASCII.
    #[inline]
    pub fn ends_number(self) -> u32 {
        let is = |byte| vector::equal(self.0, vector::splat(byte));
        // With these bits set all four brackets are one byte; so are `Y`, `_`, `y` and DEL, which
        // stand in no number either.
        let brackets = vector::equal(vector::or(self.0, vector::splat(0x26)), vector::splat(0x7f));
        let marks = vector::or(vector::or(is(b','), is(b':')), is(b'"'));
        let others = vector::below_or_beyond_ascii(self.0, b' ' + 1);
        vector::few(vector::or(vector::or(brackets, marks), others))
    }

    /// Which bytes end plain text in ASCII: as [`Few::ends`], and all that is not ASCII.
    #[inline]
    pub fn ends_ascii(self) -> u32 {
        vector::few(ends_ascii(self.0))
    }

    /// Which bytes end plain text: quotes, backslashes and control characters.
    #[inline]
    pub fn ends(self) -> u32 {
        let control = vector::below_blank(self.0);
        vector::few(vector::or(marks(self.0), control))
    }
}

#[inline]
fn marks(bytes: Vector) -> Vector {
    let quotes = vector::equal(bytes, vector::splat(b'"'));
    vector::or(quotes, vector::equal(bytes, vector::splat(b'\\')))
}

#[inline]
fn ends_ascii(bytes: Vector) -> Vector {
    vector::or(marks(bytes), vector::below_or_beyond_ascii(bytes, b' '))
}

/// Sixty-four bytes of a text.
#[derive(Clone, Copy)]
pub(crate) struct Block([Vector; 4]);

impl Block {
    /// The block that begins at a place in a text; what lies beyond the text's end is blank.
    #[inline]
    pub fn at(text: &[u8], place: usize) -> Self {
        match text.get(place..).and_then(|rest| rest.first_chunk()) {
            Some(bytes) => Self::load(bytes),
            None => Self::last(text.get(place..).unwrap_or_default()),
        }
    }

    /// The block of these bytes.
    #[inline]
    pub fn load(bytes: &[u8; WIDTH]) -> Self {
        let (parts, _) = bytes.as_chunks::<FEW>();
        Self(std::array::from_fn(|part| vector::load(&parts[part])))
    }

    #[cold]
    fn last(rest: &[u8]) -> Self {
        let mut bytes = [b' '; WIDTH];
        for (byte, of_text) in bytes.iter_mut().zip(rest) {
            *byte = *of_text;
        }
        Self::load(&bytes)
    }

    /// Whether all bytes are the same as those.
    #[inline]
    pub fn same(self, other: Self) -> bool {
        vector::all(self.each(other, vector::equal))
    }

    /// Whether all bytes are the same as those, or digits as those are.
    #[inline]
    pub fn same_but_digits(self, other: Self) -> bool {
        vector::all(self.each(other, |one, other| {
            let digits = vector::and(vector::digits(one), vector::digits(other));
            vector::or(vector::equal(one, other), digits)
        }))
    }

    /// Which bytes are the same as those.
    #[inline]
    pub fn equal(self, other: Self) -> u64 {
        let [a, b, c, d] = self.0;
        let [e, f, g, h] = other.0;
        vector::bits([
            vector::equal(a, e),
            vector::equal(b, f),
            vector::equal(c, g),
            vector::equal(d, h),
        ])
    }

    /// Which bytes are digits.
    #[inline]
    pub fn digits(self) -> u64 {
        vector::bits(self.0.map(vector::digits))
    }

    /// What is so in each of the four parts.
    #[inline]
    fn each(self, other: Self, is: impl Fn(Vector, Vector) -> Vector) -> Vector {
        let ([a, b, c, d], [e, f, g, h]) = (self.0, other.0);
        vector::and(
            vector::and(is(a, e), is(b, f)),
            vector::and(is(c, g), is(d, h)),
        )
    }

    /// Whether any byte is a quote or a backslash.
    #[inline]
    pub fn has_marks(self) -> bool {
        let [a, b, c, d] = self.0.map(marks);
        vector::few(vector::or(vector::or(a, b), vector::or(c, d))) != 0
    }

    /// Whether any byte is this one.
    #[inline]
    pub fn has(self, byte: u8) -> bool {
        let wanted = vector::splat(byte);
        let [a, b, c, d] = self.0.map(|part| vector::equal(part, wanted));
        vector::few(vector::or(vector::or(a, b), vector::or(c, d))) != 0
    }

    /// Which bytes end plain text in ASCII, as [`Few::ends_ascii`].
    #[inline]
    pub fn ends_ascii(self) -> u64 {
        vector::bits(self.0.map(ends_ascii))
    }

    /// Which bytes are this one.
    #[inline]
    pub fn is(self, byte: u8) -> u64 {
        self.is_with(0, byte)
    }

    /// Which bytes are this one once these bits are set in them: `{` with the bit 0x20 stands for
    /// `[` too.
    #[inline]
    pub fn is_with(self, bits: u8, byte: u8) -> u64 {
        let (bits, wanted) = (vector::splat(bits), vector::splat(byte));
        vector::bits(
            self.0
                .map(|part| vector::equal(vector::or(part, bits), wanted)),
        )
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Texts of what is asked for and what is beside it, and of any bytes.
    fn text() -> impl Strategy<Value = Vec<u8>> {
        let marks =
            prop::sample::select(b"\"\\{}[], \n\t\r\x00\x1f\x20\x21\x7f\x80\xffYy_".to_vec());
        prop::collection::vec(prop_oneof![marks, any::<u8>()], WIDTH)
    }

    fn bits(text: &[u8], is: impl Fn(u8) -> bool) -> u64 {
        let bits = text.iter().enumerate();
        bits.fold(0, |bits, (place, byte)| {
            bits | u64::from(is(*byte)) << place
        })
    }

    proptest! {
        #[test]
        fn the_bits_are_those_of_the_bytes(text in text()) {
            let block = Block::at(&text, 0);
            for (with, byte) in [(0, b'"'), (0, b'\\'), (0x20, b'{'), (0x20, b'}'), (0x26, 0x7f), (0, 0xff)] {
                prop_assert_eq!(block.is_with(with, byte), bits(&text, |other| other | with == byte));
            }
            prop_assert_eq!(block.ends_ascii(), bits(&text, |byte| matches!(byte, b'"' | b'\\') || !(b' '..=0x7f).contains(&byte)));
            prop_assert_eq!(block.has(b'\\'), bits(&text, |byte| byte == b'\\') != 0);
            prop_assert_eq!(block.has_marks(), bits(&text, |byte| matches!(byte, b'"' | b'\\')) != 0);
            for place in 0..=WIDTH - FEW {
                let few = Few::at(&text, place).unwrap();
                let part = &text[place..place + FEW];
                let is_mark = |byte| matches!(byte, b'"' | b'\\');
                let is_blank = |byte| matches!(byte, b' ' | b'\n' | b'\t' | b'\r');
                let ends = |byte| {
                    matches!(byte, b',' | b':' | b'"' | ..=b' ' | 0x80..) || byte | 0x26 == 0x7f
                };
                prop_assert_eq!(u64::from(few.values()), bits(part, |byte| !is_blank(byte)));
                prop_assert_eq!(u64::from(few.written()), bits(part, |byte| !matches!(byte, b' ' | b'\n')));
                prop_assert_eq!(u64::from(few.ends_number()), bits(part, ends));
                prop_assert_eq!(u64::from(few.marks()), bits(part, is_mark));
                prop_assert_eq!(u64::from(few.backslashes()), bits(part, |byte| byte == b'\\'));
                prop_assert_eq!(u64::from(few.ends_ascii()), bits(part, |byte| is_mark(byte) || !(b' '..=0x7f).contains(&byte)));
                prop_assert_eq!(u64::from(few.ends()), bits(part, |byte| is_mark(byte) || byte < b' '));
            }
            prop_assert!(Few::at(&text, WIDTH - FEW + 1).is_none());
        }

        #[test]
        fn the_instructions_do_what_is_done_byte_by_byte(one in prop::array::uniform16(any::<u8>()), other in prop::array::uniform16(any::<u8>())) {
            let of = |vector: Vector| vector::few(vector);
            let (a, b) = (vector::load(&one), vector::load(&other));
            let (c, d) = (scalar::load(&one), scalar::load(&other));
            prop_assert_eq!(of(vector::equal(a, b)), scalar::few(scalar::equal(c, d)));
            prop_assert_eq!(of(vector::equal(vector::or(a, b), a)), scalar::few(scalar::equal(scalar::or(c, d), c)));
            prop_assert_eq!(of(vector::below_blank(a)), scalar::few(scalar::below_blank(c)));
            for byte in [b' ', b'!', 0x7f] {
                prop_assert_eq!(of(vector::below_or_beyond_ascii(a, byte)), scalar::few(scalar::below_or_beyond_ascii(c, byte)));
            }
            prop_assert_eq!(of(vector::digits(a)), scalar::few(scalar::digits(c)));
            prop_assert_eq!(of(vector::and(a, b)), scalar::few(scalar::and(c, d)));
            prop_assert_eq!(vector::all(vector::equal(a, b)), scalar::all(scalar::equal(c, d)));
            prop_assert!(vector::all(vector::equal(a, a)));
            let same = vector::equal(a, vector::splat(one[3]));
            prop_assert_eq!(of(same), scalar::few(scalar::equal(c, scalar::splat(one[3]))));
            let ours = vector::bits([same, vector::below_blank(a), vector::below_blank(b), same]);
            let theirs = scalar::equal(c, scalar::splat(one[3]));
            let theirs = [theirs, scalar::below_blank(c), scalar::below_blank(d), theirs];
            prop_assert_eq!(ours, scalar::bits(theirs));
        }

        #[test]
        fn beyond_the_end_all_is_blank(length in 0..WIDTH) {
            let text = vec![b'"'; length];
            let block = Block::at(&text, 0);
            prop_assert_eq!(block.is(b'"').count_ones() as usize, length);
            prop_assert_eq!(block.is(b' ').count_ones() as usize, WIDTH - length);
        }
    }
}
