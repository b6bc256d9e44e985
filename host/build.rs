//! Compiles the built-in extractors and embeds them.
//!
//! Every guest below `extractors/` is one: nothing here knows them by name. A compiler is only
//! looked for; installing one is for `make setup`.

use std::env;
use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use lensmount_toolchain::{Choice, ErrorChain, Package, Toolchain, ToolchainError, Workspace};

fn main() -> ExitCode {
    match embed() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!(
                "cargo::error={}",
                ErrorChain(&*error).to_string().replace('\n', " ")
            );
            ExitCode::FAILURE
        }
    }
}

fn embed() -> Result<(), Box<dyn Error>> {
    let workspace = Workspace::of_build_script()?;
    let toolchain = Toolchain::find()?;
    let packages = toolchain.guests(&workspace, "extractors")?;
    watch(workspace.root(), &packages);

    let out = PathBuf::from(
        env::var_os("OUT_DIR").ok_or(ToolchainError::NoVariable { name: "OUT_DIR" })?,
    );
    let mut list = String::from("pub(crate) static BUILT_IN: &[BuiltIn] = &[\n");
    for component in toolchain.build(&workspace, &packages)? {
        let (name, version) = (&component.name, &component.version);
        let path = component.write_to(&out)?;
        writeln!(
            list,
            "    BuiltIn {{ name: {name:?}, version: {version:?}, wasm: include_bytes!({path:?}) }},"
        )?;
    }
    list.push_str("];\n");
    fs::write(out.join("builtin.rs"), list)?;
    Ok(())
}

/// Everything that a guest is made of. A crate that is added or taken away changes `Cargo.lock`.
fn watch(root: &Path, packages: &[Package]) {
    for shared in [
        "Cargo.lock",
        "Cargo.toml",
        "extractors/sdk/Cargo.toml",
        "extractors/sdk/src",
        "wit",
    ] {
        println!("cargo::rerun-if-changed={}", root.join(shared).display());
    }
    for package in packages {
        for part in ["Cargo.toml", "src"] {
            println!(
                "cargo::rerun-if-changed={}",
                package.folder.join(part).display()
            );
        }
    }
    println!("cargo::rerun-if-env-changed={}", Choice::VARIABLE);
}
