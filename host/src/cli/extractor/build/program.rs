//! Programs that a build needs, and that a machine may lack.

use std::io::{self, ErrorKind};
use std::process::{Command, ExitStatus, Stdio};

use anyhow::{Context, bail};

/// Runs a program for what it does. What it prints goes to standard error, so that standard output
/// stays for the answer.
///
/// `missing` says how to get the program, `failed` what it means that it ended badly.
pub(super) fn run(command: &mut Command, missing: &str, failed: &str) -> anyhow::Result<()> {
    let ended = command
        .stdin(Stdio::null())
        .stdout(io::stderr())
        .stderr(Stdio::inherit())
        .status();
    judged(ended, command, missing, failed)
}

/// What a program prints.
pub(super) fn answer(
    command: &mut Command,
    missing: &str,
    failed: &str,
) -> anyhow::Result<Vec<u8>> {
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output();
    let (ended, said) = match output {
        Ok(output) => (Ok(output.status), output.stdout),
        Err(error) => (Err(error), Vec::new()),
    };
    judged(ended, command, missing, failed).map(|()| said)
}

fn judged(
    ended: io::Result<ExitStatus>,
    command: &Command,
    missing: &str,
    failed: &str,
) -> anyhow::Result<()> {
    let program = command.get_program().to_string_lossy();
    match ended {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => bail!("{failed}. {program} ended with {status}; what it said stands above"),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            bail!("{program} was not found: {missing}")
        }
        Err(error) => Err(error).with_context(|| format!("{program} could not be started")),
    }
}
