//! Results of megabytes: how many of them a second, and in how much memory.

use std::hint::black_box;

use super::process::mib;
use super::report::{Report, Row};
use super::ways::by_serde;
use super::{Bench, large, memory::Mark, small};

/// Timed rounds on a result; each is one call of each way.
const ROUNDS: usize = 15;

/// Measures; and what a small call costs after them.
pub async fn run(bench: &Bench, report: &mut Report) -> anyhow::Result<()> {
    println!("\nthroughput (MB/s, median)");
    println!(
        "{:<34} {:>8} {:>12} {:>12} {:>12} {:>16} {:>14} {:>20}",
        "result",
        "MB",
        "sandbox",
        "native",
        "serde_json",
        "sandbox/native",
        "sandbox/serde",
        "peak MiB, and serde's"
    );
    let before = small::idle(bench).await?;
    let (all, left_out) = large::results();
    let mut largest = None;
    for large::Large { sample, times } in all {
        let taken = memory(bench, &sample).await?;
        let told = taken.map_or_else(
            || "not known".to_owned(),
            |[ours, serde]| format!("{ours:.1} / {serde:.1}"),
        );
        let [sandbox, native, serde] = bench
            .measure(&sample, ROUNDS)
            .await?
            .map(|times| sample.body.len() as f64 / times.micros(0.50));
        println!(
            "{:<34} {:>8.1} {sandbox:>12.0} {native:>12.0} {serde:>12.0} {:>16.2} {:>14.2} {told:>20}",
            sample.name,
            sample.body.len() as f64 / 1e6,
            sandbox / native,
            sandbox / serde,
        );
        report.add(
            Row::more(format!("a large result, {}", sample.name), sandbox, "MB/s")
                .beside("serde_json natively", serde)
                .times(times),
        );
        if let Some([ours, serde]) = taken
            && largest.as_ref().is_none_or(|(most, _)| ours > *most)
        {
            let what = format!("memory beyond the result, {}", sample.name);
            let row = Row::less(what, ours, "MiB").beside("serde_json natively", serde);
            largest = Some((ours, row));
        }
    }
    let after = small::idle(bench).await?;
    println!(
        "an instance that is asked nothing, before and after them: {} µs, {} µs",
        before.pair(),
        after.pair()
    );
    match largest {
        Some((_, row)) => report.add(row),
        None => report.leave_out("memory of a large read: this kernel forgets no peaks".into()),
    }
    report.add(
        Row::less(
            "an instance that is asked nothing, after them, p50",
            after.micros(0.50),
            "µs",
        )
        .beside("before them", before.micros(0.50)),
    );
    if let Some(left_out) = left_out {
        report.leave_out(left_out.to_owned());
    }
    Ok(())
}

/// What a read takes at most beyond the result, in MiB: the sandbox, and serde_json.
async fn memory(
    bench: &Bench,
    sample: &super::results::Sample,
) -> anyhow::Result<Option<[f64; 2]>> {
    let Some(mark) = Mark::set() else {
        return Ok(None);
    };
    black_box(bench.in_sandbox(sample).await?);
    let ours = mark.most()?;
    let Some(mark) = Mark::set() else {
        return Ok(None);
    };
    black_box(by_serde(sample)?);
    Ok(Some([mib(ours), mib(mark.most()?)]))
}
