//! The cells of the columns asked for: one value, or one value for each pivot.

use std::borrow::Cow;

use crate::json::{Kind, Token};
use crate::name::Name;
use crate::shape::Shape;
use crate::stencil::Act;
use crate::table::Column;
use crate::walk::{Walk, Wrong};

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

/// What a member of a cell is.
#[derive(Clone, Copy)]
pub(crate) enum Part {
    Value,
    Rendered,
    Other,
}

impl Part {
    fn of(name: Name<'_>) -> Self {
        name.is(|name| match name {
            b"value" => Self::Value,
            b"rendered" => Self::Rendered,
            _ => Self::Other,
        })
    }

    /// What is done with it in a cell of that column.
    pub fn act(self, column: usize) -> Act {
        match self {
            Self::Value => Act::Value(column),
            Self::Rendered => Act::Rendered(column),
            Self::Other => Act::Pass,
        }
    }
}

impl<'a> Cell<'a> {
    /// Reads a cell of a column. One that may hold a value for each pivot is told from a flat one by
    /// its own shape, for a calculation beside a pivot may be flat.
    ///
    /// `note` is told of each member of a flat one: where its value begins and ends.
    pub(crate) fn read(
        walk: &mut Walk<'a>,
        shape: &mut Shape<'a, Option<Part>>,
        column: &Column<'a>,
        note: impl FnMut(&Walk<'a>, &Walk<'a>, Part),
    ) -> Result<Self, Wrong> {
        if column.pivoted {
            return either(walk, column);
        }
        let what = || format!("a cell of `{}` is no object with `value`", column.name);
        let value = members(walk, shape, what, note)?;
        match value {
            Some(value) => Ok(Self::Flat(value)),
            None => Err(Wrong::Shape(format!(
                "a cell of `{}` has no `value`",
                column.name
            ))),
        }
    }
}

/// The `value` and `rendered` of an object; none where it has no `value`.
fn members<'a>(
    walk: &mut Walk<'a>,
    shape: &mut Shape<'a, Option<Part>>,
    what: impl Fn() -> String,
    mut note: impl FnMut(&Walk<'a>, &Walk<'a>, Part),
) -> Result<Option<Value<'a>>, Wrong> {
    let (mut value, mut rendered) = (None, None);
    let role = |name: Name<'a>| Some(Part::of(name));
    walk.object(shape, what, role, |walk, part| {
        let start = walk.clone();
        match part {
            Part::Value => value = Some(walk.token()?),
            Part::Rendered => rendered = Some(walk.token()?),
            Part::Other => walk.skip()?,
        }
        note(&start, walk, part);
        Ok(())
    })?;
    Ok(value.map(|value| Value { value, rendered }))
}

/// A cell in a pivoted column. The keys are those of the pivots, or those of a flat cell; only after
/// the last of them is it known which.
fn either<'a>(walk: &mut Walk<'a>, column: &Column<'a>) -> Result<Cell<'a>, Wrong> {
    let mut value: Option<Token<'a>> = None;
    let mut rendered: Option<Token<'a>> = None;
    let mut entries = Vec::new();
    let mut stranger: Option<Cow<'a, str>> = None;
    let mut inner = Shape::default();
    walk.lone_object(
        || format!("a cell of `{}` is no object", column.name),
        |walk, name| {
            let no_text =
                || Wrong::Shape(format!("a key in a cell of `{}` is not UTF-8", column.name));
            let key = name.text().ok_or_else(no_text)?;
            match &*key {
                "value" => value = Some(walk.token()?),
                "rendered" => rendered = Some(walk.token()?),
                _ => match entry(walk, &mut inner)? {
                    Some(entry) => entries.push((key, entry)),
                    None => stranger = Some(key),
                },
            }
            Ok(())
        },
    )?;
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
        Some(key) => Err(Wrong::Shape(format!(
            "a cell of `{}` has no `value`, and what stands under `{key}` is no cell of a pivot",
            column.name
        ))),
    }
}

/// What stands under a pivot's key: a cell, or none where it is anything else.
fn entry<'a>(
    walk: &mut Walk<'a>,
    shape: &mut Shape<'a, Option<Part>>,
) -> Result<Option<Value<'a>>, Wrong> {
    if walk.next_byte() == Some(b'{') {
        return members(walk, shape, String::new, |_, _, _| {});
    }
    walk.skip()?;
    Ok(None)
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
