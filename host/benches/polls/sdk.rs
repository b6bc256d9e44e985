//! Looker's official Python SDK doing the same read, in a Python of its own.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};
use serde::Deserialize;

use super::results::{X, Y};
use super::simulator::CLIENT;

/// What is called in the first way, for the table.
pub const RUN: &str = "Looker's Python SDK, run_query";
/// What is called in the second.
pub const TASK: &str = "Looker's Python SDK, a query task";

/// The versions that the simulator is checked with.
const VERSIONS: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../tests/looker-sim/sdk/requirements.txt"
);
const CLIENT_PY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/polls/client.py");

/// What the SDK took.
#[derive(Deserialize)]
pub struct Sdk {
    /// One call that answers with the result.
    pub run: Reads,
    /// Three calls: a task, the question after it, and its result.
    pub task: Reads,
    value: String,
}

/// Reads in one way.
#[derive(Deserialize)]
pub struct Reads {
    /// Processor time of a read, in microseconds.
    pub each: f64,
    /// Reads a second, one after the other.
    pub rate: f64,
}

/// Measures it against a Looker.
pub fn read(looker: &str, expected: &str) -> anyhow::Result<Sdk> {
    let mut client = Command::new(python()?);
    client
        .args([CLIENT_PY, X, Y])
        .env("LOOKERSDK_BASE_URL", looker)
        .env("LOOKERSDK_CLIENT_ID", CLIENT.0)
        .env("LOOKERSDK_CLIENT_SECRET", CLIENT.1)
        .env("LOOKERSDK_TIMEOUT", "30")
        .env("NO_PROXY", "127.0.0.1");
    let sdk: Sdk = serde_json::from_slice(&run(&mut client)?)?;
    ensure!(
        sdk.value == expected,
        "the SDK reads {}, not {expected}",
        sdk.value
    );
    Ok(sdk)
}

/// The Python that the simulator's tests make below the target folder; made here where they have
/// not run, and again when the versions change.
fn python() -> anyhow::Result<PathBuf> {
    let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join("looker-sdk");
    let (python, made) = (home.join("bin/python"), home.join("made-with.txt"));
    let wanted = std::fs::read_to_string(VERSIONS)?;
    if std::fs::read_to_string(&made).is_ok_and(|made_with| made_with == wanted) {
        return Ok(python);
    }
    run(Command::new("python3")
        .args(["-m", "venv", "--clear"])
        .arg(&home))?;
    run(Command::new(&python)
        .args(["-m", "pip", "install", "--quiet"])
        .args(["--disable-pip-version-check", "--requirement", VERSIONS]))?;
    std::fs::write(made, wanted)?;
    Ok(python)
}

fn run(command: &mut Command) -> anyhow::Result<Vec<u8>> {
    let done = command.output();
    let done = done.with_context(|| format!("{:?} does not run", command.get_program()))?;
    ensure!(
        done.status.success(),
        "{:?}: {}",
        command.get_program(),
        String::from_utf8_lossy(&done.stderr).trim()
    );
    Ok(done.stdout)
}
