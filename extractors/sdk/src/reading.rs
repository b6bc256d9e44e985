//! The one number that a selection points at, with why it is that one.

use crate::at::At;
use crate::chart::{Failure, Note, Reading, Tile};
use crate::columns::{self, Columns};
use crate::decimal::{Decimal, MOST_DIGITS, NoDecimal};
use crate::failure::shown;
use crate::json::{Kind, Token};
use crate::labels;
use crate::layout::Layout;
use crate::percent::Format;
use crate::plot::Plot;
use crate::points::{self, Point, Points};
use crate::row::{self, RowChoice};
use crate::selection::TOTAL;

/// Reads the number that a selection points at.
///
/// Failures in the order they are looked for: those of [`Plot::open`]; `bad-selection` for
/// `format`, `pivot`, `row` and `at`; then `no-data`, `ambiguous`, `incomplete` and `not-numeric`, and
/// `malformed` once more where a result that is cut short does not say in JSON how it was sorted.
pub fn read(
    tile: &Tile,
    selection: &[(String, String)],
    layout: Layout,
) -> Result<Reading, Failure> {
    let plot = Plot::open(tile, selection, layout)?;
    let format = Format::chosen(plot.chosen.format)?;
    let columns = Columns::read(&plot)?;
    let rows = RowChoice::read(&plot)?;
    let at = if needs_at(&plot, &rows, &columns) {
        At::read(&plot)?
    } else {
        None
    };
    let (point, notes) = match (points::find(&plot, &rows, &columns)?, at, &plot.axis) {
        (Points::One(point, notes), _, _) => (point, notes),
        (Points::Along(points), Some(at), Some(axis)) => at.pick(&plot, axis, &points, &rows)?,
        (Points::Along(_), _, _) => {
            return Err(Failure::internal("points along an axis, and no axis"));
        }
    };
    of(&plot, &point, format, notes)
}

/// Whether the point depends on where it stands along the axis: totals over it do not.
fn needs_at(plot: &Plot<'_>, rows: &RowChoice<'_>, columns: &Columns) -> bool {
    match (rows, columns) {
        (_, Columns::Along(_)) => true,
        (RowChoice::Total, _) => false,
        (_, Columns::One(_)) => !plot.axis.as_ref().is_some_and(|axis| axis.is_on_pivots()),
        (_, Columns::Flat) => true,
    }
}

/// The reading of a point.
///
/// Failures: `no-data` where it is null, `not-numeric` where it holds something else than a
/// number, `ambiguous` where its percentage is not clear.
pub fn of(
    plot: &Plot<'_>,
    point: &Point<'_>,
    format: Format,
    notes: Vec<Note>,
) -> Result<Reading, Failure> {
    let Some(number) = point.number else {
        return Err(Failure::no_data(format!(
            "`{}` is null{}: Looker has no number there. Choose another place, or widen the tile's filters.",
            plot.measure.name,
            place(plot, point)
        )));
    };
    let decimal = format.apply(
        decimal(plot, point, number.value)?,
        &plot.measure,
        &plot.query,
    )?;
    let mut all_notes = plot.notes();
    all_notes.extend(notes);
    Ok(Reading {
        value: decimal.into(),
        rendered: number
            .rendered
            .and_then(Token::string)
            .map(|text| text.into_owned()),
        at: point.x.and_then(Token::text).map(|x| x.into_owned()),
        label: label(plot, point),
        notes: all_notes,
        attributes: why(plot, point, number.value, format),
    })
}

fn decimal(plot: &Plot<'_>, point: &Point<'_>, value: Token<'_>) -> Result<Decimal, Failure> {
    let text = match value.kind() {
        Kind::Number | Kind::Text => value.text(),
        Kind::Null | Kind::Bool | Kind::Array | Kind::Object => None,
    };
    let parsed = text
        .as_deref()
        .map_or(Err(NoDecimal::NotANumber), Decimal::parse);
    parsed.map_err(|error| {
        let (field, place) = (&plot.measure.name, place(plot, point));
        Failure::not_numeric(match error {
            NoDecimal::NotANumber => format!(
                "`{field}` holds {}{place}, which is not a plain number. Choose a field that holds numbers under `y`.",
                shown(value.raw())
            ),
            NoDecimal::TooLong => format!(
                "`{field}` holds {}{place}, which has more than {MOST_DIGITS} digits when it is written out. Choose another field under `y`.",
                shown(value.raw())
            ),
        })
    })
}

/// Where a point stands, as a message says it.
fn place(plot: &Plot<'_>, point: &Point<'_>) -> String {
    let mut place = String::new();
    if let Some(x) = point.x {
        place.push_str(&format!(" at {}", shown(&labels::value(x))));
    }
    if let Some(pivot) = point.pivot {
        place.push_str(&format!(" under {}", shown(&plot.pivot_label(pivot))));
    }
    if point.row.is_none() {
        place.push_str(" in the column total");
    }
    place
}

fn label(plot: &Plot<'_>, point: &Point<'_>) -> String {
    match point.pivot {
        Some(pivot) => labels::pivoted(&plot.measure, &plot.pivot_label(pivot), &plot.query),
        None => labels::measure(&plot.measure, &plot.query).into_owned(),
    }
}

fn why(
    plot: &Plot<'_>,
    point: &Point<'_>,
    value: Token<'_>,
    format: Format,
) -> Vec<(String, String)> {
    let mut why = vec![
        ("field".to_owned(), plot.measure.name.clone().into_owned()),
        ("raw".to_owned(), value.raw().to_owned()),
    ];
    let x = plot
        .axis
        .as_ref()
        .filter(|_| point.x.is_some())
        .map(|axis| axis.field.name.clone().into_owned());
    let pivot = point.pivot.and_then(|pivot| columns::text(plot, pivot));
    let row = match point.row {
        Some(row) => row::text(plot, row),
        None => Some(TOTAL.to_owned()),
    };
    let named = [("x", x), ("pivot", pivot), ("row", row)];
    why.extend(
        named
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value?))),
    );
    why.push(("format".to_owned(), format.word().to_owned()));
    why
}
