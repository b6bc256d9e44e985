//! From wasm to machine code, and back from machine code that we kept.

use wasmtime::Engine;
use wasmtime::component::Component;

use super::engine::Sandbox;

/// A component that cannot be compiled.
#[derive(Debug, thiserror::Error)]
pub enum CompileError {
    /// The engine refuses it.
    #[error("the component does not compile: {reason}")]
    Refused {
        /// In its words.
        reason: String,
    },
    /// It takes too much processor time.
    #[error(
        "compiling the component took more than {seconds} s of processor time and was given up; split its largest functions, or have the server's operator raise --compile-seconds"
    )]
    Cpu {
        /// How much it may take.
        seconds: u64,
    },
    /// It takes too much memory.
    #[error(
        "compiling the component took more than {mib} MiB of memory and was given up; split its largest functions, or have the server's operator raise --compile-memory-mib"
    )]
    Memory {
        /// How much it may take.
        mib: u64,
    },
    /// It was not done in time, although it may not have had much processor time.
    #[error(
        "compiling the component was not done within {seconds} s and was given up; the machine is busy, so try again"
    )]
    Slow {
        /// For how long it was waited.
        seconds: u64,
    },
    /// The child that compiles cannot be started or spoken to.
    #[error(
        "the process that compiles cannot be used: {0}; see whether this machine lets the server start processes"
    )]
    Child(#[source] std::io::Error),
    /// A worker of ours failed; a defect.
    #[error("a worker failed while a component was compiled")]
    Worker(#[source] tokio::task::JoinError),
    /// What came back is no code for this engine; a defect.
    #[error("the process that compiles gave no code that this server can run")]
    Unfit,
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
        // An engine with a pool takes only what fits its slots, so it is asked first.
        let compile = |fits_pool: bool| {
            let component = Component::from_binary(&self.flavour(fits_pool).engine, wasm)?;
            Ok(Compiled {
                component,
                fits_pool,
            })
        };
        compile(true)
            .or_else(|_| compile(false))
            .map_err(|error: wasmtime::Error| refused(&error))
    }

    /// What code kept for this engine is filed under, beside the component's digest.
    #[must_use]
    pub fn code_key(&self) -> String {
        self.compatibility(true)
    }

    /// Loads code that [`Compiled::code`] wrote. `None` when it was made by another build.
    ///
    /// The caller vouches that these bytes are what it wrote itself: they are run as they stand.
    pub fn revive(&self, code: &[u8]) -> Option<Compiled> {
        let revived = |fits_pool: bool| {
            let component = revive(&self.flavour(fits_pool).engine, code)?;
            Some(Compiled {
                component,
                fits_pool,
            })
        };
        revived(true).or_else(|| revived(false))
    }
}

#[expect(
    unsafe_code,
    reason = "loading our own compiled code, whose digest the catalog has checked"
)]
pub(super) fn revive(engine: &Engine, code: &[u8]) -> Option<Component> {
    // SAFETY: the bytes were written by `Compiled::code` of a server of ours and have the digest
    // that was stored then. wasmtime itself refuses code of another version or other settings.
    unsafe { Component::deserialize(engine, code) }.ok()
}

/// Whether these bytes are machine code in wasmtime's format, which is never taken from outside.
#[must_use]
pub fn is_precompiled(bytes: &[u8]) -> bool {
    Engine::detect_precompiled(bytes).is_some()
}

fn refused(error: &wasmtime::Error) -> CompileError {
    CompileError::Refused {
        reason: format!("{error:#}"),
    }
}
