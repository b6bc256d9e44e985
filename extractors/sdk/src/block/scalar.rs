//! One byte after the other, for processors whose vectors are not used here.

use super::WIDTH;

/// The bytes.
#[derive(Clone, Copy)]
pub(crate) struct Vectors([u8; WIDTH]);

impl Vectors {
    pub fn load(bytes: &[u8; WIDTH]) -> Self {
        Self(*bytes)
    }

    pub fn is(self, byte: u8) -> u64 {
        self.bits(|other| other == byte)
    }

    pub fn is_either(self, byte: u8) -> u64 {
        self.bits(|other| other | 0x20 == byte)
    }

    pub fn is_less(self, than: u8) -> u64 {
        self.bits(|other| other < than)
    }

    fn bits(self, is: impl Fn(u8) -> bool) -> u64 {
        let bits = self.0.iter().enumerate();
        bits.fold(0, |bits, (place, byte)| {
            bits | u64::from(is(*byte)) << place
        })
    }
}
