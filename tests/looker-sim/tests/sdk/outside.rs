//! Programs of others that are run against a simulated Looker.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use looker_sim::Config;
use tokio::net::TcpListener;

const SECRET: &str = "the-secret-of-looker's-own-sdk";

/// A file of the checks.
pub fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("sdk").join(name)
}

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
