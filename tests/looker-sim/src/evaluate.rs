//! A query's answer, out of the ledger.
//!
//! Time is cut into slices that no requested timeframe cuts further; what was sold in each cell of
//! the shop in each slice is added up by group; groups become rows and pivoted columns.

use std::ops::Range;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::filter::BadFilter;
use crate::ledger::Ledger;
use crate::model::{Explore, Field, Kind, View};
use crate::query::Query;

pub use calculation::Calculation;
pub use table::{Cell, Column, Row, Table};
pub use value::Member;

mod calculation;
mod conditions;
mod group;
mod slices;
mod sort;
mod table;
mod tally;
mod value;

/// Rows of an unlimited query.
const MOST_ROWS: usize = 100_000;
/// Rows and columns of a query that does not say.
const ROWS: usize = 500;
const COLUMNS: usize = 50;

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// There is no such explore.
    #[error("View Not Found")]
    NoExplore,
    /// A field that the explore does not have.
    #[error("Unknown or inaccessible field \"{0}\" referenced in query")]
    NoField(String),
    /// A pivot that is no dimension of the query.
    #[error("\"{0}\" cannot be pivoted")]
    NoPivot(String),
    /// Nothing was asked for.
    #[error("Query must have at least one field")]
    Nothing,
    /// An expression that is none.
    #[error("a filter cannot be applied")]
    Filter(#[from] BadFilter),
    /// A zone that nobody knows.
    #[error("\"{0}\" is not a time zone")]
    NoZone(String),
    /// The database refused.
    #[error("Table \"shop.orders_broken\" doesn't exist")]
    NoTable,
}

/// What a query asks, understood.
#[derive(Debug)]
pub struct Plan {
    /// The explore.
    pub explore: Explore,
    /// Dimensions down the side.
    pub rows: Vec<Field>,
    /// Dimensions across the top.
    pub pivots: Vec<Field>,
    /// Measures.
    pub measures: Vec<Field>,
    /// Table calculations.
    pub calculations: Vec<Calculation>,
    /// Where days begin.
    pub zone: TimeZone,
    /// The name of that.
    pub zone_name: String,
    filled: bool,
}

impl Plan {
    /// Understands a query.
    pub fn of(query: &Query) -> Result<Self, Problem> {
        let name = |text: &Option<String>| text.clone().unwrap_or_default();
        let explore = Explore::parse(&name(&query.model), &name(&query.view));
        let explore = explore.ok_or(Problem::NoExplore)?;
        let calculations = calculation::all(query.dynamic_fields.as_deref());
        let (mut rows, mut pivots, mut measures) = (Vec::new(), Vec::new(), Vec::new());
        let pivoted = |name: &String| query.pivots.iter().flatten().any(|pivot| pivot == name);
        for name in query.fields.iter().flatten() {
            if calculations.iter().any(|known| known.name == *name) {
                continue;
            }
            let field = field(explore.view(), name)?;
            match field.kind {
                Kind::Measure(_) if pivoted(name) => return Err(Problem::NoPivot(name.clone())),
                Kind::Measure(_) => measures.push(field),
                Kind::Dimension(_) if pivoted(name) => pivots.push(field),
                Kind::Dimension(_) => rows.push(field),
            }
        }
        let found = |name: &&String| !pivots.iter().any(|field| field.to_string() == **name);
        if let Some(name) = query.pivots.iter().flatten().find(found) {
            return Err(Problem::NoPivot(name.clone()));
        }
        if rows.is_empty() && pivots.is_empty() && measures.is_empty() {
            return Err(Problem::Nothing);
        }
        let zone_name = query.query_timezone.clone().filter(|name| !name.is_empty());
        let zone_name = zone_name.unwrap_or_else(|| "UTC".to_owned());
        let zone = TimeZone::get(&zone_name).map_err(|_| Problem::NoZone(zone_name.clone()))?;
        let fill = |field: &Field| {
            query
                .fill_fields
                .iter()
                .flatten()
                .any(|name| *name == field.to_string())
        };
        let filled = matches!(&rows[..], [only] if only.timeframe().is_some() && fill(only));
        Ok(Self {
            explore,
            rows,
            pivots,
            measures,
            calculations,
            zone,
            zone_name,
            filled,
        })
    }
}

fn field(view: View, name: &str) -> Result<Field, Problem> {
    Field::parse(view, name).ok_or_else(|| Problem::NoField(name.to_owned()))
}

/// The answer to `query` as of `now`, with no more rows than `limit` where that is given.
pub fn evaluate(
    query: &Query,
    plan: &Plan,
    limit: Option<&str>,
    ledger: Ledger,
    now: Timestamp,
) -> Result<Table, Problem> {
    if plan.explore == Explore::OrdersBroken {
        return Err(Problem::NoTable);
    }
    let ledger = match plan.explore.view() {
        View::Orders => ledger,
        View::Visits => ledger.beside(7),
    };
    let local = now.to_zoned(plan.zone.clone()).datetime();
    let conditions = conditions::Conditions::of(query, plan.explore.view(), local)?;
    let slices = slices::cut(plan, &conditions.spans, now);
    let groups = group::groups(plan, &conditions, &slices, ledger, now);
    let mut table = table::build(plan, query, groups);
    sort::sort(&mut table, plan, query);
    let columns = count(query.column_limit.as_deref(), COLUMNS);
    table.cut(count(limit.or(query.limit.as_deref()), ROWS), columns);
    calculation::fill(&mut table, plan);
    Ok(table)
}

/// A limit as its text says: nothing and nonsense are the default, a negative one is none.
fn count(text: Option<&str>, default: usize) -> usize {
    match text.map(str::parse::<i64>) {
        Some(Ok(count)) => usize::try_from(count).unwrap_or(MOST_ROWS).min(MOST_ROWS),
        _ => default,
    }
}

/// Spans of local time.
type Spans = Vec<Range<DateTime>>;

#[cfg(test)]
mod tests;
