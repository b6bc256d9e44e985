//! The vectors that every x86-64 has.

use core::arch::x86_64::__m128i;

use super::WIDTH;

/// Four vectors of sixteen bytes.
#[derive(Clone, Copy)]
pub(crate) struct Vectors([__m128i; 4]);

impl Vectors {
    #[inline]
    pub fn load(bytes: &[u8; WIDTH]) -> Self {
        let (parts, _) = bytes.as_chunks::<16>();
        Self(std::array::from_fn(|part| sse2::load(&parts[part])))
    }

    #[inline]
    pub fn is(self, byte: u8) -> u64 {
        let wanted = sse2::splat(byte);
        self.bits(|part| sse2::equal(part, wanted))
    }

    #[inline]
    pub fn is_either(self, byte: u8) -> u64 {
        let (wanted, bit) = (sse2::splat(byte), sse2::splat(0x20));
        self.bits(|part| sse2::equal(sse2::or(part, bit), wanted))
    }

    #[inline]
    pub fn is_less(self, than: u8) -> u64 {
        // What is less leaves nothing of itself when all but one of `than` is taken away.
        let Some(most) = than.checked_sub(1) else {
            return 0;
        };
        let (most, nothing) = (sse2::splat(most), sse2::splat(0));
        self.bits(|part| sse2::equal(sse2::less(part, most), nothing))
    }

    #[inline]
    fn bits(self, is: impl Fn(__m128i) -> __m128i) -> u64 {
        let [a, b, c, d] = self.0.map(|part| sse2::bits(is(part)));
        a | b << 16 | c << 32 | d << 48
    }
}

/// The instructions, one by one.
#[expect(
    unsafe_code,
    reason = "the load is from sixteen bytes that are there, and every x86-64 has SSE2, without which none of this is compiled"
)]
mod sse2 {
    use core::arch::x86_64::{
        __m128i, _mm_cmpeq_epi8, _mm_loadu_si128, _mm_movemask_epi8, _mm_or_si128, _mm_set1_epi8,
        _mm_subs_epu8,
    };

    #[inline]
    pub fn load(bytes: &[u8; 16]) -> __m128i {
        unsafe { _mm_loadu_si128(bytes.as_ptr().cast()) }
    }

    #[inline]
    pub fn splat(byte: u8) -> __m128i {
        unsafe { _mm_set1_epi8(byte.cast_signed()) }
    }

    #[inline]
    pub fn equal(one: __m128i, other: __m128i) -> __m128i {
        unsafe { _mm_cmpeq_epi8(one, other) }
    }

    #[inline]
    pub fn or(one: __m128i, other: __m128i) -> __m128i {
        unsafe { _mm_or_si128(one, other) }
    }

    #[inline]
    pub fn less(one: __m128i, other: __m128i) -> __m128i {
        unsafe { _mm_subs_epu8(one, other) }
    }

    #[inline]
    pub fn bits(vector: __m128i) -> u64 {
        u64::from(unsafe { _mm_movemask_epi8(vector) }.cast_unsigned())
    }
}
