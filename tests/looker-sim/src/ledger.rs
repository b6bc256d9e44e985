//! The made-up shop: how much was ordered when, where, how and with what end.
//!
//! Nothing is stored. Each number follows from the seed, the day and the cell of the shop it is
//! about, so that the past never changes and the present grows by itself.

use jiff::civil::{Date, date};

/// Where orders come from.
pub const REGIONS: [&str; 4] = ["APAC", "Americas", "EMEA", "Nordics & Baltics"];
/// How they come.
pub const CHANNELS: [&str; 3] = ["app", "partner", "web"];
/// What became of them.
pub const STATUSES: [&str; 3] = ["cancelled", "complete", "pending"];
/// The index of the status that counts as success.
pub const COMPLETE: usize = 1;

/// The first day of the shop.
pub const OPENED: Date = date(2023, 1, 1);

/// The same in days since the epoch.
const FIRST_DAY: i64 = 19_358;

const DAY: i64 = 86_400;
const HOUR: i64 = 3_600;

/// How the orders of a day spread over its hours; busiest in the evening, never quite still.
const HOURS: [i64; 24] = [
    20, 20, 20, 20, 20, 22, 28, 36, 44, 50, 52, 54, 56, 54, 50, 50, 52, 56, 60, 64, 60, 48, 36, 28,
];

/// One part of the shop, by the indexes of its names.
#[derive(Debug, Clone, Copy)]
pub struct Cell {
    /// Index into [`REGIONS`].
    pub region: usize,
    /// Index into [`CHANNELS`].
    pub channel: usize,
    /// Index into [`STATUSES`].
    pub status: usize,
}

/// How many orders, and for how many cents.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sold {
    /// Orders.
    pub orders: i64,
    /// What they were worth, in cents.
    pub cents: i64,
}

/// The numbers of one installation.
#[derive(Debug, Clone, Copy)]
pub struct Ledger {
    seed: u64,
}

impl Ledger {
    /// The ledger that follows from `seed`.
    pub fn new(seed: u64) -> Self {
        Self { seed }
    }

    /// Another ledger of the same shop, for what is counted beside orders.
    pub fn beside(self, salt: u64) -> Self {
        Self::new(mix(self.seed ^ salt))
    }

    /// What was sold in `cell` between two moments, in seconds since the epoch.
    pub fn sold(self, cell: Cell, from: i64, to: i64) -> Sold {
        let mut sold = Sold::default();
        for (day, start, end) in days(from, to) {
            let chance = self.chance(cell, day);
            let total = orders_on(cell, day, Some(chance));
            // Each cell rounds at another time of the day, so that the shop as a whole moves often.
            let phase = (chance >> 32) as i64 % weight(DAY);
            let until = |second| (total * weight(second) + phase) / weight(DAY);
            let orders = until(end) - until(start);
            sold.orders += orders;
            sold.cents += orders * price(cell, chance);
        }
        sold
    }

    /// What a planner would have expected of `cell` in that time.
    pub fn expected(self, cell: Cell, from: i64, to: i64) -> i64 {
        let expected = |day| orders_on(cell, day, None);
        days(from, to)
            .map(|(day, start, end)| expected(day) * (end - start) / DAY)
            .sum()
    }

    fn chance(self, cell: Cell, day: i64) -> u64 {
        let cell = (cell.region * 9 + cell.channel * 3 + cell.status) as u64;
        mix(mix(self.seed ^ day.cast_unsigned()) ^ cell)
    }
}

/// Days since the epoch that lie between two moments, each with the seconds of it that do.
fn days(from: i64, to: i64) -> impl Iterator<Item = (i64, i64, i64)> {
    let last = (to - 1).div_euclid(DAY);
    (from.div_euclid(DAY)..=last).map(move |day| {
        let clipped = |moment: i64| (moment - day * DAY).clamp(0, DAY);
        (day, clipped(from), clipped(to))
    })
}

