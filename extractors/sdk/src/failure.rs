//! Failures by meaning. Each message says what happened, what it means and what to do, and names
//! the field or value.

use crate::chart::{Failure, FailureCode};

/// As many characters of a value as a message shows.
const SHOWN: usize = 120;

impl Failure {
    /// A failure with neither control nor attributes.
    pub fn new(code: FailureCode, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            control: None,
            attributes: Vec::new(),
        }
    }

    /// Not JSON, not whole, or not the shape that Looker documents.
    pub fn malformed(message: impl Into<String>) -> Self {
        Self::new(FailureCode::Malformed, message)
    }

    /// Looker answered with an error instead of data.
    pub fn looker_error(message: impl Into<String>) -> Self {
        Self::new(FailureCode::LookerError, message)
    }

    /// A sound result, but not a chart that this extractor reads.
    pub fn unsupported(message: impl Into<String>) -> Self {
        Self::new(FailureCode::Unsupported, message)
    }

    /// The selection names a control, field or value that there is not.
    pub fn bad_selection(control: &str, message: impl Into<String>) -> Self {
        Self::new(FailureCode::BadSelection, message).blaming(control)
    }

    /// No row fits, or the cell is null.
    pub fn no_data(message: impl Into<String>) -> Self {
        Self::new(FailureCode::NoData, message)
    }

    /// The cell holds something that is not a number.
    pub fn not_numeric(message: impl Into<String>) -> Self {
        Self::new(FailureCode::NotNumeric, message)
    }

    /// Several answers fit; the control is the one that tells them apart.
    pub fn ambiguous(control: &str, message: impl Into<String>) -> Self {
        Self::new(FailureCode::Ambiguous, message).blaming(control)
    }

    /// Looker cut the result short and what is wanted may be among what is missing.
    pub fn incomplete(message: impl Into<String>) -> Self {
        Self::new(FailureCode::Incomplete, message)
    }

    /// The extractor itself is at fault; the message is for its author.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(FailureCode::Internal, message)
    }

    /// Anything else, under a code of the extractor's own.
    pub fn other(code: &str, message: impl Into<String>) -> Self {
        Self {
            attributes: vec![("code".to_owned(), code.to_owned())],
            ..Self::new(FailureCode::Other, message)
        }
    }

    /// The same failure, with the control that the person should change.
    #[must_use]
    pub fn blaming(mut self, control: &str) -> Self {
        self.control = Some(control.to_owned());
        self
    }
}

/// A value as a message shows it: in backticks, its middle left out where it is long.
pub fn shown(value: &str) -> String {
    if value.chars().nth(SHOWN).is_none() {
        return format!("`{value}`");
    }
    let start: String = value.chars().take(SHOWN).collect();
    format!("`{start}…`")
}
