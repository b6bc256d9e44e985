//! Extractors that are dropped into a folder: rolling out for those who copy files.
//!
//! A file that is new there, or another than before, is uploaded as over the API and, if nobody had it
//! before, activated. What is taken out of the folder stays in the catalog, and what an operator has
//! rolled back is not activated again by the file that is still there.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use tokio_util::sync::CancellationToken;

use crate::access::By;
use crate::sample::Change;

use super::check::LARGEST;
use super::error::CatalogError;
use super::live::Catalog;
use super::signature::Signature;
use super::upload::Candidate;

/// How often the folder is looked at.
const LOOK: Duration = Duration::from_secs(1);
/// The name that audits have for it.
const ACTOR: &str = "folder";

/// What a component and its signature are known by without being read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamps {
    component: Stamp,
    signature: Option<Stamp>,
}

/// What a file is known by without being read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    bytes: u64,
    written: Option<SystemTime>,
}

/// Takes what is dropped into a folder until it is told to stop.
pub async fn watch(catalog: Arc<Catalog>, folder: PathBuf, stop: CancellationToken) {
    let (mut taken, mut before) = (HashMap::new(), HashMap::new());
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(LOOK) => {}
        }
        let place = folder.clone();
        let found = match tokio::task::spawn_blocking(move || look(&place)).await {
            Ok(Ok(found)) => found,
            Ok(Err(error)) => {
                tracing::warn!(folder = %folder.display(), %error, "the folder of extractors cannot be read");
                continue;
            }
            Err(error) => {
                tracing::error!(%error, "the folder of extractors was not looked at by a fault of ours");
                continue;
            }
        };
        for (file, stamp) in &found {
            // One that was another a moment ago may be on its way still.
            let is_whole = before.get(file) == Some(stamp);
            if is_whole && taken.get(file) != Some(stamp) {
                take(&catalog, file).await;
                taken.insert(file.clone(), *stamp);
            }
        }
        taken.retain(|file, _| found.contains_key(file));
        before = found;
    }
}

impl Stamp {
    fn of(file: &Path) -> Option<Self> {
        let about = std::fs::metadata(file).ok().filter(|it| it.is_file())?;
        Some(Self {
            bytes: about.len(),
            written: about.modified().ok(),
        })
    }
}

/// Where the signature of a component lies.
fn beside(component: &Path) -> PathBuf {
    let mut path = component.as_os_str().to_owned();
    path.push(".sig");
    path.into()
}

/// The components in a folder.
fn look(folder: &Path) -> io::Result<HashMap<PathBuf, Stamps>> {
    let mut found = HashMap::new();
    for entry in std::fs::read_dir(folder)? {
        let file = entry?.path();
        let is_component = file
            .extension()
            .is_some_and(|it| it.eq_ignore_ascii_case("wasm"));
        // It may have been taken away in between.
        let Some(component) = Stamp::of(&file).filter(|_| is_component) else {
            continue;
        };
        let signature = Stamp::of(&beside(&file));
        let stamps = Stamps {
            component,
            signature,
        };
        found.insert(file, stamps);
    }
    Ok(found)
}

/// Takes a file in, and says in the log what came of it.
async fn take(catalog: &Arc<Catalog>, file: &Path) {
    let shown = file.display();
    match taken(catalog, file).await {
        Ok(Some((name, version))) => {
            tracing::info!(file = %shown, name, version, "an extractor was taken from its folder and answers");
        }
        Ok(None) => tracing::debug!(file = %shown, "an extractor in its folder is known already"),
        Err(error) => tracing::error!(
            file = %shown,
            error = error.as_ref() as &dyn std::error::Error,
            "an extractor in its folder is not taken; put another file in its place, or the signature that it lacks beside it"
        ),
    }
}

/// The name and version that a file has brought; none where they were here already.
async fn taken(catalog: &Arc<Catalog>, file: &Path) -> anyhow::Result<Option<(String, String)>> {
    let path = file.to_owned();
    let read = move || {
        let bytes = std::fs::metadata(&path)?.len();
        if bytes > LARGEST as u64 {
            let words = format!("it has {bytes} bytes, and {LARGEST} are the most");
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, words));
        }
        std::fs::read(&path)
    };
    let wasm = tokio::task::spawn_blocking(read).await??;
    let signature = vouched(file).await?;
    let by = By {
        actor: ACTOR.to_owned(),
        request_id: None,
    };
    let candidate = Candidate {
        signature,
        ..Candidate::from(Bytes::from(wasm))
    };
    let uploaded = catalog.upload(candidate, by.clone()).await?;
    if !uploaded.new {
        return Ok(None);
    }
    if let Some(run) = &uploaded.dry_run {
        let (changed, misread) = (run.count(Change::Changed), run.misread());
        let left_out = run.left_out;
        if changed + misread + left_out > 0 {
            // Whoever drops a file wants it to answer, but should know what it does to numbers.
            tracing::warn!(
                file = %file.display(),
                changed,
                misread,
                left_out,
                "an extractor from its folder reads another number off some samples, or another when every byte is checked, or could not be tried on all; \
                 `lensmount extractor dry-run` shows them, `lensmount extractor rollback` takes it back"
            );
        }
    }
    let (name, version) = (uploaded.extractor.name, uploaded.version.version);
    let activated: Result<_, CatalogError> = catalog.activate(&name, &version, true, by).await;
    activated?;
    Ok(Some((name, version)))
}

/// The signature that lies beside a component, if one does.
async fn vouched(file: &Path) -> anyhow::Result<Option<Signature>> {
    match tokio::fs::read_to_string(beside(file)).await {
        Ok(text) => Ok(Some(text.parse()?)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}
