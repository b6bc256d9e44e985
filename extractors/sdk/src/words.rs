//! Text in numbers, as the contract's `lines` and `zones` take it: thirty-two bytes in four words,
//! the first byte the lowest of the first, and zeros after the text's end.

/// Four words of text.
pub type Words = [u64; 4];

/// Bytes of text that they hold.
pub const MOST: usize = size_of::<Words>();

/// The words that hold a text; none where it is too long for them.
pub fn of(text: &[u8]) -> Option<Words> {
    let mut bytes = [0; MOST];
    bytes.get_mut(..text.len())?.copy_from_slice(text);
    let (words, _) = bytes.as_chunks();
    let mut held = Words::default();
    for (word, bytes) in held.iter_mut().zip(words) {
        *word = u64::from_le_bytes(*bytes);
    }
    Some(held)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_byte_is_the_lowest_and_zeros_follow_the_last() {
        assert_eq!(of(b"AB").unwrap(), [0x4241, 0, 0, 0]);
        assert_eq!(
            of(b"12345678a").unwrap(),
            [0x3837_3635_3433_3231, 0x61, 0, 0]
        );
        assert_eq!(of(&[0xff; MOST]).unwrap(), [u64::MAX; 4]);
        assert_eq!(of(&[0; MOST + 1]), None);
    }
}
