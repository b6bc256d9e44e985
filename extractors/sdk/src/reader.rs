//! Reads a `json_detail` answer in one pass over borrowed bytes.
//!
//! The document is gone through to its last brace before a number is taken from it: one that is cut
//! anywhere, or has anything after its end, is `malformed` and never a number. What is read is checked
//! byte by byte; a list or object that is not asked for is passed over by its brackets, and need only
//! be whole.
//!
//! [`read`], and [`read_strictly`] to hold it against, are all that the rest knows of how it is done.
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
//! let document = lensmount_sdk::reader::read(body, |fields| {
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
//! let cut = lensmount_sdk::reader::read(&body[..body.len() - 1], |_| Vec::new());
//! assert!(cut.is_err());
//! # Ok(())
//! # }
//! ```

use crate::chart::Failure;
use crate::document::Document;
use crate::errors::{Complaints, in_list};
use crate::fields::Fields;
use crate::json::Token;
use crate::name::Name;
use crate::pivots;
use crate::table::{Column, Table};
use crate::walk::{Walk, Wrong};

/// Reads a body. `columns` says, from the fields alone, which columns to keep.
///
/// Failures: `malformed` where it is not JSON, not whole or not Looker's shape; `looker-error`
/// where Looker answered with an error.
pub fn read<'a>(
    body: &'a [u8],
    columns: impl Fn(&Fields<'a>) -> Vec<Column<'a>>,
) -> Result<Document<'a>, Failure> {
    whole(Walk::swift(body), columns)
}

/// Reads a body as [`read`] does, by another way: every byte is checked, and nothing is passed over
/// unseen. Where both say something they say the same; this one refuses more. It is several times as
/// slow and there to be held against.
///
/// Failures: as for [`read`], and `malformed` where anything in the body is not JSON or not UTF-8.
pub fn read_strictly<'a>(
    body: &'a [u8],
    columns: impl Fn(&Fields<'a>) -> Vec<Column<'a>>,
) -> Result<Document<'a>, Failure> {
    whole(Walk::strict(text(body)?), columns)
}

fn whole<'a>(
    mut walk: Walk<'a>,
    columns: impl Fn(&Fields<'a>) -> Vec<Column<'a>>,
) -> Result<Document<'a>, Failure> {
    if walk.next_byte() == Some(b'[') {
        return Err(list(walk));
    }
    let mut parts = Parts::default();
    match parts.read(&mut walk, &columns).and_then(|()| walk.end()) {
        Ok(()) => parts.document(columns),
        Err(wrong) => Err(misshapen(&walk, wrong)),
    }
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

/// Why a body could not be read, in words for a person.
pub(crate) fn misshapen(walk: &Walk<'_>, wrong: Wrong) -> Failure {
    Failure::malformed(match wrong {
        Wrong::Json(fault) if walk.is_cut(fault) => format!(
            "The result is cut short: it ends after {} bytes, and {} was to come. No number is read from a part; ask Looker for it again.",
            fault.at, fault.what
        ),
        Wrong::Json(fault) => format!(
            "The result is not JSON: {} should stand at byte {}. It may be a page of a proxy or a log-in; ask Looker for it again.",
            fault.what, fault.at
        ),
        Wrong::Shape(what) => format!(
            "The result is not of the shape of Looker's `json_detail`: {what}. Ask Looker for the format `json_detail`."
        ),
    })
}

/// What a list means: an error of one of Looker's plain formats, or the wrong format.
fn list(mut walk: Walk<'_>) -> Failure {
    let token = match walk.token().and_then(|token| walk.end().map(|()| token)) {
        Ok(token) => token,
        Err(wrong) => return misshapen(&walk, wrong),
    };
    in_list(&token.items().unwrap_or_default()).unwrap_or_else(|| {
        Failure::malformed(
            "The result is a list: that is Looker's `json` format, which says nothing about its fields. Ask for `json_detail`.",
        )
    })
}

/// What is kept of a result.
#[derive(Clone, Copy)]
enum Part {
    Data,
    Fields,
    Pivots,
    Errors,
    Error,
    Status,
    RanAt,
    Timezone,
    Truncated,
    Unordered,
    ColumnsTruncated,
    AddedParams,
    Totals,
    Other,
}

