//! What the Action Hub moves: rows from a Looker to a data plane, through the program as it runs.
//!
//! `make bench` prints it. The server is the real program with a folder of its own; this process is
//! the Looker that has the rows, the data plane that takes the events, and the baseline: the same
//! rows mapped and sent by serde_json's trees of values, without a sandbox, a disk or an account of
//! rows. All of them share the machine's cores. Every message is looked at after the clock has
//! stopped: each row has to be there exactly once, by its message id.
//!
//! `cargo bench --bench hub -- 200000` does it with another number of rows.

#![expect(
    clippy::print_stdout,
    reason = "a benchmark's product is what it prints"
)]

mod baseline;
#[path = "../guest.rs"]
mod guest;
#[path = "../people.rs"]
mod people;
#[path = "../process.rs"]
mod process;
#[path = "../program.rs"]
mod program;
#[path = "../report.rs"]
mod report;
mod rows;
mod server;
mod sink;
mod source;
mod stages;

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use serde_json::json;

use process::mib;
use report::{Report, Row};
use rows::Result;
use server::Server;
use sink::Sink;
use source::Source;

/// Rows behind a download URL, unless another number is given.
const DOWNLOADED: usize = 1_000_000;
/// A tenth of them come as an attachment, which is all that Looker attaches.
const ATTACHED: usize = 10;
/// What the server may take at most, in MiB.
const MEMORY: u64 = 128;

fn main() -> anyhow::Result<()> {
    // An error only says that there is one already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let given = std::env::args().skip(1).find_map(|it| it.parse().ok());
    runtime.block_on(measure(given.unwrap_or(DOWNLOADED)))
}

/// What moving rows took.
struct Moved {
    name: &'static str,
    rows: usize,
    wall: Duration,
    /// Of the program that moves them; none where this process does.
    cpu: Option<Duration>,
    peak: Option<u64>,
}

async fn measure(downloaded: usize) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let download = Result::write(folder.path(), "download", downloaded)?;
    let attached = Result::write(folder.path(), "attachment", downloaded / ATTACHED)?;
    println!(
        "{} rows of {} bytes behind a download URL, {} attached; identify calls\n",
        download.rows,
        download.bytes() / download.rows as u64,
        attached.rows
    );
    let mut sink = Sink::start().await?;
    let native = baseline(&download, &mut sink).await?;
    let by_url = through(folder.path(), &download, &mut sink, true).await?;
    let by_body = through(folder.path(), &attached, &mut sink, false).await?;

    println!(
        "{:<34} {:>10} {:>8} {:>10} {:>11} {:>10} {:>9}",
        "", "rows", "wall s", "rows/s", "CPU µs/row", "peak MiB", "baseline"
    );
    for moved in [&native, &by_url, &by_body] {
        moved.tell(&native);
    }
    let stages = stages::measure(&download).await?;
    stages.tell(&by_url);
    let mut report = Report::new("hub");
    for moved in [&by_url, &by_body] {
        let what = |what: &str| format!("{} rows, {}: {what}", moved.rows, moved.name);
        report.add(
            Row::more(what("rate"), moved.rate(), "rows/s").beside(native.name, native.rate()),
        );
        if let Some(peak) = moved.peak {
            report.add(Row::less(what("peak memory"), mib(peak), "MiB").at_most(MEMORY as f64));
        }
    }
    report.write()?;
    for moved in [&by_url, &by_body] {
        let peak = moved.peak.context("no peak")? >> 20;
        ensure!(
            peak < MEMORY,
            "{}: the server took {peak} MiB, and may take {MEMORY}",
            moved.name
        );
    }
    Ok(())
}

/// Rows through the server: all from Looker's request to its answer.
async fn through(
    folder: &std::path::Path,
    result: &Result,
    sink: &mut Sink,
    by_url: bool,
) -> anyhow::Result<Moved> {
    let server = Server::start(&folder.join(if by_url { "by-url" } else { "by-body" })).await?;
    let source = Source::start(result)?;
    let request = if by_url {
        json!({"scheduled_plan": {"download_url": source.url()}}).to_string()
    } else {
        attachment(&std::fs::read_to_string(&result.path)?)
    };
    let request = settled(&request, &sink.url())?;
    // Compiling the mappers at the first start is not what is measured here.
    let (began, before) = (Instant::now(), server.process().cpu()?);
    let answer = server.execute(request).await?;
    let wall = began.elapsed();
    let (cpu, peak) = (server.process().cpu()? - before, server.process().peak()?);
    ensure!(answer["looker"]["success"] == true, "{answer}");
    sink.check(result)?;
    Ok(Moved {
        name: if by_url {
            "server, download URL"
        } else {
            "server, attachment"
        },
        rows: result.rows,
        wall,
        cpu: Some(cpu),
        peak: Some(peak),
    })
}

/// The request of an attachment with this text.
fn attachment(text: &str) -> String {
    json!({"attachment": {"mimetype": "application/json", "extension": "json", "data": text}})
        .to_string()
}

/// A request with what an admin has filled in.
fn settled(request: &str, url: &str) -> anyhow::Result<String> {
    let more = json!({
        "type": "query",
        "data": {"rudder_write_key": "key", "rudder_server_url": url},
        "form_params": {},
    });
    let more = more.to_string();
    let request = request.strip_suffix('}').context("no object")?;
    Ok(format!("{request},{}", &more[1..]))
}

/// The same rows by the plainest program that does the same, with all of them in memory.
async fn baseline(result: &Result, sink: &mut Sink) -> anyhow::Result<Moved> {
    let source = Source::start(result)?;
    let began = Instant::now();
    baseline::run(&source.url(), &sink.url()).await?;
    let wall = began.elapsed();
    sink.check(result)?;
    Ok(Moved {
        name: "trees of values, no sandbox, no disk",
        rows: result.rows,
        wall,
        cpu: None,
        peak: None,
    })
}

impl Moved {
    fn rate(&self) -> f64 {
        self.rows as f64 / self.wall.as_secs_f64()
    }

    /// Processor time for a row, in microseconds.
    fn each(&self) -> Option<f64> {
        let cpu = self.cpu?;
        Some(cpu.as_secs_f64() * 1e6 / self.rows as f64)
    }

    fn tell(&self, baseline: &Self) {
        let or_none = |told: Option<String>| told.unwrap_or_else(|| "-".to_owned());
        println!(
            "{:<34} {:>10} {:>8.2} {:>10.0} {:>11} {:>10} {:>9.2}",
            self.name,
            self.rows,
            self.wall.as_secs_f64(),
            self.rate(),
            or_none(self.each().map(|each| format!("{each:.2}"))),
            or_none(self.peak.map(|peak| (peak >> 20).to_string())),
            self.rate() / baseline.rate(),
        );
    }
}
