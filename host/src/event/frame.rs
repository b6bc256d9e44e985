//! A result taken apart into its head and its rows.
//!
//! An event mapper gets the head (everything but `data`) and the rows beside each other. Neither is
//! parsed here beyond finding where they begin and end, so no value passes through a float.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserializer, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;

/// A result whose rows stand apart.
#[derive(Debug)]
pub struct Framed<'a> {
    /// The document without `data`, as JSON.
    pub head: Vec<u8>,
    /// The value of `data`, as it came: a JSON array.
    pub rows: &'a [u8],
}

/// A result that has no head and rows to tell apart.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// Not a whole JSON object.
    #[error(
        "the result is not a whole JSON object; ask Looker for `json_detail`, and send all of it"
    )]
    Document(#[source] serde_json::Error),
    /// No array of rows.
    #[error("the result has no array `data`; ask Looker for `json_detail`")]
    Rows,
}

/// Splits a result. A repeated `data` counts as its last.
///
/// # Errors
///
/// When the document is not whole, not an object, or without rows.
pub fn split(result: &[u8]) -> Result<Framed<'_>, FrameError> {
    let mut document = serde_json::Deserializer::from_slice(result);
    let split = (&mut document)
        .deserialize_map(Split)
        .map_err(FrameError::Document)?;
    document.end().map_err(FrameError::Document)?;
    let rows = split.rows.ok_or(FrameError::Rows)?.get();
    if !rows.starts_with('[') {
        return Err(FrameError::Rows);
    }
    Ok(Framed {
        head: split.head,
        rows: rows.as_bytes(),
    })
}

struct Split;

struct Parts<'a> {
    head: Vec<u8>,
    rows: Option<&'a RawValue>,
}

impl<'de> Visitor<'de> for Split {
    type Value = Parts<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a `json_detail` object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Parts<'de>, A::Error> {
        let mut parts = Parts {
            head: vec![b'{'],
            rows: None,
        };
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            let value: &'de RawValue = map.next_value()?;
            if key == "data" {
                parts.rows = Some(value);
                continue;
            }
            if parts.head.len() > 1 {
                parts.head.push(b',');
            }
            let key = serde_json::to_string(&key).map_err(A::Error::custom)?;
            parts.head.extend_from_slice(key.as_bytes());
            parts.head.push(b':');
            parts.head.extend_from_slice(value.get().as_bytes());
        }
        parts.head.push(b'}');
        Ok(parts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn head_and_rows_stand_apart_in_either_order() {
        for result in [
            r#"{"data":[{"n":1.50}], "fields":{"a":9007199254740993}}"#,
            r#"{"fields":{"a":9007199254740993},"data":[{"n":1.50}]}"#,
        ] {
            let framed = split(result.as_bytes()).expect("splits");
            assert_eq!(framed.rows, br#"[{"n":1.50}]"#);
            assert_eq!(framed.head, br#"{"fields":{"a":9007199254740993}}"#);
        }
    }

    #[test]
    fn what_is_not_whole_or_has_no_rows_is_refused() {
        for result in [
            "",
            "[",
            "[]",
            "{",
            r#"{"data":[1]"#,
            r#"{"data":[]} x"#,
            "{}",
            r#"{"data":{}}"#,
            r#"{"data":null}"#,
        ] {
            assert!(split(result.as_bytes()).is_err(), "{result}");
        }
    }

    #[test]
    fn a_key_that_needs_escapes_stays_a_key() {
        let framed = split(br#"{"a\"b":1,"data":[]}"#).expect("splits");
        assert_eq!(framed.head, br#"{"a\"b":1}"#);
    }
}
