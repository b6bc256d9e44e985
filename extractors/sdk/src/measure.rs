//! The `y` control: the field whose number is read.

use crate::chart::Failure;
use crate::failure::shown;
use crate::field::{Field, Role};
use crate::fields::Fields;
use crate::layout::Layout;
use crate::selection::Chosen;
use crate::timeframe::{Said, said};
use crate::vis::Query;

/// The fields that may hold the number, in the order to offer them: measures, calculations, then
/// numeric dimensions.
pub fn candidates<'f, 'a>(fields: &'f Fields<'a>) -> Vec<&'f Field<'a>> {
    let measures = fields.measures.iter();
    let calculations = fields
        .calculations
        .iter()
        .filter(|field| field.is_measure_like() && field.is_numeric());
    let dimensions = fields.dimension_like().filter(|field| holds_numbers(field));
    measures.chain(calculations).chain(dimensions).collect()
}

/// Whether a dimension holds plain numbers: years and the like are points in time first.
pub fn holds_numbers(field: &Field<'_>) -> bool {
    field.is_numeric() && !matches!(said(field), Said::Time(_) | Said::SomeTime)
}

/// What is read where the selection doesn't say: what the chart draws first.
///
/// One number is shown by whatever stands first, be it a text; a series starts with the first
/// field that holds numbers. Hidden fields are never taken unasked.
pub fn default<'f, 'a>(
    fields: &'f Fields<'a>,
    query: &Query<'_>,
    layout: Layout,
) -> Option<&'f Field<'a>> {
    let visible = |field: &&Field<'_>| !query.hides(&field.name);
    if layout == Layout::Single {
        return fields
            .measure_like()
            .chain(fields.dimension_like())
            .find(visible);
    }
    let shown: Vec<_> = candidates(fields).into_iter().filter(visible).collect();
    let numeric = shown.iter().find(|field| field.numeric != Some(false));
    numeric.or(shown.first()).copied()
}

/// The field to read.
///
/// Failures: `unsupported` where no field could hold a number; `bad-selection` where the one
/// chosen is not there, or none is chosen and the chart hides all there are.
pub fn chosen<'f, 'a>(
    fields: &'f Fields<'a>,
    query: &Query<'_>,
    chosen: &Chosen<'_>,
    layout: Layout,
) -> Result<&'f Field<'a>, Failure> {
    let Some(name) = chosen.y else {
        let hidden = || {
            candidates(fields)
                .first()
                .copied()
                .filter(|_| chosen.or_hidden)
        };
        return default(fields, query, layout).or_else(hidden).ok_or_else(|| {
            Failure::bad_selection(
                "y",
                "The chart hides every field that holds numbers, so none is read unasked. Choose one under `y`.",
            )
        });
    };
    match fields.find(name) {
        Some(field) if field.role == Role::Pivot => Err(Failure::bad_selection(
            "y",
            format!(
                "{} heads the columns of this result and has no number of its own. Choose a measure under `y`.",
                shown(name)
            ),
        )),
        Some(field) => Ok(field),
        None => Err(Failure::bad_selection(
            "y",
            format!(
                "The result has no field {}: it was taken out of the query, or renamed. Choose another under `y`.",
                shown(name)
            ),
        )),
    }
}

/// `unsupported` where the result has nothing that could be read.
pub fn required(fields: &Fields<'_>, layout: Layout) -> Result<(), Failure> {
    let any = !candidates(fields).is_empty()
        || (layout == Layout::Single
            && (fields.measure_like().next().is_some()
                || fields.dimension_like().next().is_some()));
    if any {
        return Ok(());
    }
    Err(Failure::unsupported(
        "The result has no measure, no numeric calculation and no numeric dimension, so there is no number to read. Add one to the tile.",
    ))
}
