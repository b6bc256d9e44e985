//! What a read costs over HTTP: the program as it runs, loaded over kept connections.
//!
//! `make bench` prints it. Requests carry a result of 27 KB. The baseline is a bare axum server that
//! takes the same requests and reads the same number by serde_json, with a struct of just the two
//! fields: no access, no limits, no log, no sandbox. Both are processes of their own and take turns;
//! the load comes from this process on one thread, so that all share the machine's cores. Every
//! answer has to be 200 and to hold the number.

#![expect(
    clippy::print_stdout,
    reason = "a benchmark's product is what it prints"
)]

mod bare;
#[path = "../load.rs"]
mod load;
#[path = "../process.rs"]
mod process;
#[path = "../program.rs"]
mod program;
#[path = "../report.rs"]
mod report;
#[path = "../results.rs"]
mod results;

use std::process::Command;
use std::time::Duration;

use anyhow::Context;
use tokio::runtime::Builder;

use load::{Load, Served};
use process::mib;
use program::{Program, TOKEN};
use report::{Report, Row};
use results::{X, Y};

/// Connections that are tried.
const CONNECTIONS: [usize; 5] = [2, 4, 8, 16, 32];
/// How long each number of them is tried.
const TRIAL: Duration = Duration::from_millis(800);
/// How long a round of the best number takes.
const ROUND: Duration = Duration::from_secs(2);
/// Rounds of the best number; the servers take turns in them.
const ROUNDS: usize = 3;
const SERVER: &str = "the server";
const AXUM: &str = "bare axum";
/// Requests a second that there should be.
const GOAL: f64 = 15_000.0;

fn main() -> anyhow::Result<()> {
    if std::env::args().any(|it| it == bare::ARGUMENT) {
        return Builder::new_multi_thread()
            .enable_all()
            .build()?
            .block_on(bare::serve());
    }
    Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(measure())
}

async fn measure() -> anyhow::Result<()> {
    let sample = results::usual();
    let expected = format!(r#""value":"{}""#, sample.latest()?);
    let result = std::str::from_utf8(&sample.body)?;
    let body = [format!(
        r#"{{"selection":{{"x":"{X}","y":"{Y}","at":"latest"}},"result":{result}}}"#
    )];

    let folder = tempfile::tempdir()?;
    // As many requests as come; all else is as it is installed.
    let server = Program::start(folder.path(), &[("LENSMOUNT_RATE_LIMIT", "1000000000")])?;
    let mut again = Command::new(std::env::current_exe()?);
    again.arg(bare::ARGUMENT);
    let axum = Program::listening(again)?;
    println!(
        "\na read of {:.1} KB ({}) over HTTP; the load is on the same {} cores",
        sample.body.len() as f64 / 1e3,
        sample.name,
        std::thread::available_parallelism()?
    );
    println!(
        "{:<14} {:>12} {:>12} {:>18} {:>18} {:>18}",
        "", "connections", "requests/s", "p50/p99 ms", "server µs/request", "load µs/request"
    );
    let [ours, theirs] =
        [&server, &axum].map(|program| Load::new(program, bare::PATH, TOKEN, &body, &expected));
    let most = best(SERVER, &ours).await?;
    let their_most = best(AXUM, &theirs).await?;
    // How long answers take is compared with as many at a time.
    let mut all = [
        (SERVER, &ours, most, Served::default()),
        (AXUM, &theirs, their_most, Served::default()),
        (AXUM, &theirs, most, Served::default()),
    ];
    for _ in 0..ROUNDS {
        for (_, load, connections, served) in &mut all {
            served.add(load.run(*connections, ROUND).await?);
        }
    }
    println!("all rounds of the best number, and of as many");
    for (name, _, _, served) in &mut all {
        served.sort();
        tell(name, served);
    }
    let [(.., ours), (.., bare), (.., alike)] = all;
    let mut report = Report::new("http");
    let what = |what: &str| format!("a read of 27 KB over HTTP, {what}");
    let baseline = "bare axum and serde_json";
    report.add(
        Row::more(what("rate"), ours.rate(), "requests/s")
            .beside(baseline, bare.rate())
            .at_least(GOAL),
    );
    for (name, quantile) in [("p50", 0.50), ("p99", 0.99)] {
        let name = what(&format!("{most} at a time, {name}"));
        let row = Row::less(name, ours.millis(quantile), "ms");
        report.add(row.beside(baseline, alike.millis(quantile)));
    }
    report.add(
        Row::less(
            what("the server's processor time"),
            ours.each(),
            "µs/request",
        )
        .beside(baseline, bare.each()),
    );
    let peak = mib(server.process.peak()?);
    println!("the server's peak memory: {peak:.1} MiB");
    report.add(
        Row::less(what("the server's peak memory"), peak, "MiB")
            .beside(baseline, mib(axum.process.peak()?)),
    );
    report.write()
}

/// The number of connections with the most requests a second.
async fn best(name: &str, load: &Load) -> anyhow::Result<usize> {
    // Pools fill and code pages come in.
    load.run(8, TRIAL).await?;
    let mut best: Option<Served> = None;
    for connections in CONNECTIONS {
        let served = load.run(connections, TRIAL).await?;
        tell(name, &served);
        if best.as_ref().is_none_or(|it| served.rate() > it.rate()) {
            best = Some(served);
        }
    }
    Ok(best.context("nothing tried")?.connections)
}

fn tell(name: &str, served: &Served) {
    println!(
        "{name:<14} {:>12} {:>12.0} {:>18} {:>18.1} {:>18.1}",
        served.connections,
        served.rate(),
        format!("{:.2} / {:.2}", served.millis(0.50), served.millis(0.99)),
        served.each(),
        served.load_each(),
    );
}
