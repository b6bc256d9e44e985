//! The choices that come from the data: values along the axis, columns, rows.

use std::collections::BTreeSet;

use crate::at::{LATEST, LATEST_COMPLETE};
use crate::axis::Axis;
use crate::chart::Choice;
use crate::columns;
use crate::field::Field;
use crate::json::Token;
use crate::labels;
use crate::plot::Plot;
use crate::points::Point;
use crate::row;
use crate::selection::TOTAL;

use super::HIDDEN;

/// The values along an axis: newest first on one of time, else in their order.
pub fn along(plot: &Plot<'_>, axis: &Axis<'_>) -> Vec<Choice> {
    let place = |x: Token<'_>, rendered: Option<Token<'_>>| {
        let value = x.text()?.into_owned();
        let label = rendered
            .and_then(Token::filled)
            .map(|text| text.into_owned());
        Some((
            x.raw().to_owned(),
            Choice::new(value.clone(), label.unwrap_or(value)),
        ))
    };
    let values: Vec<_> = if axis.is_on_pivots() {
        let pivots = plot.document.pivots.iter().filter(|pivot| !pivot.is_total);
        pivots
            .filter_map(|pivot| place(pivot.value(&axis.field.name)?, None))
            .collect()
    } else {
        let field = &axis.field.name;
        let rows = plot.rows.iter();
        rows.filter_map(|row| place(plot.value(*row, field), plot.rendered(*row, field)))
            .collect()
    };
    let mut seen = BTreeSet::new();
    // A category that happens to be called "latest" cannot be chosen: the word is taken.
    let is_taken = |value: &str| matches!(value, LATEST | LATEST_COMPLETE);
    let mut choices: Vec<_> = values
        .into_iter()
        .filter(|(_, choice)| !is_taken(&choice.value))
        .filter(|(_, choice)| seen.insert(choice.value.clone()))
        .collect();
    if axis.frame().is_some() {
        choices.sort_by_cached_key(|(raw, _)| {
            let x = Token::parse(raw);
            let point = Point {
                x: None,
                row: None,
                pivot: None,
                number: None,
            };
            std::cmp::Reverse(x.and_then(|x| {
                Point {
                    x: Some(x),
                    ..point
                }
                .start(plot)
            }))
        });
    }
    choices.into_iter().map(|(_, choice)| choice).collect()
}

/// The columns, those that the chart does not draw under a heading, and the row total last.
pub fn columns(plot: &Plot<'_>) -> Vec<Choice> {
    let mut seen = BTreeSet::new();
    let mut shown = Vec::new();
    let mut hidden = Vec::new();
    for (place, pivot) in plot.document.pivots.iter().enumerate() {
        if pivot.is_total {
            continue;
        }
        let is_told = |field: &Field<'_>| pivot.value(&field.name).is_some();
        let Some(value) = columns::text(plot, place).filter(|_| plot.pivot_fields().all(is_told))
        else {
            continue;
        };
        if !seen.insert(value.clone()) {
            continue;
        }
        let values = plot
            .pivot_fields()
            .map(|field| pivot.value(&field.name).unwrap_or(Token::NULL));
        let choice = Choice::new(value, labels::joined(values));
        if plot
            .query
            .hides_series(&pivot.key, &plot.pivot_label(place), &plot.measure.name)
        {
            hidden.push(choice.under(Some(HIDDEN)));
        } else {
            shown.push(choice);
        }
    }
    shown.append(&mut hidden);
    if let Some(pivot) = columns::total(plot).and_then(|total| plot.document.pivots.get(total)) {
        let hides = |label| {
            plot.query
                .hides_series(&pivot.key, label, &plot.measure.name)
        };
        // Looker's own word for the column, whatever language its labels are in.
        let group = hides("Row Total").then_some(HIDDEN);
        shown.push(Choice::new(TOTAL, "Row total").under(group));
    }
    shown
}

/// The rows to choose among.
pub struct Rows {
    /// The distinct combinations of the other dimensions, then the column total.
    pub choices: Vec<Choice>,
    /// Whether nothing can be read before one is chosen.
    pub is_required: bool,
}

impl Rows {
    /// The rows of a plot; none where there is nothing to choose.
    pub fn of(plot: &Plot<'_>) -> Option<Self> {
        let has_dimensions = plot.row_dimensions().next().is_some();
        if !has_dimensions && !plot.document.has_totals() {
            return None;
        }
        let mut choices = Vec::new();
        if has_dimensions {
            choices = combinations(plot);
        }
        if plot.document.has_totals() {
            choices.push(Choice::new(TOTAL, "Column total"));
        }
        Some(Self {
            choices,
            is_required: has_dimensions && is_required(plot),
        })
    }
}

/// Each combination once. Rows that stand nowhere on the axis come last, so that the first row to
/// choose and the first value of the axis belong together.
fn combinations(plot: &Plot<'_>) -> Vec<Choice> {
    let of_rows = plot.axis.as_ref().filter(|axis| !axis.is_on_pivots());
    let is_placed =
        |row: &usize| of_rows.is_none_or(|axis| !plot.value(*row, &axis.field.name).is_null());
    let (placed, unplaced): (Vec<_>, Vec<_>) = plot.rows.iter().copied().partition(is_placed);
    let mut seen = BTreeSet::new();
    let mut choices = Vec::new();
    for row in placed.into_iter().chain(unplaced) {
        if let Some(value) = row::text(plot, row)
            && seen.insert(value.clone())
        {
            let values = plot
                .row_dimensions()
                .map(|field| plot.value(row, &field.name));
            choices.push(Choice::new(value, labels::joined(values)));
        }
    }
    choices
}

fn is_required(plot: &Plot<'_>) -> bool {
    if plot.shows_first_row() {
        return false;
    }
    match plot.axis.as_ref().filter(|axis| !axis.is_on_pivots()) {
        None => plot.rows.len() > 1 || plot.document.truncated,
        Some(axis) => {
            let mut seen = BTreeSet::new();
            let mut values = plot
                .rows
                .iter()
                .map(|row| plot.value(*row, &axis.field.name));
            plot.document.truncated
                || values.any(|value| !value.is_null() && !seen.insert(value.raw()))
        }
    }
}
