//! One row, cell by cell.

use std::collections::BTreeMap;

use crate::json::Token;
use crate::scan::{Fault, Scan};

/// What a row holds of one field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cell<'a> {
    /// Nothing, or `null` where a cell should be.
    Missing,
    /// A cell with a `value`.
    Flat {
        /// The value.
        value: Token<'a>,
        /// The whole cell, for a pivot may be called "value".
        whole: Token<'a>,
    },
    /// An object of cells by pivot key.
    Pivoted(Token<'a>),
    /// Something that is no cell.
    Unlike(Token<'a>),
}

impl<'a> Cell<'a> {
    /// The value of a flat cell.
    pub fn value(self) -> Option<Token<'a>> {
        match self {
            Self::Flat { value, .. } => Some(value),
            Self::Missing | Self::Pivoted(_) | Self::Unlike(_) => None,
        }
    }

    /// Reads one cell. Of a `value` that stands twice the last one counts, as elsewhere.
    pub fn read(scan: &mut Scan<'a>) -> Result<Self, Fault> {
        if scan.next_byte() != Some(b'{') {
            let token = scan.token()?;
            return Ok(if token.is_null() {
                Self::Missing
            } else {
                Self::Unlike(token)
            });
        }
        // Of the lite stream, every cell is this.
        if let Some((value, whole)) = scan.lone_member(b"{\"value\":")? {
            return Ok(Self::Flat { value, whole });
        }
        let mut value = None;
        let whole = scan.members(|scan, key| {
            let token = scan.token()?;
            if key.is("value") {
                value = Some(token);
            }
            Ok::<_, Fault>(())
        })?;
        Ok(match value {
            Some(value) => Self::Flat { value, whole },
            None => Self::Pivoted(whole),
        })
    }
}

/// Reads rows, and keeps the cells of the columns that are wanted.
///
/// The rows of one result hold their cells in one order, so a column is looked for where the row
/// before had it, and by its name only where it is not there.
pub struct RowReader<'c, 'a> {
    wanted: &'c BTreeMap<&'c str, usize>,
    order: Vec<(&'a str, Option<usize>)>,
    cells: Vec<Cell<'a>>,
}

impl<'c, 'a> RowReader<'c, 'a> {
    /// A reader of the columns in `wanted`: by name, the place of each among the cells.
    pub fn new(wanted: &'c BTreeMap<&'c str, usize>) -> Self {
        let places = wanted.values().max().map_or(0, |last| last + 1);
        Self {
            wanted,
            order: Vec::new(),
            cells: vec![Cell::Missing; places],
        }
    }

    /// Reads one row; none where it is no object.
    pub fn read(&mut self, scan: &mut Scan<'a>) -> Result<Option<&[Cell<'a>]>, Fault> {
        self.cells.fill(Cell::Missing);
        if scan.next_byte() != Some(b'{') {
            scan.token()?;
            return Ok(None);
        }
        let Self {
            wanted,
            order,
            cells,
        } = self;
        let mut column = 0;
        let mut inside = scan.enters()?;
        while inside {
            let place = match order.get(column) {
                Some((raw, place)) if scan.takes_key(raw) => *place,
                _ => {
                    let key = scan.key()?;
                    let place = wanted.get(&*key.text()).copied();
                    order.truncate(column);
                    order.push((key.raw(), place));
                    place
                }
            };
            column += 1;
            match place.and_then(|place| cells.get_mut(place)) {
                Some(cell) => *cell = Cell::read(scan)?,
                None => drop(scan.token()?),
            }
            inside = !scan.leaves()?;
        }
        Ok(Some(&self.cells))
    }
}
