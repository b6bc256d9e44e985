//! The `looker-sim` program: a simulated Looker by itself.

use std::net::SocketAddr;
use std::process::ExitCode;

use clap::Parser;
use looker_sim::Config;
use tokio::net::TcpListener;

/// A simulated Looker that speaks API 4.0 over HTTP.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Where to listen.
    #[arg(long, default_value = "127.0.0.1:19999", value_name = "ADDRESS")]
    listen: SocketAddr,
    /// The client id that logins have to name.
    #[arg(long, env = "LOOKER_SIM_CLIENT_ID", value_name = "ID")]
    client_id: String,
    /// The client secret that goes with it.
    #[arg(
        long,
        env = "LOOKER_SIM_CLIENT_SECRET",
        hide_env_values = true,
        value_name = "SECRET"
    )]
    client_secret: String,
    /// What the numbers follow from: equal seeds, equal numbers.
    #[arg(long, default_value_t = 1, value_name = "N")]
    seed: u64,
    /// How long results are served from the cache; with 0 every run is new.
    #[arg(long, default_value_t = 3_600, value_name = "SECONDS")]
    cache_seconds: u64,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> std::io::Result<()> {
    let mut config = Config::new(arguments.client_id, arguments.client_secret);
    config.seed = arguments.seed;
    config.cache_seconds = arguments.cache_seconds;
    let listener = TcpListener::bind(arguments.listen).await?;
    eprintln!(
        "a simulated Looker listens on http://{}",
        listener.local_addr()?
    );
    looker_sim::serve(listener, config, async {
        // Without a handler for signals it runs until it is killed, which loses nothing.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    })
    .await
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }
}
