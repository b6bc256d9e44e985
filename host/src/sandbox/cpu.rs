//! How much processor time a call has used.
//!
//! A call is a future that yields to its neighbours, so the time since it began says little. The
//! meter adds up the slices in which it was polled, by the thread's own clock: a busy machine
//! does not make a guest look slow.
//!
//! That clock is a system call, and most calls end within their first slice and long before the
//! engine's first tick. So the first slice goes by the clock on the wall until a tick is seen in it,
//! and is charged one tick at most for that part: a call that is set aside by the system may look as
//! if it had used 5 ms, and never more; one whose host part is long, such as copying a large body, may
//! look as if that had taken 5 ms, and never less.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::engine::TICK;

/// Processor time of one call. Shared between the poll loop and the epoch callback, which run on
/// the same thread at any one time; atomics only make the sharing safe.
#[derive(Debug)]
pub(super) struct CpuMeter {
    began: Instant,
    /// In the slices, or parts of slices, that have ended.
    used: AtomicU64,
    /// The thread's clock when the running slice, or part of it, began; none while it goes by the
    /// clock on the wall.
    since: AtomicU64,
}

const ON_THE_WALL: u64 = u64::MAX;

impl CpuMeter {
    /// Of a call whose first slice is counted from that time on: it begins at once.
    pub fn since(began: Instant) -> Self {
        Self {
            began,
            used: AtomicU64::new(0),
            since: AtomicU64::new(ON_THE_WALL),
        }
    }

    /// Time used, the running slice included. Only meaningful on the thread that polls the call.
    pub fn running(&self) -> Duration {
        let now = thread_nanos();
        let since = self.since.load(Ordering::Relaxed);
        if since == ON_THE_WALL {
            self.charge(self.on_the_wall());
            self.since.store(now, Ordering::Relaxed);
            return self.used();
        }
        self.used() + Duration::from_nanos(now.saturating_sub(since))
    }

    /// Time used in the slices that have ended.
    pub fn used(&self) -> Duration {
        Duration::from_nanos(self.used.load(Ordering::Relaxed))
    }

    /// Runs `call` to its end and counts each of its slices.
    pub async fn measure<F: Future>(&self, call: F) -> F::Output {
        let mut call = pin!(call);
        let mut first = true;
        poll_fn(|context| {
            if !std::mem::take(&mut first) {
                self.since.store(thread_nanos(), Ordering::Relaxed);
            }
            let polled = call.as_mut().poll(context);
            match self.since.load(Ordering::Relaxed) {
                ON_THE_WALL => self.charge(self.on_the_wall()),
                since => self.charge(thread_nanos().saturating_sub(since)),
            }
            polled
        })
        .await
    }

    /// The first slice so far, one tick at most.
    fn on_the_wall(&self) -> u64 {
        let passed = self.began.elapsed().min(TICK);
        u64::try_from(passed.as_nanos()).unwrap_or(u64::MAX)
    }

    fn charge(&self, nanos: u64) {
        self.used.fetch_add(nanos, Ordering::Relaxed);
    }
}

fn thread_nanos() -> u64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    u64::try_from(time.tv_sec).unwrap_or(0) * 1_000_000_000
        + u64::try_from(time.tv_nsec).unwrap_or(0)
}
