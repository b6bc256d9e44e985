//! Starting with many extractors, from code that was kept and without it.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::ensure;
use lensmount::store::BlobSpace;

use super::installed::{Installed, by, read};
use super::report::{Report, Row};

pub async fn run(report: &mut Report) -> anyhow::Result<()> {
    println!(
        "\nstarting with extractors of one's own (ms): the catalog opened / all of them have answered"
    );
    println!(
        "{:<24} {:>20} {:>20} {:>20}",
        "extractors", "from kept code", "all compiled", "kept/compiled"
    );
    for extractors in [10, 100] {
        let folder = tempfile::tempdir()?;
        let installed = Installed::open(folder.path()).await?;
        for number in 0..extractors {
            let name = format!("extractor-{number}");
            installed.upload(&name, "1.0.0").await?;
            installed
                .catalog
                .activate(&name, "1.0.0", true, by())
                .await?;
        }
        drop(installed);
        let kept = started(folder.path(), extractors).await?;
        forget_code(folder.path()).await?;
        let compiled = started(folder.path(), extractors).await?;
        let pair = |times: &Start| {
            format!(
                "{:.0} / {:.0}",
                millis(times.opened),
                millis(times.answered)
            )
        };
        println!(
            "{extractors:<24} {:>20} {:>20} {:>20.3}",
            pair(&kept),
            pair(&compiled),
            millis(kept.answered) / millis(compiled.answered)
        );
        report.add(
            Row::less(
                format!("{extractors} extractors of one's own, started and asked"),
                millis(kept.answered),
                "ms",
            )
            .beside("all of them compiled", millis(compiled.answered)),
        );
    }
    Ok(())
}

struct Start {
    opened: Duration,
    answered: Duration,
}

async fn started(folder: &Path, extractors: usize) -> anyhow::Result<Start> {
    let began = Instant::now();
    let installed = Installed::open(folder).await?;
    let opened = began.elapsed();
    let catalog = &installed.catalog;
    let mut answered = 0;
    for record in catalog.list() {
        if record.name.starts_with("extractor-") {
            read(catalog, &*catalog.version(&record.name, None)?).await?;
            answered += 1;
        }
    }
    ensure!(
        answered == extractors,
        "{answered} of {extractors} answered"
    );
    Ok(Start {
        opened,
        answered: began.elapsed(),
    })
}

/// As a server of another build finds it: components, and no code of its own.
async fn forget_code(folder: &Path) -> anyhow::Result<()> {
    let installed = Installed::open(folder).await?;
    for code in installed.store.list_blobs(BlobSpace::Compiled).await? {
        installed
            .store
            .delete_blob(BlobSpace::Compiled, &code)
            .await?;
    }
    Ok(())
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
