//! The `x` control: the field along the axis, on the rows or on the columns, and whether its
//! values are points in time.
//!
//! ```
//! use lensmount_sdk::axis;
//! use lensmount_sdk::stamp::Grain;
//!
//! # fn main() -> Result<(), lensmount_sdk::chart::Failure> {
//! let body = br#"{"fields": {"dimensions": [{"name": "o.month", "type": "date_month"}, {"name": "o.status", "type": "string"}],
//!                            "measures": [{"name": "o.count", "type": "count"}]}, "data": []}"#;
//! let document = lensmount_sdk::reader::read(body, |_| Vec::new())?;
//! let count = document.fields.find("o.count").expect("a measure");
//! let along: Vec<&str> = axis::candidates(&document.fields, count).iter().map(|field| &*field.name).collect();
//! assert_eq!(along, ["o.month", "o.status"]);
//!
//! // What its values are is told by its metadata first, and by the values where that is silent.
//! let month = document.fields.find("o.month").expect("a dimension");
//! assert!(matches!(axis::kind(month, std::iter::empty()), axis::Kind::Time(frame) if frame.is_named_by(Grain::Month)));
//! # Ok(())
//! # }
//! ```

use jiff::civil::DateTime;

use crate::chart::Failure;
use crate::failure::shown;
use crate::field::{Field, Role};
use crate::fields::Fields;
use crate::json::{Kind as Json, Token};
use crate::layout::Layout;
use crate::measure::holds_numbers;
use crate::selection::Chosen;
use crate::stamp::{self, Grain, Stamp, Written};
use crate::timeframe::{Said, Timeframe, said};
use crate::vis::Query;

/// The axis of a chart.
#[derive(Clone, Debug)]
pub struct Axis<'a> {
    /// The field along it.
    pub field: Field<'a>,
    /// What its values are.
    pub kind: Kind,
    /// Whether its values are moments within days that say their offset from UTC. They are compared
    /// in UTC then: by local time, an hour comes twice when clocks go back.
    pub in_utc: bool,
    /// The points in time that the document's rows stand at, row by row, as far as they were looked at
    /// to tell what the axis is. None for an axis that heads the columns.
    pub(crate) stamps: Vec<Option<Stamp>>,
    /// Where its column stands in the document's table, if it does not head the columns.
    pub(crate) column: Option<usize>,
}

/// What the values along an axis are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Points in time.
    Time(Timeframe),
    /// Points in time whose periods may be longer than their texts are fine: only the metadata could
    /// say, and it does not.
    SomeTime(Timeframe),
    /// Anything else, and why they are not points in time.
    Category(String),
}

impl<'a> Axis<'a> {
    /// Whether the field heads the columns.
    pub fn is_on_pivots(&self) -> bool {
        self.field.role == Role::Pivot
    }

    /// The timeframe, where the axis is one of time.
    pub fn frame(&self) -> Option<&Timeframe> {
        match &self.kind {
            Kind::Time(frame) | Kind::SomeTime(frame) => Some(frame),
            Kind::Category(_) => None,
        }
    }
}

/// The fields that may stand along the axis, in the order to offer them. A dimension whose numbers
/// are read is not among them; where texts are to be read, the axis is the same as ever.
pub fn candidates<'f, 'a>(fields: &'f Fields<'a>, measure: &Field<'_>) -> Vec<&'f Field<'a>> {
    let pivots = fields.pivots.iter().filter(|_| measure.is_pivotable());
    let is_read = |field: &Field<'_>| field.name == measure.name && holds_numbers(field);
    fields
        .dimension_like()
        .chain(pivots)
        .filter(|field| !is_read(field))
        .collect()
}

/// What stands along the axis where the selection doesn't say.
pub fn default<'f, 'a>(
    fields: &'f Fields<'a>,
    measure: &Field<'_>,
    query: &Query<'_>,
    layout: Layout,
) -> Option<&'f Field<'a>> {
    if layout == Layout::Single {
        return None;
    }
    let shown: Vec<_> = candidates(fields, measure)
        .into_iter()
        .filter(|field| !query.hides(&field.name))
        .collect();
    let of_rows = || {
        shown
            .iter()
            .copied()
            .filter(|field| field.role != Role::Pivot)
    };
    let is_time = |field: &&Field<'_>| matches!(said(field), Said::Time(_) | Said::SomeTime);
    let time_of_rows = || {
        of_rows()
            .filter(|field| field.role == Role::Dimension)
            .filter(is_time)
    };
    let time_on_pivots = || {
        shown
            .iter()
            .copied()
            .filter(|field| field.role == Role::Pivot)
            .find(is_time)
    };
    match layout {
        Layout::Single => None,
        Layout::Axis => {
            let mut times = time_of_rows();
            let only = times.next().filter(|_| times.next().is_none());
            only.or_else(|| of_rows().next()).or_else(time_on_pivots)
        }
        Layout::Table => time_of_rows()
            .next()
            .or_else(time_on_pivots)
            .or_else(|| of_rows().next()),
    }
}

