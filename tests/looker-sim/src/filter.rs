//! Looker's filter expressions: text, numbers and dates.

pub mod date;
pub mod number;
pub mod string;

/// An expression that is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{expression}` is not a filter on a {kind}")]
pub struct BadFilter {
    kind: &'static str,
    expression: String,
}

impl BadFilter {
    fn new(kind: &'static str, expression: &str) -> Self {
        Self {
            kind,
            expression: expression.to_owned(),
        }
    }
}
