//! What can be seen of a file without running it.

use crate::sandbox::World;
use crate::store::Digest;

use super::check;
use super::interface::{self, Names};
use super::metadata::{self, Metadata};

/// A component, looked at.
#[derive(Debug)]
pub struct Anatomy {
    /// In bytes.
    pub size: usize,
    /// Of the bytes.
    pub digest: Digest,
    /// The contract that its imports and exports name, e.g. `lensmount:extractor@1.0.0`.
    pub contract: Option<String>,
    /// The world that it fits.
    pub world: Option<World>,
    /// What it imports, by name.
    pub imports: Vec<String>,
    /// What it exports, by name.
    pub exports: Vec<String>,
    /// What its author's tools left in it.
    pub metadata: Metadata,
}

/// Looks at any file. What is no component has no more than a size and a digest.
#[must_use]
pub fn look_at(wasm: &[u8]) -> Anatomy {
    let is_sound = check::magic(wasm)
        .and_then(|()| check::validate(wasm))
        .is_ok();
    let names = if is_sound {
        interface::names(wasm).unwrap_or_default()
    } else {
        Names::default()
    };
    Anatomy {
        size: wasm.len(),
        digest: Digest::of(wasm),
        contract: names.contract(),
        world: interface::target(wasm)
            .ok()
            .filter(|_| is_sound)
            .map(|it| it.world),
        imports: names.imports,
        exports: names.exports,
        metadata: if is_sound {
            metadata::read(wasm)
        } else {
            Metadata::default()
        },
    }
}
