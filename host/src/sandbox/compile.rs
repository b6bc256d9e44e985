//! From wasm to machine code, and back from machine code that we kept.

use wasmtime::Engine;
use wasmtime::component::Component;

use super::engine::Sandbox;

/// A component that cannot be compiled.
#[derive(Debug, thiserror::Error)]
#[error("the component does not compile: {reason}")]
pub struct CompileError {
    reason: String,
}

/// A compiled component that is not linked yet.
pub struct Compiled {
    pub(super) component: Component,
    pub(super) fits_pool: bool,
}

impl Compiled {
    /// Machine code in wasmtime's own format, to be kept and given to [`Sandbox::revive`].
    ///
    /// # Errors
    ///
    /// When wasmtime cannot write it out.
    pub fn code(&self) -> Result<Vec<u8>, CompileError> {
        self.component.serialize().map_err(|error| refused(&error))
    }
}

impl Sandbox {
    /// Compiles a component. It blocks for as long as that takes: 0.1 s for a Rust guest, seconds
    /// for one that carries a JavaScript or Python engine.
    ///
    /// # Errors
    ///
    /// When the engine refuses the component.
    pub fn compile(&self, wasm: &[u8]) -> Result<Compiled, CompileError> {
        let cores = core_instances(wasm);
        let compile = |fits: bool| {
            Component::from_binary(&self.flavour(fits).engine, wasm)
                .map_err(|error| refused(&error))
        };
        // Both engines share all settings that shape code, so asking the one with the pool first
        // costs a second compilation only where the component does not fit.
        match compile(true) {
            Ok(component) if Self::fits_pool(&component, cores) => Ok(Compiled {
                component,
                fits_pool: true,
            }),
            Ok(_) | Err(_) => Ok(Compiled {
                component: compile(false)?,
                fits_pool: false,
            }),
        }
    }

    /// What code kept for this engine is filed under, beside the component's digest.
    #[must_use]
    pub fn code_key(&self) -> String {
        self.compatibility(true)
    }

    /// Loads code that [`Compiled::code`] wrote. `None` when it was made by another build.
    ///
    /// The caller vouches that these bytes are what it wrote itself: they are run as they stand.
    pub fn revive(&self, wasm: &[u8], code: &[u8]) -> Option<Compiled> {
        let cores = core_instances(wasm);
        let component = revive(&self.flavour(true).engine, code)?;
        if Self::fits_pool(&component, cores) {
            return Some(Compiled {
                component,
                fits_pool: true,
            });
        }
        Some(Compiled {
            component: revive(&self.flavour(false).engine, code)?,
            fits_pool: false,
        })
    }
}

#[expect(
    unsafe_code,
    reason = "loading our own compiled code, whose digest the catalog has checked"
)]
fn revive(engine: &Engine, code: &[u8]) -> Option<Component> {
    // SAFETY: the bytes were written by `Compiled::code` of a server of ours and have the digest
    // that was stored then. wasmtime itself refuses code of another version or other settings.
    unsafe { Component::deserialize(engine, code) }.ok()
}

/// Whether these bytes are machine code in wasmtime's format, which is never taken from outside.
#[must_use]
pub fn is_precompiled(bytes: &[u8]) -> bool {
    Engine::detect_precompiled(bytes).is_some()
}

/// Core instances that a component makes, nested ones included.
fn core_instances(wasm: &[u8]) -> usize {
    wasmparser::Parser::new(0)
        .parse_all(wasm)
        .map_while(Result::ok)
        .map(|payload| match payload {
            wasmparser::Payload::InstanceSection(section) => section.count() as usize,
            _ => 0,
        })
        .sum()
}

fn refused(error: &wasmtime::Error) -> CompileError {
    CompileError {
        reason: format!("{error:#}"),
    }
}
