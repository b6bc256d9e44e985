//! NEON's vectors. They have no way to take one bit of each byte, so that each byte keeps a bit of
//! its own and neighbours are added up.

#![expect(
    unsafe_code,
    reason = "loads of vectors, from sixteen bytes that are there, and what is done with them: this is compiled only where there is NEON"
)]

use core::arch::aarch64::{
    uint8x16_t, vandq_u8, vceqq_u8, vcltq_s8, vcltq_u8, vdupq_n_u8, vgetq_lane_u64, vld1q_u8,
    vminvq_u8, vorrq_u8, vpaddq_u8, vreinterpretq_s8_u8, vreinterpretq_u64_u8, vsubq_u8,
};

use super::FEW;

pub(crate) type Vector = uint8x16_t;

const PLACES: [u8; FEW] = [1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128];

#[inline]
pub(crate) fn load(bytes: &[u8; FEW]) -> Vector {
    unsafe { vld1q_u8(bytes.as_ptr()) }
}

#[inline]
pub(crate) fn splat(byte: u8) -> Vector {
    unsafe { vdupq_n_u8(byte) }
}

#[inline]
pub(crate) fn equal(one: Vector, other: Vector) -> Vector {
    unsafe { vceqq_u8(one, other) }
}

#[inline]
pub(crate) fn or(one: Vector, other: Vector) -> Vector {
    unsafe { vorrq_u8(one, other) }
}

#[inline]
pub(crate) fn and(one: Vector, other: Vector) -> Vector {
    unsafe { vandq_u8(one, other) }
}

/// Whether no byte is zero.
#[inline]
pub(crate) fn all(bytes: Vector) -> bool {
    unsafe { vminvq_u8(bytes) != 0 }
}

#[inline]
pub(crate) fn below_blank(bytes: Vector) -> Vector {
    unsafe { vcltq_u8(bytes, splat(b' ')) }
}

#[inline]
pub(crate) fn digits(bytes: Vector) -> Vector {
    unsafe { vcltq_u8(vsubq_u8(bytes, splat(b'0')), splat(10)) }
}

/// Bytes beyond ASCII are negative.
#[inline]
pub(crate) fn below_or_beyond_ascii(bytes: Vector, byte: u8) -> Vector {
    unsafe { vcltq_s8(vreinterpretq_s8_u8(bytes), vreinterpretq_s8_u8(splat(byte))) }
}

#[inline]
pub(crate) fn few(bytes: Vector) -> u32 {
    let none = splat(0);
    (bits([bytes, none, none, none]) & 0xffff) as u32
}

#[inline]
pub(crate) fn bits(parts: [Vector; 4]) -> u64 {
    let places = load(&PLACES);
    unsafe {
        let [a, b, c, d] = parts.map(|part| vandq_u8(part, places));
        let sums = vpaddq_u8(vpaddq_u8(a, b), vpaddq_u8(c, d));
        vgetq_lane_u64::<0>(vreinterpretq_u64_u8(vpaddq_u8(sums, sums)))
    }
}
