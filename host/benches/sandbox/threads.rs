//! The same reads on two threads as on one: what calls side by side cost each other.

use std::sync::Barrier;
use std::thread;
use std::time::Instant;

use anyhow::anyhow;

use super::report::{Report, Row};
use super::ways::by_serde;
use super::{Bench, results, runtime};

/// Calls of a thread in a round.
const CALLS: usize = 4_000;
/// Rounds; one thread and two take turns in them, and so do the ways. The best counts, since whatever
/// disturbs one makes it slower.
const ROUNDS: usize = 9;
/// How many times as many calls two threads should make as one.
const GOAL: f64 = 1.6;

/// Measures.
pub fn run(bench: &Bench, report: &mut Report) -> anyhow::Result<()> {
    let sample = results::usual();
    let sandbox = |ready: &Barrier| {
        let runtime = runtime();
        ready.wait();
        let runtime = runtime?;
        runtime.block_on(async {
            for _ in 0..CALLS {
                bench.in_sandbox(&sample).await?;
            }
            Ok(())
        })
    };
    let serde = |ready: &Barrier| {
        ready.wait();
        for _ in 0..CALLS {
            by_serde(&sample)?;
        }
        Ok(())
    };
    let mut rates: [[Vec<f64>; 2]; 2] = Default::default();
    for _ in 0..ROUNDS {
        for threads in [1, 2] {
            rates[0][threads - 1].push(rate(threads, &sandbox)?);
            rates[1][threads - 1].push(rate(threads, &serde)?);
        }
    }
    println!("\nreads of {}, calls/s", sample.name);
    println!(
        "{:<34} {:>18} {:>18} {:>16}",
        "", "one thread", "two threads", "two/one"
    );
    let [sandbox, serde] = rates.map(|way| way.map(best));
    for (name, [one, two]) in [("sandbox", sandbox), ("serde_json", serde)] {
        println!("{name:<34} {one:>18.0} {two:>18.0} {:>16.2}", two / one);
    }
    let what = |name: &str| format!("reads of 27 KB on two threads, {name}");
    report.add(
        Row::more(what("sandbox"), sandbox[1], "calls/s")
            .beside("the same on one thread", sandbox[0])
            .times(GOAL),
    );
    report.add(
        Row::more(what("serde_json natively"), serde[1], "calls/s")
            .beside("the same on one thread", serde[0]),
    );
    Ok(())
}

/// Calls a second of so many threads together.
fn rate(
    threads: usize,
    work: &(dyn Fn(&Barrier) -> anyhow::Result<()> + Sync),
) -> anyhow::Result<f64> {
    let ready = Barrier::new(threads + 1);
    thread::scope(|scope| {
        let working: Vec<_> = (0..threads).map(|_| scope.spawn(|| work(&ready))).collect();
        ready.wait();
        let began = Instant::now();
        for work in working {
            work.join().map_err(|_| anyhow!("a thread panicked"))??;
        }
        Ok((threads * CALLS) as f64 / began.elapsed().as_secs_f64())
    })
}

fn best(rates: Vec<f64>) -> f64 {
    rates.into_iter().fold(0.0, f64::max)
}
