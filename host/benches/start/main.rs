//! What the program costs before it does anything: the time to its first answer, memory, size.
//!
//! `make bench` prints it. The first start on an empty folder compiles what is built in; each later
//! one finds that code and is what is meant by a start.

#![expect(
    clippy::print_stdout,
    reason = "a benchmark's product is what it prints"
)]

mod idle;
#[path = "../process.rs"]
mod process;
#[path = "../program.rs"]
mod program;
mod ready;
#[path = "../report.rs"]
mod report;
mod size;

use process::mib;
use report::{Report, Row};

/// Starts on a folder that was started on before.
const STARTS: usize = 7;
/// What a start may take, in milliseconds.
const READY: f64 = 100.0;
/// What a server that does nothing may keep resident, in MiB.
const RESIDENT: f64 = 60.0;

fn main() -> anyhow::Result<()> {
    let mut report = Report::new("start");
    let folder = tempfile::tempdir()?;
    let (program, first) = ready::start(folder.path())?;
    let fresh = idle::resident(program.process)?;
    drop(program);
    let mut starts = Vec::new();
    let mut resident = Vec::new();
    for _ in 0..STARTS {
        let (program, took) = ready::start(folder.path())?;
        starts.push(took.as_secs_f64() * 1e3);
        if resident.is_empty() {
            resident.push(idle::resident(program.process)?);
        }
    }
    starts.sort_by(f64::total_cmp);
    let (first, median) = (first.as_secs_f64() * 1e3, starts[STARTS / 2]);
    println!("\nfrom exec to the first answer of /readyz (ms)");
    println!("{:<40} {first:>10.1}", "on an empty folder");
    let range = format!("{:.1} to {:.1}", starts[0], starts[STARTS - 1]);
    println!("{:<40} {median:>10.1}   {range}", "again");
    report.add(
        Row::less(
            "from exec to ready, built-ins compiled before",
            median,
            "ms",
        )
        .beside("on an empty folder", first)
        .at_most(READY),
    );
    let resident = resident.iter().copied().max().unwrap_or_default();
    println!("\nresident and idle (MiB)");
    println!("{:<40} {:>10.1}", "after the first start", mib(fresh));
    println!("{:<40} {:>10.1}", "after another", mib(resident));
    report.add(
        Row::less("memory of an idle server", mib(resident), "MiB")
            .beside("after the start that compiled", mib(fresh))
            .at_most(RESIDENT),
    );
    println!("\nsize of the program (MiB)");
    for (what, bytes) in size::sizes(&mut report)? {
        println!("{what:<40} {:>10.1}", mib(bytes));
        report.add(Row::less(
            format!("size of the program, {what}"),
            mib(bytes),
            "MiB",
        ));
    }
    report.write()
}
