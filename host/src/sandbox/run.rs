//! One call: a slot, a fresh store, the guest's code under its deadline, and the verdict.

use std::time::{Duration, Instant};

use std::sync::Arc;
use wasmtime::{Store, UpdateDeadline};

use super::bindings::types::Failure;
use super::cpu::CpuMeter;
use super::engine::Sandbox;
use super::lens::{Identity, Lens};
use super::log::LogLine;
use super::output::Weigh;
use super::state::State;
use super::stopped::{StopCode, Stopped, classify};

/// A call that gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The extractor said no, in its own words.
    #[error("{}", .0.message)]
    Failure(Failure),
    /// The host ended the call, or could not begin it.
    #[error(transparent)]
    Stopped(Box<Stopped>),
}

/// What one call used.
#[derive(Debug, Clone, Copy, Default)]
pub struct Usage {
    /// From the call to the answer, the wait for a slot included.
    pub wall: Duration,
    /// Processor time.
    pub cpu: Duration,
    /// The most memory it held at once, in bytes, over all its memories.
    pub memory_peak: usize,
    /// Bytes of text and data in the answer.
    pub output: usize,
    /// Log lines beyond the cap.
    pub log_dropped: usize,
    /// Instructions, where the sandbox counts them ([`Sandbox::counting`]).
    pub fuel: Option<u64>,
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
    /// happens inside it.
    pub(super) async fn run<T: Weigh>(
        &self,
        sandbox: &Sandbox,
        function: &'static str,
        call: impl AsyncFnOnce(&mut Store<State>) -> wasmtime::Result<T>,
    ) -> Result<Called<T>, CallError> {
        let stopped = |code, reason, trace, log| {
            let extractor = self.identity.clone();
            CallError::Stopped(Box::new(Stopped {
                code,
                extractor,
                function,
                reason,
                trace,
                log,
            }))
        };
        let began = Instant::now();
        let Some(_slot) = sandbox.slot(&self.slots).await else {
            return Err(stopped(
                StopCode::Busy,
                "no slot came free in time".into(),
                Vec::new(),
                Vec::new(),
            ));
        };
        let meter = Arc::new(CpuMeter::default());
        let mut store = self.store(sandbox, began, Arc::clone(&meter));
        let answer = meter.measure(call(&mut store)).await;

        let fuel = sandbox.counts.then(|| store.get_fuel().unwrap_or(u64::MAX));
        let state = store.data_mut();
        let log = std::mem::take(&mut state.log.lines);
        report(&self.identity, function, &log, state.log.dropped);
        let output = answer.as_ref().map_or(0, Weigh::weight);
        let usage = Usage {
            wall: state.began.elapsed(),
            cpu: meter.used(),
            memory_peak: state.memory_peak,
            output,
            log_dropped: state.log.dropped,
            fuel: fuel.map(|left| u64::MAX - left),
        };
        sandbox.tell(&usage);
        let value = match answer {
            Ok(value) => value,
            Err(error) => {
                let (code, reason, trace) = classify(&error, state);
                return Err(stopped(code, reason, trace, log));
            }
        };
        if output > state.limits.output {
            let reason = format!(
                "its answer was larger than {} KiB",
                state.limits.output >> 10
            );
            return Err(stopped(StopCode::OutputLimit, reason, Vec::new(), log));
        }
        Ok(Called { value, usage, log })
    }

    fn store(&self, sandbox: &Sandbox, began: Instant, meter: Arc<CpuMeter>) -> Store<State> {
        let limits = sandbox.limits();
        let mut store = Store::new(
            &sandbox.flavour(self.fits_pool).engine,
            State::new(limits.clone(), began),
        );
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
        .map_err(CallError::Failure)
}
