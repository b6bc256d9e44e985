//! What it costs to change extractors while a server runs, and to start with many of them.
//!
//! `make bench` prints it. Each figure stands beside a baseline of the same run: a flip beside the
//! durable write that any change is, a start from kept code beside one that has to compile.

#![expect(
    clippy::print_stdout,
    reason = "a benchmark's product is what it prints"
)]

mod flip;
// It is formatted as the tests are, whose lines are longer.
#[rustfmt::skip]
#[path = "../../../tests/it/harness/guests.rs"]
#[expect(
    dead_code,
    clippy::expect_used,
    reason = "the tests' guests, of which a benchmark needs a few"
)]
mod guests;
mod installed;
#[path = "../report.rs"]
mod report;
mod start;

use report::Report;

fn main() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let mut report = Report::new("rollout");
    runtime.block_on(async {
        flip::run(&mut report).await?;
        start::run(&mut report).await
    })?;
    report.write()
}
