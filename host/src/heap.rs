//! What the program takes its memory from.
//!
//! jemalloc instead of the system's allocator: a poll of a chart with some KB takes 234 µs of processor
//! time instead of 333, a fresh call of an extractor a third of a microsecond less, and an idle server
//! holds no more memory (`make bench`). A thread in the background gives back what has not been used
//! for ten seconds, so that a quiet server is a small one again.
//!
//! jemalloc is built for the page size of the machine that builds it, and runs where pages are as large
//! or smaller: for an ARM machine with pages of 64 KiB the program is built on one.

use tikv_jemallocator::Jemalloc;

#[global_allocator]
static HEAP: Jemalloc = Jemalloc;

/// A variable of the environment for a child whose memory is bounded by what it maps
/// (`RLIMIT_DATA`), and what it says: to map little beyond what is used. As it is, each thread has an
/// arena that maps some MiB ahead, and what is freed stays mapped.
pub(crate) const SPARING: (&str, &str) = (
    "_RJEM_MALLOC_CONF",
    "narenas:1,retain:false,dirty_decay_ms:0,background_thread:false",
);
