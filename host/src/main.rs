//! The `lensmount` program.

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let cli = lensmount::cli::Cli::parse();
    lensmount::telemetry::start();
    lensmount::cli::run(cli)
}
