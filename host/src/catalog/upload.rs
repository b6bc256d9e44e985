//! Taking a component from outside.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;

use crate::sandbox::{Identity, Lens};
use crate::store::{BlobSpace, Digest, StoreError};

use super::check::{Refused, RefusedCode, Report, Stage};
use super::code;
use super::error::CatalogError;
use super::examine;
use super::live::{Catalog, Version};
use super::record::{ExtractorRecord, Origin, VersionRecord};
use crate::access::By;

/// A component that was taken.
#[derive(Debug)]
pub struct Uploaded {
    /// The extractor it is a version of.
    pub extractor: ExtractorRecord,
    /// Which version.
    pub version: VersionRecord,
    /// The checks it passed; none when it was here already.
    pub stages: Vec<Stage>,
    /// `false` when the same bytes were here already.
    pub new: bool,
}

impl Catalog {
    /// Checks a component and stores it as a staged version. The same bytes again are the same
    /// version, not a second one.
    ///
    /// The work goes on when the caller goes away, so that what was stored is always what is live.
    ///
    /// # Errors
    ///
    /// [`CatalogError::Refused`] with the check's code; else what the store says.
    pub async fn upload(self: &Arc<Self>, wasm: Bytes, by: By) -> Result<Uploaded, CatalogError> {
        let catalog = Arc::clone(self);
        tokio::spawn(async move { catalog.upload_whole(wasm, by).await }).await?
    }

    async fn upload_whole(self: Arc<Self>, wasm: Bytes, by: By) -> Result<Uploaded, CatalogError> {
        // The permit goes with the catalog, which nobody closes.
        let _turn = self.intake.acquire().await;
        let digest = Digest::of(&wasm);
        if let Some((extractor, version)) = self.holding(digest) {
            // It mends a copy that was lost or damaged.
            self.store.put_blob(BlobSpace::Component, wasm).await?;
            return Ok(Uploaded {
                extractor,
                version,
                stages: Vec::new(),
                new: false,
            });
        }
        let mut report = Report::default();
        let (version, lens) = self.admit(wasm, Origin::Uploaded, &mut report).await?;
        let name = lens.identity().name.clone();
        let stored = version.clone();
        let extractor = self
            .change(&name, by, "extractor.upload", &version.version.clone(), move |record| {
                match record.version(&version.version) {
                    Some(known) if known.digest == version.digest => {}
                    Some(known) => {
                        return Err(Refused::new(
                            RefusedCode::VersionExists,
                            format_args!(
                                "version {} of extractor {} exists with other bytes ({}); a version never changes, \
                                 so give this one a higher number",
                                known.version, record.name, known.digest
                            ),
                        )
                        .into());
                    }
                    None => record.versions.push(version.clone()),
                }
                Ok(record.clone())
            })
            .await;
        let extractor = match extractor {
            Ok(extractor) => extractor,
            // Whether the document names these bytes is not known; the next start sweeps.
            Err(error @ CatalogError::Store(StoreError::InDoubt { .. })) => return Err(error),
            Err(error) => {
                // Nothing names these bytes, so they need not wait for the next start's sweep.
                self.discard(digest).await;
                return Err(error);
            }
        };
        self.warm(&name, lens);
        Ok(Uploaded {
            extractor,
            version: stored,
            stages: report.passed,
            new: true,
        })
    }

    /// The checks, in order, and the bytes on disk: all but the document that makes it a version.
    pub(super) async fn admit(
        &self,
        wasm: Bytes,
        origin: Origin,
        report: &mut Report,
    ) -> Result<(VersionRecord, Arc<Lens>), CatalogError> {
        let (built, described) = examine::pass(&self.sandbox, wasm, report).await?;

        let began = Instant::now();
        let size = built.wasm.len() as u64;
        self.store
            .put_blob(BlobSpace::Component, built.wasm.clone())
            .await?;
        code::keep(
            self.store.as_ref(),
            &self.sandbox,
            &built.compiled,
            &built.digest,
        )
        .await;
        report.ended("store", began, true);
        let version = VersionRecord {
            version: described.version,
            digest: built.digest,
            size,
            origin,
            created_at: self.clock.now(),
            world: built.world,
            title: described.title,
            summary: described.summary,
            chart_types: described.chart_types,
        };
        Ok((version, described.lens))
    }

    /// The version that has these bytes.
    pub(super) fn holding(&self, digest: Digest) -> Option<(ExtractorRecord, VersionRecord)> {
        self.list().into_iter().find_map(|record| {
            let version = record
                .versions
                .iter()
                .find(|version| version.digest == digest)?
                .clone();
            Some((record, version))
        })
    }

    /// Removes the bytes of a component unless a version has them. Best effort: a start sweeps. The
    /// caller has the turn.
    pub(super) async fn discard(&self, digest: Digest) {
        if self.holding(digest).is_some() {
            return;
        }
        code::forget(self.store.as_ref(), &self.sandbox, &digest).await;
        if let Err(error) = self.store.delete_blob(BlobSpace::Component, &digest).await {
            tracing::warn!(%error, %digest, "a component that nothing names stays until the next start");
        }
    }
}

impl Version {
    /// Who it is, as errors and readings name it.
    #[must_use]
    pub fn identity(&self) -> Identity {
        Identity {
            name: self.name.clone(),
            version: self.record.version.clone(),
            digest: self.record.digest,
        }
    }
}
