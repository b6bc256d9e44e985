//! The one table that `make bench` ends with: what the other benchmarks have found, each figure
//! beside its baseline of the same run.
//!
//! It is Markdown, so that it can be kept in `host/BENCHMARKS.md` as it stands, and it is written to
//! `bench.json` in the target folder for programs. `cargo bench --bench table -- begin` forgets what
//! was found before, so that a benchmark that does not run has no rows.

#![expect(
    clippy::print_stdout,
    reason = "a benchmark's product is what it prints"
)]

mod machine;
#[path = "../report.rs"]
mod report;

use std::io::ErrorKind;

use anyhow::Context;
use serde_json::{Value, json};

use report::Report;

/// The benchmarks, in the order of the table.
const BENCHES: [&str; 7] = [
    "sandbox", "http", "polls", "schedule", "hub", "rollout", "start",
];
const HEAD: [&str; 7] = [
    "what",
    "ours",
    "unit",
    "baseline",
    "its figure",
    "times as good",
    "goal",
];

fn main() -> anyhow::Result<()> {
    if std::env::args().any(|it| it == "begin") {
        return begin();
    }
    let (mut reports, mut missing) = (Vec::new(), Vec::new());
    for bench in BENCHES {
        match read(bench)? {
            Some(report) => reports.push(report),
            None => missing.push(bench),
        }
    }
    let machine = machine::told();
    println!("\n{}\n", machine::line(&machine));
    print(&reports);
    for report in &reports {
        for left_out in &report.left_out {
            println!("\nLeft out: {left_out}");
        }
    }
    if !missing.is_empty() {
        println!("\nNot run to its end: {}", missing.join(", "));
    }
    let path = report::folder()?.with_extension("json");
    let told = json!({"machine": machine, "benches": reports.iter().map(told).collect::<Vec<_>>(), "not_run": missing});
    std::fs::write(&path, serde_json::to_vec_pretty(&told)?)?;
    println!("\nThe same for programs: {}", path.display());
    Ok(())
}

fn begin() -> anyhow::Result<()> {
    match std::fs::remove_dir_all(report::folder()?) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

fn read(bench: &str) -> anyhow::Result<Option<Report>> {
    let path = report::folder()?.join(format!("{bench}.json"));
    match std::fs::read(&path) {
        Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes).with_context(|| {
            format!("{} is not what a benchmark writes", path.display())
        })?)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// With what follows from its rows.
fn told(report: &Report) -> Value {
    let rows = report.rows.iter().map(|row| {
        let mut told = json!(row);
        told["ratio"] = json!(row.ratio());
        told["met"] = json!(row.met());
        told
    });
    json!({
        "bench": report.bench,
        "at": report.at,
        "rows": rows.collect::<Vec<_>>(),
        "left_out": report.left_out,
    })
}

fn print(reports: &[Report]) {
    let mut lines = vec![HEAD.map(str::to_owned)];
    for report in reports {
        let mut title: [String; 7] = Default::default();
        title[0] = format!("**{}**", report.bench);
        lines.push(title);
        lines.extend(report.rows.iter().map(report::Row::cells));
    }
    let widths: [usize; 7] = std::array::from_fn(|column| {
        let widest = lines.iter().map(|line| line[column].chars().count()).max();
        widest.unwrap_or_default()
    });
    // Figures stand to the right.
    let right = [false, true, false, false, true, true, false];
    for (number, line) in lines.iter().enumerate() {
        print!("|");
        for ((cell, width), right) in line.iter().zip(widths).zip(right) {
            match right {
                true => print!(" {cell:>width$} |"),
                false => print!(" {cell:<width$} |"),
            }
        }
        println!();
        if number == 0 {
            print!("|");
            for (width, right) in widths.into_iter().zip(right) {
                let end = if right { ':' } else { '-' };
                print!("{}{end}|", "-".repeat(width + 1));
            }
            println!();
        }
    }
}
