//! What a reading off a live Looker costs, beside Looker's own Python SDK.
//!
//! `make bench` prints it. Simulated Lookers in another process answer every query with the same
//! result of 27 KB. Polls are the schedule's: each finds its tile, has its own query run, reads the
//! number and has it on disk; the clock is set, as in the benchmark `schedule`. The baseline asks one
//! of these Lookers to run a query and picks the latest number off what it parsed; it keeps nothing.
//! What counts is the processor time of whoever reads, not of the Looker.

#![expect(
    clippy::print_stdout,
    reason = "a benchmark's product is what it prints"
)]

#[path = "../schedule/domain.rs"]
mod domain;
#[path = "../schedule/hour.rs"]
mod hour;
#[path = "../load.rs"]
mod load;
mod person;
#[path = "../process.rs"]
mod process;
#[path = "../program.rs"]
mod program;
#[path = "../report.rs"]
mod report;
mod result;
#[path = "../results.rs"]
mod results;
mod sdk;
#[path = "../schedule/simulator.rs"]
mod simulator;
#[path = "../schedule/usage.rs"]
mod usage;

use anyhow::ensure;

use domain::{Domain, MONTHS};
use hour::Hour;
use report::{Report, Row};
use simulator::Simulators;
use usage::{Cost, Phase};

/// Key results, each on a chart of its own.
const KEY_RESULTS: usize = 600;
/// Each is read so often, in minutes.
const EVERY: usize = 15;
/// Queries at a time of each connection.
const AT_A_TIME: u32 = 50;
/// How long the Lookers keep what they have reckoned, in seconds: their work is not what is measured,
/// and it takes cores from whoever reads.
const KEPT: u64 = 3_600;
/// How many times less processor time than the SDK a reading should take that asks the same of a Looker.
const GOAL: f64 = 15.0;

fn main() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    if std::env::args().any(|it| it == simulator::ARGUMENT) {
        let body = results::usual().body;
        return runtime.block_on(simulator::serve(KEPT, |looker| {
            result::in_place(looker, body.clone().into())
        }));
    }
    if std::env::var_os("RUST_LOG").is_some() {
        lensmount::telemetry::start();
    }
    runtime.block_on(measure())
}

async fn measure() -> anyhow::Result<()> {
    let sample = results::usual();
    let expected = sample.latest()?;
    let simulators = Simulators::start()?;
    println!(
        "\nreadings of a result of {:.1} KB ({}) off a live Looker\n",
        sample.body.len() as f64 / 1e3,
        sample.name
    );
    let polls = polls(&simulators, &expected).await?;
    let person = person::reads(&simulators, &expected).await?;
    let mut report = Report::new("polls");
    let what = "processor time of a poll of 27 KB, stored";
    let (each, rate) = (
        polls.each().unwrap_or_default(),
        polls.readings as f64 / polls.wall_seconds,
    );
    println!("{:<46} {:>12} {:>12}", "", "CPU µs each", "a second");
    let tell = |name: &str, each: f64, rate: f64| println!("{name:<46} {each:>12.0} {rate:>12.0}");
    tell("a poll, stored", each, rate);
    tell("POST /v1/charts/read", person.each(), person.rate());
    let poll = || Row::less(what, each, "µs");
    let read = || {
        Row::less(
            "processor time of POST /v1/charts/read, 27 KB",
            person.each(),
            "µs",
        )
    };
    let polled = || Row::more("polls of 27 KB, stored", rate, "polls/s");
    match sdk::read(&simulators.urls[0], &expected) {
        Ok(sdk) => {
            for (name, reads) in [(sdk::RUN, &sdk.run), (sdk::TASK, &sdk.task)] {
                tell(name, reads.each, reads.rate);
            }
            report.add(poll().beside(sdk::TASK, sdk.task.each).times(GOAL));
            report.add(poll().beside(sdk::RUN, sdk.run.each));
            report.add(polled().beside(sdk::RUN, sdk.run.rate));
            report.add(read().beside(sdk::RUN, sdk.run.each));
        }
        Err(error) => {
            let left_out = format!("Looker's Python SDK: not measured: {error:#}");
            println!("{left_out}");
            report.leave_out(left_out);
            report.add(poll());
            report.add(polled());
            report.add(read());
        }
    }
    report.write()
}

/// An hour of polls, each with a run of its own.
async fn polls(simulators: &Simulators, expected: &str) -> anyhow::Result<Cost> {
    let folder = tempfile::tempdir()?;
    let domain = Domain::open(folder.path()).await?;
    let connections = domain.connect(&simulators.urls, Some(AT_A_TIME)).await?;
    let ids = domain
        .link(KEY_RESULTS, |number| {
            let connection = &connections[number % connections.len()];
            domain::chart(connection, number, MONTHS, EVERY)
        })
        .await?;
    let mut hour = Hour::begin(domain).await?;
    // Each query is stored at Looker with the first, and code pages come in.
    let reading = Phase::begin("first readings");
    hour.first().await?;
    let first = reading.end(simulators, 0, ids.len()).await?;
    let reading = Phase::begin("an hour of slots");
    hour.pass().await?;
    let (slots, values) = hour.readings(&ids).await?;
    let cost = reading.end(simulators, 0, slots).await?;
    usage::head();
    first.tell(None);
    cost.tell(Some(&first));
    let runs = cost.looker_runs - first.looker_runs;
    println!("{}\n", hour.end().await?);
    ensure!(
        values.len() == KEY_RESULTS && values.iter().all(|value| value == expected),
        "not all key results stand at {expected}"
    );
    ensure!(
        slots == KEY_RESULTS * hour::slots(EVERY) && runs == slots as u64,
        "{slots} readings of {runs} runs"
    );
    Ok(cost)
}
