//! The command line: one file a noun.

mod call_limits;
mod chart;
mod client;
mod compile;
mod connection;
mod dashboard;
mod demo;
mod destination;
mod extractor;
mod hub;
mod hub_args;
mod key_result;
mod objective;
mod output;
mod place;
mod run;
mod secret;
mod serve;
mod signals;
mod trust_args;
mod webhook;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Reads numbers and events out of Looker through sandboxed WebAssembly extractors
#[derive(Debug, Parser)]
#[command(name = "lensmount", version, propagate_version = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server
    Serve(serve::Serve),
    /// Start a server beside a simulated Looker and watch key results move
    Demo(demo::Demo),
    /// Connect Lookers, test and change the connections
    Connection(connection::Connection),
    /// Find dashboards and looks of a connection, and what can be read on them
    Dashboard(dashboard::Dashboard),
    /// Look at a chart on a live Looker: what it offers, and what would be read
    Chart(chart::Chart),
    /// Make objectives, and see how far they are
    Objective(objective::Objective),
    /// Make key results, link them to charts, and see where they stand
    KeyResult(key_result::KeyResult),
    /// Have other systems told what happens, by signed requests
    Webhook(webhook::Webhook),
    /// Make and revoke the keys that Lookers call the Action Hub with
    Hub(hub::Hub),
    /// Keep data planes that schedules may send to by name
    Destination(destination::Destination),
    /// See what actions made of the rows that Looker pushed, and send dead letters again
    Run(run::Run),
    /// Write, check and test extractors, and roll them out on a running server
    Extractor(extractor::Extractor),
    /// What a server starts to compile one component
    #[command(hide = true)]
    Compile(compile::Compile),
}

/// Runs the command. 0 is done, 1 is failed; wrong usage has ended with 2 before this.
pub fn run(cli: Cli) -> ExitCode {
    // The one TLS provider, chosen here because reqwest is built without a default one.
    if rustls::crypto::ring::default_provider()
        .install_default()
        .is_err()
    {
        tracing::debug!("a TLS provider is installed already");
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error.into()),
    };
    let done = runtime.block_on(async {
        match cli.command {
            Command::Serve(serve) => serve.run().await,
            Command::Demo(demo) => demo.run().await,
            Command::Connection(connection) => connection.run().await,
            Command::Dashboard(dashboard) => dashboard.run().await,
            Command::Chart(chart) => chart.run().await,
            Command::Objective(objective) => objective.run().await,
            Command::KeyResult(key_result) => key_result.run().await,
            Command::Webhook(webhook) => webhook.run().await,
            Command::Hub(hub) => hub.run().await,
            Command::Destination(destination) => destination.run().await,
            Command::Run(run) => run.run().await,
            Command::Extractor(extractor) => extractor.run().await,
            Command::Compile(compile) => compile.run(),
        }
    });
    // A compilation that is under way cannot be stopped, and nobody waits for its end.
    runtime.shutdown_timeout(std::time::Duration::from_secs(1));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => failed(&error),
    }
}

/// Whoever read our output has seen enough.
fn broken_pipe(error: &anyhow::Error) -> bool {
    error
        .downcast_ref::<std::io::Error>()
        .is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
}

fn failed(error: &anyhow::Error) -> ExitCode {
    use std::io::Write;
    // Nothing can be said about a standard error that is gone.
    drop(writeln!(std::io::stderr(), "error: {error:#}"));
    ExitCode::FAILURE
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_commands_are_sound() {
        super::Cli::command().debug_assert();
    }
}
