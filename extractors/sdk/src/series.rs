//! Every number along the axis for one selection, oldest first.

use crate::at::{is_cut, repeated};
use crate::axis::Axis;
use crate::chart::{Failure, Note, Reading, Tile};
use crate::columns::Columns;
use crate::layout::Layout;
use crate::percent::Format;
use crate::plot::Plot;
use crate::points::{self, Along, Point, Points};
use crate::reading;
use crate::row::{self, RowChoice};

/// Reads the series that a selection points at; `at` plays no part in it. Points that are null are
/// left out, and a category axis keeps the order of its rows. Where there is no axis, or a total
/// over it is chosen, the series is the one reading.
///
/// Failures: those of [`reading::read`], save that a result without rows is an empty series;
/// `ambiguous` where a value stands twice along the axis. A series of a result that was cut short
/// has the points there are, and its first reading says so.
pub fn series(
    tile: &Tile,
    selection: &[(String, String)],
    layout: Layout,
) -> Result<Vec<Reading>, Failure> {
    let plot = Plot::open(tile, selection, layout)?;
    let format = Format::chosen(plot.chosen.format)?;
    let columns = Columns::read(&plot)?;
    let rows = RowChoice::read(&plot)?;
    let sole = matches!((&plot.axis, &columns), (Some(_), Columns::Along(_)));
    if sole && plot.rows.is_empty() && !plot.document.truncated && matches!(rows, RowChoice::Any) {
        return Ok(Vec::new());
    }
    match (points::find(&plot, &rows, &columns)?, &plot.axis) {
        (Points::One(point, notes), _) => Ok(vec![reading::of(&plot, &point, format, notes)?]),
        (Points::Along(points), Some(axis)) => along(&plot, axis, &points, &rows, format),
        (Points::Along(_), None) => Err(Failure::internal("points along an axis, and no axis")),
    }
}

fn along<'a>(
    plot: &Plot<'a>,
    axis: &Axis<'a>,
    points: &Along<'_, 'a>,
    rows: &RowChoice<'a>,
    format: Format,
) -> Result<Vec<Reading>, Failure> {
    let mut points: Vec<_> = points.iter(plot).filter(Point::has_x).collect();
    if axis.frame().is_some() {
        points.sort_by_cached_key(|point| point.start(plot));
    }
    none_twice(plot, axis, &points)?;
    if !axis.is_on_pivots() && plot.document.truncated && !points.is_empty() && !rows.pins_all(plot)
    {
        return Err(row::unpinned(plot));
    }
    let mut readings = Vec::new();
    for point in points.iter().filter(|point| point.number.is_some()) {
        readings.push(reading::of(plot, point, format, Vec::new())?);
    }
    if is_cut(plot, axis)
        && let Some(first) = readings.first_mut()
    {
        first.notes.push(Note::new(
            "truncated",
            "Looker cut the result at its limit, so points of this series are missing. Raise the tile's limit.",
        ));
    }
    Ok(readings)
}

/// `ambiguous` where a value stands twice along the axis: as the same period, or the same text.
fn none_twice(plot: &Plot<'_>, axis: &Axis<'_>, points: &[Point<'_>]) -> Result<(), Failure> {
    let twice = if axis.frame().is_some() {
        let starts: Vec<_> = points.iter().map(|point| point.start(plot)).collect();
        let pairs = starts.iter().zip(starts.iter().skip(1));
        pairs
            .zip(points)
            .find(|((a, b), _)| a == b)
            .map(|(_, point)| point)
    } else {
        let mut seen = std::collections::BTreeSet::new();
        points
            .iter()
            .find(|point| !seen.insert(point.x.map(|x| x.text().unwrap_or(x.raw().into()))))
    };
    let Some(point) = twice else {
        return Ok(());
    };
    let same = |other: &&Point<'_>| match (axis.frame(), point.x, other.x) {
        (Some(_), _, _) => other.start(plot) == point.start(plot),
        (None, Some(a), Some(b)) => a.text() == b.text(),
        _ => false,
    };
    Err(repeated(plot, point, points.iter().filter(same).count()))
}
