//! Reads a `json_detail` answer in one pass over borrowed bytes.
//!
//! The whole document is read, to its last brace, before anything is said about it: a document cut
//! anywhere, or with anything after its end, is `malformed` and never a number. What is not asked
//! for is skipped without being kept.
//!
//! [`read`] is all that the rest knows of how it is done.
//!
//! Rows stream by: of each row the cells of the columns asked for are kept, as borrowed text.
//!
//! ```
//! use lensmount_sdk::table::Column;
//!
//! # fn main() -> Result<(), lensmount_sdk::chart::Failure> {
//! let body = br#"{"fields": {"dimensions": [{"name": "o.month"}], "measures": [{"name": "o.total"}]},
//!                 "data": [{"o.month": {"value": "2026-10"}, "o.total": {"value": 10.50}, "o.more": {"value": 1}},
//!                          {"o.month": {"value": "2026-11"}, "o.total": {"value": 9007199254740993}}]}"#;
//! let document = lensmount_sdk::reader::read(body, &|fields| {
//!     let totals = fields.measure_like();
//!     totals.map(|field| Column { name: field.name.clone(), pivoted: false }).collect()
//! })?;
//! let total = document.table.column("o.total").expect("it was asked for");
//! let digits: Vec<&str> = document
//!     .table
//!     .cells(total)
//!     .filter_map(|cell| Some(cell.flat()?.value.raw()))
//!     .collect();
//! assert_eq!(digits, ["10.50", "9007199254740993"]);
//!
//! // A document that is not whole is no document.
//! let cut = lensmount_sdk::reader::read(&body[..body.len() - 1], &|_| Vec::new());
//! assert!(cut.is_err());
//! # Ok(())
//! # }
//! ```

use std::cell::Cell as Flag;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};

use crate::chart::Failure;
use crate::document::Document;
use crate::errors::{Complaints, in_list};
use crate::fields::{Fields, FieldsSeed};
use crate::json::{Kind, Token, keys};
use crate::pivots;
use crate::table::{Column, RowsSeed, Table};

/// Reads a body. `columns` says, from the fields alone, which columns to keep.
///
/// Failures: `malformed` where it is not JSON, not whole or not Looker's shape; `looker-error`
/// where Looker answered with an error.
pub fn read<'a>(
    body: &'a [u8],
    columns: &dyn Fn(&Fields<'a>) -> Vec<Column<'a>>,
) -> Result<Document<'a>, Failure> {
    let text = text(body)?;
    if text.trim_ascii_start().starts_with('[') {
        return Err(list(text));
    }
    let again = Flag::new(false);
    let mut parts = parts(text, columns, &again, false)?;
    if again.get() {
        // The fields came twice, the second time after the rows had been read by the first: the
        // last ones count, so the rows are kept aside this time.
        parts = self::parts(text, columns, &again, true)?;
    }
    parts.document(columns)
}

/// The body as text. Everything after works on text that is known to be sound.
pub(crate) fn text(body: &[u8]) -> Result<&str, Failure> {
    std::str::from_utf8(body).map_err(|error| {
        Failure::malformed(format!(
            "The result is not UTF-8 (byte {}), so it is not what Looker sends. Ask Looker for it again.",
            error.valid_up_to()
        ))
    })
}

fn parts<'a>(
    text: &'a str,
    columns: &dyn Fn(&Fields<'a>) -> Vec<Column<'a>>,
    again: &Flag<bool>,
    aside: bool,
) -> Result<Parts<'a>, Failure> {
    let mut json = serde_json::Deserializer::from_str(text);
    let parts = json
        .deserialize_map(PartsVisitor {
            columns,
            again,
            aside,
        })
        .map_err(|error| misshapen(&error))?;
    json.end().map_err(|error| misshapen(&error))?;
    Ok(parts)
}

/// Why a body could not be read, in the words of its reader.
pub(crate) fn misshapen(error: &serde_json::Error) -> Failure {
    use serde_json::error::Category;
    Failure::malformed(match error.classify() {
        Category::Eof => format!(
            "The result is cut short: {error}. No number is read from a part; ask Looker for it again."
        ),
        Category::Data => format!(
            "The result is not of the shape of Looker's `json_detail`: {error}. Ask Looker for the format `json_detail`."
        ),
        Category::Syntax | Category::Io => format!(
            "The result is not JSON: {error}. It may be a page of a proxy or a log-in; ask Looker for it again."
        ),
    })
}

/// What a list means: an error of one of Looker's plain formats, or the wrong format.
fn list(text: &str) -> Failure {
    match serde_json::from_str::<Token<'_>>(text) {
        Err(error) => misshapen(&error),
        Ok(token) => in_list(&token.items().unwrap_or_default()).unwrap_or_else(|| {
            Failure::malformed(
                "The result is a list: that is Looker's `json` format, which says nothing about its fields. Ask for `json_detail`.",
            )
        }),
    }
}

keys! {
    /// What is kept of a result.
    Part {
        Data = "data",
        Fields = "fields",
        Pivots = "pivots",
        Errors = "errors",
        Error = "error",
        Status = "status",
        RanAt = "ran_at",
        Timezone = "timezone",
        Truncated = "truncated",
        Unordered = "unordered",
        ColumnsTruncated = "columns_truncated",
        AddedParams = "added_params",
        Totals = "totals_data",
    }
}

