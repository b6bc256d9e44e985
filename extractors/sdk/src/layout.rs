//! The layouts of charts, as far as they differ in what a person may choose.

/// What a chart has for an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Points along an x axis; there is no chart without one.
    Axis,
    /// Rows of a table, told apart by a time dimension or whatever stands first.
    Table,
    /// One number.
    Single,
}

impl Layout {
    /// The controls that a selection may name.
    pub fn controls(self) -> &'static [&'static str] {
        match self {
            Layout::Axis | Layout::Table => &["y", "x", "pivot", "row", "at", "format"],
            Layout::Single => &["y", "pivot", "row", "format"],
        }
    }
}
