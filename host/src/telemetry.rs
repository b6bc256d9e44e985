//! The server's log: one line an event, JSON where no person is watching.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

/// Sends the log to standard error. `RUST_LOG` filters it as usual; without it everything from
/// `info` on is written. A second call changes nothing.
pub fn start() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    let started = if std::io::stderr().is_terminal() {
        log.try_init()
    } else {
        log.json().try_init()
    };
    drop(started);
}
