//! Decimal numbers as text: every digit that came is kept, and nothing is ever rounded.
//!
//! ```
//! use lensmount_sdk::decimal::Decimal;
//!
//! let read = |text: &str| Decimal::parse(text).map(|decimal| decimal.to_string());
//! assert_eq!(read("10.50").as_deref(), Ok("10.50"));
//! assert_eq!(read("-1.5e3").as_deref(), Ok("-1500"));
//! assert_eq!(read("9007199254740993").as_deref(), Ok("9007199254740993"));
//! for no_number in ["", "1,000", "$5", " 5", "NaN", "0x10"] {
//!     assert!(Decimal::parse(no_number).is_err());
//! }
//! assert_eq!(Decimal::parse("0.455").map(|it| it.times_100().to_string()).as_deref(), Ok("45.5"));
//! ```

use std::fmt;

/// As many digits as an exponent is written out to.
pub const MOST_DIGITS: usize = 1_000;

/// A decimal number. Trailing zeros are kept (`10.50`), leading ones are not (`007` is `7`), and
/// there is no negative zero.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decimal {
    negative: bool,
    /// The digits before the point, without leading zeros, "0" where there are none.
    whole: String,
    /// The digits after the point, as many as came.
    fraction: String,
}

/// Why a text is no number that can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoDecimal {
    /// It is not written like a number.
    NotANumber,
    /// Its exponent would be written out to more than [`MOST_DIGITS`] digits.
    TooLong,
}

impl Decimal {
    /// Reads `-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?` and nothing else: no white space, no plus
    /// sign, no thousands separators, no currency.
    pub fn parse(text: &str) -> Result<Self, NoDecimal> {
        let (negative, unsigned) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, Some(exponent)),
            None => (unsigned, None),
        };
        let (whole, fraction) = match mantissa.split_once('.') {
            Some((whole, fraction)) => (digits(whole)?, digits(fraction)?),
            None => (digits(mantissa)?, ""),
        };
        let Some(exponent) = exponent else {
            return Ok(Self::of(negative, whole, fraction.to_owned()));
        };
        let (back, exponent) = match exponent.as_bytes().first() {
            Some(b'-') => (true, digits(exponent.get(1..).unwrap_or_default())?),
            Some(b'+') => (false, digits(exponent.get(1..).unwrap_or_default())?),
            _ => (false, digits(exponent)?),
        };
        let places = exponent.trim_start_matches('0');
        let places: usize = match places {
            "" => 0,
            _ => places.parse().map_err(|_| NoDecimal::TooLong)?,
        };
        Self::of(negative, whole, fraction.to_owned()).shifted(back, places)
    }

    fn of(negative: bool, whole: &str, fraction: String) -> Self {
        let whole = whole.trim_start_matches('0');
        let zero = whole.is_empty() && fraction.bytes().all(|digit| digit == b'0');
        Self {
            negative: negative && !zero,
            whole: if whole.is_empty() {
                "0".to_owned()
            } else {
                whole.to_owned()
            },
            fraction,
        }
    }

    /// The point moved, as long as the outcome is not longer than can be written out.
    fn shifted(self, back: bool, places: usize) -> Result<Self, NoDecimal> {
        let grows = if back {
            places.saturating_add(self.fraction.len())
        } else if self.whole == "0" && self.fraction.bytes().all(|digit| digit == b'0') {
            // Zero stays zero wherever its point goes.
            0
        } else if self.whole == "0" {
            // Zeros before the first digit go when the point passes them.
            let zeros = self
                .fraction
                .bytes()
                .take_while(|digit| *digit == b'0')
                .count();
            places.saturating_sub(zeros)
        } else {
            places.saturating_add(self.whole.len())
        };
        if grows > MOST_DIGITS || self.whole.len() + self.fraction.len() > MOST_DIGITS {
            return Err(NoDecimal::TooLong);
        }
        Ok(if back {
            self.point_left(places)
        } else {
            self.point_right(places)
        })
    }

    fn point_left(self, places: usize) -> Self {
        let Self {
            negative,
            whole,
            fraction,
        } = self;
        let padded = format!("{whole:0>width$}", width = places + 1);
        let (whole, moved) = padded.split_at(padded.len() - places);
        Self::of(negative, whole, format!("{moved}{fraction}"))
    }

    fn point_right(self, places: usize) -> Self {
        let Self {
            negative,
            mut whole,
            fraction,
        } = self;
        let (moved, rest) = fraction.split_at(places.min(fraction.len()));
        whole.push_str(moved);
        // A zero needs no zeros after it, however far its point goes.
        if whole.bytes().any(|digit| digit != b'0') {
            whole.extend(std::iter::repeat_n('0', places - moved.len()));
        }
        Self::of(negative, &whole, rest.to_owned())
    }

    /// A hundred times it: the point moved by two, so `0.995` is `99.5` and `0.07` is `7`.
    #[must_use]
    pub fn times_100(self) -> Self {
        self.point_right(2)
    }

    /// Whether it lies between -1.5 and 1.5, both included.
    pub fn is_at_most_one_and_a_half(&self) -> bool {
        match self.whole.as_str() {
            "0" => true,
            "1" => {
                let mut digits = self.fraction.bytes();
                match digits.next() {
                    None | Some(b'0'..=b'4') => true,
                    Some(b'5') => digits.all(|digit| digit == b'0'),
                    Some(_) => false,
                }
            }
            _ => false,
        }
    }
}

