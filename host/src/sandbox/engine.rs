//! The engine that runs guests: its settings, its clock, and who may run at once.
//!
//! Settings follow measurements (see `host/ARCHITECTURE.md`, "Sandbox"). There are three engines: two
//! with a pool of instances ([`super::pool`]), which makes a fresh instance cost microseconds, and one
//! that allocates on demand for components that do not fit the pools' slots, and for machines that
//! refuse a pool its address space. Code that is compiled for one of them runs in all.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};
use wasmtime::component::{HasSelf, Linker};
use wasmtime::{Config, Engine, EngineWeak, InstanceAllocationStrategy, OptLevel};

use super::bindings::chart_world::lensmount::extractor::{log, types};
use super::compiler::Compiler;
use super::light;
use super::limits::Limits;
use super::places::{Place, Places};
use super::pool::{self, ROOMY_SLOTS, SLOTS};
use super::state::State;
use super::usage::Usage;

/// How often a running guest is looked at. It is the precision of its deadlines.
pub(super) const TICK: Duration = Duration::from_millis(5);
/// Of these, how many one extractor has unless an operator says otherwise.
pub const SLOTS_EACH: usize = SLOTS as usize / 2;
/// Of these, how many one extractor may be given: the others stay for its neighbours.
pub const MOST_SLOTS_EACH: usize = SLOTS as usize / 4 * 3;
/// Bytes of stack that are left to the host beyond what a guest may have.
const HOST_STACK: usize = 1536 << 10;
/// How long a call waits for a slot before it is told `busy`.
const PATIENCE: Duration = Duration::from_secs(5);
/// The sandbox cannot be set up on this machine.
#[derive(Debug, thiserror::Error)]
#[error("the WebAssembly engine cannot start on this machine")]
pub struct SandboxError(#[source] Box<dyn std::error::Error + Send + Sync>);

impl From<wasmtime::Error> for SandboxError {
    fn from(error: wasmtime::Error) -> Self {
        Self(error.into())
    }
}

/// The engines, the few imports that guests get, and the slots.
pub struct Sandbox {
    pooled: Option<Flavour>,
    /// For calls with large bodies, as long as it has a slot.
    roomy: Option<Flavour>,
    on_demand: Flavour,
    slots: Semaphore,
    roomy_slots: Semaphore,
    limits: Limits,
    pub(super) compiler: Compiler,
    /// Components that were compiled since it was set up.
    pub(super) compiled: AtomicU64,
    /// Whether guests are compiled to count their instructions.
    pub(super) counts: bool,
    told: Option<Told>,
}

/// Who is told what each call used.
type Told = Box<dyn Fn(&Usage) + Send + Sync>;

/// A place among an extractor's own calls, and one among all.
type Slot<'a> = (Place<'a>, SemaphorePermit<'a>);

/// One engine with its linker.
pub(super) struct Flavour {
    pub engine: Engine,
    pub linker: Linker<State>,
}

impl Sandbox {
    /// Sets up the engines and starts their clock, which stops when the sandbox is dropped.
    ///
    /// # Errors
    ///
    /// When not even the engine without a pool can be made.
    pub fn new(limits: Limits) -> Result<Self, SandboxError> {
        let flavour = |strategy: &InstanceAllocationStrategy, what: &str| {
            let flavour = Flavour::new(strategy, limits.stack, false);
            flavour.inspect_err(|error| {
                tracing::warn!(%error, "no address space for a pool of instances {what}; those calls will be slower");
            }).ok()
        };
        let pooled = flavour(&pool::ordinary(&limits), "for ordinary calls");
        // Without the one there is no use for the other.
        let roomy = pooled
            .as_ref()
            .and_then(|_| flavour(&pool::roomy(&limits), "for calls with large bodies"));
        Self::with(pooled, roomy, limits, false)
    }

    /// A sandbox whose guests count their instructions ([`Usage::fuel`]): the same number on every
    /// machine, at the price of slower code. It has no pool, so it is for trying extractors.
    ///
    /// # Errors
    ///
    /// When the engine cannot be made.
    pub fn counting(limits: Limits) -> Result<Self, SandboxError> {
        Self::with(None, None, limits, true)
    }

    fn with(
        pooled: Option<Flavour>,
        roomy: Option<Flavour>,
        limits: Limits,
        counts: bool,
    ) -> Result<Self, SandboxError> {
        let on_demand = Flavour::new(&InstanceAllocationStrategy::OnDemand, limits.stack, counts)?;
        // Without ticks no deadline would ever fall: better no server than an unguarded one.
        tick(
            [pooled.as_ref(), roomy.as_ref(), Some(&on_demand)]
                .into_iter()
                .flatten()
                .map(|flavour| flavour.engine.weak())
                .collect(),
        )
        .map_err(|error| SandboxError(error.into()))?;
        Ok(Self {
            pooled,
            roomy,
            on_demand,
            slots: Semaphore::new(SLOTS as usize),
            roomy_slots: Semaphore::new(ROOMY_SLOTS as usize),
            limits,
            counts,
            told: None,
            compiler: Compiler::default(),
            compiled: AtomicU64::new(0),
        })
    }

    /// The same, with somebody else compiling.
    #[must_use]
    pub fn compiling_by(self, compiler: Compiler) -> Self {
        Self { compiler, ..self }
    }

    /// The same sandbox, which tells what each call used once it has ended, however it ended.
    #[must_use]
    pub fn telling(mut self, told: impl Fn(&Usage) + Send + Sync + 'static) -> Self {
        self.told = Some(Box::new(told));
        self
    }

    /// Passes on what a call used.
    pub(super) fn tell(&self, usage: &Usage) {
        if let Some(told) = &self.told {
            told(usage);
        }
    }

    /// How many components were compiled since it was set up, those that were refused included. What
    /// comes from kept code is not among them.
    #[must_use]
    pub fn compiles(&self) -> u64 {
        self.compiled.load(Ordering::Relaxed)
    }

    /// The limits that calls run under where nothing else is said of their extractor.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// A slot among the extractor's `own` and among all, if both are free.
    pub(super) fn free_slot<'a>(&'a self, own: &'a Places) -> Option<Slot<'a>> {
        Some((own.try_take()?, self.slots.try_acquire().ok()?))
    }

    /// Waits for a slot among the extractor's `own`, then among all; `None` stands for "busy".
    pub(super) async fn slot<'a>(&'a self, own: &'a Places) -> Option<Slot<'a>> {
        let both = async { Some((own.take().await?, self.slots.acquire().await.ok()?)) };
        tokio::time::timeout(PATIENCE, both).await.ok()?
    }

    /// The engine with the pool for what fits its slots, if a pool is to be had; else the other.
    pub(super) fn flavour(&self, fits_pool: bool) -> &Flavour {
        match &self.pooled {
            Some(pooled) if fits_pool => pooled,
            _ => &self.on_demand,
        }
    }

    /// The engine for large bodies, with a slot of its pool; none while all of them are taken, for
    /// then a call is better off elsewhere than waiting.
    pub(super) fn roomy(&self) -> Option<(&Flavour, SemaphorePermit<'_>)> {
        Some((self.roomy.as_ref()?, self.roomy_slots.try_acquire().ok()?))
    }

    /// A text that changes whenever code compiled by another build must not be run by this one.
    pub(super) fn compatibility(&self, fits_pool: bool) -> String {
        use std::hash::{DefaultHasher, Hash, Hasher};
        let mut hasher = DefaultHasher::new();
        self.flavour(fits_pool)
            .engine
            .precompile_compatibility_hash()
            .hash(&mut hasher);
        format!("{:016x}", hasher.finish())
    }
}

impl Flavour {
    fn new(
        strategy: &InstanceAllocationStrategy,
        stack: usize,
        counts: bool,
    ) -> wasmtime::Result<Self> {
        let mut config = Config::new();
        config
            .allocation_strategy(strategy.clone())
            .epoch_interruption(true)
            .consume_fuel(counts)
            // Off, an asynchronous call costs 0.45 µs instead of 1.20 µs; guests don't use it.
            .concurrency_support(false)
            .memory_init_cow(true)
            .max_wasm_stack(stack)
            // What the host's own functions need comes on top.
            .async_stack_size(stack + HOST_STACK)
            .cranelift_opt_level(OptLevel::Speed)
            .wasm_memory64(false);
        let engine = Engine::new(&config)?;
        let mut linker = Linker::new(&engine);
        types::add_to_linker::<State, HasSelf<State>>(&mut linker, |state| state)?;
        log::add_to_linker::<State, HasSelf<State>>(&mut linker, |state| state)?;
        light::add_to_linker(&mut linker)?;
        Ok(Self { engine, linker })
    }
}

/// One thread ticks for all calls; a timer for each would cost orders of magnitude. It holds the
/// engines weakly and ends with them.
fn tick(engines: Vec<EngineWeak>) -> std::io::Result<()> {
    let ticks = move || {
        loop {
            thread::sleep(TICK);
            let mut alive = false;
            for engine in engines.iter().filter_map(EngineWeak::upgrade) {
                engine.increment_epoch();
                alive = true;
            }
            if !alive {
                return;
            }
        }
    };
    thread::Builder::new()
        .name("epoch".into())
        .spawn(ticks)
        .map(drop)
}
