//! The form of a tile: every control that applies to it, with its choices.
//!
//! All defaults, with the first choice of each required control that has none, are a valid
//! selection.

mod places;

use crate::at::{LATEST, LATEST_COMPLETE};
use crate::axis;
use crate::chart::{Choice, Control, Failure, Note, Offering, Tile};
use crate::field::Field;
use crate::labels;
use crate::layout::Layout;
use crate::measure;
use crate::percent::Format;
use crate::plot::Plot;

/// As many choices as a control offers.
pub const MOST_CHOICES: usize = 1_000;

/// The heading of what the chart does not draw.
const HIDDEN: &str = "Hidden";

/// Outlines a tile. Of what has been chosen, `y` and `x` count: the other controls follow from
/// them.
///
/// Failures: those of [`Plot::open_to_outline`].
pub fn outline(
    tile: &Tile,
    selection: &[(String, String)],
    layout: Layout,
) -> Result<Offering, Failure> {
    let plot = Plot::open_to_outline(tile, selection, layout)?;
    let mut form = Form {
        plot: &plot,
        cut: Vec::new(),
    };
    let controls = [
        Some(form.y()),
        form.x(),
        form.pivot(),
        form.row(),
        form.at(),
        Some(form.format()),
    ];
    let mut notes = plot.notes();
    if !form.cut.is_empty() {
        notes.push(Note::new(
            "choices-cut",
            format!(
                "There are more than {MOST_CHOICES} values to choose from under {}; the first ones are listed. Others are taken just as well.",
                form.cut.join(", ")
            ),
        ));
    }
    Ok(Offering {
        controls: controls.into_iter().flatten().collect(),
        notes,
    })
}

struct Form<'p, 'a> {
    plot: &'p Plot<'a>,
    /// The controls whose choices were cut.
    cut: Vec<&'static str>,
}

impl<'a> Form<'_, 'a> {
    /// At most as many choices as are offered.
    fn at_most(&mut self, control: &'static str, mut choices: Vec<Choice>) -> Vec<Choice> {
        if choices.len() > MOST_CHOICES {
            choices.truncate(MOST_CHOICES);
            self.cut.push(control);
        }
        choices
    }

    fn y(&mut self) -> Control {
        let Plot {
            document,
            query,
            layout,
            ..
        } = self.plot;
        let default = measure::default(&document.fields, query, *layout);
        let mut offered = measure::candidates(&document.fields);
        if let Some(default) = default
            && offered.iter().all(|field| field.name != default.name)
        {
            offered.insert(0, default);
        }
        let shown = |field: &Field<'_>| !query.hides(&field.name);
        let is_only = offered.iter().filter(|field| shown(field)).count() == 1;
        let label = |field: &Field<'a>| {
            let of_axis = || {
                query
                    .y_axis_label(&field.name)
                    .filter(|_| is_only && shown(field))
            };
            let series = labels::series(query, &field.name).or_else(of_axis);
            series
                .unwrap_or_else(|| labels::measure(field, query))
                .into_owned()
        };
        let choices = self.fields(offered, label);
        let choices = self.at_most("y", choices);
        let axis_label = default.and_then(|field| query.y_axis_label(&field.name));
        Control::choice(
            "y",
            axis_label.as_deref().unwrap_or("Y axis"),
            "The number to read.",
            choices,
        )
        .required(true)
        .default_to(default.map(|field| field.name.clone().into_owned()))
    }

    fn x(&mut self) -> Option<Control> {
        let Plot {
            document,
            query,
            layout,
            measure,
            ..
        } = self.plot;
        if *layout == Layout::Single || self.plot.axis.is_none() {
            return None;
        }
        let default = axis::default(&document.fields, measure, query, *layout);
        let custom = query.text("x_axis_label");
        let label = |field: &Field<'a>| match (&custom, default) {
            (Some(custom), Some(default)) if default.name == field.name => {
                custom.clone().into_owned()
            }
            _ => labels::field(field, query).into_owned(),
        };
        let choices = self.fields(axis::candidates(&document.fields, measure), label);
        let choices = self.at_most("x", choices);
        let label = custom.as_deref().unwrap_or("X axis");
        let control = Control::choice("x", label, "What the number is read along.", choices);
        Some(
            control
                .required(true)
                .default_to(default.map(|field| field.name.clone().into_owned())),
        )
    }

    /// Fields as choices: those that the chart draws, then the hidden ones under a heading.
    fn fields(&self, fields: Vec<&Field<'a>>, label: impl Fn(&Field<'a>) -> String) -> Vec<Choice> {
        let query = &self.plot.query;
        let (hidden, shown): (Vec<_>, Vec<_>) = fields
            .into_iter()
            .partition(|field| query.hides(&field.name));
        let choice =
            |field: &Field<'a>, group| Choice::new(field.name.clone(), label(field)).under(group);
        let group =
            |field: &Field<'_>| (field.role == crate::field::Role::Pivot).then_some("Pivot");
        let shown = shown.into_iter().map(|field| choice(field, group(field)));
        shown
            .chain(hidden.into_iter().map(|field| choice(field, Some(HIDDEN))))
            .collect()
    }

    fn pivot(&mut self) -> Option<Control> {
        if !self.plot.is_pivoted || self.plot.pivot_fields().next().is_none() {
            return None;
        }
        let choices = places::columns(self.plot);
        let choices = self.at_most("pivot", choices);
        let help = "The column to read, by the values that head it.";
        Some(Control::choice("pivot", "Column", help, choices).required(true))
    }

    fn row(&mut self) -> Option<Control> {
        let rows = places::Rows::of(self.plot)?;
        let choices = self.at_most("row", rows.choices);
        let help = "The row to read, where more than the x axis tells rows apart.";
        Some(Control::choice("row", "Row", help, choices).required(rows.is_required))
    }

    fn at(&mut self) -> Option<Control> {
        let axis = self.plot.axis.as_ref()?;
        let values = places::along(self.plot, axis);
        let is_time = axis.frame().is_some();
        let mut choices = Vec::with_capacity(values.len() + 2);
        if is_time {
            choices.push(Choice::new(LATEST, "Latest"));
            // Where nothing says how long periods are, nothing tells which are complete.
            if matches!(axis.kind, axis::Kind::Time(_)) {
                choices.push(Choice::new(LATEST_COMPLETE, "Latest complete period"));
            }
        }
        choices.extend(values);
        let choices = self.at_most("at", choices);
        let help = if is_time {
            "Which point in time to read. The latest is the newest that has a number and is not in the future."
        } else {
            "Which value of the x axis to read."
        };
        let default = is_time.then(|| LATEST.to_owned());
        Some(
            Control::choice("at", "At", help, choices)
                .required(true)
                .default_to(default),
        )
    }

    fn format(&self) -> Control {
        let choices = Format::ALL
            .iter()
            .map(|(format, label)| Choice::new(format.word(), *label));
        let help = "The number as Looker sent it, or as a percentage: 0.995 reads 99.5.";
        Control::choice("format", "Result format", help, choices.collect())
            .default_to(Some(Format::Exact.word().to_owned()))
    }
}
