//! The `pivot` control: which column is meant, by the values it stands for.

use crate::chart::Failure;
use crate::failure::shown;
use crate::json::{Object, Token, object_text};
use crate::plot::Plot;
use crate::selection::TOTAL;

/// The columns that are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Columns {
    /// None: what is read has one value a row.
    Flat,
    /// One column, by its place in the document.
    One(usize),
    /// The columns along an x axis that heads the columns.
    Along(Vec<usize>),
}

impl Columns {
    /// Reads what was chosen under `pivot`.
    ///
    /// Failures: `bad-selection` where a column must be chosen and is not, or what is chosen is not
    /// there; `incomplete` where it may be among the columns that Looker cut off; `ambiguous` where
    /// several stand for it.
    pub fn read(plot: &Plot<'_>) -> Result<Self, Failure> {
        let columns = Self::chosen(plot)?;
        let places = match &columns {
            Columns::Flat => &[],
            Columns::One(place) => std::slice::from_ref(place),
            Columns::Along(places) => places.as_slice(),
        };
        let pivots = &plot.document.pivots;
        let shares_key = |place: &usize| pivots.get(*place).is_some_and(|pivot| pivot.shares_key);
        if places.iter().any(shares_key) {
            return Err(Failure::ambiguous(
                "pivot",
                "Looker gave several columns the same key, so their cells can't be told apart. Rename the values that head them, or take a pivot out of the query.",
            ));
        }
        Ok(columns)
    }

    fn chosen(plot: &Plot<'_>) -> Result<Self, Failure> {
        if !plot.is_pivoted {
            return match plot.chosen.pivot {
                None => Ok(Columns::Flat),
                Some(_) => Err(Failure::bad_selection("pivot", not_pivoted(plot))),
            };
        }
        let along = plot.axis.as_ref().is_some_and(|axis| axis.is_on_pivots());
        match plot.chosen.pivot {
            Some(TOTAL) => row_total(plot).map(Columns::One),
            Some(_) if along && plot.pivot_fields().next().is_none() => {
                Err(Failure::bad_selection(
                    "pivot",
                    "The only field that heads columns is the x axis, so `at` chooses the column. Leave `pivot` out, or choose `total`.",
                ))
            }
            Some(text) => {
                let fits = fitting(plot, &wanted(plot, text)?);
                match (fits.as_slice(), along) {
                    ([], _) => Err(absent(plot, text)),
                    (_, true) => Ok(Columns::Along(fits)),
                    ([only], false) => Ok(Columns::One(*only)),
                    (several, false) => Err(Failure::ambiguous(
                        "pivot",
                        format!(
                            "{} columns stand for {}, so nothing tells which is meant. Repair the pivots of the tile's query.",
                            several.len(),
                            shown(text)
                        ),
                    )),
                }
            }
            None if along && plot.pivot_fields().next().is_none() => {
                Ok(Columns::Along(fitting(plot, &Object::default())))
            }
            None if plot.document.pivots.is_empty() => Err(empty(plot)),
            None => Err(Failure::bad_selection(
                "pivot",
                format!(
                    "`{}` has a value for each {}, and none is taken unasked. Choose one under `pivot`.",
                    plot.measure.name,
                    names(plot)
                ),
            )),
        }
    }
}

/// Where the column of row totals stands.
pub fn total(plot: &Plot<'_>) -> Option<usize> {
    plot.document
        .pivots
        .iter()
        .position(|pivot| pivot.is_row_total())
        .or_else(|| {
            let mut totals = plot
                .document
                .pivots
                .iter()
                .enumerate()
                .filter(|(_, pivot)| pivot.is_total)
                .filter(|(_, pivot)| {
                    let fields = &plot.document.fields.pivots;
                    pivot.stands_for_none(fields.iter().map(|field| &field.name))
                });
            let (first, _) = totals.next()?;
            totals.next().is_none().then_some(first)
        })
}

fn row_total(plot: &Plot<'_>) -> Result<usize, Failure> {
    total(plot).ok_or_else(|| {
        Failure::bad_selection(
            "pivot",
            "The result has no row totals. Switch row totals on in the tile's query, or choose a column.",
        )
    })
}

