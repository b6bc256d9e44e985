//! What a person chose, control by control.

use crate::chart::Failure;
use crate::failure::shown;
use crate::layout::Layout;
use crate::skip::same;

/// A selection taken apart. What it leaves out is none.
#[derive(Clone, Copy, Debug, Default)]
pub struct Chosen<'a> {
    /// The field along the axis.
    pub x: Option<&'a str>,
    /// The field whose number is read.
    pub y: Option<&'a str>,
    /// `latest`, `latest-complete`, or an x value.
    pub at: Option<&'a str>,
    /// JSON object of pivot field to value, or `total`.
    pub pivot: Option<&'a str>,
    /// JSON object of field to value, or `total`.
    pub row: Option<&'a str>,
    /// `exact`, `percentage` or `times-100`.
    pub format: Option<&'a str>,
    /// Whether a hidden field may stand in where the chart shows none and none is chosen: an outline
    /// has to list what belongs to some field, a reading must not take one unasked.
    pub or_hidden: bool,
}

/// The word for the total in `pivot` and `row`.
pub const TOTAL: &str = "total";

impl<'a> Chosen<'a> {
    /// Takes a selection apart, with the first failure there is: a control that the layout does not
    /// have, or one that is given twice.
    pub fn read(selection: &'a [(String, String)], layout: Layout) -> (Self, Option<Failure>) {
        let mut chosen = Self::default();
        let mut failure = None;
        for (name, value) in selection {
            let mut controls = layout.controls().iter();
            let known = controls.any(|control| same(control.as_bytes(), name.as_bytes()));
            let slot = match name.as_str() {
                "x" => &mut chosen.x,
                "y" => &mut chosen.y,
                "at" => &mut chosen.at,
                "pivot" => &mut chosen.pivot,
                "row" => &mut chosen.row,
                "format" => &mut chosen.format,
                _ => {
                    failure = failure.or_else(|| Some(unknown(name, layout)));
                    continue;
                }
            };
            if !known {
                failure = failure.or_else(|| Some(unknown(name, layout)));
            } else if slot.replace(value).is_some() {
                failure = failure.or_else(|| {
                    Some(Failure::bad_selection(
                        name,
                        format!("The selection gives {} twice, so nothing tells which is meant. Give it once.", shown(name)),
                    ))
                });
            }
        }
        (chosen, failure)
    }
}

fn unknown(name: &str, layout: Layout) -> Failure {
    Failure::bad_selection(
        name,
        format!(
            "There is no control {} on this chart. Leave it out; the controls are {}.",
            shown(name),
            layout.controls().join(", ")
        ),
    )
}
