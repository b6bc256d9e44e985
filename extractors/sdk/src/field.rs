//! One field's metadata, as far as anything here needs it.

use std::borrow::Cow;

use crate::json::Token;
use crate::name::Name;
use crate::shape::Shape;
use crate::skip::same;
use crate::walk::{Walk, Wrong};

/// Which of Looker's lists a field stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// `fields.measures`
    Measure,
    /// `fields.dimensions`
    Dimension,
    /// `fields.table_calculations`
    Calculation,
    /// `fields.pivots`: a dimension whose values head the columns.
    Pivot,
}

/// How the query was sorted by a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sorted {
    /// 0 is the first sort key.
    pub index: i64,
    /// Greatest first.
    pub descending: bool,
}

/// A field. Whatever Looker left out, or sent in another shape than documented, is none.
#[derive(Clone, Debug)]
pub struct Field<'a> {
    /// `view.field`, or the bare name of a calculation or SQL column.
    pub name: Cow<'a, str>,
    /// The list it stands in.
    pub role: Role,
    // What is only asked of the few fields that are read is kept as it came.
    label: Option<Token<'a>>,
    label_short: Option<Token<'a>>,
    value_format: Option<Token<'a>>,
    value_format_name: Option<Token<'a>>,
    /// E.g. "date_month", "count_distinct", "number".
    pub kind: Option<Cow<'a, str>>,
    /// `measure`, in old versions `is_measure`.
    pub measure: Option<bool>,
    /// `is_numeric`
    pub numeric: Option<bool>,
    /// `is_timeframe`
    pub timeframe: Option<bool>,
    /// `is_fiscal`
    pub fiscal: Option<bool>,
    /// By how many months the fiscal year starts after the calendar year it is named by.
    pub fiscal_month_offset: Option<i64>,
    /// `time_interval`: the unit's name and how many of it.
    pub interval: Option<(Cow<'a, str>, i64)>,
    /// How the query was sorted by it.
    pub sorted: Option<Sorted>,
    /// `can_pivot` of a calculation.
    pub can_pivot: Option<bool>,
    /// `pivoted` of a calculation.
    pub pivoted: Option<bool>,
}

impl<'a> Field<'a> {
    /// The label with its view, e.g. "Orders Created Month".
    pub fn label(&self) -> Option<Cow<'a, str>> {
        self.label.and_then(Token::filled)
    }

    /// The label without its view; calculations have none.
    pub fn label_short(&self) -> Option<Cow<'a, str>> {
        self.label_short.and_then(Token::filled)
    }

    /// E.g. "#,##0.0%".
    pub fn value_format(&self) -> Option<Cow<'a, str>> {
        self.value_format.and_then(Token::filled)
    }

    /// E.g. "percent_1".
    pub fn value_format_name(&self) -> Option<Cow<'a, str>> {
        self.value_format_name.and_then(Token::filled)
    }

    /// Whether that is its name.
    pub fn is_called(&self, name: &str) -> bool {
        same(self.name.as_bytes(), name.as_bytes())
    }

    /// Whether the chart counts it among the measures: calculations do unless they say otherwise.
    pub fn is_measure_like(&self) -> bool {
        match self.role {
            Role::Measure => true,
            Role::Calculation => self.measure != Some(false),
            Role::Dimension | Role::Pivot => false,
        }
    }

    /// Whether the chart counts it among the dimensions.
    pub fn is_dimension_like(&self) -> bool {
        match self.role {
            Role::Dimension => true,
            Role::Calculation => self.measure == Some(false),
            Role::Measure | Role::Pivot => false,
        }
    }

    /// Whether its metadata says that it holds numbers. Where metadata is silent its type tells.
    pub fn is_numeric(&self) -> bool {
        match (self.numeric, self.kind.as_deref()) {
            (Some(numeric), _) => numeric,
            (None, Some(kind)) => {
                matches!(kind, "number" | "int" | "integer" | "float" | "decimal")
            }
            (None, None) => self.role != Role::Dimension,
        }
    }

    /// Whether its cells may be pivoted in a pivoted result.
    pub fn is_pivotable(&self) -> bool {
        match self.role {
            Role::Measure => true,
            Role::Calculation => self.can_pivot != Some(false) && self.pivoted != Some(false),
            Role::Dimension | Role::Pivot => false,
        }
    }
}

/// What a member of a field is, as far as it is kept.
#[derive(Clone, Copy)]
pub(crate) enum Part {
    Name,
    Label,
    LabelShort,
    Type,
    Measure,
    IsMeasure,
    Numeric,
    Timeframe,
    Fiscal,
    FiscalMonthOffset,
    Interval,
    ValueFormat,
    ValueFormatName,
    Sorted,
    CanPivot,
    Pivoted,
}

