//! The ways of reading a number off a result, and how long they take.

use std::hint::black_box;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use lensmount::sandbox::chart;
use lensmount_sdk::chart::Tile;
use lensmount_sdk::layout::Layout;
use lensmount_sdk::reading;

use super::Bench;
use super::results::{Document, Sample, X, Y};

impl Bench {
    /// Times the three ways in turn, and holds them to the same number.
    pub async fn measure(&self, sample: &Sample, rounds: usize) -> anyhow::Result<[Times; 3]> {
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
        Ok(times.map(Times::sorted))
    }

    /// In a fresh instance of the extractor.
    pub async fn in_sandbox(&self, sample: &Sample) -> anyhow::Result<String> {
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

/// By the extractor's code, compiled for this machine.
pub fn natively(sample: &Sample) -> anyhow::Result<String> {
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

/// By a struct of the two fields.
pub fn by_serde(sample: &Sample) -> anyhow::Result<String> {
    let document: Document<'_> = serde_json::from_slice(&sample.body)?;
    Ok(black_box(document.latest().context("no rows")?).to_owned())
}

/// How long each round of one way took.
#[derive(Default)]
pub struct Times(Vec<Duration>);

impl Times {
    /// Has a call made, and keeps how long it took if it counts.
    pub async fn time<T>(&mut self, counted: bool, call: impl Future<Output = T>) -> T {
        let began = Instant::now();
        let answer = call.await;
        let took = began.elapsed();
        if counted {
            self.0.push(took);
        }
        answer
    }

    /// The shortest first, as [`Times::micros`] wants them.
    pub fn sorted(mut self) -> Self {
        self.0.sort_unstable();
        self
    }

    /// A quantile, in microseconds.
    pub fn micros(&self, quantile: f64) -> f64 {
        let place = ((self.0.len() - 1) as f64 * quantile) as usize;
        self.0[place].as_secs_f64() * 1e6
    }

    /// Median and 99th percentile, for people.
    pub fn pair(&self) -> String {
        format!("{:.1} / {:.1}", self.micros(0.50), self.micros(0.99))
    }
}
