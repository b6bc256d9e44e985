//! One byte after the other, for processors whose vectors are not used here.

use super::FEW;

pub(crate) type Vector = [u8; FEW];

pub(crate) fn load(bytes: &[u8; FEW]) -> Vector {
    *bytes
}

pub(crate) fn splat(byte: u8) -> Vector {
    [byte; FEW]
}

pub(crate) fn equal(one: Vector, other: Vector) -> Vector {
    std::array::from_fn(|place| if one[place] == other[place] { 0xff } else { 0 })
}

pub(crate) fn or(one: Vector, other: Vector) -> Vector {
    std::array::from_fn(|place| one[place] | other[place])
}

pub(crate) fn and(one: Vector, other: Vector) -> Vector {
    std::array::from_fn(|place| one[place] & other[place])
}

/// Whether no byte is zero.
pub(crate) fn all(bytes: Vector) -> bool {
    bytes.iter().all(|byte| *byte != 0)
}

pub(crate) fn below_blank(bytes: Vector) -> Vector {
    bytes.map(|byte| if byte < b' ' { 0xff } else { 0 })
}

pub(crate) fn digits(bytes: Vector) -> Vector {
    bytes.map(|byte| if byte.is_ascii_digit() { 0xff } else { 0 })
}

/// Bytes beyond ASCII are negative.
pub(crate) fn below_or_beyond_ascii(bytes: Vector, byte: u8) -> Vector {
    let is = |other: u8| other.cast_signed() < byte.cast_signed();
    bytes.map(|other| if is(other) { 0xff } else { 0 })
}

pub(crate) fn few(bytes: Vector) -> u32 {
    let bits = bytes.iter().enumerate();
    bits.fold(0, |bits, (place, byte)| {
        bits | u32::from(byte >> 7) << place
    })
}

pub(crate) fn bits(parts: [Vector; 4]) -> u64 {
    let parts = parts.into_iter().rev();
    parts.fold(0, |bits, part| bits << 16 | u64::from(few(part)))
}
