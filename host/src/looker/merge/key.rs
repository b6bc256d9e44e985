//! Values that rows are joined by, and whether two are surely equal or surely different.

use std::collections::HashMap;

use lensmount_sdk::json::{Kind, Token};

use super::answer::Row;

/// What a row is joined by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Key {
    values: Vec<Value>,
    /// Keys that some database or other would call equal have this in common.
    folded: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Value {
    Null,
    Bool(bool),
    Number(String),
    Text(String),
}

/// Why rows are not joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Doubt {
    /// A value is a list, an object or a fraction, or is not a value at all.
    Unfit,
    /// Null meets null or an empty text.
    Null,
    /// Two values are equal but for case, surrounding space or type.
    Alike,
    /// Several rows match.
    Several,
}

impl Key {
    /// The values of some fields in a row.
    pub fn of<'f>(row: &Row<'_>, fields: impl Iterator<Item = &'f str>) -> Result<Self, Doubt> {
        let values = fields
            .map(|field| value(row.get(field).copied()))
            .collect::<Result<Vec<_>, _>>()?;
        let folded = values.iter().map(Value::folded).collect();
        Ok(Self { values, folded })
    }

    fn has_null(&self) -> bool {
        self.values.contains(&Value::Null)
    }
}

/// The value in a cell. A row without the cell says nothing of it, as null does.
fn value(cell: Option<Token<'_>>) -> Result<Value, Doubt> {
    let Some(cell) = cell else {
        return Ok(Value::Null);
    };
    let value = cell.object().and_then(|cell| cell.get("value"));
    let value = value.ok_or(Doubt::Unfit)?;
    match value.kind() {
        Kind::Null => Ok(Value::Null),
        Kind::Bool => value.flag().map(Value::Bool).ok_or(Doubt::Unfit),
        // A whole number has one spelling; of a fraction nobody knows how it is compared.
        Kind::Number if is_whole(value.raw()) => Ok(Value::Number(value.raw().to_owned())),
        Kind::Text => match value.string() {
            Some(text) => Ok(Value::Text(text.into_owned())),
            None => Err(Doubt::Unfit),
        },
        Kind::Number | Kind::Array | Kind::Object => Err(Doubt::Unfit),
    }
}

fn is_whole(number: &str) -> bool {
    let digits = number.strip_prefix('-').unwrap_or(number);
    digits.bytes().all(|byte| byte.is_ascii_digit()) && number != "-0"
}

impl Value {
    fn folded(&self) -> String {
        match self {
            Self::Null => String::new(),
            Self::Bool(flag) => flag.to_string(),
            Self::Number(number) => number.clone(),
            Self::Text(text) => text.trim().to_lowercase(),
        }
    }
}

/// The rows of a result by their keys.
pub(super) struct Index(HashMap<Vec<String>, Entry>);

struct Entry {
    row: usize,
    key: Key,
    /// What the second row of that key makes doubtful.
    doubt: Option<Doubt>,
}

impl Index {
    /// Indexes rows by the values of some fields.
    pub fn of(rows: &[Row<'_>], fields: &[&str]) -> Result<Self, Doubt> {
        let mut entries: HashMap<Vec<String>, Entry> = HashMap::with_capacity(rows.len());
        for (row, cells) in rows.iter().enumerate() {
            let key = Key::of(cells, fields.iter().copied())?;
            match entries.get_mut(&key.folded) {
                Some(entry) if entry.key == key => {
                    entry.doubt.get_or_insert(Doubt::Several);
                }
                Some(entry) => entry.doubt = Some(Doubt::Alike),
                None => {
                    let folded = key.folded.clone();
                    let doubt = None;
                    entries.insert(folded, Entry { row, key, doubt });
                }
            }
        }
        Ok(Self(entries))
    }

    /// The row that matches a key, if one does.
    pub fn find(&self, key: &Key) -> Result<Option<usize>, Doubt> {
        let Some(entry) = self.0.get(&key.folded) else {
            return Ok(None);
        };
        if key.has_null() || entry.key.has_null() {
            return Err(Doubt::Null);
        }
        if entry.key != *key {
            return Err(Doubt::Alike);
        }
        match entry.doubt {
            Some(doubt) => Err(doubt),
            None => Ok(Some(entry.row)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows<'a>(values: &[&'a str]) -> Vec<Row<'a>> {
        let row = |value: &&'a str| Row::from([("k".into(), Token::parse(value).unwrap())]);
        values.iter().map(row).collect()
    }

    fn found(wanted: &str, among: &[&str]) -> Result<Option<usize>, Doubt> {
        let index = Index::of(&rows(among), &["k"])?;
        let [row] = &rows(&[wanted])[..] else {
            panic!("one row")
        };
        index.find(&Key::of(row, ["k"].into_iter())?)
    }

    #[test]
    fn rows_are_joined_only_where_there_is_no_doubt() {
        const A: &str = r#"{"value":"a"}"#;
        const UPPER: &str = r#"{"value":"A"}"#;
        const SPACED: &str = r#"{"value":"a "}"#;
        const B: &str = r#"{"value":"b"}"#;
        const NULL: &str = r#"{"value":null}"#;
        const EMPTY: &str = r#"{"value":""}"#;
        const YEAR: &str = r#"{"value":2026}"#;
        const WORD: &str = r#"{"value":"2026"}"#;
        const TENTH: &str = r#"{"value":0.1}"#;
        const EXPONENT: &str = r#"{"value":1e3}"#;
        const LIST: &str = r#"{"value":[1]}"#;
        const PIVOT: &str = r#"{"x":{"value":1}}"#;
        /// A key, the keys it is looked for among, and where it is found.
        type Case<'a> = (&'a str, &'a [&'a str], Result<Option<usize>, Doubt>);
        let cases: [Case<'_>; 19] = [
            (A, &[B, A], Ok(Some(1))),
            (r#"{"value":"\u0061"}"#, &[A], Ok(Some(0))),
            (YEAR, &[YEAR], Ok(Some(0))),
            (r#"{"value":true}"#, &[r#"{"value":true}"#], Ok(Some(0))),
            (A, &[B], Ok(None)),
            (A, &[], Ok(None)),
            (A, &[B, B, NULL, NULL], Ok(None)),
            (NULL, &[A], Ok(None)),
            (A, &[A, B, A], Err(Doubt::Several)),
            (A, &[UPPER], Err(Doubt::Alike)),
            (A, &[A, UPPER], Err(Doubt::Alike)),
            (A, &[SPACED], Err(Doubt::Alike)),
            (YEAR, &[WORD], Err(Doubt::Alike)),
            (NULL, &[NULL], Err(Doubt::Null)),
            (NULL, &[EMPTY], Err(Doubt::Null)),
            (TENTH, &[A], Err(Doubt::Unfit)),
            (A, &[EXPONENT], Err(Doubt::Unfit)),
            (A, &[LIST], Err(Doubt::Unfit)),
            (PIVOT, &[A], Err(Doubt::Unfit)),
        ];
        for (wanted, among, expected) in cases {
            assert_eq!(found(wanted, among), expected, "{wanted} among {among:?}");
        }
    }
}
