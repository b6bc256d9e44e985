//! The vectors that every x86-64 has.

#![expect(
    unsafe_code,
    reason = "loads of vectors, from sixteen bytes that are there, and what is done with them: this is compiled only where there is SSE2"
)]

use core::arch::x86_64::{
    __m128i, _mm_and_si128, _mm_cmpeq_epi8, _mm_cmplt_epi8, _mm_loadu_si128, _mm_min_epu8,
    _mm_movemask_epi8, _mm_or_si128, _mm_set1_epi8, _mm_sub_epi8, _mm_subs_epu8,
};

use super::FEW;

pub(crate) type Vector = __m128i;

#[inline]
pub(crate) fn load(bytes: &[u8; FEW]) -> Vector {
    unsafe { _mm_loadu_si128(bytes.as_ptr().cast()) }
}

#[inline]
pub(crate) fn splat(byte: u8) -> Vector {
    unsafe { _mm_set1_epi8(byte.cast_signed()) }
}

#[inline]
pub(crate) fn equal(one: Vector, other: Vector) -> Vector {
    unsafe { _mm_cmpeq_epi8(one, other) }
}

#[inline]
pub(crate) fn or(one: Vector, other: Vector) -> Vector {
    unsafe { _mm_or_si128(one, other) }
}

#[inline]
pub(crate) fn and(one: Vector, other: Vector) -> Vector {
    unsafe { _mm_and_si128(one, other) }
}

/// Whether no byte is zero, of bytes that are all ones or all zeros.
#[inline]
pub(crate) fn all(bytes: Vector) -> bool {
    few(bytes) == 0xffff
}

/// What is below leaves nothing of itself when all but one of a blank is taken away.
#[inline]
pub(crate) fn below_blank(bytes: Vector) -> Vector {
    equal(unsafe { _mm_subs_epu8(bytes, splat(b' ' - 1)) }, splat(0))
}

/// Of no more than nine is nine the greater.
#[inline]
pub(crate) fn digits(bytes: Vector) -> Vector {
    let above = unsafe { _mm_sub_epi8(bytes, splat(b'0')) };
    equal(unsafe { _mm_min_epu8(above, splat(9)) }, above)
}

/// Bytes beyond ASCII are negative.
#[inline]
pub(crate) fn below_or_beyond_ascii(bytes: Vector, byte: u8) -> Vector {
    unsafe { _mm_cmplt_epi8(bytes, splat(byte)) }
}

#[inline]
pub(crate) fn few(bytes: Vector) -> u32 {
    unsafe { _mm_movemask_epi8(bytes) }.cast_unsigned()
}

#[inline]
pub(crate) fn bits(parts: [Vector; 4]) -> u64 {
    let [a, b, c, d] = parts.map(|part| u64::from(few(part)));
    a | b << 16 | c << 32 | d << 48
}
