//! How much processor time a call has used.
//!
//! A call is a future that yields to its neighbours, so the time since it began says little. The
//! meter adds up the slices in which it was polled, by the thread's own clock: a busy machine
//! does not make a guest look slow.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Processor time of one call. Shared between the poll loop and the epoch callback, which run on
/// the same thread at any one time; atomics only make the sharing safe.
#[derive(Debug, Default)]
pub(super) struct CpuMeter {
    used: AtomicU64,
    slice_began: AtomicU64,
}

impl CpuMeter {
    /// Time used, the running slice included. Only meaningful on the thread that polls the call.
    pub fn running(&self) -> Duration {
        let slice = thread_nanos().saturating_sub(self.slice_began.load(Ordering::Relaxed));
        Duration::from_nanos(self.used.load(Ordering::Relaxed) + slice)
    }

    /// Time used in the slices that have ended.
    pub fn used(&self) -> Duration {
        Duration::from_nanos(self.used.load(Ordering::Relaxed))
    }

    /// Runs `call` to its end and counts each of its slices.
    pub async fn measure<F: Future>(&self, call: F) -> F::Output {
        let mut call = pin!(call);
        poll_fn(|context| {
            let began = thread_nanos();
            self.slice_began.store(began, Ordering::Relaxed);
            let polled = call.as_mut().poll(context);
            self.used
                .fetch_add(thread_nanos().saturating_sub(began), Ordering::Relaxed);
            polled
        })
        .await
    }
}

fn thread_nanos() -> u64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    u64::try_from(time.tv_sec).unwrap_or(0) * 1_000_000_000
        + u64::try_from(time.tv_nsec).unwrap_or(0)
}