impl From<Decimal> for String {
    fn from(decimal: Decimal) -> Self {
        if !decimal.negative && decimal.fraction.is_empty() {
            return decimal.whole;
        }
        let sign = if decimal.negative { "-" } else { "" };
        let point = if decimal.fraction.is_empty() { "" } else { "." };
        [sign, &decimal.whole, point, &decimal.fraction].concat()
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.negative {
            f.write_str("-")?;
        }
        f.write_str(&self.whole)?;
        if !self.fraction.is_empty() {
            write!(f, ".{}", self.fraction)?;
        }
        Ok(())
    }
}

/// Whether two texts are the same number: `1.0` is `1`.
pub fn same_number(a: &str, b: &str) -> bool {
    match (Decimal::parse(a), Decimal::parse(b)) {
        (Ok(a), Ok(b)) => {
            a.negative == b.negative
                && a.whole == b.whole
                && a.fraction.trim_end_matches('0') == b.fraction.trim_end_matches('0')
        }
        _ => false,
    }
}

fn digits(text: &str) -> Result<&str, NoDecimal> {
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        Ok(text)
    } else {
        Err(NoDecimal::NotANumber)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> String {
        Decimal::parse(text)
            .map_or_else(|error| format!("{error:?}"), |decimal| decimal.to_string())
    }

    #[test]
    fn keeps_every_digit() {
        for text in [
            "0",
            "773",
            "-12.5",
            "10.50",
            "116.0310256410256",
            "9007199254740993",
            "0.00",
        ] {
            assert_eq!(read(text), text);
        }
        assert_eq!(read("007"), "7");
        assert_eq!(read("-0"), "0");
        assert_eq!(read("-0.00"), "0.00");
        assert_eq!(read("-00.5"), "-0.5");
    }

    #[test]
    fn writes_exponents_out() {
        for (text, plain) in [
            ("1e3", "1000"),
            ("1E+3", "1000"),
            ("1.5e1", "15"),
            ("1.500e2", "150.0"),
            ("1.25e-3", "0.00125"),
            ("12e-1", "1.2"),
            ("-5e-7", "-0.0000005"),
            ("0e5", "0"),
            ("0e99999999999999999", "0"),
            ("0.00e1", "0.0"),
            ("7e000", "7"),
            ("123.456e2", "12345.6"),
            ("100e-2", "1.00"),
        ] {
            assert_eq!(read(text), plain, "{text}");
        }
        assert_eq!(read("1e999").len(), 1_000);
        assert_eq!(read("1e1000"), "TooLong");
        assert_eq!(read("1e-1000").len(), 1_002);
        assert_eq!(read("1e-1001"), "TooLong");
        assert_eq!(read("1e99999999999999999999999"), "TooLong");
        assert_eq!(read("0e-1001"), "TooLong");
    }

    #[test]
    fn refuses_what_is_no_number() {
        for text in [
            "", "-", "+1", "1,234", "$5", "98%", "NaN", "Infinity", " 1", "1 ", "1.", ".5", "1e",
            "1e+", "0x10", "1_000", "--1", "1.2.3", "1e1.5", "٣", "1e-", "−5",
        ] {
            assert_eq!(read(text), "NotANumber", "{text}");
        }
    }

    #[test]
    fn moves_the_point_by_two() {
        for (text, hundredfold) in [
            ("0.07", "7"),
            ("0.995", "99.5"),
            ("0.0700", "7.00"),
            ("12", "1200"),
            ("0", "0"),
            ("0.0", "0"),
            ("0.000", "0.0"),
            ("-0.4078", "-40.78"),
            ("1.5", "150"),
            ("0.001", "0.1"),
            ("123.4", "12340"),
        ] {
            assert_eq!(
                Decimal::parse(text).unwrap().times_100().to_string(),
                hundredfold,
                "{text}"
            );
        }
    }

    #[test]
    fn compares_with_one_and_a_half() {
        for (text, fits) in [
            ("1.5", true),
            ("1.500", true),
            ("1.5000000000000000000001", false),
            ("-1.5", true),
            ("1.49999", true),
            ("1.6", false),
            ("2", false),
            ("0.9", true),
            ("10", false),
            ("15e-1", true),
            ("1", true),
        ] {
            assert_eq!(
                Decimal::parse(text).unwrap().is_at_most_one_and_a_half(),
                fits,
                "{text}"
            );
        }
    }

    #[test]
    fn knows_the_same_number() {
        assert!(same_number("1.0", "1"));
        assert!(same_number("1e2", "100"));
        assert!(same_number("-0", "0.0"));
        assert!(!same_number("1", "-1"));
        assert!(!same_number("1", "x"));
    }
}