/// The rows, read already or to be read when the fields are known.
enum Rows<'a> {
    Missing,
    Aside(Token<'a>),
    Read(Table<'a>),
}

struct Parts<'a> {
    rows: Rows<'a>,
    fields: Option<Fields<'a>>,
    pivots: Option<Token<'a>>,
    complaints: Complaints<'a>,
    ran_at: Option<Token<'a>>,
    timezone: Option<Token<'a>>,
    truncated: Option<Token<'a>>,
    unordered: Option<Token<'a>>,
    columns_truncated: Option<Token<'a>>,
    added_params: Option<Token<'a>>,
    totals: Option<Token<'a>>,
}

impl<'a> Parts<'a> {
    /// The document, once Looker's complaints are heard: a failed query need not have any rows.
    fn document(
        self,
        columns: &dyn Fn(&Fields<'a>) -> Vec<Column<'a>>,
    ) -> Result<Document<'a>, Failure> {
        let notes = self.complaints.judge()?;
        let Some(fields) = self.fields else {
            return Err(lacks("fields", "an object"));
        };
        let table = match self.rows {
            Rows::Read(table) => table,
            Rows::Aside(token) if token.kind() == Kind::Array => {
                let mut json = serde_json::Deserializer::from_str(token.raw());
                RowsSeed(columns(&fields))
                    .deserialize(&mut json)
                    .map_err(|error| misshapen(&error))?
            }
            Rows::Aside(_) | Rows::Missing => return Err(lacks("data", "a list")),
        };
        let says_so = |token: Option<Token<'_>>| token.is_some_and(Token::says_so);
        Ok(Document {
            fields,
            pivots: pivots::read(self.pivots)?,
            table,
            ran_at: self
                .ran_at
                .filter(|token| !token.is_null())
                .map(|token| token.string().unwrap_or(token.raw().into())),
            timezone: self.timezone.and_then(Token::filled),
            truncated: says_so(self.truncated),
            unordered: says_so(self.unordered),
            columns_truncated: says_so(self.columns_truncated),
            added_sorts: self
                .added_params
                .and_then(Token::object)
                .and_then(|params| params.get("sorts")),
            notes,
            totals: self.totals.filter(|totals| totals.says_so()),
        })
    }
}

fn lacks(key: &str, shape: &str) -> Failure {
    Failure::malformed(format!(
        "The result has no `{key}` that is {shape}, so it is not of the shape of Looker's `json_detail`. Ask Looker for the format `json_detail`."
    ))
}

struct PartsVisitor<'v, 'a> {
    columns: &'v dyn Fn(&Fields<'a>) -> Vec<Column<'a>>,
    again: &'v Flag<bool>,
    aside: bool,
}

impl<'de> Visitor<'de> for PartsVisitor<'_, 'de> {
    type Value = Parts<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with `fields` and `data`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut parts = Parts {
            rows: Rows::Missing,
            fields: None,
            pivots: None,
            complaints: Complaints::default(),
            ran_at: None,
            timezone: None,
            truncated: None,
            unordered: None,
            columns_truncated: None,
            added_params: None,
            totals: None,
        };
        while let Some(key) = map.next_key()? {
            match key {
                Part::Data => {
                    parts.rows = match (&parts.fields, self.aside) {
                        (Some(fields), false) => {
                            map.next_value_seed(MaybeRows((self.columns)(fields)))?
                        }
                        _ => Rows::Aside(map.next_value()?),
                    };
                }
                Part::Fields => {
                    self.again.set(matches!(parts.rows, Rows::Read(_)));
                    parts.fields = map.next_value_seed(MaybeFields)?;
                }
                Part::Pivots => parts.pivots = Some(map.next_value()?),
                Part::Errors => parts.complaints.errors = Some(map.next_value()?),
                Part::Error => parts.complaints.error = Some(map.next_value()?),
                Part::Status => parts.complaints.status = Some(map.next_value()?),
                Part::RanAt => parts.ran_at = Some(map.next_value()?),
                Part::Timezone => parts.timezone = Some(map.next_value()?),
                Part::Truncated => parts.truncated = Some(map.next_value()?),
                Part::Unordered => parts.unordered = Some(map.next_value()?),
                Part::ColumnsTruncated => parts.columns_truncated = Some(map.next_value()?),
                Part::AddedParams => parts.added_params = Some(map.next_value()?),
                Part::Totals => parts.totals = Some(map.next_value()?),
                Part::Other => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(parts)
    }
}

/// `fields`, or none where it is `null`: a failed query may have none, and its error comes first.
struct MaybeFields;

impl<'de> DeserializeSeed<'de> for MaybeFields {
    type Value = Option<Fields<'de>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_option(self)
    }
}

impl<'de> Visitor<'de> for MaybeFields {
    type Value = Option<Fields<'de>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("`fields` to be an object of lists")
    }

    fn visit_none<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        FieldsSeed.deserialize(deserializer).map(Some)
    }
}

/// `data`, or missing where it is `null`.
struct MaybeRows<'a>(Vec<Column<'a>>);

impl<'de> DeserializeSeed<'de> for MaybeRows<'de> {
    type Value = Rows<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_option(self)
    }
}

impl<'de> Visitor<'de> for MaybeRows<'de> {
    type Value = Rows<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("`data` to be a list of rows")
    }

    fn visit_none<E>(self) -> Result<Self::Value, E> {
        Ok(Rows::Missing)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        RowsSeed(self.0).deserialize(deserializer).map(Rows::Read)
    }
}
