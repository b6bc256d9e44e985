//! Filters on text: `a,b`, `-a`, `%x%`, `"a, b"`, `EMPTY`, `NULL`.

use crate::like::like_exact;

#[derive(Debug, Clone, PartialEq, Eq)]
enum Test {
    Like(String),
    Empty,
}

impl Test {
    fn holds(&self, text: &str) -> bool {
        match self {
            Self::Like(pattern) => like_exact(text, pattern),
            Self::Empty => text.is_empty(),
        }
    }
}

/// A filter on text. Every expression is one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StringFilter {
    any_of: Vec<Test>,
    none_of: Vec<Test>,
}

impl StringFilter {
    /// Reads an expression; an empty one lets everything through.
    pub fn parse(expression: &str) -> Self {
        let mut filter = Self::default();
        for (part, quoted) in parts(expression) {
            let (part, negated) = match part.strip_prefix('-') {
                Some(rest) if !quoted => (rest.to_owned(), true),
                _ => (part, false),
            };
            let test = match part.as_str() {
                "" if !quoted => continue,
                "EMPTY" | "NULL" if !quoted => Test::Empty,
                _ => Test::Like(part),
            };
            if negated {
                filter.none_of.push(test);
            } else {
                filter.any_of.push(test);
            }
        }
        filter
    }

    /// Whether `text` passes.
    pub fn holds(&self, text: &str) -> bool {
        let wanted = self.any_of.is_empty() || self.any_of.iter().any(|test| test.holds(text));
        wanted && !self.none_of.iter().any(|test| test.holds(text))
    }
}

/// The parts between commas, trimmed; within quotes a comma is text. Says which were quoted.
fn parts(expression: &str) -> Vec<(String, bool)> {
    let mut parts = Vec::new();
    let (mut part, mut quoted, mut within) = (String::new(), false, false);
    for next in expression.chars() {
        match next {
            '"' => {
                within = !within;
                quoted = true;
            }
            ',' if !within => {
                parts.push((part.trim().to_owned(), quoted));
                (part, quoted) = (String::new(), false);
            }
            other => part.push(other),
        }
    }
    parts.push((part.trim().to_owned(), quoted));
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expression_lets_through_what_it_names() {
        for (expression, passing) in [
            ("", &["EMEA", "APAC", "a, b"][..]),
            ("EMEA", &["EMEA"]),
            ("emea", &[]),
            ("EMEA,APAC", &["EMEA", "APAC"]),
            (" EMEA , APAC ", &["EMEA", "APAC"]),
            ("-EMEA", &["APAC", "a, b"]),
            ("-EMEA,-APAC", &["a, b"]),
            ("%A%", &["EMEA", "APAC"]),
            ("%A%,-APAC", &["EMEA"]),
            ("\"a, b\"", &["a, b"]),
            ("EMPTY", &[]),
            ("-EMPTY", &["EMEA", "APAC", "a, b"]),
        ] {
            let filter = StringFilter::parse(expression);
            let passed: Vec<_> = ["EMEA", "APAC", "a, b"]
                .into_iter()
                .filter(|text| filter.holds(text))
                .collect();
            assert_eq!(passed, passing, "{expression:?}");
        }
    }
}
