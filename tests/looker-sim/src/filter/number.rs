//! Filters on numbers: `5`, `1,2`, `>=5`, `NOT 5`, `5 to 10`, `[5,10)`, `>5 AND <10`, `NOT NULL`.

use super::BadFilter;
use crate::decimal::Decimal;

#[derive(Debug, Clone)]
enum Test {
    Null,
    NotNull,
    Is(Decimal),
    IsNot(Decimal),
    Above(Decimal),
    AtLeast(Decimal),
    Below(Decimal),
    AtMost(Decimal),
    Both(Vec<Test>),
}

impl Test {
    fn holds(&self, number: Option<Decimal>) -> bool {
        let Some(number) = number else {
            return matches!(self, Self::Null | Self::IsNot(_));
        };
        match self {
            Self::Null => false,
            Self::NotNull => true,
            Self::Is(wanted) => number == *wanted,
            Self::IsNot(unwanted) => number != *unwanted,
            Self::Above(bound) => number > *bound,
            Self::AtLeast(bound) => number >= *bound,
            Self::Below(bound) => number < *bound,
            Self::AtMost(bound) => number <= *bound,
            Self::Both(tests) => tests.iter().all(|test| test.holds(Some(number))),
        }
    }

    fn excludes(&self) -> bool {
        matches!(self, Self::IsNot(_) | Self::NotNull)
    }
}

/// A filter on numbers.
#[derive(Debug, Clone, Default)]
pub struct NumberFilter {
    any_of: Vec<Test>,
    all_of: Vec<Test>,
}

impl NumberFilter {
    /// Reads an expression; an empty one lets everything through.
    pub fn parse(expression: &str) -> Result<Self, BadFilter> {
        let bad = || BadFilter::new("number", expression);
        let mut filter = Self::default();
        for part in parts(expression) {
            let test = test(part.trim()).ok_or_else(bad)?;
            if test.excludes() {
                filter.all_of.push(test);
            } else {
                filter.any_of.push(test);
            }
        }
        Ok(filter)
    }

    /// Whether the number passes; `None` is null.
    pub fn holds(&self, number: Option<Decimal>) -> bool {
        let wanted = self.any_of.is_empty() || self.any_of.iter().any(|test| test.holds(number));
        wanted && self.all_of.iter().all(|test| test.holds(number))
    }
}

/// The parts between commas or `OR`; a comma within an interval's brackets stays.
fn parts(expression: &str) -> Vec<String> {
    let spaced = expression.replace(" OR ", ",").replace(" or ", ",");
    let mut parts = vec![String::new()];
    let mut within = false;
    for next in spaced.chars() {
        match next {
            '[' | '(' => within = true,
            ']' | ')' => within = false,
            _ => {}
        }
        match parts.last_mut() {
            Some(part) if next != ',' || within => part.push(next),
            _ => parts.push(String::new()),
        }
    }
    parts.retain(|part| !part.trim().is_empty());
    parts
}

fn test(part: &str) -> Option<Test> {
    let upper = part.to_uppercase();
    if let Some((low, high)) = upper.split_once(" AND ") {
        return Some(Test::Both(vec![test(low.trim())?, test(high.trim())?]));
    }
    if let Some((low, high)) = upper.split_once(" TO ") {
        let bounds = vec![Test::AtLeast(number(low)?), Test::AtMost(number(high)?)];
        return Some(Test::Both(bounds));
    }
    match upper.as_str() {
        "NULL" => return Some(Test::Null),
        "NOT NULL" => return Some(Test::NotNull),
        _ => {}
    }
    if upper.starts_with(['[', '(']) {
        return interval(&upper);
    }
    for (sign, make) in [
        ("<>", Test::IsNot as fn(Decimal) -> Test),
        ("!=", Test::IsNot),
        ("NOT ", Test::IsNot),
        (">=", Test::AtLeast),
        ("<=", Test::AtMost),
        (">", Test::Above),
        ("<", Test::Below),
        ("=", Test::Is),
    ] {
        if let Some(rest) = upper.strip_prefix(sign) {
            return Some(make(number(rest)?));
        }
    }
    Some(Test::Is(number(&upper)?))
}

fn interval(text: &str) -> Option<Test> {
    let (low, high) = text.get(1..text.len() - 1)?.split_once(',')?;
    let mut bounds = Vec::new();
    if !matches!(low.trim(), "-INF" | "") {
        let low = number(low)?;
        let closed = text.starts_with('[');
        bounds.push(if closed {
            Test::AtLeast(low)
        } else {
            Test::Above(low)
        });
    }
    if !matches!(high.trim(), "INF" | "") {
        let high = number(high)?;
        let closed = text.ends_with(']');
        bounds.push(if closed {
            Test::AtMost(high)
        } else {
            Test::Below(high)
        });
    }
    Some(Test::Both(bounds))
}

fn number(text: &str) -> Option<Decimal> {
    text.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expression_lets_through_what_it_names() {
        for (expression, passing) in [
            ("", &["null", "-1", "4.5", "5", "7", "10"][..]),
            ("5", &["5"]),
            ("5, 7", &["5", "7"]),
            ("5 OR 7", &["5", "7"]),
            (">=5", &["5", "7", "10"]),
            ("> 5", &["7", "10"]),
            ("<5", &["-1", "4.5"]),
            ("<=4.5", &["-1", "4.5"]),
            ("NOT 5", &["null", "-1", "4.5", "7", "10"]),
            ("<>5", &["null", "-1", "4.5", "7", "10"]),
            ("5 to 10", &["5", "7", "10"]),
            ("[5,10)", &["5", "7"]),
            ("(5,inf)", &["7", "10"]),
            (">4 AND <7", &["4.5", "5"]),
            ("NULL", &["null"]),
            ("NOT NULL", &["-1", "4.5", "5", "7", "10"]),
        ] {
            let filter = NumberFilter::parse(expression).unwrap();
            let passed: Vec<_> = ["null", "-1", "4.5", "5", "7", "10"]
                .into_iter()
                .filter(|text| filter.holds(text.parse().ok()))
                .collect();
            assert_eq!(passed, passing, "{expression:?}");
        }
    }

    #[test]
    fn what_is_no_expression_is_refused() {
        for expression in ["x", ">=", "5 to", "[", "[a,b]", "NOT"] {
            assert!(NumberFilter::parse(expression).is_err(), "{expression:?}");
        }
    }
}
