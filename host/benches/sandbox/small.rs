//! A fresh call on one thread: with nothing to do, and with a result of 27 KB.

use super::Bench;
use super::report::{Report, Row};
use super::results;
use super::ways::Times;

/// Timed rounds; each is one call of each way.
const ROUNDS: usize = 20_000;
/// What a read of 27 KB may take, in microseconds.
const MEDIAN: f64 = 12.0;
/// What one in a hundred of them may take.
const SLOWEST: f64 = 25.0;

/// Measures, before anything large was ever read.
pub async fn run(bench: &Bench, report: &mut Report) -> anyhow::Result<()> {
    println!("\nfixed cost of a fresh call (µs)");
    println!(
        "{:<34} {:>8} {:>18} {:>18} {:>18} {:>16} {:>14}",
        "result",
        "KB",
        "sandbox p50/p99",
        "native p50/p99",
        "serde_json p50/p99",
        "sandbox/native",
        "sandbox/serde"
    );
    let nothing = idle(bench).await?;
    println!("{:<34} {:>8} {:>18}", "nothing asked", "", nothing.pair());
    report.add(Row::less(
        "an instance that is asked nothing, p50",
        nothing.micros(0.50),
        "µs",
    ));
    let usual = results::usual().name;
    for sample in results::small() {
        let [sandbox, native, serde] = bench.measure(&sample, ROUNDS).await?;
        println!(
            "{:<34} {:>8.1} {:>18} {:>18} {:>18} {:>16.2} {:>14.2}",
            sample.name,
            sample.body.len() as f64 / 1e3,
            sandbox.pair(),
            native.pair(),
            serde.pair(),
            sandbox.micros(0.50) / native.micros(0.50),
            sandbox.micros(0.50) / serde.micros(0.50),
        );
        for (quantile, name, goal) in [(0.50, "p50", MEDIAN), (0.99, "p99", SLOWEST)] {
            let what = format!("a read of 27 KB, {}, {name}", sample.name);
            let ours = sandbox.micros(quantile);
            let row =
                Row::less(&what, ours, "µs").beside("serde_json natively", serde.micros(quantile));
            if sample.name == usual {
                report.add(row.at_most(goal));
                report.add(
                    Row::less(&what, ours, "µs")
                        .beside("the SDK's code natively", native.micros(quantile)),
                );
            } else {
                report.add(row);
            }
        }
    }
    Ok(())
}

/// Calls that are answered without a look at anything.
pub async fn idle(bench: &Bench) -> anyhow::Result<Times> {
    let mut times = Times::default();
    for _ in 0..ROUNDS {
        let asked = times.time(true, bench.lens.chart_types(&bench.sandbox));
        asked.await?;
    }
    Ok(times.sorted())
}
