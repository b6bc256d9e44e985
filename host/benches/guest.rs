//! Extractors for benchmarks.

use std::path::Path;
use std::time::Instant;

use anyhow::Context;
use lensmount::sandbox::{Identity, Lens, Sandbox, World};
use lensmount::store::Digest;
use lensmount_toolchain::{Toolchain, Workspace};

/// An extractor as the server embeds it, by the name of its crate.
pub fn load(sandbox: &Sandbox, name: &str, world: World) -> anyhow::Result<Lens> {
    let workspace = Workspace::around(Path::new(env!("CARGO_MANIFEST_DIR")))?;
    let toolchain = Toolchain::find()?;
    let mut guests = toolchain.guests(&workspace, "extractors")?;
    guests.retain(|guest| guest.name == name);
    let built = toolchain.build(&workspace, &guests)?;
    let wasm = built
        .into_iter()
        .next()
        .context("no extractor was built")?
        .wasm;
    let began = Instant::now();
    let compiled = sandbox.compile(&wasm)?;
    println!(
        "{name}: {} KiB, compiled once in {} ms",
        wasm.len() >> 10,
        began.elapsed().as_millis()
    );
    let identity = Identity {
        name: name.into(),
        version: "bench".into(),
        digest: Digest::of(&wasm),
    };
    Ok(Lens::link(sandbox, &compiled, world, identity)?)
}
