//! The pools that instances come from.
//!
//! An instance leaves behind what it wrote, and the next one must not see it. wasmtime wipes the first
//! bytes of a memory by hand and keeps them mapped (`linear_memory_keep_resident`), and gives the rest
//! back to the system, which costs a system call, a flush on every processor and a page fault for each
//! page that is used again. So:
//!
//! - the pool for ordinary calls keeps as much as a guest of ours has from the start, data included.
//!   More would be wiped for nothing after every call of a guest that brings more.
//! - calls with a large body have a pool of their own. There the memory of the last large call stays,
//!   so that the next one meets no page fault; it is wiped as far as it was used. It has few slots,
//!   because what it keeps is kept for good.
//!
//! `pagemap_scan` would wipe just the pages that were written, but it does not see a page that is
//! swapped out or under way to another place in memory, and the next instance would find it as it was
//! (wasmtime #14357). Isolation is what the sandbox is for, so it stays off.

use wasmtime::{InstanceAllocationStrategy, PoolingAllocationConfig};

use super::limits::Limits;

/// Calls that may run side by side. Their waits are short, so more would only add memory.
pub(super) const SLOTS: u32 = 64;
/// Of the pool for large bodies. What each keeps stays in memory until the server ends.
pub(super) const ROOMY_SLOTS: u32 = 2;
/// Bytes of input from which on a call is better off there: a guest of ours can take about so much
/// without asking for more memory than it has from the start.
pub(super) const ROOMY_FROM: usize = 80 << 10;
/// What stays mapped of an ordinary memory.
const KEPT: usize = 512 << 10;
/// What stays mapped of a roomy one: a result of 20 MB with what is made of it.
const ROOMY_KEPT: usize = 32 << 20;
/// What a component may bring and still fit a slot: one that carries Python has 38 core instances.
/// They are counted, not made ahead, so that more of them cost nothing.
const CORE_INSTANCES: u32 = 40;
const MEMORIES: u32 = 2;
const TABLES: u32 = 2;
const TABLE_ELEMENTS: usize = 20_000;

/// The pool for ordinary calls.
pub(super) fn ordinary(limits: &Limits) -> InstanceAllocationStrategy {
    pool(limits, SLOTS, KEPT)
}

/// The pool for calls with large bodies.
pub(super) fn roomy(limits: &Limits) -> InstanceAllocationStrategy {
    pool(limits, ROOMY_SLOTS, ROOMY_KEPT)
}

fn pool(limits: &Limits, slots: u32, kept: usize) -> InstanceAllocationStrategy {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(slots)
        .total_core_instances(slots * CORE_INSTANCES)
        .max_core_instances_per_component(CORE_INSTANCES)
        .total_memories(slots * MEMORIES)
        .max_memories_per_component(MEMORIES)
        .total_tables(slots * TABLES)
        .max_tables_per_component(TABLES)
        .table_elements(TABLE_ELEMENTS)
        .total_stacks(slots)
        .max_memory_size(limits.memory.next_multiple_of(64 << 10))
        .max_unused_warm_slots(slots)
        .linear_memory_keep_resident(kept)
        .table_keep_resident(64 << 10)
        .async_stack_keep_resident(64 << 10);
    InstanceAllocationStrategy::Pooling(pool)
}
