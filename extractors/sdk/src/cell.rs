//! The cells of the columns asked for: one value, or one value for each pivot.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::json::{Kind, Text, Token, keys};

/// What a cell holds: the value, and how Looker shows it.
#[derive(Clone, Copy, Debug)]
pub struct Value<'a> {
    /// The cell's `value` as it came.
    pub value: Token<'a>,
    /// The cell's `rendered`, where there is one. Shown, never parsed.
    pub rendered: Option<Token<'a>>,
}

/// One cell of one row.
#[derive(Clone, Debug)]
pub enum Cell<'a> {
    /// The row has no such cell; it counts as null.
    Absent,
    /// One value.
    Flat(Value<'a>),
    /// One value for each pivot, under the pivot's key.
    Pivoted(Vec<(Cow<'a, str>, Value<'a>)>),
}

impl<'a> Cell<'a> {
    /// The value under a pivot's key; the last one where the key stands twice.
    pub fn under(&self, key: &str) -> Option<Value<'a>> {
        match self {
            Cell::Pivoted(values) => values
                .iter()
                .rev()
                .find(|(name, _)| name == key)
                .map(|(_, value)| *value),
            Cell::Absent | Cell::Flat(_) => None,
        }
    }

    /// The one value of a flat cell.
    pub fn flat(&self) -> Option<Value<'a>> {
        match self {
            Cell::Flat(value) => Some(*value),
            Cell::Absent | Cell::Pivoted(_) => None,
        }
    }
}

keys! {
    /// What is kept of a cell.
    CellKey { Value = "value", Rendered = "rendered" }
}

/// Reads a cell of the field named, pivoted or flat.
pub(crate) struct CellSeed<'f> {
    /// Named in what is said about a cell of the wrong shape.
    pub field: &'f str,
    /// Whether the cell may hold one value for each pivot. Such a cell is told from a flat one by
    /// its own shape, for a calculation beside a pivot may be flat.
    pub pivoted: bool,
}

impl<'de> DeserializeSeed<'de> for CellSeed<'_> {
    type Value = Cell<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        if self.pivoted {
            deserializer.deserialize_map(EitherCell(self.field))
        } else {
            deserializer
                .deserialize_map(FlatCell(self.field))
                .map(Cell::Flat)
        }
    }
}

struct FlatCell<'f>(&'f str);

impl<'de> Visitor<'de> for FlatCell<'_> {
    type Value = Value<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a cell of `{}`, which is an object with `value`", self.0)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut value = None;
        let mut rendered = None;
        while let Some(key) = map.next_key()? {
            match key {
                CellKey::Value => value = Some(map.next_value()?),
                CellKey::Rendered => rendered = Some(map.next_value()?),
                CellKey::Other => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        match value {
            Some(value) => Ok(Value { value, rendered }),
            None => Err(A::Error::custom(format_args!(
                "a cell of `{}` has no `value`",
                self.0
            ))),
        }
    }
}

/// A cell in a pivoted column. The keys are those of the pivots, or those of a flat cell; only
/// after the last of them is it known which.
struct EitherCell<'f>(&'f str);

impl<'de> Visitor<'de> for EitherCell<'_> {
    type Value = Cell<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a cell of `{}`, which is an object", self.0)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut value: Option<Token<'de>> = None;
        let mut rendered: Option<Token<'de>> = None;
        let mut entries = Vec::new();
        let mut stranger: Option<Cow<'de, str>> = None;
        while let Some(Text(key)) = map.next_key()? {
            match key.as_ref() {
                "value" => value = Some(map.next_value()?),
                "rendered" => rendered = Some(map.next_value()?),
                _ => match map.next_value_seed(Entry)? {
                    Some(entry) => entries.push((key, entry)),
                    None => stranger = Some(key),
                },
            }
        }
        if let Some(value) = value
            && !is_cell(value)
        {
            return Ok(Cell::Flat(Value { value, rendered }));
        }
        // A pivot value may well be the word "value" or "rendered".
        for (key, token) in [("value", value), ("rendered", rendered)] {
            if let Some(token) = token {
                match token_cell(token) {
                    Some(cell) => entries.push((Cow::Borrowed(key), cell)),
                    None => stranger = Some(Cow::Borrowed(key)),
                }
            }
        }
        match stranger {
            None => Ok(Cell::Pivoted(entries)),
            Some(key) => Err(A::Error::custom(format_args!(
                "a cell of `{}` has no `value`, and what stands under `{key}` is no cell of a pivot",
                self.0
            ))),
        }
    }
}

/// What stands under a pivot's key: a cell, or none where it is anything else.
struct Entry;

impl<'de> DeserializeSeed<'de> for Entry {
    type Value = Option<Value<'de>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Entry {
    type Value = Option<Value<'de>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a cell")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut value = None;
        let mut rendered = None;
        while let Some(key) = map.next_key()? {
            match key {
                CellKey::Value => value = Some(map.next_value()?),
                CellKey::Rendered => rendered = Some(map.next_value()?),
                CellKey::Other => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(value.map(|value| Value { value, rendered }))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
        Ok(None)
    }
}

fn is_cell(token: Token<'_>) -> bool {
    token.kind() == Kind::Object && token_cell(token).is_some()
}

fn token_cell(token: Token<'_>) -> Option<Value<'_>> {
    let object = token.object()?;
    let value = object.get("value")?;
    Some(Value {
        value,
        rendered: object.get("rendered"),
    })
}
