//! The result of one query of a merge, borrowed from the bytes that Looker sent.

use std::borrow::Cow;
use std::collections::HashMap;

use jiff::Timestamp;
use lensmount_sdk::errors::Complaints;
use lensmount_sdk::json::{Object, Token};

use super::refused;
use crate::looker::error::{LookerError, cut};

/// The cells of a row, by field.
pub(super) type Row<'a> = HashMap<Cow<'a, str>, Token<'a>>;

/// More rows than these Looker leaves out of a merge.
const MOST_ROWS: usize = 5_000;

/// A result.
pub(super) struct Answer<'a> {
    pub fields: Vec<Field<'a>>,
    pub rows: Vec<Row<'a>>,
    /// Whether the row limit cut it.
    pub truncated: bool,
    pub from_cache: Option<bool>,
    /// When Looker computed it: as a moment, and as it wrote it.
    pub ran_at: Option<(Timestamp, Token<'a>)>,
    pub timezone: Option<Cow<'a, str>>,
    /// What Looker added to the query, such as a sort.
    pub added_params: Option<Token<'a>>,
    /// What Looker notes about numbers that are sound all the same.
    pub notes: Vec<Token<'a>>,
}

/// A field of a result.
pub(super) struct Field<'a> {
    pub name: Cow<'a, str>,
    pub role: Role,
    pub about: Token<'a>,
}

/// Which of Looker's lists a field stands in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Dimension,
    Measure,
    Calculation,
}

impl<'a> Answer<'a> {
    /// Reads a result.
    ///
    /// # Errors
    ///
    /// When it is none that can be joined.
    pub fn read(body: &'a [u8], name: &str) -> Result<Self, LookerError> {
        let what = format!("the result of source {name:?}");
        let shapeless = || LookerError::Malformed {
            what: what.clone(),
            source: None,
        };
        let text = std::str::from_utf8(body).map_err(|_| shapeless())?;
        let document = Token::parse(text).and_then(Token::object);
        let document = document.ok_or_else(shapeless)?;
        let complaints = Complaints {
            errors: document.get("errors"),
            error: document.get("error"),
            status: document.get("status"),
        };
        complaints
            .judge()
            .map_err(|failure| LookerError::BadSource {
                name: name.to_owned(),
                words: cut(&failure.message),
            })?;
        let says_so = |key| document.get(key).is_some_and(Token::says_so);
        let fields = document.get("fields").and_then(Token::object);
        let fields = fields.ok_or_else(shapeless)?;
        if says_so("pivots") || fields.get("pivots").is_some_and(Token::says_so) {
            return Err(refused(format!("its source {name:?} is pivoted")));
        }
        let rows = document.get("data").and_then(Token::items);
        let rows = rows.ok_or_else(shapeless)?;
        if rows.len() > MOST_ROWS {
            return Err(refused(format!(
                "its source {name:?} has {} rows, and Looker joins the first {MOST_ROWS} only; lower \
                 the source's row limit or filter it",
                rows.len()
            )));
        }
        let rows = rows.into_iter().map(row).collect::<Option<Vec<_>>>();
        let ran_at = document.get("ran_at").and_then(|token| {
            let moment = token.string()?.parse().ok()?;
            Some((moment, token))
        });
        Ok(Self {
            fields: self::fields(&fields).ok_or_else(shapeless)?,
            rows: rows.ok_or_else(shapeless)?,
            truncated: says_so("truncated"),
            from_cache: document.get("from_cache").and_then(Token::flag),
            ran_at,
            timezone: document.get("timezone").and_then(Token::filled),
            added_params: document
                .get("added_params")
                .filter(|added| !added.is_null()),
            notes: document
                .get("errors")
                .and_then(Token::items)
                .unwrap_or_default(),
        })
    }

    /// The field of a name.
    pub fn field(&self, name: &str) -> Option<&Field<'a>> {
        self.fields.iter().find(|field| field.name == name)
    }
}

fn row(row: Token<'_>) -> Option<Row<'_>> {
    let row = row.object()?;
    // Of a cell that stands twice the last counts.
    Some(
        row.iter()
            .map(|(name, cell)| (name.clone(), cell))
            .collect(),
    )
}

fn fields<'a>(lists: &Object<'a>) -> Option<Vec<Field<'a>>> {
    let roles = [
        ("dimensions", Role::Dimension),
        ("measures", Role::Measure),
        ("table_calculations", Role::Calculation),
    ];
    let mut fields: Vec<Field<'a>> = Vec::new();
    for (list, role) in roles {
        let Some(list) = lists.get(list).filter(|list| !list.is_null()) else {
            continue;
        };
        for about in list.items()? {
            let name = about.object()?.get("name")?.filled()?;
            fields.push(Field { name, role, about });
        }
    }
    Some(fields)
}
