//! Activating and rolling back, alone and while others call.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use lensmount::store::{AuditEntry, Change, Expected, Kind};

use super::installed::{Installed, by, read};
use super::report::{Report, Row};

const FLIPS: usize = 200;
const CALLERS: usize = 16;
const NAME: &str = "flipped";

pub async fn run(report: &mut Report) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let installed = Installed::open(folder.path()).await?;
    for version in ["1.0.0", "2.0.0"] {
        installed.upload(NAME, version).await?;
    }
    let catalog = &installed.catalog;
    catalog.activate(NAME, "1.0.0", true, by()).await?;
    let write = writes(&installed).await?;
    let alone = flips(&installed).await?;
    let (stop, calls) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicU64::new(0)),
    );
    let callers: Vec<_> = (0..CALLERS)
        .map(|_| {
            let (catalog, stop, calls) =
                (Arc::clone(catalog), Arc::clone(&stop), Arc::clone(&calls));
            tokio::spawn(async move {
                while !stop.load(Ordering::Relaxed) {
                    let version = catalog.version(NAME, None)?;
                    read(&catalog, &version).await?;
                    calls.fetch_add(1, Ordering::Relaxed);
                }
                anyhow::Ok(())
            })
        })
        .collect();
    let beside = flips(&installed).await;
    stop.store(true, Ordering::Relaxed);
    for caller in callers {
        // A call that failed because of a flip would be an error here.
        caller.await??;
    }
    let beside = beside?;
    println!("\nactivating and rolling back (µs, p50 / p99)");
    println!("{:<44} {:>20} {:>18}", "", "took", "flip/write");
    let line = |what: &str, times: &Times| {
        println!(
            "{what:<44} {:>20} {:>18.2}",
            format!("{:.0} / {:.0}", times.micros(0.50), times.micros(0.99)),
            times.micros(0.50) / write.micros(0.50)
        );
    };
    line("one durable write with its audit entry", &write);
    line("a flip", &alone);
    let calls = calls.load(Ordering::Relaxed);
    line(
        &format!("a flip while {CALLERS} call ({calls} calls, none failed)"),
        &beside,
    );
    for (what, times) in [
        ("activating or rolling back, p50".to_owned(), &alone),
        (format!("the same while {CALLERS} call, p50"), &beside),
    ] {
        let row = Row::less(what, times.micros(0.50), "µs");
        report.add(row.beside("one durable write", write.micros(0.50)));
    }
    Ok(())
}

/// What any change costs that is on disk when it is answered.
async fn writes(installed: &Installed) -> anyhow::Result<Times> {
    let mut times = Vec::with_capacity(FLIPS);
    for number in 0..FLIPS {
        let body = format!("{{\"format\":1,\"record\":{{\"number\":{number}}}}}");
        let change = Change::new()
            .put(Kind::Setting, "bench", Expected::Any, body)
            .audited(AuditEntry::new("bench", "bench.write", "setting:bench"));
        let began = Instant::now();
        installed.store.commit(change).await?;
        times.push(began.elapsed());
    }
    Ok(Times::of(times))
}

async fn flips(installed: &Installed) -> anyhow::Result<Times> {
    let catalog = &installed.catalog;
    let mut times = Vec::with_capacity(FLIPS);
    for _ in 0..FLIPS / 2 {
        let began = Instant::now();
        catalog.activate(NAME, "2.0.0", true, by()).await?;
        times.push(began.elapsed());
        let began = Instant::now();
        catalog.rollback(NAME, by()).await?;
        times.push(began.elapsed());
    }
    Ok(Times::of(times))
}

struct Times(Vec<Duration>);

impl Times {
    fn of(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        Self(times)
    }

    fn micros(&self, quantile: f64) -> f64 {
        let place = ((self.0.len() - 1) as f64 * quantile) as usize;
        self.0[place].as_secs_f64() * 1e6
    }
}
