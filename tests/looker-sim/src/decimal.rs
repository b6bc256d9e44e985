//! Exact numbers, written as JSON numbers digit by digit.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

/// Digits of a quotient that count, as many as a double-precision column comes with.
const SIGNIFICANT: u32 = 16;

/// A number with its digits after the point.
#[derive(Debug, Clone, Copy)]
pub struct Decimal {
    units: i128,
    scale: u32,
}

/// A text that is no number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a number")]
pub struct NoNumber(String);

impl Decimal {
    /// `units` times ten to the power of `-scale`.
    pub const fn new(units: i128, scale: u32) -> Self {
        Self { units, scale }
    }

    /// A whole number.
    pub fn whole(value: i64) -> Self {
        Self::new(value.into(), 0)
    }

    /// One number over another to as many digits as a real column has; `None` over nothing.
    pub fn quotient(over: i128, under: i128) -> Option<Self> {
        if under == 0 {
            return None;
        }
        let whole = digits(over / under);
        let scale = SIGNIFICANT.saturating_sub(whole);
        let units = over.checked_mul(10_i128.checked_pow(scale)?)? / under;
        Some(Self::new(units, scale).trimmed())
    }

    /// `self` over `other`.
    pub fn over(self, other: Self) -> Option<Self> {
        let (a, b, _) = self.aligned(other);
        Self::quotient(a, b)
    }

    /// The sum of both.
    pub fn plus(self, other: Self) -> Self {
        let (a, b, scale) = self.aligned(other);
        Self::new(a + b, scale).trimmed()
    }

    /// The difference of both.
    pub fn minus(self, other: Self) -> Self {
        let (a, b, scale) = self.aligned(other);
        Self::new(a - b, scale).trimmed()
    }

    /// The number to `places` digits after the point, halves away from zero, with commas and all.
    pub fn grouped(self, places: u32, shift: u32) -> String {
        let (units, scale) = (self.units, self.scale.saturating_sub(shift));
        let units = units * 10_i128.pow(shift.saturating_sub(self.scale));
        let rounded = if scale > places {
            let step = 10_i128.pow(scale - places);
            (units + units.signum() * step / 2) / step
        } else {
            units * 10_i128.pow(places - scale)
        };
        let text = Self::new(rounded, places).to_string();
        let (sign, text) = match text.strip_prefix('-') {
            Some(text) => ("-", text.to_owned()),
            None => ("", text),
        };
        let (whole, rest) = text.split_at(text.find('.').unwrap_or(text.len()));
        let mut grouped = String::from(sign);
        for (index, digit) in whole.chars().enumerate() {
            if index > 0 && (whole.len() - index).is_multiple_of(3) {
                grouped.push(',');
            }
            grouped.push(digit);
        }
        grouped + rest
    }

    fn trimmed(mut self) -> Self {
        while self.scale > 0 && self.units % 10 == 0 {
            self.units /= 10;
            self.scale -= 1;
        }
        self
    }

    fn aligned(self, other: Self) -> (i128, i128, u32) {
        let scale = self.scale.max(other.scale);
        (
            self.units * 10_i128.pow(scale - self.scale),
            other.units * 10_i128.pow(scale - other.scale),
            scale,
        )
    }
}

fn digits(value: i128) -> u32 {
    value
        .unsigned_abs()
        .checked_ilog10()
        .map_or(0, |log| log + 1)
}

impl PartialEq for Decimal {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Decimal {}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        let (a, b, _) = self.aligned(*other);
        a.cmp(&b)
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.units < 0 { "-" } else { "" };
        let places = self.scale as usize;
        let text = format!("{:0>1$}", self.units.unsigned_abs(), places + 1);
        let (whole, rest) = text.split_at(text.len() - places);
        if rest.is_empty() {
            write!(f, "{sign}{whole}")
        } else {
            write!(f, "{sign}{whole}.{rest}")
        }
    }
}

impl FromStr for Decimal {
    type Err = NoNumber;

    fn from_str(text: &str) -> Result<Self, NoNumber> {
        let no_number = || NoNumber(text.to_owned());
        let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
        let unsigned = whole.strip_prefix('-').unwrap_or(whole);
        let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let short = unsigned.len() + rest.len() <= 30;
        if unsigned.is_empty() || !is_digits(unsigned) || !is_digits(rest) || !short {
            return Err(no_number());
        }
        let units = format!("{whole}{rest}").parse().map_err(|_| no_number())?;
        let scale = u32::try_from(rest.len()).map_err(|_| no_number())?;
        Ok(Self::new(units, scale))
    }
}

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RawValue::from_string(self.to_string())
            .map_err(serde::ser::Error::custom)?
            .serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_written_with_the_digits_it_has() {
        for (units, scale, text) in [
            (0, 0, "0"),
            (5, 2, "0.05"),
            (-5, 2, "-0.05"),
            (123_456, 2, "1234.56"),
            (100, 0, "100"),
        ] {
            assert_eq!(Decimal::new(units, scale).to_string(), text);
        }
        let json = serde_json::to_string(&Decimal::new(23_670_999_996, 6)).unwrap();
        assert_eq!(json, "23670.999996");
    }

    #[test]
    fn quotients_have_sixteen_digits_and_no_trailing_dust() {
        for (over, under, text) in [
            (1, 4, "0.25"),
            (2, 3, "0.6666666666666666"),
            (200, 3, "66.66666666666666"),
            (6, 3, "2"),
            (-1, 8, "-0.125"),
        ] {
            assert_eq!(Decimal::quotient(over, under).unwrap().to_string(), text);
        }
        assert_eq!(Decimal::quotient(1, 0), None);
    }

    #[test]
    fn it_is_grouped_and_rounded_for_people() {
        for (text, places, shift, grouped) in [
            ("1234567.891", 2, 0, "1,234,567.89"),
            ("0.005", 2, 0, "0.01"),
            ("-1999.5", 0, 0, "-2,000"),
            ("0.814097", 1, 2, "81.4"),
            ("1", 0, 2, "100"),
            ("12", 2, 0, "12.00"),
        ] {
            let number: Decimal = text.parse().unwrap();
            assert_eq!(number.grouped(places, shift), grouped, "{text}");
        }
    }

    #[test]
    fn only_plain_numbers_are_read() {
        for text in ["5", "-5", "0.25", "10000000000"] {
            assert_eq!(text.parse::<Decimal>().unwrap().to_string(), text);
        }
        for text in ["", "-", "1e3", "1,000", " 1", "a", "--1", "1.-5"] {
            assert!(text.parse::<Decimal>().is_err(), "{text:?}");
        }
        assert_eq!("5.0".parse::<Decimal>(), "5".parse::<Decimal>());
    }
}
