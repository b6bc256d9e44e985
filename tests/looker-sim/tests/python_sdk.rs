//! Looker's official Python SDK understands what the simulator answers.
#![expect(clippy::expect_used, reason = "helpers of tests fail by panicking")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use looker_sim::Config;
use tokio::net::TcpListener;

const SECRET: &str = "the-secret-of-the-python-sdk";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("sdk")
}

/// Runs a program and says, when it cannot or fails, what that means.
fn run(command: &mut Command, meaning: &str) -> Output {
    let output = command.output().unwrap_or_else(|error| panic!("{meaning}\n{command:?}: {error}"));
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{meaning}\n{command:?}: {}\n{}\n{}", output.status, text(&output.stdout), text(&output.stderr));
    output
}

/// A Python with the SDK, made once below the target folder and again when the versions change.
fn python() -> PathBuf {
    let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join("looker-sdk");
    let wanted = std::fs::read_to_string(folder().join("requirements.txt")).expect("requirements");
    let (python, made) = (home.join("bin/python"), home.join("made-with.txt"));
    if std::fs::read_to_string(&made).is_ok_and(|made_with| made_with == wanted) {
        return python;
    }
    run(
        Command::new("python3").args(["-m", "venv", "--clear"]).arg(&home),
        "Looker's Python SDK is tested with a Python of its own: install python3 with its venv \
         module (Debian: apt-get install python3 python3-venv; `make test` does as root)",
    );
    let mut pip = Command::new(&python);
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"]);
    run(
        pip.arg(folder().join("requirements.txt")),
        "Looker's Python SDK cannot be installed: this test needs a way to PyPI, or PIP_INDEX_URL",
    );
    std::fs::write(made, wanted).expect("a file in the target folder");
    python
}

#[tokio::test(flavor = "multi_thread")]
async fn the_python_sdk_understands_every_answer() {
    let python = tokio::task::spawn_blocking(python).await.expect("a Python with the SDK");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let base = format!("http://{}", listener.local_addr().expect("an address"));
    let mut config = Config::new("python-sdk", SECRET);
    config.now = Some("2026-05-13T12:00:00Z".parse().expect("a moment"));
    tokio::spawn(looker_sim::serve(listener, config, std::future::pending()));
    let mut check = Command::new(python);
    check
        .arg(folder().join("check.py"))
        .arg(&base)
        .env("LOOKERSDK_BASE_URL", &base)
        .env("LOOKERSDK_CLIENT_ID", "python-sdk")
        .env("LOOKERSDK_CLIENT_SECRET", SECRET)
        .env("LOOKERSDK_TIMEOUT", "30")
        .env("NO_PROXY", "127.0.0.1");
    let output = tokio::task::spawn_blocking(move || run(&mut check, "the SDK did not understand"));
    let output = output.await.expect("the SDK's checks");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.ends_with("ok goodbye\n"), "{said}");
}
