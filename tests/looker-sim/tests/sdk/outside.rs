//! Programs of others that are run against a simulated Looker.

use std::path::{Path, PathBuf};
use std::process::Command;

use looker_sim::Config;
use tokio::net::TcpListener;

use super::made::run;

const SECRET: &str = "the-secret-of-looker's-own-sdk";

/// The folder of the checks.
pub fn checks() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("sdk")
}

/// Starts a Looker and runs the command that `check` makes against it, to its last `ok goodbye`.
pub async fn understands(check: impl FnOnce() -> Command + Send + 'static) {
    let mut check = tokio::task::spawn_blocking(check).await.expect("an SDK");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let base = format!("http://{}", listener.local_addr().expect("an address"));
    let mut config = Config::new("looker's-own-sdk", SECRET);
    config.now = Some("2026-05-13T12:00:00Z".parse().expect("a moment"));
    tokio::spawn(looker_sim::serve(listener, config, std::future::pending()));
    check
        .arg(&base)
        .env("LOOKERSDK_BASE_URL", &base)
        .env("LOOKERSDK_CLIENT_ID", "looker's-own-sdk")
        .env("LOOKERSDK_CLIENT_SECRET", SECRET)
        .env("LOOKERSDK_TIMEOUT", "30")
        .env("NO_PROXY", "127.0.0.1");
    let output = tokio::task::spawn_blocking(move || run(&mut check, "the SDK did not understand"));
    let output = output.await.expect("the SDK's checks");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.ends_with("ok goodbye\n"), "{said}");
}
