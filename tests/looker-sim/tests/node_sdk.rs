//! Looker's official Node SDK understands what the simulator answers.
#![expect(clippy::expect_used, reason = "helpers of tests fail by panicking")]

use std::process::Command;

#[path = "sdk/made.rs"]
mod made;
#[path = "sdk/npm.rs"]
mod npm;
#[path = "sdk/outside.rs"]
mod outside;

#[tokio::test(flavor = "multi_thread")]
async fn the_node_sdk_understands_every_answer() {
    outside::understands(|| {
        let mut check = Command::new("node");
        check.arg(npm::with_packages(&outside::checks(), "looker-node-sdk", "check.mjs", "Looker's Node SDK"));
        check
    })
    .await;
}