/// The part of a day's orders that has come by this second of the day.
fn weight(second: i64) -> i64 {
    let hour = (second / HOUR) as usize;
    let before: i64 = HOURS[..hour].iter().sum();
    let within = HOURS.get(hour).map_or(0, |hour| hour * (second % HOUR));
    before * HOUR + within
}

/// A whole day's orders: more from year to year, fewer at weekends, and, where chance has its way,
/// never quite the same.
fn orders_on(cell: Cell, day: i64, chance: Option<u64>) -> i64 {
    let region = [700, 1_100, 1_000, 260][cell.region];
    let channel = [34, 16, 50][cell.channel];
    // Success rises slowly, so that a rate is worth following.
    let age = (day - FIRST_DAY).max(0);
    let lost = 36 - (age / 60).min(24);
    let status = [lost * 2 / 3, 1_000 - lost, lost / 3][cell.status];
    let weekend = matches!((day + 3).rem_euclid(7), 5 | 6);
    let week = if weekend { 70 } else { 112 };
    let growth = 1_000 + age;
    let noise = chance.map_or(1_000, |chance| 860 + (chance % 281) as i64);
    let rare = cell.channel == 1 && cell.status == 0;
    let quiet = rare && chance.is_some_and(|chance| chance.is_multiple_of(3));
    if quiet || age == 0 {
        return 0;
    }
    let scaled = i128::from(region * channel * status) * i128::from(growth * week * noise);
    i64::try_from(scaled / 1_000_000_000_000).unwrap_or(0)
}

/// The price of an order, in cents.
fn price(cell: Cell, chance: u64) -> i64 {
    let region = [4_200, 5_700, 5_100, 6_300][cell.region];
    let channel = [0, 900, 300][cell.channel];
    region + channel + ((chance >> 16) % 997) as i64
}

/// Spreads the bits of a number over all of it (SplitMix64).
fn mix(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: i64 = 1_778_673_600; // 2026-05-13T12:00:00Z

    fn cells() -> impl Iterator<Item = Cell> {
        (0..36).map(|at| Cell {
            region: at / 9,
            channel: at / 3 % 3,
            status: at % 3,
        })
    }

    fn all(seed: u64, from: i64, to: i64) -> i64 {
        let ledger = Ledger::new(seed);
        cells().map(|cell| ledger.sold(cell, from, to).orders).sum()
    }

    #[test]
    fn numbers_follow_from_the_seed() {
        let month = |seed| all(seed, NOON - 30 * DAY, NOON);
        assert_eq!(month(1), month(1));
        assert_ne!(month(1), month(2));
        assert!(month(1) > 100_000, "{}", month(1));
    }

    #[test]
    fn parts_add_up_to_the_whole() {
        let (from, to) = (NOON - 3 * DAY - 17, NOON + 1_234);
        for cut in [NOON - DAY, NOON - 12_345, NOON] {
            assert_eq!(all(1, from, to), all(1, from, cut) + all(1, cut, to));
        }
        assert_eq!(all(1, NOON, NOON), 0);
    }

    #[test]
    fn the_shop_moves_every_few_seconds_at_any_hour() {
        for hour in 0..24 {
            let start = NOON + hour * HOUR;
            assert!(all(1, start, start + 15) > 0, "at hour {hour} from noon");
        }
    }

    #[test]
    fn most_orders_complete_and_nothing_was_sold_before_it_opened() {
        let ledger = Ledger::new(1);
        let of = |status| -> i64 {
            let cells = cells().filter(|cell| cell.status == status);
            cells
                .map(|cell| ledger.sold(cell, NOON - 30 * DAY, NOON).orders)
                .sum()
        };
        assert!(
            of(COMPLETE) * 100 > (of(0) + of(2)) * 3_000,
            "{}",
            of(COMPLETE)
        );
        assert!(of(0) > 0 && of(2) > 0);
        assert_eq!(all(1, 1_500_000_000, 1_600_000_000), 0);
    }

    #[test]
    fn expectations_reach_into_the_future() {
        let cell = Cell {
            region: 0,
            channel: 0,
            status: 1,
        };
        assert!(Ledger::new(1).expected(cell, NOON, NOON + 30 * DAY) > 1_000);
    }
}
