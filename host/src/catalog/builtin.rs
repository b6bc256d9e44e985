//! The extractors that came with this server, embedded when it was built (`build.rs`).

/// A component that is embedded in this server.
pub(super) struct BuiltIn {
    /// The name of its crate, for the log; the extractor says its own name.
    pub name: &'static str,
    /// The version of its crate, for the log.
    pub version: &'static str,
    /// The component.
    pub wasm: &'static [u8],
}

include!(concat!(env!("OUT_DIR"), "/builtin.rs"));
