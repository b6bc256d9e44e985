//! One call: a slot, a fresh store, the guest's code under its deadline, and the verdict.

use std::time::{Duration, Instant};

use std::sync::Arc;
use wasmtime::{Store, UpdateDeadline};

use super::bindings::types::Failure;
use super::cpu::CpuMeter;
use super::engine::Sandbox;
use super::lens::{Identity, Lens};
use super::limits::Limits;
use super::linked::Linked;
use super::log::LogLine;
use super::output::Weigh;
use super::state::State;
use super::stopped::{StopCode, Stopped, classify};
use super::usage::{Nearness, Usage};

/// A call that gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The extractor said no, in its own words.
    #[error("{}", .0.failure.message)]
    Failure(Box<Failed>),
    /// The host ended the call, or could not begin it.
    #[error(transparent)]
    Stopped(Box<Stopped>),
}

/// An extractor's own failure with what it cost.
#[derive(Debug, Clone)]
pub struct Failed {
    /// In its words.
    pub failure: Failure,
    /// What it cost.
    pub usage: Usage,
}

impl CallError {
    /// What the call used.
    #[must_use]
    pub fn usage(&self) -> &Usage {
        match self {
            Self::Failure(failed) => &failed.usage,
            Self::Stopped(stopped) => &stopped.usage,
        }
    }

    /// The same, of a call that came after one which used that much and belongs to it.
    #[must_use]
    pub fn after(mut self, before: Usage) -> Self {
        let usage = match &mut self {
            Self::Failure(failed) => &mut failed.usage,
            Self::Stopped(stopped) => &mut stopped.usage,
        };
        *usage = before.and(*usage);
        self
    }
}

/// An answer with what it cost.
#[derive(Debug)]
pub struct Called<T> {
    /// The answer.
    pub value: T,
    /// What it cost.
    pub usage: Usage,
    /// What the guest wrote to the log.
    pub log: Vec<LogLine>,
}

impl Lens {
    /// Calls `function` in a fresh instance. `call` instantiates and calls; all that the guest does
    /// happens inside it. `input` is how many bytes it lends.
    pub(super) async fn run<T: Weigh>(
        &self,
        sandbox: &Sandbox,
        function: &'static str,
        input: usize,
        call: impl AsyncFnOnce(&Linked, &mut Store<State>) -> wasmtime::Result<T>,
    ) -> Result<Called<T>, CallError> {
        let stopped = |code, reason, trace, log, usage| {
            let extractor = self.identity.clone();
            CallError::Stopped(Box::new(Stopped {
                code,
                extractor,
                function,
                reason,
                trace,
                log,
                usage,
            }))
        };
        let began = Instant::now();
        let places = &self.share.places;
        let (slot, waited) = match sandbox.free_slot(places) {
            Some(slot) => (Some(slot), Duration::ZERO),
            None => (sandbox.slot(places).await, began.elapsed()),
        };
        let Some(_slot) = slot else {
            let usage = Usage {
                wall: waited,
                waited,
                input,
                ..Usage::default()
            };
            let reason = "no slot came free in time".into();
            let (trace, log) = (Vec::new(), Vec::new());
            return Err(stopped(StopCode::Busy, reason, trace, log, usage));
        };
        let limits = self.share.limits();
        let (linked, roomy) = self.place(sandbox, input);
        // To load the code into a place for large bodies is not the guest's work.
        let begins = match &roomy {
            Some(_) => Instant::now(),
            None => began + waited,
        };
        let meter = Arc::new(CpuMeter::since(begins));
        let mut store = store(sandbox, linked, &limits, began, Arc::clone(&meter));
        let answer = meter.measure(call(linked, &mut store)).await;

        let fuel = sandbox.counts.then(|| store.get_fuel().unwrap_or(u64::MAX));
        let state = store.data_mut();
        state.log.close(limits.as_ref());
        let log = state.log.take();
        report(&self.identity, function, &log, state.log.dropped);
        let output = answer.as_ref().map_or(0, Weigh::weight);
        let verdict = match answer {
            Ok(_) if output > limits.output => {
                let reason = format!("its answer was larger than {} KiB", limits.output >> 10);
                Err((StopCode::OutputLimit, reason, Vec::new()))
            }
            Ok(value) => Ok(value),
            Err(error) => Err(classify(&error, state)),
        };
        let mut usage = Usage {
            wall: state.began.elapsed(),
            waited,
            cpu: meter.used(),
            memory_peak: state.memory_peak,
            input,
            output,
            log_dropped: state.log.dropped,
            fuel: fuel.map(|left| u64::MAX - left),
            near: Nearness::default(),
        };
        let ended = verdict.as_ref().err().map(|(code, ..)| *code);
        usage.near = Nearness::of(&usage, &limits, ended);
        sandbox.tell(&usage);
        match verdict {
            Ok(value) => Ok(Called { value, usage, log }),
            Err((code, reason, trace)) => Err(stopped(code, reason, trace, log, usage)),
        }
    }
}

fn store(
    sandbox: &Sandbox,
    linked: &Linked,
    limits: &Limits,
    began: Instant,
    meter: Arc<CpuMeter>,
) -> Store<State> {
    let mut store = Store::new(linked.engine(), State::new(limits.clone(), began));
    store.set_hostcall_fuel(limits.lift());
    if sandbox.counts {
        // As much as there can be: fuel is only counted, time is what ends a call.
        if let Err(error) = store.set_fuel(u64::MAX) {
            tracing::warn!(%error, "instructions cannot be counted");
        }
    }
    store.limiter(|state| state);
    // Each tick the guest gives way to other tasks, or ends. `YieldCustom` and tokio's own
    // `yield_now` rather than `Yield`, which wakes itself at once and starves its neighbours.
    store.set_epoch_deadline(1);
    store.epoch_deadline_callback(move |mut context| {
        let state: &mut State = context.data_mut();
        let over = if meter.running() >= state.limits.cpu {
            Some(StopCode::CpuTimeout)
        } else if state.began.elapsed() >= state.limits.wall {
            Some(StopCode::WallTimeout)
        } else {
            None
        };
        if let Some(code) = over {
            state.stop.get_or_insert(code);
            return Ok(UpdateDeadline::Interrupt);
        }
        Ok(UpdateDeadline::YieldCustom(
            1,
            Box::pin(tokio::task::yield_now()),
        ))
    });
    store
}

/// Passes a guest's lines on to the operator's log.
fn report(extractor: &Identity, function: &str, lines: &[LogLine], dropped: usize) {
    let Identity { name, version, .. } = extractor;
    for line in lines {
        tracing::info!(target: "extractor", extractor = %name, %version, function, level = line.level, "{}", line.message);
    }
    if dropped > 0 {
        tracing::warn!(target: "extractor", extractor = %name, %version, function, dropped, "log lines beyond the cap were dropped");
    }
}

/// Splits an extractor's own failure from its answers.
pub(super) fn settle<T>(called: Called<Result<T, Failure>>) -> Result<Called<T>, CallError> {
    let Called { value, usage, log } = called;
    value
        .map(|value| Called { value, usage, log })
        .map_err(|failure| CallError::Failure(Box::new(Failed { failure, usage })))
}
