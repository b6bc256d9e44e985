//! Finds or prepares a compiler for WebAssembly, and turns crates into components.
//!
//! In reading order:
//!
//! - [`Machine`]: what is looked at to find a compiler, so that tests can look at another machine
//! - [`Toolchain`]: a compiler that was found; finding one changes nothing on the machine
//! - [`prepare`]: the only part that installs anything, called by `make setup` alone
//! - [`Workspace`] and [`Package`]: the crates to build and the folder to build them in
//! - [`Component`]: a crate, built
//! - [`ToolchainError`]: what can go wrong, said so that one knows what to do

mod apt;
mod build;
mod compiler;
mod component;
mod environment;
mod error;
mod exports;
mod layout;
mod linker;
mod machine;
mod prepare;
mod run;
mod toolchain;
mod workspace;

pub use crate::component::Component;
pub use crate::error::{ErrorChain, ToolchainError};
pub use crate::machine::{Choice, Machine};
pub use crate::prepare::{Prepared, prepare};
pub use crate::toolchain::Toolchain;
pub use crate::workspace::{Lock, Package, Workspace};

/// What extractors are compiled for: no operating system, hence no imports but the contract's.
pub const TARGET: &str = "wasm32-unknown-unknown";