impl Part {
    /// None for what is not kept.
    fn of(name: Name<'_>) -> Option<Self> {
        name.is(|name| {
            let is = |known: &[u8]| same(name, known);
            let part = match name.len() {
                4 if is(b"name") => Self::Name,
                4 if is(b"type") => Self::Type,
                5 if is(b"label") => Self::Label,
                6 if is(b"sorted") => Self::Sorted,
                7 if is(b"measure") => Self::Measure,
                7 if is(b"pivoted") => Self::Pivoted,
                9 if is(b"can_pivot") => Self::CanPivot,
                9 if is(b"is_fiscal") => Self::Fiscal,
                10 if is(b"is_measure") => Self::IsMeasure,
                10 if is(b"is_numeric") => Self::Numeric,
                11 if is(b"label_short") => Self::LabelShort,
                12 if is(b"is_timeframe") => Self::Timeframe,
                12 if is(b"value_format") => Self::ValueFormat,
                13 if is(b"time_interval") => Self::Interval,
                17 if is(b"value_format_name") => Self::ValueFormatName,
                19 if is(b"fiscal_month_offset") => Self::FiscalMonthOffset,
                _ => return None,
            };
            Some(part)
        })
    }
}

impl<'a> Field<'a> {
    /// Reads a field of the list given.
    pub(crate) fn read(
        walk: &mut Walk<'a>,
        shape: &mut Shape<'a, Option<Part>>,
        role: Role,
    ) -> Result<Self, Wrong> {
        let mut name = None;
        let mut is_measure = None;
        let mut field = Field {
            name: Cow::Borrowed(""),
            role,
            label: None,
            label_short: None,
            kind: None,
            measure: None,
            numeric: None,
            timeframe: None,
            fiscal: None,
            fiscal_month_offset: None,
            interval: None,
            value_format: None,
            value_format_name: None,
            sorted: None,
            can_pivot: None,
            pivoted: None,
        };
        walk.object(
            shape,
            || "a field is no object with `name`".to_owned(),
            Part::of,
            |walk, part| {
                match part {
                    Part::Interval => {
                        field.interval = interval(walk)?;
                        return Ok(());
                    }
                    Part::Sorted => {
                        field.sorted = sorted(walk)?;
                        return Ok(());
                    }
                    _ => {}
                }
                let value = walk.token()?;
                match part {
                    Part::Name => name = value.filled(),
                    Part::Label => field.label = Some(value),
                    Part::LabelShort => field.label_short = Some(value),
                    Part::Type => field.kind = value.filled(),
                    Part::Measure => field.measure = value.flag(),
                    Part::IsMeasure => is_measure = value.flag(),
                    Part::Numeric => field.numeric = value.flag(),
                    Part::Timeframe => field.timeframe = value.flag(),
                    Part::Fiscal => field.fiscal = value.flag(),
                    Part::FiscalMonthOffset => field.fiscal_month_offset = value.integer(),
                    Part::ValueFormat => field.value_format = Some(value),
                    Part::ValueFormatName => field.value_format_name = Some(value),
                    Part::CanPivot => field.can_pivot = value.flag(),
                    Part::Pivoted => field.pivoted = value.flag(),
                    Part::Interval | Part::Sorted => {}
                }
                Ok(())
            },
        )?;
        field.measure = field.measure.or(is_measure);
        field.name = name.ok_or_else(|| Wrong::Shape("a field has no `name`".to_owned()))?;
        Ok(field)
    }
}

/// `time_interval`; none where it is not what Looker documents.
fn interval<'a>(walk: &mut Walk<'a>) -> Result<Option<(Cow<'a, str>, i64)>, Wrong> {
    let (mut name, mut count) = (None, None);
    walk.object_if_any(
        |key| match key {
            b"name" => Some(true),
            b"count" => Some(false),
            _ => None,
        },
        |is_name, value| match is_name {
            true => name = value.filled(),
            false => count = Some(value),
        },
    )?;
    let count = match count.filter(|count| !count.is_null()) {
        Some(count) => count.integer(),
        None => Some(1),
    };
    Ok(name.zip(count))
}

/// `sorted`; none where it is not what Looker documents.
fn sorted(walk: &mut Walk<'_>) -> Result<Option<Sorted>, Wrong> {
    let (mut index, mut descending) = (None, None);
    walk.object_if_any(
        |key| match key {
            b"sort_index" => Some(true),
            b"desc" => Some(false),
            _ => None,
        },
        |is_index, value| match is_index {
            true => index = value.integer(),
            false => descending = value.flag(),
        },
    )?;
    Ok(index.map(|index| Sorted {
        index,
        descending: descending.unwrap_or(false),
    }))
}
