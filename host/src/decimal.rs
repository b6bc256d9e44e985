//! Decimal numbers that are reckoned with: starts, targets, values and what follows from them.
//!
//! A number keeps the digits it came with (`98.0` stays `98.0`); what is reckoned out of numbers is
//! rounded to [`PLACES`] and written without trailing zeros. Nothing here ever is a float.

use std::fmt;
use std::str::FromStr;

use bigdecimal::{BigDecimal, RoundingMode, Zero};
use lensmount_sdk::decimal::{Decimal as Text, MOST_DIGITS, NoDecimal};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

/// Digits after the point that a quotient is rounded to.
pub const PLACES: i64 = 12;

/// A decimal number.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Decimal(BigDecimal);

impl Decimal {
    /// Nothing.
    #[must_use]
    pub fn zero() -> Self {
        Self(BigDecimal::zero())
    }

    /// Whether it is nothing.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        self.0.is_zero()
    }

    /// Whether it is greater than nothing.
    #[must_use]
    pub fn is_positive(&self) -> bool {
        self.0 > BigDecimal::zero()
    }

    /// The sum.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        Self(&self.0 + &other.0)
    }

    /// The difference.
    #[must_use]
    pub fn minus(&self, other: &Self) -> Self {
        Self(&self.0 - &other.0)
    }

    /// The product.
    #[must_use]
    pub fn times(&self, other: &Self) -> Self {
        Self(&self.0 * &other.0)
    }

    /// The quotient, rounded to [`PLACES`], half to even; none where the divisor is nothing.
    #[must_use]
    pub fn over(&self, divisor: &Self) -> Option<Self> {
        self.over_by(divisor, RoundingMode::HalfEven)
    }

    /// The quotient, rounded to [`PLACES`] in this way; none where the divisor is nothing.
    #[must_use]
    pub fn over_by(&self, divisor: &Self, mode: RoundingMode) -> Option<Self> {
        if divisor.is_zero() {
            return None;
        }
        Some(Self(&self.0 / &divisor.0).rounded_by(PLACES, mode))
    }

    /// Rounded to so many places, half to even, without trailing zeros.
    #[must_use]
    pub fn rounded(&self, places: i64) -> Self {
        self.rounded_by(places, RoundingMode::HalfEven)
    }

    /// Rounded to so many places in this way, without trailing zeros.
    #[must_use]
    pub fn rounded_by(&self, places: i64, mode: RoundingMode) -> Self {
        Self(self.0.with_scale_round(places, mode).normalized())
    }
}

impl From<i64> for Decimal {
    fn from(number: i64) -> Self {
        Self(number.into())
    }
}

impl FromStr for Decimal {
    type Err = NoDecimal;

    fn from_str(text: &str) -> Result<Self, NoDecimal> {
        let plain = Text::parse(text)?.to_string();
        BigDecimal::from_str(&plain)
            .map(Self)
            .map_err(|_| NoDecimal::NotANumber)
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_plain_string())
    }
}

impl fmt::Debug for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A JSON string or a JSON number; a number is taken by its text, so it has no dust either.
impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <Box<RawValue>>::deserialize(deserializer)?;
        let raw = raw.get();
        let refused = |reason: &str| serde::de::Error::custom(format_args!("{raw:.80} {reason}"));
        if raw.len() > MOST_DIGITS + 100 {
            return Err(refused("has more digits than a number may have (1,000)"));
        }
        let text = if raw.starts_with('"') {
            serde_json::from_str::<String>(raw).map_err(serde::de::Error::custom)?
        } else {
            raw.to_owned()
        };
        text.parse().map_err(|error| match error {
            NoDecimal::NotANumber => refused("is no decimal number such as -12.50"),
            NoDecimal::TooLong => refused("has more digits than a number may have (1,000)"),
        })
    }
}

impl utoipa::PartialSchema for Decimal {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        String::schema()
    }
}

impl utoipa::ToSchema for Decimal {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decimal(text: &str) -> Decimal {
        text.parse().unwrap_or_else(|_| panic!("{text}"))
    }

    #[test]
    fn digits_stay_as_they_came() {
        for text in ["98.0", "-0.50", "0", "9007199254740993", "0.000001", "100"] {
            assert_eq!(decimal(text).to_string(), text);
        }
        assert_eq!(decimal("1.5e3").to_string(), "1500");
        assert_eq!(decimal("1e-7").to_string(), "0.0000001");
        assert_eq!(decimal("98.0"), decimal("98"));
    }

    #[test]
    fn what_is_reckoned_has_no_dust() {
        let tenth = decimal("0.1").plus(&decimal("0.2"));
        assert_eq!(tenth.to_string(), "0.3");
        let third = decimal("1").over(&decimal("3")).map(|it| it.to_string());
        assert_eq!(third.as_deref(), Some("0.333333333333"));
        let whole = decimal("300").over(&decimal("3")).map(|it| it.to_string());
        assert_eq!(whole.as_deref(), Some("100"));
        assert_eq!(decimal("1").over(&Decimal::zero()), None);
        assert_eq!(decimal("0.25").rounded(1).to_string(), "0.2");
    }

    #[test]
    fn json_numbers_and_strings_are_one() {
        for (json, text) in [
            ("\"98.5\"", "98.5"),
            ("98.5", "98.5"),
            ("9007199254740993", "9007199254740993"),
            ("0.1", "0.1"),
            ("1e2", "100"),
        ] {
            let parsed: Decimal = serde_json::from_str(json).unwrap();
            assert_eq!(parsed.to_string(), text, "{json}");
            assert_eq!(
                serde_json::to_string(&parsed).unwrap(),
                format!("\"{text}\"")
            );
        }
        for json in ["\"1,000\"", "\"\"", "null", "true", "\"NaN\"", "[]"] {
            assert!(serde_json::from_str::<Decimal>(json).is_err(), "{json}");
        }
    }

    proptest! {
        #[test]
        fn a_quotient_is_within_half_a_place(a in -1_000_000_i64..1_000_000, b in 1_i64..100_000) {
            let quotient = Decimal::from(a).over(&Decimal::from(b)).expect("not nothing");
            let back = quotient.times(&Decimal::from(b)).minus(&Decimal::from(a));
            let bound = Decimal::from(b).times(&decimal("0.0000000000005"));
            let least = Decimal::zero().minus(&bound);
            prop_assert!(back >= least && back <= bound, "{} off by {}", quotient, back);
            prop_assert!(!quotient.to_string().contains('.') || !quotient.to_string().ends_with('0'));
        }
    }
}
