//! The rows of a result: of each row the cells of the columns asked for, the rest skipped.

use std::borrow::Cow;

use crate::cell::{Cell, Likeness};
use crate::shape::Shape;
use crate::skip::same;
use crate::stencil::{Act, Stencils};
use crate::walk::{Walk, Wrong};

/// A column asked for.
#[derive(Clone, Debug)]
pub struct Column<'a> {
    /// The field's name.
    pub name: Cow<'a, str>,
    /// Whether its cells may hold one value for each pivot.
    pub pivoted: bool,
}

impl Column<'_> {
    /// Whether that is its name.
    pub(crate) fn is_called(&self, name: &[u8]) -> bool {
        same(self.name.as_bytes(), name)
    }
}

/// The rows, in the order Looker sent them.
#[derive(Clone, Debug, Default)]
pub struct Table<'a> {
    columns: Vec<Column<'a>>,
    rows: usize,
    cells: Vec<Cell<'a>>,
}

impl<'a> Table<'a> {
    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Where the column of a field stands, if it was asked for.
    pub fn column(&self, name: &str) -> Option<usize> {
        let mut columns = self.columns.iter();
        columns.position(|column| column.is_called(name.as_bytes()))
    }

    /// Whether a column's cells may hold one value for each pivot.
    pub fn is_pivoted(&self, column: usize) -> bool {
        self.columns
            .get(column)
            .is_some_and(|column| column.pivoted)
    }

    /// A cell. What is out of bounds is absent.
    #[inline]
    pub fn cell(&self, row: usize, column: usize) -> &Cell<'a> {
        const ABSENT: &Cell<'static> = &Cell::Absent;
        if column >= self.columns.len() {
            return ABSENT;
        }
        self.cells
            .get(row * self.columns.len() + column)
            .unwrap_or(ABSENT)
    }

    /// The cells of one column, row by row.
    pub fn cells(&self, column: usize) -> impl Iterator<Item = &Cell<'a>> {
        (0..self.rows).map(move |row| self.cell(row, column))
    }
}

impl<'a> Table<'a> {
    /// Reads a list of rows.
    pub(crate) fn read(walk: &mut Walk<'a>, columns: Vec<Column<'a>>) -> Result<Self, Wrong> {
        let mut reader = Reader::new(&columns);
        let (mut rows, mut cells) = (0, Vec::new());
        walk.list(
            || "`data` is no list of rows".to_owned(),
            |walk| {
                let before = walk.left();
                reader.row(walk, &mut cells)?;
                rows += 1;
                if rows == 1 {
                    // Rows are of one size, mostly. Growing step by step would move what was read
                    // again and again, and leave twice the memory touched.
                    let rows = walk.left() / (before - walk.left()).max(1);
                    let more = rows.saturating_mul(reader.columns.len());
                    cells.reserve(more.min(walk.left() / LEAST_CELL));
                }
                Ok(())
            },
        )?;
        Ok(Self {
            columns,
            rows,
            cells,
        })
    }

    /// Reads one row that stands by itself, as the totals do.
    pub(crate) fn read_row(walk: &mut Walk<'a>, columns: Vec<Column<'a>>) -> Result<Self, Wrong> {
        let mut cells = Vec::new();
        Reader::new(&columns).row(walk, &mut cells)?;
        Ok(Self {
            columns,
            rows: 1,
            cells,
        })
    }
}

/// Bytes of a small cell with its key: hardly more cells can follow than fit into what is left.
const LEAST_CELL: usize = 16;

/// Reads rows, and remembers what they look like.
struct Reader<'c, 'a> {
    columns: &'c [Column<'a>],
    /// What a row looks like: each member is a column's cell or nobody's.
    rows: Shape<'a, Option<Option<usize>>>,
    /// What the cells of each column look like.
    cells: Vec<Likeness<'a>>,
    /// What the last rows looked like as a whole.
    stencils: Stencils<'a>,
}

impl<'c, 'a> Reader<'c, 'a> {
    fn new(columns: &'c [Column<'a>]) -> Self {
        Self {
            columns,
            rows: Shape::default(),
            cells: columns.iter().map(|_| Likeness::default()).collect(),
            stencils: Stencils::default(),
        }
    }

    fn row(&mut self, walk: &mut Walk<'a>, cells: &mut Vec<Cell<'a>>) -> Result<(), Wrong> {
        // What a row looks like begins at its bracket: the list has passed over the blanks before the first
        // row, and not over those after a comma.
        walk.next_byte();
        let start = cells.len();
        cells.resize(start + self.columns.len(), Cell::Absent);
        let row = cells.get_mut(start..).unwrap_or_default();
        let (columns, shapes) = (self.columns, &mut self.cells);
        let whole = |walk: &mut Walk<'a>, place| match (columns.get(place), shapes.get_mut(place)) {
            (Some(column), Some(shape)) => Cell::read(walk, shape, column, |_, _, _| {}),
            _ => Ok(Cell::Absent),
        };
        if self.stencils.read(walk, row, whole) {
            return Ok(());
        }
        self.unlike(walk, row)
    }

    /// Reads a row that is unlike those before.
    fn unlike(&mut self, walk: &mut Walk<'a>, row: &mut [Cell<'a>]) -> Result<(), Wrong> {
        let mut trace = self.stencils.trace(walk);
        walk.object(
            &mut self.rows,
            || "a row is no object of cells".to_owned(),
            |name| {
                // What nobody asks for is looked at as well: it is a part of what rows look like.
                Some(name.is(|name| {
                    let mut columns = self.columns.iter();
                    columns.position(|column| column.is_called(name))
                }))
            },
            |walk, place| {
                let begun = walk.clone();
                let mut note = |start: &Walk<'a>, end: &Walk<'a>, act| {
                    if let Some(trace) = &mut trace {
                        trace.note(start, end, act);
                    }
                };
                let Some(place) = place else {
                    walk.skip()?;
                    note(&begun, walk, Act::Pass);
                    return Ok(());
                };
                if let (Some(column), Some(shape), Some(slot)) = (
                    self.columns.get(place),
                    self.cells.get_mut(place),
                    row.get_mut(place),
                ) {
                    *slot = Cell::read(walk, shape, column, |start, end, part| {
                        note(start, end, part.act(place));
                    })?;
                    if column.pivoted {
                        note(&begun, walk, Act::Whole(place));
                    }
                }
                Ok(())
            },
        )?;
        self.stencils.learn(trace, walk);
        Ok(())
    }
}
