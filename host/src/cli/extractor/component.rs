//! A component from a file, and the sandbox to try it in.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use bytes::Bytes;

use crate::cli::compile::child;
use crate::sandbox::{Bounds, Limits, Sandbox};

/// The bytes of a component.
pub(super) fn read(file: &Path) -> anyhow::Result<Bytes> {
    let wasm = std::fs::read(file).with_context(|| format!("{} cannot be read", file.display()))?;
    Ok(wasm.into())
}

/// The sandbox that a server has.
pub(super) fn sandbox(limits: Limits) -> anyhow::Result<Arc<Sandbox>> {
    let compiler = child(&limits, Bounds::default());
    Ok(Arc::new(Sandbox::new(limits)?.compiling_by(compiler)))
}
