//! The toolchain by hand: `make setup` calls it, and authors build their extractors with it.

use std::env;
use std::error::Error;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use lensmount_toolchain::{
    ErrorChain, Machine, Package, Toolchain, ToolchainError, Workspace, prepare,
};

const USAGE: &str = "\
Usage: lensmount-toolchain setup
       lensmount-toolchain build [--out DIR] [PACKAGE...]

  setup   Gets a compiler for WebAssembly, or says how to.
  build   Builds packages of this workspace into components: those named, or all below extractors/.
          They are written to DIR, or else to <target>/guests/components.

LENSMOUNT_GUEST_COMPILER=rustup|debian forces which compiler is taken.
";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match *words.as_slice() {
        ["setup"] => setup(),
        ["build", "--out", folder, ref packages @ ..] => build(Some(folder.into()), packages),
        ["build", ref packages @ ..] if packages.iter().all(|name| !name.starts_with('-')) => {
            build(None, packages)
        }
        _ => {
            eprint!("{USAGE}");
            return ExitCode::from(64);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {}", ErrorChain(&*error));
            ExitCode::FAILURE
        }
    }
}

fn setup() -> Result<(), Box<dyn Error>> {
    let prepared = prepare(&Machine::here()?)?;
    writeln!(io::stdout(), "{prepared}")?;
    Ok(())
}

fn build(out: Option<PathBuf>, names: &[&str]) -> Result<(), Box<dyn Error>> {
    let toolchain = Toolchain::find()?;
    let workspace = Workspace::around(&env::current_dir()?)?;
    let packages = select(&toolchain, &workspace, names)?;
    let out = out.unwrap_or_else(|| workspace.guest_dir().join("components"));
    for component in toolchain.build(&workspace, &packages)? {
        let path = component.write_to(&out)?;
        writeln!(io::stdout(), "{}", path.display())?;
    }
    Ok(())
}

/// The packages named, from anywhere in the workspace, or the built-in extractors.
fn select(
    toolchain: &Toolchain,
    workspace: &Workspace,
    names: &[&str],
) -> Result<Vec<Package>, ToolchainError> {
    if names.is_empty() {
        return toolchain.guests(workspace, "extractors");
    }
    let all = toolchain.guests(workspace, "")?;
    let pick = |name: &&str| {
        all.iter()
            .find(|package| package.name == *name)
            .cloned()
            .ok_or_else(|| ToolchainError::NoSuchPackage {
                name: (*name).to_owned(),
                known: all
                    .iter()
                    .map(|package| package.name.as_str())
                    .collect::<Vec<_>>()
                    .join(", "),
            })
    };
    names.iter().map(pick).collect()
}
