//! What a large schedule costs: 20,000 key results over an hour, with a clock that is set.
//!
//! `make bench` prints it. The server's own parts run in this process on a folder of their own, the
//! simulated Lookers in another, so that memory and processor time are the server's alone. Between
//! them is HTTP. The clock goes from second to second as fast as what is due can be taken up; the
//! numbers are what the hour costs, not how long it takes.
//!
//! `cargo bench --bench schedule -- 2000` does it with another number of key results.

#![expect(
    clippy::print_stdout,
    reason = "a benchmark's product is what it prints"
)]

mod domain;
mod hour;
#[path = "../process.rs"]
mod process;
#[path = "../report.rs"]
mod report;
mod simulator;
mod usage;

use anyhow::ensure;

use domain::{Domain, MONTHS};
use hour::Hour;
use process::{Process, mib};
use report::{Report, Row};
use simulator::Simulators;
use usage::{Cost, Phase};

/// Key results unless another number is given.
const KEY_RESULTS: usize = 20_000;
/// Key results that read the same chart.
const ON_EACH: usize = 20;
/// The tile that a quarter of the charts are; the others are orders by month.
const OTHER: &str = "109";

fn main() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.iter().any(|it| it == simulator::ARGUMENT) {
        return runtime.block_on(simulator::serve(0, |looker| looker));
    }
    // The server's own log, for whoever asks for it.
    if std::env::var_os("RUST_LOG").is_some() {
        lensmount::telemetry::start();
    }
    let given = arguments.iter().find_map(|it| it.parse().ok());
    runtime.block_on(measure(given.unwrap_or(KEY_RESULTS)))
}

/// The interval of a chart's key results, in minutes.
fn every(chart: usize, charts: usize) -> usize {
    if chart < charts / 2 { 15 } else { 60 }
}

async fn measure(key_results: usize) -> anyhow::Result<()> {
    let charts = key_results.div_ceil(ON_EACH);
    let simulators = Simulators::start()?;
    let folder = tempfile::tempdir()?;
    let domain = Domain::open(folder.path()).await?;
    let connections = domain.connect(&simulators.urls, None).await?;
    println!(
        "{key_results} key results on {charts} charts of {} connections",
        connections.len()
    );
    println!(
        "half of the charts every 15 minutes, half every hour; every Looker run is a new one\n"
    );

    usage::head();
    let mut phases: Vec<Cost> = Vec::new();
    let mut told = |cost: Cost| {
        cost.tell(phases.last());
        phases.push(cost);
    };
    let making = Phase::begin("made and linked");
    let ids = domain.link(key_results, |number| {
        // Neighbours are on different charts, as people's are.
        let chart = number % charts;
        let tile = if chart % 4 == 3 { OTHER } else { MONTHS };
        let connection = &connections[chart % connections.len()];
        domain::chart(connection, chart, tile, every(chart, charts))
    });
    let ids = ids.await?;
    told(making.end(&simulators, ids.len(), 0).await?);

    let mut hour = Hour::begin(domain).await?;
    let reading = Phase::begin("first readings");
    hour.first().await?;
    told(reading.end(&simulators, 0, ids.len()).await?);

    let reading = Phase::begin("an hour of slots");
    hour.pass().await?;
    let (slots, values) = hour.readings(&ids).await?;
    told(reading.end(&simulators, 0, slots).await?);
    let lateness = hour.end().await?;

    let peak = mib(Process(std::process::id()).peak()?);
    println!("\npeak memory {peak:.0} MiB; {lateness}");
    let every: usize = (0..key_results)
        .map(|number| hour::slots(every(number % charts, charts)))
        .sum();
    ensure!(slots == every, "{slots} readings of slots, not {every}");
    ensure!(
        values.len() == key_results,
        "{} key results have a value",
        values.len()
    );
    let mut report = Report::new("schedule");
    let each = |cost: &Cost| cost.each().unwrap_or_default();
    if let [_, first, hour] = phases.as_slice() {
        let what = format!("an hour of {key_results} key results, processor time of a reading");
        let row = Row::less(what, each(hour), "µs");
        report.add(row.beside("their first readings", each(first)));
    }
    let what = format!("peak memory with {key_results} key results");
    report.add(Row::less(what, peak, "MiB"));
    report.write()
}
