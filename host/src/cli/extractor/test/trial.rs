//! An extractor on the bench: what each sample comes to, and what it costs.
//!
//! Two sandboxes stand on it. The server's own says what a call comes to, its time and its memory;
//! the other counts instructions, a cost that is the same on every machine.

use std::sync::{Arc, Mutex, PoisonError};

use anyhow::anyhow;
use bytes::Bytes;

use crate::catalog::{CatalogError, Described, ask, describe};
use crate::sample::{Outcome, Sample};
use crate::sandbox::{Lens, Limits, Sandbox, SandboxError, Usage, World};

use super::heard::{heard, unheard};

/// An extractor that is ready to be tried.
pub(super) struct Trial {
    /// What it says of itself.
    pub described: Described,
    world: World,
    real: Bench,
    counting: Bench,
}

/// A sandbox and what the calls in it have used.
struct Bench {
    sandbox: Arc<Sandbox>,
    lens: Arc<Lens>,
    used: Used,
}

type Used = Arc<Mutex<Vec<Usage>>>;

/// The most that any call for one sample used, against the limits of one call.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Cost {
    pub usage: Usage,
    /// Instructions of all its calls.
    pub fuel: Option<u64>,
}

impl Trial {
    /// Loads a component that passes the checks of an upload.
    pub async fn new(wasm: Bytes, limits: Limits) -> anyhow::Result<Self> {
        // Counting makes code slower, and time is told of the other sandbox.
        let patient = Limits {
            cpu: limits.cpu * 4,
            wall: limits.wall * 4,
            ..limits.clone()
        };
        let (real, described) = Bench::new(wasm.clone(), || Sandbox::new(limits)).await?;
        let (counting, _) = Bench::new(wasm, || Sandbox::counting(patient)).await?;
        Ok(Self {
            world: described.world,
            described,
            real,
            counting,
        })
    }

    /// Runs one sample.
    pub async fn run(&self, sample: &Sample) -> anyhow::Result<(Outcome, Cost)> {
        let needed = sample.operation.world();
        if needed != self.world {
            return Err(anyhow!(
                "the extractor is of the world `{}`, and this operation belongs to `{needed}`",
                self.world
            ));
        }
        let (outcome, lines) = heard(self.real.call(sample)).await;
        let mut outcome = outcome?;
        outcome.aside.extend(lines);
        let usage = self.real.spent().into_iter().fold(Usage::default(), most);
        // An instruction count of a call that was stopped says only when it was stopped.
        unheard(self.counting.call(sample)).await?;
        let fuel = self.counting.spent().iter().map(|usage| usage.fuel).sum();
        Ok((outcome, Cost { usage, fuel }))
    }
}

impl Bench {
    async fn new(
        wasm: Bytes,
        make: impl FnOnce() -> Result<Sandbox, SandboxError>,
    ) -> anyhow::Result<(Self, Described)> {
        let used = Used::default();
        let told = Arc::clone(&used);
        let sandbox = Arc::new(make()?.telling(move |usage| lock(&told).push(*usage)));
        let described = match describe(&sandbox, wasm).await {
            Err(CatalogError::Refused(refused)) => {
                return Err(anyhow!("{} [{}]", refused.reason, refused.code.as_str()));
            }
            described => described?,
        };
        let bench = Self {
            sandbox,
            lens: Arc::clone(&described.lens),
            used,
        };
        bench.spent();
        Ok((bench, described))
    }

    async fn call(&self, sample: &Sample) -> anyhow::Result<Outcome> {
        let (outcome, _) = ask::sample(&self.lens, &self.sandbox, sample).await?;
        Ok(outcome)
    }

    /// What was used since this was asked last.
    fn spent(&self) -> Vec<Usage> {
        std::mem::take(&mut *lock(&self.used))
    }
}

/// Nothing that holds the lock can panic half-way through a change.
fn lock(used: &Used) -> std::sync::MutexGuard<'_, Vec<Usage>> {
    used.lock().unwrap_or_else(PoisonError::into_inner)
}

fn most(a: Usage, b: Usage) -> Usage {
    Usage {
        wall: a.wall.max(b.wall),
        cpu: a.cpu.max(b.cpu),
        memory_peak: a.memory_peak.max(b.memory_peak),
        output: a.output.max(b.output),
        log_dropped: a.log_dropped.max(b.log_dropped),
        near: a.near.most(b.near),
        ..Usage::default()
    }
}
