//! What the chart calls things: the labels a person gave it, else Looker's. Labels are for reading;
//! no value is ever found by one.
//!
//! ```
//! use lensmount_sdk::labels;
//! use lensmount_sdk::vis::Query;
//!
//! # fn main() -> Result<(), lensmount_sdk::chart::Failure> {
//! let body = br#"{"fields": {"measures": [{"name": "o.count", "label": "Orders Count", "label_short": "Count"}]}, "data": []}"#;
//! let document = lensmount_sdk::reader::read(body, |_| Vec::new())?;
//! let count = document.fields.find("o.count").expect("a measure");
//! let called = |query: &[u8]| Query::read(query).map(|query| labels::measure(count, &query).into_owned());
//! assert_eq!(called(b"{}")?, "Orders Count");
//! assert_eq!(called(br#"{"vis_config": {"show_view_names": false}}"#)?, "Count");
//! assert_eq!(called(br#"{"vis_config": {"series_labels": {"o.count": "Sold"}}}"#)?, "Sold");
//! # Ok(())
//! # }
//! ```

use std::borrow::Cow;

use crate::field::Field;
use crate::json::Token;
use crate::pivots::Pivot;
use crate::vis::Query;

/// A field's own label: with its view, or without where the chart doesn't show view names.
pub fn field<'a>(field: &Field<'a>, query: &Query<'_>) -> Cow<'a, str> {
    let (short, long) = (|| field.label_short(), || field.label());
    let label = match query.flag("show_view_names") {
        Some(false) => short().or_else(long),
        _ => long().or_else(short),
    };
    label.unwrap_or_else(|| field.name.clone())
}

/// The name that a person gave a series, by its key: `field` or `pivot - field`.
pub fn series<'a>(query: &Query<'a>, key: &str) -> Option<Cow<'a, str>> {
    query.member("series_labels", key)?.filled()
}

/// What the chart calls a measure.
pub fn measure<'a>(measure: &Field<'a>, query: &Query<'a>) -> Cow<'a, str> {
    series(query, &measure.name).unwrap_or_else(|| field(measure, query))
}

/// What the chart calls a measure under one pivot.
pub fn pivoted(measure_field: &Field<'_>, pivot: &str, query: &Query<'_>) -> String {
    match series(query, &format!("{pivot} - {}", measure_field.name)) {
        Some(label) => label.into_owned(),
        None => format!("{pivot} - {}", measure(measure_field, query)),
    }
}

/// What the chart calls a pivot: the values of its fields, or "Row Total".
pub fn pivot<'f>(pivot: &Pivot<'_>, fields: impl Iterator<Item = &'f str>) -> String {
    if pivot.is_total {
        return "Row Total".to_owned();
    }
    joined(fields.map(|field| pivot.value(field).unwrap_or(Token::NULL)))
}

/// Values as the chart joins them.
pub fn joined<'a>(values: impl Iterator<Item = Token<'a>>) -> String {
    values.map(value).collect::<Vec<_>>().join(" - ")
}

/// A value as the chart shows it; Looker draws null as an empty set.
pub fn value(value: Token<'_>) -> Cow<'_, str> {
    match value.text() {
        Some(text) => text,
        None if value.is_null() => Cow::Borrowed("∅"),
        None => Cow::Borrowed(value.raw()),
    }
}
