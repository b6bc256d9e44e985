//! Orders, added up by group.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::conditions::Conditions;
use super::slices::Slices;
use super::tally::Tally;
use super::{Cell, Member, Plan};
use crate::ledger::{self, CHANNELS, Ledger, REGIONS, STATUSES, Sold};
use crate::model::{Dimension, Field, Kind, Measure};

/// The members of a group down the side and across the top, and what is known of it.
pub type Groups = BTreeMap<Vec<Member>, BTreeMap<Vec<Member>, Tally>>;

/// A group by indexes: period, region, channel and status, each only where it is asked for.
type Key = (usize, [Option<usize>; 3]);

/// Adds up all that fulfils the conditions.
pub fn groups(
    plan: &Plan,
    conditions: &Conditions,
    slices: &Slices,
    ledger: Ledger,
    now: Timestamp,
) -> Groups {
    let tallies = tallies(plan, conditions, slices, ledger, now.as_second());
    let mut groups = Groups::new();
    for ((period, indexes), tally) in tallies {
        let holds = |(measure, filter): &(Measure, _)| matches(filter, &tally.measure(*measure));
        if !conditions.having.iter().all(holds) {
            continue;
        }
        let mut times = slices.periods.get(period).into_iter().flatten();
        let mut of = |field: &Field| match field.kind {
            Kind::Dimension(Dimension::Created(_)) => times.next().cloned().unwrap_or(Member::Null),
            Kind::Dimension(Dimension::Region) => named(&REGIONS, indexes[0]),
            Kind::Dimension(Dimension::Channel) => named(&CHANNELS, indexes[1]),
            Kind::Dimension(Dimension::Status) => named(&STATUSES, indexes[2]),
            Kind::Measure(_) => Member::Null,
        };
        let row: Vec<_> = plan.rows.iter().map(&mut of).collect();
        let column: Vec<_> = plan.pivots.iter().map(&mut of).collect();
        groups
            .entry(row)
            .or_default()
            .entry(column)
            .or_default()
            .add(&tally);
    }
    if plan.filled {
        for period in &slices.periods {
            // The row's timeframe is the first of them: rows come before pivots.
            groups.entry(period[..1].to_vec()).or_default();
        }
    }
    // Measures alone are one row, over nothing as well.
    if plan.rows.is_empty() && plan.pivots.is_empty() && conditions.having.is_empty() {
        groups
            .entry(Vec::new())
            .or_default()
            .entry(Vec::new())
            .or_default();
    }
    groups
}

fn tallies(
    plan: &Plan,
    conditions: &Conditions,
    slices: &Slices,
    ledger: Ledger,
    now: i64,
) -> BTreeMap<Key, Tally> {
    let asked = |dimension| {
        let mut fields = plan.rows.iter().chain(&plan.pivots);
        fields.any(|field| field.kind == Kind::Dimension(dimension))
    };
    let by = [Dimension::Region, Dimension::Channel, Dimension::Status].map(asked);
    let ahead = plan
        .measures
        .iter()
        .any(|field| field.measure() == Some(Measure::Forecast));
    let mut tallies: BTreeMap<Key, Tally> = BTreeMap::new();
    for slice in &slices.slices {
        let mut of_slice: BTreeMap<[Option<usize>; 3], Tally> = BTreeMap::new();
        for cell in cells(conditions) {
            let sold = if slice.from < now {
                ledger.sold(cell, slice.from, slice.to.min(now))
            } else {
                Sold::default()
            };
            let expected = if ahead {
                ledger.expected(cell, slice.from, slice.to)
            } else {
                0
            };
            let tally = Tally::of(cell, sold, expected);
            if tally.is_empty() {
                continue;
            }
            let indexes = [cell.region, cell.channel, cell.status];
            let key = std::array::from_fn(|at| by[at].then_some(indexes[at]));
            of_slice.entry(key).or_default().add(&tally);
        }
        for (key, tally) in of_slice {
            tallies.entry((slice.period, key)).or_default().add(&tally);
        }
    }
    tallies
}

fn cells(conditions: &Conditions) -> impl Iterator<Item = ledger::Cell> + '_ {
    conditions.regions.iter().flat_map(move |&region| {
        conditions.channels.iter().flat_map(move |&channel| {
            let statuses = conditions.statuses.iter();
            statuses.map(move |&status| ledger::Cell {
                region,
                channel,
                status,
            })
        })
    })
}

fn named(names: &[&'static str], index: Option<usize>) -> Member {
    let name = index.and_then(|index| names.get(index));
    name.map_or(Member::Null, |name| Member::Text((*name).to_owned()))
}

fn matches(filter: &crate::filter::number::NumberFilter, cell: &Cell) -> bool {
    match cell {
        Cell::Number(number) => filter.holds(Some(*number)),
        Cell::Null | Cell::Absent | Cell::Text(_) => filter.holds(None),
    }
}
