//! The contract as wasmtime's `bindgen!` reads it. What later releases add is optional and called by name.
//!
//! Bodies are lent to the guest (`&[u8]`), so that a tile is copied once, into the guest's memory.

/// Version 1.0.0, the world of charts.
#[expect(
    missing_docs,
    reason = "generated from wit/, where every item is documented"
)]
pub(super) mod chart_world {
    wasmtime::component::bindgen!({
        path: "../wit/1.0.0",
        world: "chart-extractor",
        ownership: Borrowing { duplicate_if_necessary: true },
        imports: { default: trappable },
        exports: { default: async },
    });
}

/// Version 1.0.0, the world of event mappings. It shares the words of [`chart_world`].
#[expect(
    missing_docs,
    reason = "generated from wit/, where every item is documented"
)]
pub(super) mod events_world {
    wasmtime::component::bindgen!({
        path: "../wit/1.0.0",
        world: "event-mapper",
        ownership: Borrowing { duplicate_if_necessary: true },
        exports: { default: async },
        with: {
            "lensmount:extractor/types": super::chart_world::lensmount::extractor::types,
            "lensmount:extractor/log": super::chart_world::lensmount::extractor::log,
        },
    });
}

pub use chart_world::exports::lensmount::extractor::chart;
pub use chart_world::lensmount::extractor::types;
pub use events_world::exports::lensmount::extractor::events;
