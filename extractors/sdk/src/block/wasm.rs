//! WebAssembly's vectors.

use core::arch::wasm32::{
    i8x16_add, i8x16_gt, i8x16_lt, u8x16_all_true, u8x16_bitmask, u8x16_eq, u8x16_lt, u8x16_splat,
    v128, v128_and, v128_load, v128_or,
};

use super::FEW;

pub(crate) type Vector = v128;

#[inline]
#[expect(
    unsafe_code,
    reason = "the load of a vector, from sixteen bytes that are there"
)]
pub(crate) fn load(bytes: &[u8; FEW]) -> Vector {
    unsafe { v128_load(bytes.as_ptr().cast()) }
}

#[inline]
pub(crate) fn splat(byte: u8) -> Vector {
    u8x16_splat(byte)
}

#[inline]
pub(crate) fn equal(one: Vector, other: Vector) -> Vector {
    u8x16_eq(one, other)
}

#[inline]
pub(crate) fn or(one: Vector, other: Vector) -> Vector {
    v128_or(one, other)
}

#[inline]
pub(crate) fn and(one: Vector, other: Vector) -> Vector {
    v128_and(one, other)
}

/// Whether no byte is zero.
#[inline]
pub(crate) fn all(bytes: Vector) -> bool {
    u8x16_all_true(bytes)
}

#[inline]
pub(crate) fn below_blank(bytes: Vector) -> Vector {
    u8x16_lt(bytes, splat(b' '))
}

/// Signed bytes are compared by one instruction of most processors, others by four.
#[inline]
pub(crate) fn below_or_beyond_ascii(bytes: Vector, byte: u8) -> Vector {
    i8x16_lt(bytes, splat(byte))
}

/// Moved up so far, digits are the greatest signed bytes.
#[inline]
pub(crate) fn digits(bytes: Vector) -> Vector {
    const UP: u8 = 0x7f - b'9';
    i8x16_gt(i8x16_add(bytes, splat(UP)), splat(b'0' + UP - 1))
}

#[inline]
pub(crate) fn few(bytes: Vector) -> u32 {
    u32::from(u8x16_bitmask(bytes))
}

#[inline]
pub(crate) fn bits(parts: [Vector; 4]) -> u64 {
    let [a, b, c, d] = parts.map(|part| u64::from(u8x16_bitmask(part)));
    a | b << 16 | c << 32 | d << 48
}
