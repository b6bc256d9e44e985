//! The extractors that came with this server, embedded when it was built (`build.rs`).

/// A component and the version it says it is.
pub(super) struct BuiltIn {
    /// The name of its crate and of the extractor.
    pub name: &'static str,
    /// The version of its crate.
    pub version: &'static str,
    /// The component.
    pub wasm: &'static [u8],
}

include!(concat!(env!("OUT_DIR"), "/builtin.rs"));

/// Whether this server brings that version itself.
pub(super) fn embedded(name: &str, version: &str) -> bool {
    BUILT_IN
        .iter()
        .any(|built_in| built_in.name == name && built_in.version == version)
}
