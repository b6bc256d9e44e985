//! Products 4 to 7 over the public door: a cut document is never read, the order of rows is no matter,
//! and what the server answers is what a plain restatement of the paragraph gives.

use crate::cases::{by_status, empty_sales, months_and_regions, one, sales};
use crate::harness::doc::Doc;
use crate::harness::server::shared;
use crate::table::{Case, SINGLE, TIMESERIES, call, read, series};
use proptest::prelude::*;
use serde_json::json;
use std::collections::BTreeMap;

#[test]
fn a_document_cut_anywhere_is_malformed() {
    let client = shared().admin();
    let text = sales().text();
    // Every place near the end, where a cut document looks most like a whole one, and some before.
    let near = text.len().saturating_sub(120)..text.len();
    let before = (0..near.start).step_by(37);
    for length in before.chain(near) {
        let cut = json!(&text[..length]).to_string();
        let case = call("read", TIMESERIES, format!("cut at {length}"), cut).fails(&["malformed"]);
        let answer = case.send(&client);
        let faults = case.faults(&answer);
        assert!(faults.is_empty(), "{}: {faults:?} {answer}", case.name);
    }
}

/// Every rotation of the rows, and of the rows backwards.
fn orders(doc: &Doc, rows: usize) -> impl Iterator<Item = Doc> + '_ {
    (0..rows).flat_map(|by| [doc.clone().rotated(by), doc.clone().reversed().rotated(by)])
}

#[test]
fn the_order_of_rows_is_no_matter_on_a_time_axis() {
    let client = shared().admin();
    let west = r#"{"sales.region":"West"}"#;
    let complete = r#"{"sales.status":"complete"}"#;
    let points: &[_] = &[("2024-01", "10"), ("2024-02", "20"), ("2024-03", "30"), ("2024-04", "40")];
    let mut cases = Vec::new();
    for doc in orders(&sales(), 4) {
        cases.push(read(TIMESERIES, "latest", &doc).gives("40").at("2024-04"));
        cases.push(read(TIMESERIES, "latest-complete", &doc).choose("at", "latest-complete").gives("30"));
        cases.push(read(TIMESERIES, "given", &doc).choose("at", "2024-02").gives("20"));
        cases.push(series(TIMESERIES, "series", &doc).points(points));
    }
    for doc in orders(&months_and_regions(), 4) {
        cases.push(read(TIMESERIES, "a row", &doc).choose("row", west).gives("3"));
        cases.push(read(TIMESERIES, "no row", &doc).fails(&["ambiguous"]));
    }
    for doc in orders(&by_status(), 2) {
        cases.push(read(TIMESERIES, "a pivot", &doc).choose("pivot", complete).gives("21"));
    }
    for case in cases {
        let answer = case.send(&client);
        let faults = case.faults(&answer);
        assert!(faults.is_empty(), "{}: {faults:?} {answer}\n{}", case.name, case.body());
    }
}

/// What the cell of a month holds. Months are counted from 2020-01.
#[derive(Clone, Debug)]
enum Cell {
    Number(u32),
    Null,
    Text,
}

fn cells() -> impl Strategy<Value = Cell> {
    prop_oneof![3 => (0..1000_u32).prop_map(Cell::Number), 2 => Just(Cell::Null), 1 => Just(Cell::Text)]
}

fn month_name(after: u32) -> String {
    format!("{}-{:02}", 2020 + after / 12, 1 + after % 12)
}

/// Product 4, said again in the plainest words: the greatest month up to now whose cell is not null.
fn latest(rows: &BTreeMap<u32, Cell>, last: Option<u32>) -> Case {
    let case = read(TIMESERIES, "latest", &empty_sales());
    let up_to_now = rows.iter().rev().filter(|(after, _)| last.is_none_or(|last| **after <= last));
    for (after, cell) in up_to_now {
        match cell {
            Cell::Null => {}
            Cell::Text => return case.fails(&["not-numeric"]),
            Cell::Number(number) => return case.gives(number.to_string()).at(&month_name(*after)),
        }
    }
    case.fails(&["no-data"])
}

/// A decimal's text, times 100: a shift of the point, nothing added and nothing lost.
fn times_100(whole: &str, fraction: &str) -> String {
    let padded = format!("{fraction:0<2}");
    let digits = format!("{whole}{}", &padded[..2]);
    let digits = digits.trim_start_matches('0');
    let digits = if digits.is_empty() { "0" } else { digits };
    let rest = padded[2..].to_string();
    if rest.is_empty() { digits.to_string() } else { format!("{digits}.{rest}") }
}

fn config() -> ProptestConfig {
    ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn latest_is_the_greatest_month_up_to_now_with_a_cell(
        rows in proptest::collection::btree_map(0..30_u32, cells(), 0..12),
        now in proptest::option::of(0..30_u32),
        complete in any::<bool>(),
        turn in 0..12_usize,
    ) {
        let mut doc = empty_sales().without(&["ran_at"]);
        for (after, cell) in &rows {
            let cell = match cell {
                Cell::Number(number) => number.to_string(),
                Cell::Null => "null".to_string(),
                Cell::Text => "n/a".to_string(),
            };
            doc = doc.row(&[&month_name(*after), &cell]);
        }
        // Complete months ended before the one that holds now; the first of all has none before it.
        let last = now.map(|now| if complete { i64::from(now) - 1 } else { i64::from(now) });
        let upper = last.and_then(|last| u32::try_from(last).ok());
        let mut case = match (complete, now) {
            (true, None) => read(TIMESERIES, "no clock", &doc).fails(&["bad-selection"]),
            (true, Some(0)) => read(TIMESERIES, "before all", &doc).fails(&["no-data"]),
            _ => latest(&rows, upper),
        };
        case.result = doc.rotated(turn).text();
        case = case.choose("at", if complete { "latest-complete" } else { "latest" });
        if let Some(now) = now {
            case = case.now(&format!("{}-17T12:00:00Z", month_name(now)));
        }
        let answer = case.send(&shared().admin());
        let faults = case.faults(&answer);
        prop_assert!(faults.is_empty(), "{faults:?}\n{answer}\n{}", case.body());
    }

    #[test]
    fn times_100_is_a_shift_of_the_point(whole in "0|[1-9][0-9]{0,24}", fraction in "[0-9]{0,24}", negative in any::<bool>()) {
        let sign = if negative { "-" } else { "" };
        let token = if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") };
        let shifted = times_100(&whole, &fraction);
        let zero = shifted.chars().all(|digit| matches!(digit, '0' | '.'));
        prop_assume!(!(negative && zero));
        for token in [token.clone(), format!("\"{token}\"")] {
            let case = read(SINGLE, "times 100", &one(&token)).choose("format", "times-100").gives(format!("{sign}{shifted}"));
            let answer = case.send(&shared().admin());
            let faults = case.faults(&answer);
            prop_assert!(faults.is_empty(), "{token}: {faults:?}\n{answer}");
        }
    }
}