/// What was chosen, as an object of every pivot field and no other.
fn wanted<'a>(plot: &Plot<'a>, text: &'a str) -> Result<Object<'a>, Failure> {
    let Some(object) = Token::parse(text).and_then(Token::object) else {
        return Err(Failure::bad_selection(
            "pivot",
            format!(
                "{} is not a JSON object. Give one of field to value, like `{{\"orders.status\":\"complete\"}}`, for {}; or `total`.",
                shown(text),
                names(plot)
            ),
        ));
    };
    for (name, _) in object.iter() {
        if plot.pivot_fields().all(|field| field.name != *name) {
            return Err(Failure::bad_selection(
                "pivot",
                format!(
                    "{} is none of the fields that head the columns. Those are {}.",
                    shown(name),
                    names(plot)
                ),
            ));
        }
    }
    for field in plot.pivot_fields() {
        if object.get(&field.name).is_none() {
            return Err(Failure::bad_selection(
                "pivot",
                format!(
                    "{} says nothing of `{}`. Give a value for each of {}.",
                    shown(text),
                    field.name,
                    names(plot)
                ),
            ));
        }
    }
    Ok(object)
}

/// The columns, totals aside, that stand for the values wanted.
fn fitting(plot: &Plot<'_>, wanted: &Object<'_>) -> Vec<usize> {
    let pivots = plot.document.pivots.iter().enumerate();
    pivots
        .filter(|(_, pivot)| !pivot.is_total)
        .filter(|(_, pivot)| {
            plot.pivot_fields().all(|field| {
                match (pivot.value(&field.name), wanted.get(&field.name)) {
                    (Some(value), Some(wanted)) => wanted.same(value),
                    _ => false,
                }
            })
        })
        .map(|(place, _)| place)
        .collect()
}

fn absent(plot: &Plot<'_>, text: &str) -> Failure {
    if plot.document.pivots.is_empty() && !plot.document.columns_truncated {
        return empty(plot);
    }
    if plot.document.columns_truncated {
        return Failure::incomplete(format!(
            "No column stands for {}, but Looker cut the result at its column limit, so it may be among those that are missing. Raise the tile's column limit.",
            shown(text)
        ))
        .blaming("pivot");
    }
    Failure::bad_selection(
        "pivot",
        format!(
            "No column of this result stands for {}. Choose another under `pivot`.",
            shown(text)
        ),
    )
}

/// A pivoted result in which nothing came.
fn empty(plot: &Plot<'_>) -> Failure {
    if !plot.rows.is_empty() {
        return Failure::malformed(
            "The result has rows and pivoted fields, but no `pivots`, so its columns can't be told apart. Ask Looker for it again, as `json_detail`.",
        );
    }
    Failure::no_data(format!(
        "The result has no columns, so there is no `{}` to read. The tile's filters may leave nothing.",
        plot.measure.name
    ))
}

fn not_pivoted(plot: &Plot<'_>) -> String {
    if plot.has_pivots() {
        format!(
            "`{}` has one value a row and none for each column. Leave `pivot` out.",
            plot.measure.name
        )
    } else {
        "The result is not pivoted, so there is no column to choose. Leave `pivot` out.".to_owned()
    }
}

fn names(plot: &Plot<'_>) -> String {
    let names: Vec<_> = plot
        .pivot_fields()
        .map(|field| format!("`{}`", field.name))
        .collect();
    names.join(" and ")
}

/// A column as `pivot` takes it; none where the x axis is all that heads the columns.
pub fn text(plot: &Plot<'_>, pivot: usize) -> Option<String> {
    let pivot = plot.document.pivots.get(pivot)?;
    if pivot.is_total {
        return Some(TOTAL.to_owned());
    }
    let values: Vec<_> = plot
        .pivot_fields()
        .map(|field| {
            (
                field.name.as_ref(),
                pivot.value(&field.name).unwrap_or(Token::NULL),
            )
        })
        .collect();
    (!values.is_empty()).then(|| object_text(values))
}
