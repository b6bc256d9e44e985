//! What the host keeps beside a running guest.

use std::time::Instant;

use wasmtime::ResourceLimiter;

use super::bindings::chart_world::lensmount::extractor::{log, types};
use super::light::Light;
use super::limits::Limits;
use super::log::Log;
use super::stopped::StopCode;

/// The state of one call, and the only thing that a guest's imports can touch.
pub(super) struct State {
    pub limits: Limits,
    pub began: Instant,
    pub log: Log,
    pub light: Light,
    /// Set by whoever stops the call, because the trap that follows does not say why.
    pub stop: Option<StopCode>,
    memory: usize,
    pub memory_peak: usize,
}

impl State {
    pub fn new(limits: Limits, began: Instant) -> Self {
        Self {
            limits,
            began,
            log: Log::default(),
            light: Light::default(),
            stop: None,
            memory: 0,
            memory_peak: 0,
        }
    }

    /// Ends a call whose log has become a flood.
    pub fn unless_flooded(&mut self, bearable: bool) -> wasmtime::Result<()> {
        if bearable {
            return Ok(());
        }
        Err(self.stop(StopCode::LogLimit))
    }

    /// Notes why the call ends, and makes the error that ends it. The first reason stands.
    fn stop(&mut self, code: StopCode) -> wasmtime::Error {
        self.stop.get_or_insert(code);
        wasmtime::Error::msg(code.as_str())
    }
}

impl ResourceLimiter for State {
    /// Sums over all memories: wasmtime's own limiter counts each by itself. An error ends the call
    /// here; `Ok(false)` would let the guest abort with a bare `unreachable` that says nothing.
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let after = self.memory.saturating_add(desired.saturating_sub(current));
        if after > self.limits.memory {
            return Err(self.stop(StopCode::MemoryLimit));
        }
        self.memory = after;
        self.memory_peak = self.memory_peak.max(after);
        Ok(true)
    }

    /// Tables count with the pointers they hold.
    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let pointer = size_of::<usize>();
        self.memory_growing(
            current.saturating_mul(pointer),
            desired.saturating_mul(pointer),
            None,
        )
    }
}

impl types::Host for State {}

impl log::Host for State {
    fn write(&mut self, level: log::Level, message: String) -> wasmtime::Result<()> {
        let bearable = self.log.write(&self.limits, level, message);
        self.unless_flooded(bearable)
    }
}
