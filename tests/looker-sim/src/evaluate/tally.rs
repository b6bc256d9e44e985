//! What is known of a group, and the measures that follow from it.

use super::Cell;
use crate::decimal::Decimal;
use crate::ledger::{self, COMPLETE, REGIONS, Sold};
use crate::model::Measure;

/// What is known of a group of orders.
#[derive(Debug, Clone, Copy, Default)]
pub struct Tally {
    orders: i64,
    complete: i64,
    cents: i64,
    expected: i64,
    by_region: [i64; REGIONS.len()],
}

impl Tally {
    /// What one cell of the shop adds.
    pub fn of(cell: ledger::Cell, sold: Sold, expected: i64) -> Self {
        let mut tally = Self {
            orders: sold.orders,
            complete: if cell.status == COMPLETE {
                sold.orders
            } else {
                0
            },
            cents: sold.cents,
            expected,
            ..Self::default()
        };
        tally.by_region[cell.region] = sold.orders;
        tally
    }

    /// Both groups as one.
    pub fn add(&mut self, other: &Self) {
        self.orders += other.orders;
        self.complete += other.complete;
        self.cents += other.cents;
        self.expected += other.expected;
        for (sum, more) in self.by_region.iter_mut().zip(other.by_region) {
            *sum += more;
        }
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.orders == 0 && self.expected == 0
    }

    /// A measure of it; null where there is nothing to measure.
    pub fn measure(&self, measure: Measure) -> Cell {
        let quotient = |over: i64, under: i64| {
            Decimal::quotient(over.into(), under.into()).map_or(Cell::Null, Cell::Number)
        };
        if measure == Measure::Forecast {
            return Cell::Number(Decimal::whole(self.expected));
        }
        if self.orders == 0 {
            return Cell::Null;
        }
        match measure {
            Measure::Count | Measure::Forecast => Cell::Number(Decimal::whole(self.orders)),
            Measure::CompleteCount => Cell::Number(Decimal::whole(self.complete)),
            Measure::Revenue => Cell::Number(Decimal::new(self.cents.into(), 2)),
            Measure::AverageValue => quotient(self.cents, self.orders * 100),
            Measure::CompletionRate => quotient(self.complete, self.orders),
            Measure::CompletionPercent => quotient(self.complete * 100, self.orders),
            Measure::TopRegion => {
                let best = (0..REGIONS.len()).max_by_key(|region| self.by_region[*region]);
                best.map_or(Cell::Null, |region| Cell::Text(REGIONS[region].to_owned()))
            }
        }
    }
}
