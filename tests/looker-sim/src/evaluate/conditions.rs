//! The filters of a query, understood.

use jiff::civil::DateTime;

use super::{Problem, Spans, field};
use crate::filter::date;
use crate::filter::number::NumberFilter;
use crate::filter::string::StringFilter;
use crate::ledger::{CHANNELS, REGIONS, STATUSES};
use crate::model::{Dimension, Kind, Measure, View};
use crate::query::Query;

/// What a row of the database, and then a group of them, has to fulfil.
#[derive(Debug)]
pub struct Conditions {
    /// Local time that counts.
    pub spans: Spans,
    /// Which regions, channels and statuses count.
    pub regions: Vec<usize>,
    /// See `regions`.
    pub channels: Vec<usize>,
    /// See `regions`.
    pub statuses: Vec<usize>,
    /// What the measures of a group have to be.
    pub having: Vec<(Measure, NumberFilter)>,
}

impl Conditions {
    /// Understands the filters of `query`.
    pub fn of(query: &Query, view: View, now: DateTime) -> Result<Self, Problem> {
        let mut spans = date::parse("", now)?;
        let (mut regions, mut channels, mut statuses) =
            (all(&REGIONS), all(&CHANNELS), all(&STATUSES));
        let mut having = Vec::new();
        for (name, expression) in query.asked_filters() {
            match field(view, name)?.kind {
                Kind::Dimension(Dimension::Created(_)) => {
                    spans = common(&spans, &date::parse(expression, now)?);
                }
                Kind::Dimension(Dimension::Region) => passing(&mut regions, &REGIONS, expression),
                Kind::Dimension(Dimension::Channel) => {
                    passing(&mut channels, &CHANNELS, expression)
                }
                Kind::Dimension(Dimension::Status) => passing(&mut statuses, &STATUSES, expression),
                Kind::Measure(measure) => having.push((measure, NumberFilter::parse(expression)?)),
            }
        }
        Ok(Self {
            spans,
            regions,
            channels,
            statuses,
            having,
        })
    }
}

fn all(names: &[&str]) -> Vec<usize> {
    (0..names.len()).collect()
}

fn passing(indexes: &mut Vec<usize>, names: &[&str], expression: &str) {
    let filter = StringFilter::parse(expression);
    indexes.retain(|index| filter.holds(names[*index]));
}

/// What lies in spans of both.
fn common(these: &Spans, those: &Spans) -> Spans {
    let pairs = these.iter().flat_map(|a| those.iter().map(move |b| (a, b)));
    pairs
        .map(|(a, b)| a.start.max(b.start)..a.end.min(b.end))
        .filter(|span| !span.is_empty())
        .collect()
}
