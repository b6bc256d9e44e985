//! Looker's official Python SDK understands what the simulator answers.
#![expect(clippy::expect_used, reason = "helpers of tests fail by panicking")]

use std::path::{Path, PathBuf};
use std::process::Command;

#[path = "sdk/made.rs"]
mod made;
#[path = "sdk/outside.rs"]
mod outside;

use made::{made_with, run};
use outside::checks;

/// A Python with the SDK, made once below the target folder and again when the versions change.
fn python() -> PathBuf {
    made_with(&checks().join("requirements.txt"), "looker-sdk", install).join("bin/python")
}

fn install(home: &Path) {
    run(
        Command::new("python3").args(["-m", "venv", "--clear"]).arg(home),
        "Looker's Python SDK is tested with a Python of its own: install python3 with its venv \
         module (Debian: apt-get install python3 python3-venv; `make test` does as root)",
    );
    let mut pip = Command::new(home.join("bin/python"));
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"]);
    run(
        pip.arg(checks().join("requirements.txt")),
        "Looker's Python SDK cannot be installed: this test needs a way to PyPI, or PIP_INDEX_URL",
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_python_sdk_understands_every_answer() {
    outside::understands(|| {
        let mut check = Command::new(python());
        check.arg(checks().join("check.py"));
        check
    })
    .await;
}
