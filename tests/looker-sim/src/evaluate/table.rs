//! Groups, laid out in rows and columns.

use std::collections::BTreeSet;

use super::group::Groups;
use super::tally::Tally;
use super::{Member, Plan};
use crate::decimal::Decimal;
use crate::model::Field;
use crate::query::Query;

/// What a measure or calculation says of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// Nothing, and not even a place for it.
    Absent,
    /// Nothing.
    Null,
    /// A number.
    Number(Decimal),
    /// A text.
    Text(String),
}

/// A pivoted column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// The members of the pivots; none in the column of totals.
    pub members: Vec<Member>,
    /// Whether it is the total of its row.
    pub is_total: bool,
}

/// A row, with a list of cells for each measure and then for each calculation: one cell per column,
/// or a single one without pivots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The members of the dimensions.
    pub members: Vec<Member>,
    /// The cells.
    pub cells: Vec<Vec<Cell>>,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Pivoted columns; none without pivots.
    pub columns: Vec<Column>,
    /// Rows.
    pub rows: Vec<Row>,
    /// The totals of the columns, where they were asked for.
    pub totals: Option<Vec<Vec<Cell>>>,
    /// Whether the row limit cut it.
    pub truncated: bool,
    /// Whether the column limit did.
    pub columns_truncated: bool,
    /// The sort that was added because none was asked for.
    pub added_sort: Option<String>,
}

impl Table {
    /// Keeps no more rows and columns than these.
    pub fn cut(&mut self, rows: usize, columns: usize) {
        self.truncated = self.rows.len() > rows;
        self.rows.truncate(rows);
        let pivoted = self
            .columns
            .iter()
            .filter(|column| !column.is_total)
            .count();
        if pivoted > columns {
            self.columns_truncated = true;
            let of_rows = self.rows.iter_mut().flat_map(|row| &mut row.cells);
            for cells in of_rows.chain(self.totals.iter_mut().flatten()) {
                cells.drain(columns..pivoted);
            }
            self.columns.drain(columns..pivoted);
        }
    }
}

/// Lays out `groups`.
pub fn build(plan: &Plan, query: &Query, groups: Groups) -> Table {
    let keys: BTreeSet<_> = groups
        .values()
        .flat_map(|columns| columns.keys())
        .cloned()
        .collect();
    let pivoted = !plan.pivots.is_empty();
    let row_total = pivoted && query.row_total.as_deref() == Some("right");
    let mut columns = Vec::new();
    if pivoted {
        let column = |members: &Vec<Member>| Column {
            members: members.clone(),
            is_total: false,
        };
        columns.extend(keys.iter().map(column));
        if row_total {
            columns.push(Column {
                members: Vec::new(),
                is_total: true,
            });
        }
    }
    let lay = |tally_of: &dyn Fn(&Column) -> Tally| {
        let whole = [Column {
            members: Vec::new(),
            is_total: false,
        }];
        let over: &[Column] = if pivoted { &columns } else { &whole };
        let tallies: Vec<_> = over.iter().map(tally_of).collect();
        let cells = |field: &Field| {
            let measure = field.measure();
            tallies
                .iter()
                .map(|tally| measure.map_or(Cell::Null, |measure| tally.measure(measure)))
                .collect()
        };
        plan.measures.iter().map(cells).collect::<Vec<Vec<Cell>>>()
    };
    let mut over_all = Vec::new();
    let rows = groups
        .into_iter()
        .map(|(members, tallies)| {
            let cells = lay(&|column| {
                let wanted = tallies
                    .iter()
                    .filter(|(key, _)| column.is_total || **key == column.members);
                sum(wanted.map(|(_, tally)| tally))
            });
            over_all.extend(tallies);
            Row { members, cells }
        })
        .collect();
    let totals = (query.total == Some(true)).then(|| {
        lay(&|column| {
            let wanted = over_all
                .iter()
                .filter(|(key, _)| column.is_total || *key == column.members);
            sum(wanted.map(|(_, tally)| tally))
        })
    });
    Table {
        columns,
        rows,
        totals,
        truncated: false,
        columns_truncated: false,
        added_sort: None,
    }
}

fn sum<'a>(tallies: impl Iterator<Item = &'a Tally>) -> Tally {
    let mut sum = Tally::default();
    tallies.for_each(|tally| sum.add(tally));
    sum
}
