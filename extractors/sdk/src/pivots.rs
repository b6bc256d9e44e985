//! The columns of a pivoted result.
//!
//! A pivot's key is where its cells stand in a row and nothing more: keys change when a sort is
//! added to the query, so a column is always found by the values it stands for.
//!
//! ```
//! use lensmount_sdk::table::Column;
//!
//! # fn main() -> Result<(), lensmount_sdk::chart::Failure> {
//! let body = br#"{"fields": {"pivots": [{"name": "o.status"}], "measures": [{"name": "o.count"}]},
//!                 "pivots": [{"key": "complete|FIELD|1", "data": {"o.status": "complete"}}],
//!                 "data": [{"o.count": {"complete|FIELD|1": {"value": 7}}}]}"#;
//! let document = lensmount_sdk::reader::read(body, |_| {
//!     vec![Column { name: "o.count".into(), pivoted: true }]
//! })?;
//! let is_complete = |value: lensmount_sdk::json::Token<'_>| value.text().as_deref() == Some("complete");
//! let complete = document.pivots.iter().find(|pivot| pivot.value("o.status").is_some_and(is_complete));
//! let key = &complete.expect("a column").key;
//! assert_eq!(document.table.cell(0, 0).under(key).map(|it| it.value.raw()), Some("7"));
//! # Ok(())
//! # }
//! ```

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::chart::Failure;
use crate::json::{Kind, Object, Token};

/// The key under which Looker puts row totals.
pub const ROW_TOTAL: &str = "$$$_row_total_$$$";

/// One column head.
#[derive(Clone, Debug)]
pub struct Pivot<'a> {
    /// Where its cells stand in a row.
    pub key: Cow<'a, str>,
    /// Whether it is a total over other columns; it is never taken for a value then.
    pub is_total: bool,
    /// Whether another column has the same key, so that their cells cannot be told apart.
    pub shares_key: bool,
    data: Object<'a>,
    metadata: Object<'a>,
}

impl<'a> Pivot<'a> {
    /// The value of a pivot field that it stands for: in `data`, else in `metadata`. None where
    /// Looker says neither, so that nothing can be told about it.
    pub fn value(&self, field: &str) -> Option<Token<'a>> {
        self.data
            .get(field)
            .or_else(|| self.metadata.get(field)?.object()?.get("value"))
    }

    /// Whether it stands for no value of any of these fields, as a total over all of them does.
    pub fn stands_for_none(&self, mut fields: impl Iterator<Item = impl AsRef<str>>) -> bool {
        fields.all(|field| self.value(field.as_ref()).is_none_or(Token::is_null))
    }

    /// Whether it is the total over the whole row.
    pub fn is_row_total(&self) -> bool {
        self.is_total && self.key == ROW_TOTAL
    }
}

/// Reads `pivots`. Absent or `null` is none; anything but a list of objects with keys is
/// `malformed`.
pub fn read<'a>(pivots: Option<Token<'a>>) -> Result<Vec<Pivot<'a>>, Failure> {
    let Some(token) = pivots.filter(|token| !token.is_null()) else {
        return Ok(Vec::new());
    };
    let Some(items) = token.items() else {
        return Err(not_documented("`pivots` is not a list"));
    };
    let mut pivots = items
        .into_iter()
        .map(pivot)
        .collect::<Result<Vec<_>, _>>()?;
    let mut seen: BTreeMap<Cow<'a, str>, usize> = BTreeMap::new();
    for pivot in &pivots {
        *seen.entry(pivot.key.clone()).or_default() += 1;
    }
    for pivot in &mut pivots {
        pivot.shares_key = seen.get(&pivot.key).is_some_and(|count| *count > 1);
    }
    Ok(pivots)
}

fn pivot(token: Token<'_>) -> Result<Pivot<'_>, Failure> {
    let Some(object) = token.object() else {
        return Err(not_documented("an item of `pivots` is not an object"));
    };
    let Some(key) = object.get("key").and_then(Token::string) else {
        return Err(not_documented("an item of `pivots` has no `key`"));
    };
    let is_total = object.get("is_total").is_some_and(Token::says_so);
    Ok(Pivot {
        is_total: is_total || key == ROW_TOTAL,
        key,
        shares_key: false,
        data: member(&object, "data"),
        metadata: member(&object, "metadata"),
    })
}

fn member<'a>(object: &Object<'a>, key: &str) -> Object<'a> {
    object
        .get(key)
        .filter(|token| token.kind() == Kind::Object)
        .and_then(Token::object)
        .unwrap_or_default()
}

fn not_documented(what: &str) -> Failure {
    Failure::malformed(format!(
        "{what}, so the columns of this pivoted result can't be told apart. Ask Looker for it again, as `json_detail`."
    ))
}
