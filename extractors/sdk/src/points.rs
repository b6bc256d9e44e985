//! The points that a selection leaves: one number, or those along the axis.

use std::borrow::Cow;

use jiff::civil::DateTime;

use crate::axis::Axis;
use crate::cell::Value;
use crate::chart::{Failure, Note};
use crate::columns::Columns;
use crate::json::Token;
use crate::plot::Plot;
use crate::row::RowChoice;

/// A number in the chart, or the place where there is none.
#[derive(Clone, Copy, Debug)]
pub struct Point<'a> {
    /// The value along the axis; none where it plays no part.
    pub x: Option<Token<'a>>,
    /// The row; none for the column total.
    pub row: Option<usize>,
    /// The column, where what is read is pivoted.
    pub pivot: Option<usize>,
    /// What stands there; none where it is null.
    pub number: Option<Value<'a>>,
}

/// What a selection leaves to read.
#[derive(Clone, Debug)]
pub enum Points<'p, 'a> {
    /// One place, whatever `at` says, with what is to be noted about it.
    One(Point<'a>, Vec<Note>),
    /// The places along the axis.
    Along(Along<'p, 'a>),
}

/// The places along the axis, in their order in the document.
#[derive(Clone, Debug)]
pub enum Along<'p, 'a> {
    /// One in each of these rows, in a column that has one value a row. There may be very many, of
    /// which one is wanted, so that nothing is made of them ahead.
    Rows(Cow<'p, [usize]>, usize),
    /// These.
    Listed(Vec<Point<'a>>),
}

impl<'a> Along<'_, 'a> {
    /// How many there are.
    pub fn len(&self) -> usize {
        match self {
            Along::Rows(rows, _) => rows.len(),
            Along::Listed(points) => points.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A point by its place.
    pub fn get(&self, plot: &Plot<'a>, place: usize) -> Option<Point<'a>> {
        let (row, column) = match self {
            Along::Rows(rows, column) => (*rows.get(place)?, *column),
            Along::Listed(points) => return points.get(place).copied(),
        };
        let cell = plot.document.table.cell(row, column).flat();
        let axis = plot.axis.as_ref().and_then(|axis| axis.column);
        Some(Point {
            x: Some(plot.value_in(row, axis)),
            row: Some(row),
            pivot: None,
            number: cell.filter(|cell| !cell.value.is_null()),
        })
    }

    /// The points one by one.
    pub fn iter(&self, plot: &Plot<'a>) -> impl Iterator<Item = Point<'a>> {
        (0..self.len()).filter_map(|place| self.get(plot, place))
    }

    /// Where the period of each begins, on an axis of time.
    #[inline]
    pub fn starts(&self, plot: &Plot<'a>) -> impl DoubleEndedIterator<Item = Option<DateTime>> {
        let (rows, listed) = match self {
            Along::Rows(rows, _) => (&**rows, [].as_slice()),
            Along::Listed(points) => ([].as_slice(), points.as_slice()),
        };
        let axis = plot.axis.as_ref();
        let stamps = axis.map_or([].as_slice(), |axis| axis.stamps.as_slice());
        let as_written = axis
            .and_then(Axis::frame)
            .is_some_and(|frame| !frame.is_moved());
        let of_rows = rows.iter().enumerate().map(move |(place, row)| {
            // Most rows have a stamp that says all.
            match stamps.get(*row) {
                Some(Some(stamp)) if as_written && stamp.offset.is_none() => Some(stamp.start),
                _ => self.get(plot, place)?.start(plot),
            }
        });
        of_rows.chain(listed.iter().map(|point| point.start(plot)))
    }
}

/// Finds the points.
///
/// `row` and `pivot` are judged here: `bad-selection`, then what is told in [`RowChoice::sole`] and
/// [`Columns::read`].
pub fn find<'p, 'a>(
    plot: &'p Plot<'a>,
    rows: &RowChoice<'a>,
    columns: &Columns,
) -> Result<Points<'p, 'a>, Failure> {
    match (rows, columns) {
        (RowChoice::Total, columns) => of_totals(plot, columns),
        (rows, Columns::Along(pivots)) => {
            let row = rows.sole(plot)?;
            let along = pivots
                .iter()
                .map(|pivot| point(plot, row, Some(*pivot), true));
            let along = along.collect::<Result<_, _>>();
            along.map(|points| Points::Along(Along::Listed(points)))
        }
        (rows, Columns::Flat | Columns::One(_)) => {
            let pivot = match columns {
                Columns::One(pivot) => Some(*pivot),
                Columns::Flat | Columns::Along(_) => None,
            };
            if plot.axis.as_ref().is_some_and(|axis| !axis.is_on_pivots()) {
                let fitting = rows.rows(plot);
                if fitting.is_empty() && matches!(rows, RowChoice::Where(_)) {
                    return Err(rows.none(plot));
                }
                if let (None, Some(column)) = (pivot, plot.flat_column()) {
                    return Ok(Points::Along(Along::Rows(fitting, column)));
                }
                let along = fitting.iter().map(|row| point(plot, *row, pivot, true));
                let along = along.collect::<Result<_, _>>();
                return along.map(|points| Points::Along(Along::Listed(points)));
            }
            let (row, notes) = sole(plot, rows)?;
            Ok(Points::One(point(plot, row, pivot, false)?, notes))
        }
    }
}

/// The row of a chart without an axis: the one that fits, or the first where it shows that and the
/// rows stand in its order.
fn sole<'a>(plot: &Plot<'a>, rows: &RowChoice<'a>) -> Result<(usize, Vec<Note>), Failure> {
    if !plot.shows_first_row() || !matches!(rows, RowChoice::Any) {
        return rows.sole(plot).map(|row| (row, Vec::new()));
    }
    let Some(first) = plot.rows.first() else {
        return Err(rows.none(plot));
    };
    let mut notes = Vec::new();
    if plot.rows.len() > 1 {
        notes.push(Note::new(
            "first-row",
            format!("The result has {} rows; the first is read, as the tile shows it. Choose another under `row`.", plot.rows.len()),
        ));
    }
    Ok((*first, notes))
}

fn of_totals<'p, 'a>(plot: &Plot<'a>, columns: &Columns) -> Result<Points<'p, 'a>, Failure> {
    let totals = plot.totals()?;
    let number = |pivot| match &totals {
        Some(totals) => plot.total(totals, pivot),
        None => Ok(None),
    };
    let total = |pivot: Option<usize>, x| {
        Ok(Point {
            x,
            row: None,
            pivot,
            number: number(pivot)?,
        })
    };
    match columns {
        Columns::Flat => total(None, None).map(|point| Points::One(point, Vec::new())),
        Columns::One(pivot) => {
            total(Some(*pivot), None).map(|point| Points::One(point, Vec::new()))
        }
        Columns::Along(pivots) => {
            let along = pivots
                .iter()
                .map(|pivot| total(Some(*pivot), x_on_pivot(plot, *pivot)));
            let along = along.collect::<Result<_, _>>();
            along.map(|points| Points::Along(Along::Listed(points)))
        }
    }
}

fn point<'a>(
    plot: &Plot<'a>,
    row: usize,
    pivot: Option<usize>,
    along: bool,
) -> Result<Point<'a>, Failure> {
    let x = match &plot.axis {
        Some(axis) if along && axis.is_on_pivots() => {
            pivot.and_then(|pivot| x_on_pivot(plot, pivot))
        }
        Some(axis) if along => Some(plot.value_in(row, axis.column)),
        _ => None,
    };
    Ok(Point {
        x,
        row: Some(row),
        pivot,
        number: plot.number(row, pivot)?,
    })
}

fn x_on_pivot<'a>(plot: &Plot<'a>, pivot: usize) -> Option<Token<'a>> {
    let axis = plot.axis.as_ref()?;
    plot.document.pivots.get(pivot)?.value(&axis.field.name)
}

impl Point<'_> {
    /// Whether it stands at a value of the axis.
    pub fn has_x(&self) -> bool {
        self.x.is_some_and(|x| !x.is_null())
    }

    /// Where its period begins, on an axis of time.
    pub fn start(&self, plot: &Plot<'_>) -> Option<DateTime> {
        let axis = plot.axis.as_ref()?;
        let frame = axis.frame()?;
        let x = self.x.filter(|x| !x.is_null())?;
        let known = self.row.and_then(|row| *axis.stamps.get(row)?);
        let stamp = match known {
            Some(stamp) => stamp,
            None => crate::axis::stamp_of(x)?,
        };
        let stamp = frame.placed(stamp)?;
        // The zone is asked for only where a text has an offset, so that most results need none.
        match stamp.offset {
            None => Some(stamp.start),
            Some(_) => stamp.local(plot.zone()),
        }
    }
}
