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

/// A key of a cell that may have a value for each pivot. It is told once for all rows.
#[derive(Clone, Copy)]
enum Key<'a> {
    Value,
    Rendered,
    /// A pivot's.
    Pivot(&'a str),
    /// A pivot's, in which something is escaped or is no text.
    Escaped(Name<'a>),
}

impl<'a> Key<'a> {
    fn of(name: Name<'a>) -> Self {
        match (name.text().as_deref(), name.plain()) {
            (Some("value"), _) => Self::Value,
            (Some("rendered"), _) => Self::Rendered,
            (_, Some(plain)) => Self::Pivot(plain),
            (_, None) => Self::Escaped(name),
        }
    }

    fn text(self) -> Option<Cow<'a, str>> {
        match self {
            Self::Value => Some("value".into()),
            Self::Rendered => Some("rendered".into()),
            Self::Pivot(text) => Some(text.into()),
            Self::Escaped(name) => name.text(),
        }
    }
}

/// What the cells of a column looked like so far.
#[derive(Default)]
pub(crate) struct Likeness<'a> {
    /// A flat cell, or one of a pivot.
    members: Shape<'a, Option<Part>>,
    /// One that has a value for each pivot: the pivots' keys.
    keys: Shape<'a, Option<Key<'a>>>,
    /// How many pivots the last one had a value for.
    pivots: usize,
}

impl<'a> Cell<'a> {
    /// Reads a cell of a column. One that may hold a value for each pivot is told from a flat one by
    /// its own shape, for a calculation beside a pivot may be flat.
    ///
    /// `note` is told of each member of a flat one: where its value begins and ends.
    pub(crate) fn read(
        walk: &mut Walk<'a>,
        likeness: &mut Likeness<'a>,
        column: &Column<'a>,
        note: impl FnMut(&Walk<'a>, &Walk<'a>, Part),
    ) -> Result<Self, Wrong> {
        if column.pivoted {
            return either(walk, likeness, column);
        }
        let what = || format!("a cell of `{}` is no object with `value`", column.name);
        let value = members(walk, &mut likeness.members, what, note)?;
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
fn either<'a>(
    walk: &mut Walk<'a>,
    likeness: &mut Likeness<'a>,
    column: &Column<'a>,
) -> Result<Cell<'a>, Wrong> {
    let Likeness {
        members,
        keys,
        pivots,
    } = likeness;
    let mut value: Option<Token<'a>> = None;
    let mut rendered: Option<Token<'a>> = None;
    let mut entries = Vec::with_capacity(*pivots);
    let mut stranger: Option<Cow<'a, str>> = None;
    walk.object(
        keys,
        || format!("a cell of `{}` is no object", column.name),
        |name| Some(Key::of(name)),
        |walk, key| {
            match key {
                Key::Value => value = Some(walk.token()?),
                Key::Rendered => rendered = Some(walk.token()?),
                Key::Pivot(_) | Key::Escaped(_) => {
                    let no_text = || {
                        Wrong::Shape(format!("a key in a cell of `{}` is not UTF-8", column.name))
                    };
                    let key = key.text().ok_or_else(no_text)?;
                    match entry(walk, members)? {
                        Some(entry) => entries.push((key, entry)),
                        None => stranger = Some(key),
                    }
                }
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
        None => {
            *pivots = entries.len();
            Ok(Cell::Pivoted(entries))
        }
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
