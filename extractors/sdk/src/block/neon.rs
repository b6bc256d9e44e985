//! NEON's vectors. They have no way to take one bit of each byte, so that each byte keeps a bit of
//! its own and neighbours are added up.

use core::arch::aarch64::uint8x16_t;

use super::WIDTH;

/// Four vectors of sixteen bytes.
#[derive(Clone, Copy)]
pub(crate) struct Vectors([uint8x16_t; 4]);

impl Vectors {
    #[inline]
    pub fn load(bytes: &[u8; WIDTH]) -> Self {
        let (parts, _) = bytes.as_chunks::<16>();
        Self(std::array::from_fn(|part| neon::load(&parts[part])))
    }

    #[inline]
    pub fn is(self, byte: u8) -> u64 {
        let wanted = neon::splat(byte);
        neon::bits(self.0.map(|part| neon::equal(part, wanted)))
    }

    #[inline]
    pub fn is_either(self, byte: u8) -> u64 {
        let (wanted, bit) = (neon::splat(byte), neon::splat(0x20));
        neon::bits(self.0.map(|part| neon::equal(neon::or(part, bit), wanted)))
    }

    #[inline]
    pub fn is_less(self, than: u8) -> u64 {
        let than = neon::splat(than);
        neon::bits(self.0.map(|part| neon::less(part, than)))
    }
}

/// The instructions, one by one.
#[expect(
    unsafe_code,
    reason = "the load is from sixteen bytes that are there, and this is compiled only where there is NEON"
)]
mod neon {
    use core::arch::aarch64::{
        uint8x16_t, vandq_u8, vceqq_u8, vcltq_u8, vdupq_n_u8, vgetq_lane_u64, vld1q_u8, vorrq_u8,
        vpaddq_u8, vreinterpretq_u64_u8,
    };

    const PLACES: [u8; 16] = [1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128];

    #[inline]
    pub fn load(bytes: &[u8; 16]) -> uint8x16_t {
        unsafe { vld1q_u8(bytes.as_ptr()) }
    }

    #[inline]
    pub fn splat(byte: u8) -> uint8x16_t {
        unsafe { vdupq_n_u8(byte) }
    }

    #[inline]
    pub fn equal(one: uint8x16_t, other: uint8x16_t) -> uint8x16_t {
        unsafe { vceqq_u8(one, other) }
    }

    #[inline]
    pub fn or(one: uint8x16_t, other: uint8x16_t) -> uint8x16_t {
        unsafe { vorrq_u8(one, other) }
    }

    #[inline]
    pub fn less(one: uint8x16_t, other: uint8x16_t) -> uint8x16_t {
        unsafe { vcltq_u8(one, other) }
    }

    #[inline]
    pub fn bits(vectors: [uint8x16_t; 4]) -> u64 {
        let places = load(&PLACES);
        unsafe {
            let [a, b, c, d] = vectors.map(|vector| vandq_u8(vector, places));
            let sums = vpaddq_u8(vpaddq_u8(a, b), vpaddq_u8(c, d));
            vgetq_lane_u64::<0>(vreinterpretq_u64_u8(vpaddq_u8(sums, sums)))
        }
    }
}
