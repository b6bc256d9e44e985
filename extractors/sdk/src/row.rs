//! The `row` control: which rows are meant, where more than x tells them apart.

use std::borrow::Cow;

use crate::chart::Failure;
use crate::failure::shown;
use crate::json::{Token, object_text};
use crate::plot::Plot;
use crate::selection::TOTAL;

/// What was chosen under `row`.
#[derive(Clone, Debug)]
pub enum RowChoice<'a> {
    /// Nothing: every row may be meant.
    Any,
    /// The column total.
    Total,
    /// The rows that hold these values.
    Where(Vec<(String, Token<'a>)>),
}

impl<'a> RowChoice<'a> {
    /// Reads what was chosen; `bad-selection` where it is not JSON, names a field that tells no
    /// rows apart, or is a total that the query was not asked for.
    pub fn read(plot: &Plot<'a>) -> Result<Self, Failure> {
        let Some(text) = plot.chosen.row else {
            return Ok(RowChoice::Any);
        };
        if text == TOTAL {
            if plot.document.has_totals() {
                return Ok(RowChoice::Total);
            }
            return Err(Failure::bad_selection(
                "row",
                "The result has no column totals. Switch totals on in the tile's query, or choose a row.",
            ));
        }
        let Some(object) = Token::parse(text).and_then(Token::object) else {
            return Err(Failure::bad_selection(
                "row",
                format!(
                    "{} is not a JSON object. Give one of field to value, like `{{\"orders.region\":\"EU\"}}`, or `total`.",
                    shown(text)
                ),
            ));
        };
        let mut wanted: Vec<(String, Token<'a>)> = Vec::new();
        for (name, value) in object.iter() {
            let field = plot.document.fields.find(name);
            if !field.is_some_and(|field| plot.tells_rows_apart(field)) {
                return Err(Failure::bad_selection("row", unknown(plot, name)));
            }
            wanted.retain(|(known, _)| known != name);
            wanted.push((name.clone().into_owned(), value));
        }
        Ok(RowChoice::Where(wanted))
    }

    /// The rows that fit, of those that count.
    pub fn rows<'p>(&self, plot: &'p Plot<'a>) -> Cow<'p, [usize]> {
        match self {
            RowChoice::Any | RowChoice::Total => Cow::Borrowed(&plot.rows),
            RowChoice::Where(wanted) => {
                let fits = |row: &usize| {
                    wanted
                        .iter()
                        .all(|(field, value)| value.same(plot.value(*row, field)))
                };
                plot.rows.iter().copied().filter(fits).collect()
            }
        }
    }

    /// Whether every dimension that tells rows apart is given, so that no other row can fit.
    pub fn pins_all(&self, plot: &Plot<'a>) -> bool {
        plot.row_dimensions().all(|field| match self {
            RowChoice::Where(wanted) => wanted.iter().any(|(name, _)| *name == field.name),
            RowChoice::Any | RowChoice::Total => false,
        })
    }

    /// The one row that fits.
    ///
    /// Failures: `no-data` where none does, or `incomplete` where it may have been cut off;
    /// `ambiguous` where several do; `incomplete` where another might stand in what was cut off.
    pub fn sole(&self, plot: &Plot<'a>) -> Result<usize, Failure> {
        match &*self.rows(plot) {
            [] => Err(self.none(plot)),
            [_] if plot.document.truncated
                && (plot.row_dimensions().next().is_none() || !self.pins_all(plot)) =>
            {
                Err(unpinned(plot))
            }
            [row] => Ok(*row),
            rows => Err(several(plot, rows.len(), "")),
        }
    }

    /// Why no row fits.
    pub fn none(&self, plot: &Plot<'a>) -> Failure {
        let chosen = plot
            .chosen
            .row
            .map_or_else(|| "the chart".to_owned(), shown);
        if plot.document.truncated {
            return Failure::incomplete(format!(
                "No row fits {chosen}, but Looker cut the result at its row limit, so it may be among the rows that are missing. Raise the tile's row limit."
            ))
            .blaming("row");
        }
        if plot.rows.is_empty() {
            return Failure::no_data(format!(
                "The result has no rows, so there is no `{}` to read. The tile's filters may leave nothing.",
                plot.measure.name
            ));
        }
        Failure::no_data(format!(
            "No row fits {chosen}. Choose another under `row`, or widen the tile's filters."
        ))
        .blaming("row")
    }
}

fn unknown(plot: &Plot<'_>, name: &str) -> String {
    let known: Vec<_> = plot
        .row_dimensions()
        .map(|field| format!("`{}`", field.name))
        .collect();
    if known.is_empty() {
        format!(
            "{} tells no rows apart: the result has no dimension beside its axis. Leave `row` out.",
            shown(name)
        )
    } else {
        format!(
            "{} is no field that tells rows apart. Those are {}.",
            shown(name),
            known.join(", ")
        )
    }
}

/// Several rows fit where one is wanted.
pub fn several(plot: &Plot<'_>, count: usize, place: &str) -> Failure {
    let fields: Vec<_> = plot
        .row_dimensions()
        .map(|field| format!("`{}`", field.name))
        .collect();
    let what_to_do = if fields.is_empty() {
        "Nothing in the result tells them apart; take out of the tile's query what makes rows repeat.".to_owned()
    } else {
        format!("Say under `row` which is meant, by {}.", fields.join(", "))
    };
    Failure::ambiguous("row", format!("{count} rows fit{place}. {what_to_do}"))
}

/// One row fits in a result that was cut short, where another may fit among what is missing.
pub fn unpinned(plot: &Plot<'_>) -> Failure {
    let fields: Vec<_> = plot
        .row_dimensions()
        .map(|field| format!("`{}`", field.name))
        .collect();
    let say = if fields.is_empty() {
        String::new()
    } else {
        format!(
            "Say under `row` which is meant, by {}, or raise",
            fields.join(", ")
        )
    };
    let what_to_do = if say.is_empty() { "Raise" } else { &say };
    Failure::incomplete(format!(
        "Looker cut the result at its row limit, so another row may fit that is missing. {what_to_do} the tile's row limit."
    ))
    .blaming("row")
}

/// The values of a row's other dimensions, as `row` takes them; none where there are none.
pub fn text(plot: &Plot<'_>, row: usize) -> Option<String> {
    let values: Vec<_> = plot
        .row_dimensions()
        .map(|field| (field.name.as_ref(), plot.value(row, &field.name)))
        .collect();
    (!values.is_empty()).then(|| object_text(values))
}