impl Part {
    fn of(name: Name<'_>) -> Self {
        name.is(|name| match name {
            b"data" => Self::Data,
            b"fields" => Self::Fields,
            b"pivots" => Self::Pivots,
            b"errors" => Self::Errors,
            b"error" => Self::Error,
            b"status" => Self::Status,
            b"ran_at" => Self::RanAt,
            b"timezone" => Self::Timezone,
            b"truncated" => Self::Truncated,
            b"unordered" => Self::Unordered,
            b"columns_truncated" => Self::ColumnsTruncated,
            b"added_params" => Self::AddedParams,
            b"totals_data" => Self::Totals,
            _ => Self::Other,
        })
    }
}

/// The rows, read already or to be read when the fields are known.
#[derive(Default)]
enum Rows<'a> {
    #[default]
    Missing,
    /// They stand before the fields, from the one place to the other.
    Aside(Walk<'a>, Walk<'a>),
    /// They were read by the fields known then, and stand there.
    Read(Table<'a>, Walk<'a>, Walk<'a>),
}

#[derive(Default)]
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
    added_params: Option<Walk<'a>>,
    totals: Option<Token<'a>>,
}

impl<'a> Parts<'a> {
    fn read(
        &mut self,
        walk: &mut Walk<'a>,
        columns: impl Fn(&Fields<'a>) -> Vec<Column<'a>>,
    ) -> Result<(), Wrong> {
        walk.lone_object(
            || "it is no object with `fields` and `data`".to_owned(),
            |walk, name| {
                let place = match Part::of(name) {
                    Part::AddedParams => {
                        self.added_params = Some(walk.clone());
                        return walk.skip();
                    }
                    Part::Data => return self.data(walk, &columns),
                    Part::Fields => return self.fields(walk),
                    Part::Other => return walk.skip(),
                    Part::Pivots => &mut self.pivots,
                    Part::Errors => &mut self.complaints.errors,
                    Part::Error => &mut self.complaints.error,
                    Part::Status => &mut self.complaints.status,
                    Part::RanAt => &mut self.ran_at,
                    Part::Timezone => &mut self.timezone,
                    Part::Truncated => &mut self.truncated,
                    Part::Unordered => &mut self.unordered,
                    Part::ColumnsTruncated => &mut self.columns_truncated,
                    Part::Totals => &mut self.totals,
                };
                *place = Some(walk.token()?);
                Ok(())
            },
        )
    }

    fn data(
        &mut self,
        walk: &mut Walk<'a>,
        columns: impl Fn(&Fields<'a>) -> Vec<Column<'a>>,
    ) -> Result<(), Wrong> {
        let here = walk.clone();
        self.rows = match &self.fields {
            _ if walk.takes_null()? => Rows::Missing,
            Some(fields) => {
                let table = Table::read(walk, columns(fields))?;
                Rows::Read(table, here, walk.clone())
            }
            None => {
                walk.skip()?;
                Rows::Aside(here, walk.clone())
            }
        };
        Ok(())
    }

    /// `fields`, or none where it is `null`: a failed query may have none, and its error comes first.
    fn fields(&mut self, walk: &mut Walk<'a>) -> Result<(), Wrong> {
        self.fields = if walk.takes_null()? {
            None
        } else {
            Some(Fields::read(walk)?)
        };
        // Where the fields come twice the last ones count, for rows that were read already too.
        if let Rows::Read(_, here, end) = &self.rows {
            self.rows = Rows::Aside(here.clone(), end.clone());
        }
        Ok(())
    }

    /// The document, once Looker's complaints are heard: a failed query need not have any rows.
    fn document(
        self,
        columns: impl Fn(&Fields<'a>) -> Vec<Column<'a>>,
    ) -> Result<Document<'a>, Failure> {
        let notes = self.complaints.judge()?;
        let Some(fields) = self.fields else {
            return Err(lacks("fields", "an object"));
        };
        let table = match self.rows {
            Rows::Read(table, ..) => table,
            Rows::Aside(mut walk, end) => Table::read(&mut walk, columns(&fields))
                // What was passed over must be what was read.
                .and_then(|table| walk.meets(&end).map(|()| table))
                .map_err(|wrong| misshapen(&walk, wrong))?,
            Rows::Missing => return Err(lacks("data", "a list")),
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
            added_params: self.added_params,
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
