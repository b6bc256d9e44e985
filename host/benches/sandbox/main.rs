//! What the sandbox costs: a call in a fresh instance beside native code, in one run.
//!
//! `make bench` prints it. Three ways of reading the same number off the same bytes take turns, so
//! that a busy machine slows all of them: the extractor in the sandbox, the same code natively, and
//! serde_json natively with a struct of just the two fields. [`mapping`] does the same for events.

#![expect(
    clippy::print_stdout,
    reason = "a benchmark's product is what it prints"
)]

#[path = "../guest.rs"]
mod guest;
mod languages;
mod large;
mod mapping;
mod memory;
#[path = "../people.rs"]
mod people;
#[path = "../process.rs"]
mod process;
#[path = "../report.rs"]
mod report;
#[path = "../results.rs"]
mod results;
mod small;
mod threads;
mod throughput;
mod ways;

use std::time::Duration;

use lensmount::sandbox::{Lens, Limits, Sandbox, World};
use tokio::runtime::{Builder, Runtime};

use guest::load;
use report::Report;

fn main() -> anyhow::Result<()> {
    let runtime = runtime()?;
    let bench = Bench::new()?;
    let mut report = Report::new("sandbox");
    runtime.block_on(small::run(&bench, &mut report))?;
    threads::run(&bench, &mut report)?;
    runtime.block_on(throughput::run(&bench, &mut report))?;
    runtime.block_on(mapping::run(&bench.sandbox, &bench.mapper, &mut report))?;
    runtime.block_on(languages::run(&bench, &mut report))?;
    report.write()
}

/// A thread of its own.
fn runtime() -> std::io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}

/// What is called.
struct Bench {
    sandbox: Sandbox,
    lens: Lens,
    mapper: Lens,
}

impl Bench {
    fn new() -> anyhow::Result<Self> {
        let sandbox = Sandbox::new(Limits {
            cpu: Duration::from_secs(60),
            wall: Duration::from_secs(60),
            ..Limits::default()
        })?;
        let lens = load(&sandbox, "timeseries", World::ChartExtractor)?;
        let mapper = load(&sandbox, "rudder-event", World::EventMapper)?;
        Ok(Self {
            sandbox,
            lens,
            mapper,
        })
    }
}
