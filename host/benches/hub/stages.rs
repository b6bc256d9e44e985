//! What each step that a row goes through takes by itself, on one core: which of them is the
//! bottleneck, and what all that is between them adds.

use std::io::{Read as _, Write as _};
use std::time::Duration;

use anyhow::{Context, ensure};
use flate2::Compression;
use flate2::write::GzEncoder;
use lensmount::event::message::{Anonymous, Wording};
use lensmount::event::scan::{Scanned, Scanner};
use lensmount::sandbox::{Limits, Sandbox, World, events};
use lensmount::store::Digest;
use rustix::time::{ClockId, clock_gettime};
use uuid::Uuid;

use super::Moved;
use super::guest::load;
use super::rows::Result;

/// Bytes of a result that the steps are measured on; they fit into no cache.
const SAMPLE: u64 = 64 << 20;
/// Messages that a body holds are about so many bytes.
const BODY: usize = 4_000 << 10;
/// Rounds; the fastest counts, since whatever disturbs one makes it slower.
const ROUNDS: usize = 3;

/// Processor time of this thread, so that it does not matter what else the machine does.
struct Spent(Duration);

impl Spent {
    fn now() -> Self {
        let time = clock_gettime(ClockId::ThreadCPUTime);
        Self(Duration::try_from(time).unwrap_or_default())
    }

    fn elapsed(&self) -> Duration {
        Self::now().0.saturating_sub(self.0)
    }
}

/// Nanoseconds for a row, by step.
pub struct Stages(Vec<(&'static str, f64)>);

struct Nobody;

impl Anonymous for Nobody {
    fn id(&self, _: &str) -> Uuid {
        Uuid::nil()
    }
}

/// Measures each step on the beginning of a result.
pub async fn measure(result: &Result) -> anyhow::Result<Stages> {
    let mut bytes = Vec::new();
    std::fs::File::open(&result.path)?
        .take(SAMPLE)
        .read_to_end(&mut bytes)?;
    // Whole rows, and an end.
    let end = bytes
        .windows(3)
        .rposition(|it| it == b"}},")
        .context("no row")?;
    bytes.truncate(end + 2);
    bytes.extend_from_slice(b"]}");
    let sandbox = Sandbox::new(Limits::default())?;
    let lens = load(&sandbox, "rudder-event", World::EventMapper)?;
    let mut best: Vec<(&'static str, Duration)> = Vec::new();
    let mut rows = 0;
    for _ in 0..ROUNDS {
        let mut steps = Vec::new();
        let began = Spent::now();
        let scanned = scanned(&bytes)?;
        steps.push(("framing", began.elapsed()));
        rows = scanned.rows;
        let began = Spent::now();
        std::hint::black_box(Digest::of(&bytes));
        steps.push(("digest", began.elapsed()));
        let (mut mapping, mut wording, mut zipping) = Default::default();
        let mut plain = Vec::new();
        let mut words = Wording::new(Uuid::nil(), "2026-11-25T04:00:00.000Z", &Nobody);
        for chunk in &scanned.chunks {
            let range = usize::try_from(chunk.bytes.start)?..usize::try_from(chunk.bytes.end)?;
            let run = events::Run {
                head: &scanned.head,
                query: b"{}",
                settings: &[],
                context: &[],
            };
            let began = Spent::now();
            let part = [b"[", &bytes[range], b"]"].concat();
            let batch = lens.convert(&sandbox, run, &part).await?.value;
            mapping += began.elapsed();
            ensure!(
                batch.events.len() == chunk.rows as usize,
                "a row is missing"
            );
            let began = Spent::now();
            for event in &batch.events {
                let row = chunk.first + u64::from(event.row);
                let done = words.write(event, row, 0, &mut plain);
                done.map_err(anyhow::Error::msg)?;
            }
            wording += began.elapsed();
            if plain.len() > BODY {
                zipping += zipped(&mut plain)?;
            }
        }
        zipping += zipped(&mut plain)?;
        steps.extend([
            ("mapping in the sandbox", mapping),
            ("wording", wording),
            ("gzip, level 1", zipping),
        ]);
        best = match best.is_empty() {
            true => steps,
            false => best
                .iter()
                .zip(steps)
                .map(|(old, new)| (new.0, new.1.min(old.1)))
                .collect(),
        };
    }
    let each = |took: Duration| took.as_secs_f64() * 1e9 / rows as f64;
    Ok(Stages(
        best.into_iter()
            .map(|(name, took)| (name, each(took)))
            .collect(),
    ))
}

fn scanned(bytes: &[u8]) -> anyhow::Result<Scanned> {
    let mut scanner = Scanner::default();
    for part in bytes.chunks(512 << 10) {
        scanner.push(part)?;
    }
    Ok(scanner.finish()?)
}

fn zipped(plain: &mut Vec<u8>) -> anyhow::Result<Duration> {
    let began = Spent::now();
    let mut zip = GzEncoder::new(Vec::with_capacity(plain.len() / 6), Compression::new(1));
    zip.write_all(plain)?;
    std::hint::black_box(zip.finish()?);
    plain.clear();
    Ok(began.elapsed())
}

impl Stages {
    /// Prints them, beside what the server took for a row in all.
    pub fn tell(&self, moved: &Moved) {
        println!("\none step at a time, on one core (ns/row)");
        for (name, each) in &self.0 {
            println!("  {name:<32} {each:>8.0}");
        }
        let sum: f64 = self.0.iter().map(|(_, each)| each).sum();
        let all = moved.each().unwrap_or_default() * 1e3;
        println!(
            "  {:<32} {:>8.0}",
            "HTTP, disk, store and the rest",
            all - sum
        );
        let largest = self.0.iter().max_by(|one, other| one.1.total_cmp(&other.1));
        let (name, each) = largest.copied().unwrap_or(("nothing", 0.0));
        println!(
            "bottleneck: processor time, of which {name} takes {:.0} %",
            each / all * 100.0
        );
    }
}
