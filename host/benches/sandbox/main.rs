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
mod mapping;
#[path = "../people.rs"]
mod people;
mod results;

use std::hint::black_box;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use lensmount::sandbox::{Lens, Limits, Sandbox, World, chart};
use lensmount_sdk::chart::Tile;
use lensmount_sdk::layout::Layout;
use lensmount_sdk::reading;

use guest::load;
use results::{Sample, X, Y};

/// Timed rounds on a small result; each is one call of each way.
const ROUNDS_SMALL: usize = 20_000;
/// Timed rounds on a large one.
const ROUNDS_LARGE: usize = 15;

fn main() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let bench = Bench::new()?;
    runtime.block_on(bench.run())
}

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
        println!();
        Ok(Self {
            sandbox,
            lens,
            mapper,
        })
    }

    async fn run(&self) -> anyhow::Result<()> {
        println!("fixed cost of a fresh call (µs)");
        println!(
            "{:<34} {:>8} {:>18} {:>18} {:>18} {:>16} {:>14}",
            "result",
            "KB",
            "sandbox p50/p99",
            "native p50/p99",
            "serde_json p50/p99",
            "sandbox/native",
            "sandbox/serde"
        );
        for sample in results::small() {
            let [sandbox, native, serde] = self
                .measure(&sample, ROUNDS_SMALL)
                .await?
                .map(Times::sorted);
            let pair =
                |times: &Times| format!("{:.1} / {:.1}", times.micros(0.50), times.micros(0.99));
            println!(
                "{:<34} {:>8.1} {:>18} {:>18} {:>18} {:>16.2} {:>14.2}",
                sample.name,
                sample.body.len() as f64 / 1e3,
                pair(&sandbox),
                pair(&native),
                pair(&serde),
                sandbox.micros(0.50) / native.micros(0.50),
                sandbox.micros(0.50) / serde.micros(0.50),
            );
        }
        let mut times = Times::default();
        for _ in 0..ROUNDS_SMALL {
            times
                .time(true, self.lens.chart_types(&self.sandbox))
                .await?;
        }
        let times = times.sorted();
        println!(
            "{:<34} {:>8} {:>18}",
            "an instance that is asked nothing",
            "",
            format!("{:.1} / {:.1}", times.micros(0.50), times.micros(0.99))
        );
        println!("\nthroughput (MB/s, median)");
        println!(
            "{:<34} {:>8} {:>18} {:>18} {:>18} {:>16} {:>14}",
            "result", "MB", "sandbox", "native", "serde_json", "sandbox/native", "sandbox/serde"
        );
        for sample in results::large() {
            let [sandbox, native, serde] = self
                .measure(&sample, ROUNDS_LARGE)
                .await?
                .map(Times::sorted);
            let rate = |times: &Times| sample.body.len() as f64 / times.micros(0.50);
            println!(
                "{:<34} {:>8.1} {:>18.0} {:>18.0} {:>18.0} {:>16.2} {:>14.2}",
                sample.name,
                sample.body.len() as f64 / 1e6,
                rate(&sandbox),
                rate(&native),
                rate(&serde),
                rate(&sandbox) / rate(&native),
                rate(&sandbox) / rate(&serde),
            );
        }
        mapping::run(&self.sandbox, &self.mapper).await?;
        languages::run(self).await
    }

    /// Times the three ways in turn, and holds them to the same number.
    async fn measure(&self, sample: &Sample, rounds: usize) -> anyhow::Result<[Times; 3]> {
        let mut times = [Times::default(), Times::default(), Times::default()];
        for round in 0..rounds + rounds / 10 + 1 {
            // The first tenth warms up caches and the pool.
            let counted = round > rounds / 10;
            let sandbox = times[0].time(counted, self.in_sandbox(sample)).await?;
            let native = times[1].time(counted, async { natively(sample) }).await?;
            let serde = times[2].time(counted, async { by_serde(sample) }).await?;
            ensure!(
                sandbox == native && native == serde,
                "{}: {sandbox}, {native}, {serde}",
                sample.name
            );
        }
        Ok(times)
    }

    async fn in_sandbox(&self, sample: &Sample) -> anyhow::Result<String> {
        let tile = chart::Tile {
            body: &sample.body,
            query: b"{}",
            context: &[],
        };
        Ok(self
            .lens
            .read(&self.sandbox, tile, &[("x", X), ("y", Y), ("at", "latest")])
            .await?
            .value
            .value)
    }
}

fn natively(sample: &Sample) -> anyhow::Result<String> {
    let tile = Tile {
        body: sample.body.clone(),
        query: b"{}".to_vec(),
        context: Vec::new(),
    };
    let chosen = [("x", X), ("y", Y), ("at", "latest")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let read = reading::read(&tile, &chosen, Layout::Axis);
    Ok(read
        .map_err(|failure| anyhow::anyhow!(failure.message))?
        .value)
}

fn by_serde(sample: &Sample) -> anyhow::Result<String> {
    let document: results::Document<'_> = serde_json::from_slice(&sample.body)?;
    let latest = document
        .data
        .iter()
        .max_by_key(|row| row.x.value.get())
        .context("no rows")?;
    Ok(black_box(latest.y.value.get()).to_owned())
}

/// How long each round of one way took.
#[derive(Default)]
struct Times(Vec<Duration>);

impl Times {
    async fn time<T>(&mut self, counted: bool, call: impl Future<Output = T>) -> T {
        let began = Instant::now();
        let answer = call.await;
        let took = began.elapsed();
        if counted {
            self.0.push(took);
        }
        answer
    }

    fn sorted(mut self) -> Self {
        self.0.sort_unstable();
        self
    }

    fn micros(&self, quantile: f64) -> f64 {
        let place = ((self.0.len() - 1) as f64 * quantile) as usize;
        self.0[place].as_secs_f64() * 1e6
    }
}
