//! Sixty-four bytes at once: which of them are quotes, backslashes or brackets.
//!
//! Each question is answered by one bit a byte, the first byte's the lowest. How the bits come about
//! is the processor's own: WebAssembly's and x86-64's vectors of sixteen bytes, NEON's, or one byte
//! after the other. All of them give the same bits (`tests` below).

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

/// Bytes of a block.
pub(crate) const WIDTH: usize = 64;

/// A block of a text.
#[derive(Clone, Copy)]
pub(crate) struct Block(vector::Vectors);

impl Block {
    /// The block that begins at a place in a text; what lies beyond the text's end is blank.
    #[inline]
    pub fn at(text: &[u8], place: usize) -> Self {
        match text.get(place..).and_then(|rest| rest.first_chunk()) {
            Some(bytes) => Self(vector::Vectors::load(bytes)),
            None => Self::last(text.get(place..).unwrap_or_default()),
        }
    }

    #[cold]
    fn last(rest: &[u8]) -> Self {
        let mut bytes = [b' '; WIDTH];
        for (byte, of_text) in bytes.iter_mut().zip(rest) {
            *byte = *of_text;
        }
        Self(vector::Vectors::load(&bytes))
    }

    /// Which bytes are this one.
    #[inline]
    pub fn is(self, byte: u8) -> u64 {
        self.0.is(byte)
    }

    /// Which bytes are this one once the bit 0x20 is set: `{` stands for `[` too, and `}` for `]`.
    #[inline]
    pub fn is_either(self, byte: u8) -> u64 {
        self.0.is_either(byte)
    }

    /// Which bytes are less than this one.
    #[inline]
    pub fn is_less(self, than: u8) -> u64 {
        self.0.is_less(than)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::scalar;
    use super::*;

    proptest! {
        #[test]
        fn every_way_gives_the_same_bits(bytes in prop::array::uniform32(any::<u8>()), marks in prop::array::uniform32(prop::sample::select(b"\"\\{}[] \x1f\x20\x21".to_vec()))) {
            let mut text = [0; WIDTH];
            for (place, (byte, mark)) in bytes.iter().zip(&marks).enumerate() {
                (text[2 * place], text[2 * place + 1]) = (*byte, *mark);
            }
            let (ours, plain) = (Block::at(&text, 0), scalar::Vectors::load(&text));
            for byte in [b'"', b'\\', b'{', b'}', 0, 0xff] {
                prop_assert_eq!(ours.is(byte), plain.is(byte));
                prop_assert_eq!(ours.is_either(byte), plain.is_either(byte));
                prop_assert_eq!(ours.is_less(byte), plain.is_less(byte));
            }
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
