//! The `format` control: the number as Looker sent it, or as a percentage.
//!
//! Looker's `0.0%` shows a fraction a hundred times as large; a number without such a format may be either, and
//! then it is not guessed.
//!
//! ```
//! use lensmount_sdk::decimal::Decimal;
//! use lensmount_sdk::percent::Format;
//! use lensmount_sdk::vis::Query;
//!
//! # fn main() -> Result<(), lensmount_sdk::chart::Failure> {
//! let body = br#"{"fields": {"measures": [{"name": "o.share", "value_format": "0.0%"}, {"name": "o.rate"}]}, "data": []}"#;
//! let document = lensmount_sdk::reader::read(body, |_| Vec::new())?;
//! let query = Query::read(b"{}")?;
//! let read = |field: &str, number: &str| {
//!     let field = document.fields.find(field).expect("a measure");
//!     let number = Decimal::parse(number).expect("a number");
//!     Format::Percentage.apply(number, field, &query).map(|number| number.to_string())
//! };
//! assert_eq!(read("o.share", "0.995").ok().as_deref(), Some("99.5"));
//! assert_eq!(read("o.rate", "0.5").ok().as_deref(), Some("50"));
//! assert!(read("o.rate", "42").is_err(), "42 may be a percentage already");
//! # Ok(())
//! # }
//! ```

use crate::chart::Failure;
use crate::decimal::Decimal;
use crate::failure::shown;
use crate::field::Field;
use crate::format::{Percent, percent};
use crate::json::Token;
use crate::vis::Query;

/// A value of the `format` control.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// The number as Looker sent it.
    Exact,
    /// The number as the percentage that the chart shows.
    Percentage,
    /// A hundred times the number, whatever its format.
    Times100,
}

impl Format {
    /// The formats with their labels, in the order to offer them.
    pub const ALL: [(Format, &str); 3] = [
        (Format::Exact, "Exact number"),
        (Format::Percentage, "Percentage"),
        (Format::Times100, "Times 100"),
    ];

    /// The word for it in a selection.
    pub fn word(self) -> &'static str {
        match self {
            Format::Exact => "exact",
            Format::Percentage => "percentage",
            Format::Times100 => "times-100",
        }
    }

    /// Reads the word of a selection; the default is `exact`.
    pub fn chosen(word: Option<&str>) -> Result<Self, Failure> {
        let Some(word) = word else {
            return Ok(Format::Exact);
        };
        let known = Self::ALL
            .into_iter()
            .find(|(format, _)| format.word() == word);
        known.map(|(format, _)| format).ok_or_else(|| {
            Failure::bad_selection(
                "format",
                format!(
                    "There is no format {}. Choose `exact`, `percentage` or `times-100`.",
                    shown(word)
                ),
            )
        })
    }

    /// The number in this format; `ambiguous` where nothing tells whether it is a fraction or a
    /// percentage already.
    pub fn apply(
        self,
        number: Decimal,
        field: &Field<'_>,
        query: &Query<'_>,
    ) -> Result<Decimal, Failure> {
        match self {
            Format::Exact => Ok(number),
            Format::Times100 => Ok(number.times_100()),
            Format::Percentage => percentage(number, field, query),
        }
    }
}

fn percentage(number: Decimal, field: &Field<'_>, query: &Query<'_>) -> Result<Decimal, Failure> {
    match shown_as(field, query) {
        Percent::Scaled => Ok(number.times_100()),
        Percent::Written => Ok(number),
        Percent::None if number.is_at_most_one_and_a_half() => Ok(number.times_100()),
        Percent::None => Err(Failure::ambiguous(
            "format",
            format!(
                "`{}` is {number} and has no percent format, so it may be a fraction or a percentage already. Choose the format `exact` to read {number}, or `times-100` to read a hundred times that.",
                field.name
            ),
        )),
        Percent::Unclear => Err(Failure::ambiguous(
            "format",
            format!(
                "The number format of `{}` scales by 100 in one place and not in another, so nothing tells which percentage {number} is. Choose the format `exact` or `times-100`.",
                field.name
            ),
        )),
    }
}

/// How the chart shows the field: by the series' own format, else the tile's, else the field's.
fn shown_as(field: &Field<'_>, query: &Query<'_>) -> Percent {
    if let Some(format) = query.member("series_value_format", &field.name) {
        let object = format.object();
        let member = |key| {
            object
                .as_ref()
                .and_then(|object| object.get(key))
                .and_then(Token::filled)
        };
        let text = format.filled().or_else(|| member("format_string"));
        let name = member("name");
        if text.is_some() || name.is_some() {
            return judged(text.as_deref(), name.as_deref());
        }
    }
    if let Some(text) = query.text("value_format") {
        return percent(&text);
    }
    judged(
        field.value_format().as_deref(),
        field.value_format_name().as_deref(),
    )
}

/// A format by its text and its name: names that begin with `percent_` scale.
fn judged(text: Option<&str>, name: Option<&str>) -> Percent {
    let by_name = name.is_some_and(|name| name.starts_with("percent_"));
    match (text.map_or(Percent::None, percent), by_name) {
        (Percent::Written, true) => Percent::Unclear,
        (Percent::None, true) => Percent::Scaled,
        (by_text, _) => by_text,
    }
}