/// The field along the axis; none where the chart has no axis.
///
/// Failures: `bad-selection` where the one chosen is not there or cannot be an axis, or where the
/// layout needs one and the chart hides all there are.
pub fn chosen<'f, 'a>(
    fields: &'f Fields<'a>,
    measure: &Field<'_>,
    query: &Query<'_>,
    chosen: &Chosen<'_>,
    layout: Layout,
) -> Result<Option<&'f Field<'a>>, Failure> {
    if layout == Layout::Single {
        return Ok(None);
    }
    let Some(name) = chosen.x else {
        let hidden = || candidates(fields, measure).first().copied();
        let hidden = || hidden().filter(|_| chosen.or_hidden && layout == Layout::Axis);
        let field = default(fields, measure, query, layout).or_else(hidden);
        if field.is_none() && layout == Layout::Axis {
            return Err(Failure::bad_selection(
                "x",
                "No field that the chart shows stands along its x axis by itself. Choose one under `x`.",
            ));
        }
        return Ok(field);
    };
    match fields.find(name) {
        Some(field) if field.is_dimension_like() => Ok(Some(field)),
        Some(field) if field.role == Role::Pivot && measure.is_pivotable() => Ok(Some(field)),
        Some(field) if field.role == Role::Pivot => Err(flat_measure(name, &measure.name)),
        Some(_) => Err(Failure::bad_selection(
            "x",
            format!(
                "{} is a measure, and its values are no axis. Choose a dimension under `x`.",
                shown(name)
            ),
        )),
        None => Err(Failure::bad_selection(
            "x",
            format!(
                "The result has no field {}: it was taken out of the query, or renamed. Choose another under `x`.",
                shown(name)
            ),
        )),
    }
}

/// A measure that is not pivoted has nothing along the columns.
pub fn flat_measure(axis: &str, measure: &str) -> Failure {
    Failure::bad_selection(
        "x",
        format!(
            "{} heads the columns, but {} has one value a row and none for each column. Choose a field of the rows under `x`, or another `y`.",
            shown(axis),
            shown(measure)
        ),
    )
}

/// `unsupported` where the layout needs an axis and no field could be one.
pub fn required(
    fields: &Fields<'_>,
    measure: Option<&Field<'_>>,
    layout: Layout,
) -> Result<(), Failure> {
    let any = match measure {
        Some(measure) => !candidates(fields, measure).is_empty(),
        None => fields.dimension_like().next().is_some() || !fields.pivots.is_empty(),
    };
    if any || layout != Layout::Axis {
        return Ok(());
    }
    Err(Failure::unsupported(
        "The result has no dimension beside what is read, so there is no x axis. Add one to the tile, or read it as a single value.",
    ))
}

/// What the values of a field are: what its metadata says, if all of them bear it out. Each comes
/// with the point in time that it names, if it names one. A field
/// that says nothing has points in time where all its values are written like dates.
pub fn kind<'a>(
    field: &Field<'_>,
    values: impl Iterator<Item = (Token<'a>, Option<Stamp>)>,
) -> Kind {
    let silent = match said(field) {
        Said::NotTime(why) => {
            return Kind::Category(format!(
                "{} is not a point in time: {why}",
                shown(&field.name)
            ));
        }
        Said::Nothing => true,
        Said::Time(_) | Said::SomeTime => false,
    };
    let mut finest: Option<Grain> = None;
    let mut offsets: Option<bool> = None;
    for (value, stamp) in values.filter(|(value, _)| !value.is_null()) {
        // A bare year is a number like any other unless the metadata says better.
        let fits = stamp
            .filter(|stamp| !silent || (stamp.grain > Grain::Year && value.kind() == Json::Text));
        let Some(stamp) = fits else {
            return Kind::Category(format!(
                "{} is not a point in time: it holds {}",
                shown(&field.name),
                shown(&crate::labels::value(value))
            ));
        };
        finest = finest.max(Some(stamp.grain));
        let has_offset = stamp.offset.is_some();
        if *offsets.get_or_insert(has_offset) != has_offset {
            return Kind::Category(format!(
                "{} is no line of points in time: some of its values have an offset from UTC and others have none",
                shown(&field.name)
            ));
        }
    }
    let offset = field.fiscal_month_offset.unwrap_or(0);
    match (said(field), finest) {
        (Said::Time(frame), _) => Kind::Time(frame),
        (Said::SomeTime, grain) => {
            Kind::SomeTime(Timeframe::by_grain(grain.unwrap_or(Grain::Instant), offset))
        }
        (_, Some(grain)) => Kind::SomeTime(Timeframe::by_grain(grain, offset)),
        (_, None) => Kind::Category(format!(
            "{} does not say that it holds points in time, and has no value that would show it",
            shown(&field.name)
        )),
    }
}

/// The point in time that a value names.
pub fn stamp_of(value: Token<'_>) -> Option<Stamp> {
    stamp_after(&mut None, value)
}

/// The same, of a value that comes after others.
#[inline]
pub(crate) fn stamp_after(last: &mut Option<Written>, value: Token<'_>) -> Option<Stamp> {
    let raw = value.bytes();
    let quoted = raw
        .strip_prefix(b"\"")
        .and_then(|raw| raw.strip_suffix(b"\""));
    let plain = stamp::parse_after(last, quoted.unwrap_or(raw));
    // No point in time is written with a backslash, unless it is escaped.
    match plain {
        None if quoted.is_some_and(|text| text.contains(&b'\\')) => stamp::parse(&value.text()?),
        plain => plain,
    }
}

/// Where the period that a value names begins, by the clock of the zone.
pub fn start(value: Token<'_>, frame: &Timeframe, zone: &crate::zone::Zone) -> Option<DateTime> {
    frame.placed(stamp_of(value)?)?.local(zone)
}
