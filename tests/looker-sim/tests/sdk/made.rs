//! Programs of others, got once and kept below the target folder.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A folder of this name below the target folder, made anew by `make` whenever what is `wanted` there changes.
pub fn made_with(wanted: &Path, name: &str, make: impl FnOnce(&Path)) -> PathBuf {
    let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let wanted = std::fs::read_to_string(wanted).expect("the pinned versions");
    let made = home.join("made-with.txt");
    if !std::fs::read_to_string(&made).is_ok_and(|made_with| made_with == wanted) {
        // What is made by half is made again.
        drop(std::fs::remove_file(&made));
        make(&home);
        std::fs::write(made, wanted).expect("a file in the target folder");
    }
    home
}

/// Runs a program and says, when it cannot or fails, what that means.
pub fn run(command: &mut Command, meaning: &str) -> Output {
    let output = command.output().unwrap_or_else(|error| panic!("{meaning}\n{command:?}: {error}"));
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{meaning}\n{command:?}: {}\n{}\n{}", output.status, text(&output.stdout), text(&output.stderr));
    output
}
