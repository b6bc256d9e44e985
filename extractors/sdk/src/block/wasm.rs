//! WebAssembly's vectors.

use core::arch::wasm32::{
    u8x16_bitmask, u8x16_eq, u8x16_lt, u8x16_splat, v128, v128_load, v128_or,
};

use super::WIDTH;

/// Four vectors of sixteen bytes.
#[derive(Clone, Copy)]
pub(crate) struct Vectors([v128; 4]);

impl Vectors {
    #[inline]
    #[expect(
        unsafe_code,
        reason = "loads of vectors, each from sixteen bytes that are there"
    )]
    pub fn load(bytes: &[u8; WIDTH]) -> Self {
        let (parts, _) = bytes.as_chunks::<16>();
        Self(std::array::from_fn(|part| unsafe {
            v128_load(parts[part].as_ptr().cast())
        }))
    }

    #[inline]
    pub fn is(self, byte: u8) -> u64 {
        let wanted = u8x16_splat(byte);
        self.bits(|part| u8x16_eq(part, wanted))
    }

    #[inline]
    pub fn is_either(self, byte: u8) -> u64 {
        let (wanted, bit) = (u8x16_splat(byte), u8x16_splat(0x20));
        self.bits(|part| u8x16_eq(v128_or(part, bit), wanted))
    }

    #[inline]
    pub fn is_less(self, than: u8) -> u64 {
        let than = u8x16_splat(than);
        self.bits(|part| u8x16_lt(part, than))
    }

    #[inline]
    fn bits(self, is: impl Fn(v128) -> v128) -> u64 {
        let [a, b, c, d] = self.0.map(|part| u64::from(u8x16_bitmask(is(part))));
        a | b << 16 | c << 32 | d << 48
    }
}
