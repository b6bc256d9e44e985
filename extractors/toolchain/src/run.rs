//! Running other programs: for an answer, or for what they do.

use std::io;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::error::ToolchainError;
use crate::machine::Machine;

/// How a program that was run for what it does came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    Done,
    Failed,
    OutOfTime,
}

impl Machine {
    /// A command that finds its own helpers where this machine has them.
    pub(crate) fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.env("PATH", &self.path);
        command
    }

    /// What a program prints. Ending badly is an error without much to say: the caller knows what
    /// it means that this program has no answer.
    pub(crate) fn answer(
        &self,
        program: &Path,
        arguments: &[&str],
    ) -> Result<String, ToolchainError> {
        let failed = |source| ToolchainError::Run {
            program: program.to_owned(),
            source,
        };
        let output = self
            .command(program)
            .args(arguments)
            .stdin(Stdio::null())
            .output()
            .map_err(failed)?;
        if !output.status.success() {
            return Err(failed(io::Error::other(output.status.to_string())));
        }
        String::from_utf8(output.stdout).map_err(|error| failed(io::Error::other(error)))
    }

    /// Runs a program for what it does, up to a time limit. What it prints goes to standard error,
    /// so that standard output stays for the one sentence that says how it went.
    pub(crate) fn act(
        &self,
        program: &Path,
        arguments: &[&str],
        limit: Duration,
    ) -> Result<Ending, ToolchainError> {
        let failed = |source| ToolchainError::Run {
            program: program.to_owned(),
            source,
        };
        let mut child = self
            .command(program)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(io::stderr())
            .spawn()
            .map_err(failed)?;
        let deadline = Instant::now() + limit;
        loop {
            if let Some(status) = child.try_wait().map_err(failed)? {
                return Ok(if status.success() {
                    Ending::Done
                } else {
                    Ending::Failed
                });
            }
            if Instant::now() >= deadline {
                child.kill().and_then(|()| child.wait()).map_err(failed)?;
                return Ok(Ending::OutOfTime);
            }
            thread::sleep(Duration::from_millis(50));
        }
    }
}
