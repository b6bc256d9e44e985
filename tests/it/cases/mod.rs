//! The table of readings, by topic. Paragraph numbers are those of "Key results, precisely".

mod document;
mod facts_3_2;
mod facts_3_3;
mod facts_3_4;
mod facts_3_5;
mod hidden;
mod labels;
mod numbers;
mod percent;
mod pivot_table;
mod pivots;
mod rows;
mod selection;
mod series;
mod sharp;
mod single_value;
mod time;
mod totals;
mod truncated;
mod zones;

use crate::harness::doc::{Doc, by, doc};
use crate::harness::field::{count, measure, month, text, time};
use crate::harness::server::shared;
use crate::table::Case;
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// Every case of every topic.
pub fn all() -> Vec<Case> {
    [
        time::cases(),
        zones::cases(),
        numbers::cases(),
        percent::cases(),
        document::cases(),
        selection::cases(),
        rows::cases(),
        truncated::cases(),
        pivots::cases(),
        totals::cases(),
        hidden::cases(),
        labels::cases(),
        series::cases(),
        single_value::cases(),
        pivot_table::cases(),
        sharp::cases(),
        facts_3_2::cases(),
        facts_3_3::cases(),
        facts_3_4::cases(),
        facts_3_5::cases(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Sales by month, asked for in the middle of April: 10, 20, 30 and 40.
pub fn sales() -> Doc {
    empty_sales().rows(&[&["2024-01", "10"], &["2024-02", "20"], &["2024-03", "30"], &["2024-04", "40"]])
}

/// The same query without a row.
pub fn empty_sales() -> Doc {
    doc().ran_at("2024-04-15T10:00:00+00:00").dim(month("sales.month")).measure(count("sales.count"))
}

/// A count along one time dimension of the timeframe given.
pub fn along(frame: &str, points: &[&[&str]]) -> Doc {
    doc().dim(time("sales.day", frame)).measure(count("sales.count")).rows(points)
}

/// Sales by region, a category axis.
pub fn regions() -> Doc {
    doc().ran_at("2024-04-15T10:00:00+00:00").dim(text("sales.region")).measure(count("sales.count")).rows(&[
        &["West", "5"],
        &["East", "7"],
        &["North", "3"],
    ])
}

/// Sales by month and region: every month has several rows.
pub fn months_and_regions() -> Doc {
    doc().ran_at("2024-04-15T10:00:00+00:00").dim(month("sales.month")).dim(text("sales.region")).measure(count("sales.count")).rows(&[
        &["2024-03", "West", "1"],
        &["2024-03", "East", "2"],
        &["2024-04", "West", "3"],
        &["2024-04", "East", "4"],
    ])
}

/// Sales by month, pivoted by status.
pub fn by_status() -> Doc {
    doc()
        .ran_at("2024-04-15T10:00:00+00:00")
        .dim(month("sales.month"))
        .measure(count("sales.count"))
        .pivot_field(text("sales.status"))
        .column("complete", serde_json::json!({"sales.status": "complete"}))
        .column("pending", serde_json::json!({"sales.status": "pending"}))
        .row(&["2024-03", &by(&[("complete", "11"), ("pending", "12")])])
        .row(&["2024-04", &by(&[("complete", "21"), ("pending", "null")])])
}

/// One number, as a single-value tile has it.
pub fn one(token: &str) -> Doc {
    doc().measure(measure("sales.rate", "average")).row(&[token])
}

#[test]
fn the_table_has_at_least_a_hundred_cases_with_names_of_their_own() {
    let cases = all();
    let mut names = BTreeSet::new();
    for case in &cases {
        assert!(names.insert(&case.name), "two cases are named `{}`", case.name);
    }
    assert!(names.len() >= 100, "only {} cases", names.len());
    let silent = cases.iter().find(|case| case.expect.is_empty());
    assert!(silent.is_none(), "a case expects nothing");
}

#[test]
fn every_case_is_a_request_in_json() {
    for case in all() {
        let body = case.body();
        let parsed = serde_json::from_str::<&serde_json::value::RawValue>(&body);
        assert!(parsed.is_ok(), "{}: {}", case.name, body.chars().take(2000).collect::<String>());
    }
}

#[test]
fn every_case_of_the_table_holds() {
    let client = shared().admin();
    let mut report = String::new();
    let (mut wrong, mut unconfirmed) = (0, 0);
    let cases = all();
    for case in &cases {
        unconfirmed += usize::from(case.unconfirmed);
        let answer = case.send(&client);
        let faults = case.faults(&answer);
        if faults.is_empty() {
            continue;
        }
        wrong += 1;
        let mark = if case.unconfirmed { " (unconfirmed)" } else { "" };
        let _ = writeln!(report, "\n{}{mark}\n  sent {}", case.name, case.body());
        for fault in faults {
            let _ = writeln!(report, "  {fault}");
        }
        let _ = writeln!(report, "  got {answer}");
    }
    println!("{} cases, {unconfirmed} of them unconfirmed", cases.len());
    assert!(wrong == 0, "{wrong} of {} cases do not hold:\n{report}", cases.len());
}

#[test]
fn every_failure_code_that_a_chart_can_cause_has_a_case() {
    let cases = all();
    let codes = ["malformed", "looker-error", "unsupported", "bad-selection", "no-data", "not-numeric", "ambiguous", "incomplete"];
    for extractor in ["timeseries", "single-value", "pivot-table"] {
        for code in codes {
            let covered = cases.iter().any(|case| case.extractor == extractor && case.must_fail_with(code));
            assert!(covered, "{extractor} has no case that must fail with `{code}`");
        }
    }
}
