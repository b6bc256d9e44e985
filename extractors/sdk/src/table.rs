//! The rows of a result: of each row the cells of the columns asked for, the rest skipped.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::cell::{Cell, CellSeed};

/// A column asked for.
#[derive(Clone, Debug)]
pub struct Column<'a> {
    /// The field's name.
    pub name: Cow<'a, str>,
    /// Whether its cells may hold one value for each pivot.
    pub pivoted: bool,
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
        self.columns.iter().position(|column| column.name == name)
    }

    /// A cell. What is out of bounds is absent.
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

/// Reads a list of rows; none where it is no list.
pub(crate) struct RowsSeed<'a>(pub Vec<Column<'a>>);

impl<'de> DeserializeSeed<'de> for RowsSeed<'de> {
    type Value = Table<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for RowsSeed<'de> {
    type Value = Table<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("`data` to be a list of rows")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut rows = 0;
        let mut cells = Vec::new();
        while list
            .next_element_seed(RowSeed {
                columns: &self.0,
                cells: &mut cells,
            })?
            .is_some()
        {
            rows += 1;
        }
        Ok(Table {
            columns: self.0,
            rows,
            cells,
        })
    }
}

/// Reads one row that stands by itself, as the totals do.
pub(crate) struct SoleRowSeed<'a>(pub Vec<Column<'a>>);

impl<'de> DeserializeSeed<'de> for SoleRowSeed<'de> {
    type Value = Table<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        let mut cells = Vec::new();
        RowSeed {
            columns: &self.0,
            cells: &mut cells,
        }
        .deserialize(deserializer)?;
        Ok(Table {
            columns: self.0,
            rows: 1,
            cells,
        })
    }
}

struct RowSeed<'r, 'a> {
    columns: &'r [Column<'a>],
    cells: &'r mut Vec<Cell<'a>>,
}

impl<'de> DeserializeSeed<'de> for RowSeed<'_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for RowSeed<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a row, which is an object of cells")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let start = self.cells.len();
        self.cells.resize(start + self.columns.len(), Cell::Absent);
        while let Some(at) = map.next_key_seed(ColumnKey(self.columns))? {
            let Some((index, column)) = at else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            let seed = CellSeed {
                field: &column.name,
                pivoted: column.pivoted,
            };
            let cell = map.next_value_seed(seed)?;
            match self.cells.get_mut(start + index) {
                Some(slot) => *slot = cell,
                None => return Err(A::Error::custom("a row has more cells than columns")),
            }
        }
        Ok(())
    }
}

/// A key of a row as the column it belongs to, without keeping its text.
struct ColumnKey<'r, 'a>(&'r [Column<'a>]);

impl<'de, 'r, 'a> DeserializeSeed<'de> for ColumnKey<'r, 'a> {
    type Value = Option<(usize, &'r Column<'a>)>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'r, 'a> Visitor<'_> for ColumnKey<'r, 'a> {
    type Value = Option<(usize, &'r Column<'a>)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a field's name")
    }

    fn visit_str<E>(self, key: &str) -> Result<Self::Value, E> {
        Ok(self
            .0
            .iter()
            .enumerate()
            .find(|(_, column)| column.name == key))
    }
}
