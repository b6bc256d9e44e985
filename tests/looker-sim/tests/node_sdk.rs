//! Looker's official Node SDK understands what the simulator answers.
#![expect(clippy::expect_used, reason = "helpers of tests fail by panicking")]

use std::path::{Path, PathBuf};
use std::process::Command;

#[path = "sdk/outside.rs"]
mod outside;

use outside::{file, made_with, run};

const INSTALL: &str = "Looker's Node SDK is tested with Node 18 or later and npm: install them \
                       (Debian: apt-get install nodejs npm; `make test` does as root)";

/// A folder with the SDK, made once below the target folder and again when the versions change.
fn home() -> PathBuf {
    // The SDK calls Node's own fetch; in an older Node it fails without a word about that.
    run(Command::new("node").args(["-e", "fetch"]), INSTALL);
    made_with(&file("package-lock.json"), "looker-node-sdk", install)
}

fn install(home: &Path) {
    run(Command::new("npm").arg("--version"), INSTALL);
    std::fs::create_dir_all(home).expect("a folder in the target folder");
    for name in ["package.json", "package-lock.json"] {
        copy(name, home);
    }
    let mut npm = Command::new("npm");
    npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier"]);
    run(
        npm.current_dir(home),
        "Looker's Node SDK cannot be installed: this test needs a way to registry.npmjs.org, or \
         npm_config_registry",
    );
}

/// Node looks for what a script imports beside the script.
fn copy(name: &str, home: &Path) -> PathBuf {
    let copy = home.join(name);
    std::fs::copy(file(name), &copy).expect("a file in the target folder");
    copy
}

#[tokio::test(flavor = "multi_thread")]
async fn the_node_sdk_understands_every_answer() {
    outside::understands(|| {
        let mut check = Command::new("node");
        check.arg(copy("check.mjs", &home()));
        check
    })
    .await;
}
