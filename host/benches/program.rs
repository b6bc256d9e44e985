//! The program itself, started on a folder of its own.
#![allow(dead_code, reason = "each benchmark asks some of it")]

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::Context;

use super::process::Process;

/// The admin token.
pub const TOKEN: &str = "lm_bench_0123456789abcdef";
/// What it says once it can be called.
const LISTENING: &str = "listening on http://";

/// A running server; dropping it ends it.
pub struct Program {
    child: Child,
    /// Its address.
    pub address: String,
    /// What the kernel knows of it.
    pub process: Process,
}

impl Program {
    /// Starts it as an operator would, save for the environment that is given, and waits until it
    /// listens.
    pub fn start(data: &Path, environment: &[(&str, &str)]) -> anyhow::Result<Self> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lensmount"));
        command
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .env("LENSMOUNT_ADMIN_TOKEN", TOKEN)
            .env_remove("RUST_LOG")
            .envs(environment.iter().copied());
        Self::listening(command)
    }

    /// Starts a server that says where it listens as this one does.
    pub fn listening(mut command: Command) -> anyhow::Result<Self> {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let said = BufReader::new(child.stdout.take().context("no output")?);
        let mut lines = said.lines();
        let address = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| Some(line.split_once(LISTENING)?.1.trim().to_owned()));
        std::thread::spawn(move || lines.for_each(drop));
        let process = Process(child.id());
        let mut program = Self {
            child,
            address: String::new(),
            process,
        };
        program.address = address.context("the server does not listen")?;
        Ok(program)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
