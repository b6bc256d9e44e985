//! Taking a component from outside.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;

use crate::sample::Sample;
use crate::sandbox::Identity;
use crate::store::{BlobSpace, Digest, StoreError};

use super::check::{Built, Described, Refused, RefusedCode, Report, Stage};
use super::code;
use super::dry_run::DryRun;
use super::error::CatalogError;
use super::examine;
use super::live::{Catalog, Version};
use super::record::{ExtractorRecord, Origin, VersionRecord};
use super::signature::Signature;
use crate::access::By;

/// What is uploaded.
#[derive(Debug)]
pub struct Candidate {
    /// The component.
    pub wasm: Bytes,
    /// What to try it on besides what it carries and what key results read last.
    pub samples: Vec<Sample>,
    /// Who vouches for it.
    pub signature: Option<Signature>,
}

impl From<Bytes> for Candidate {
    fn from(wasm: Bytes) -> Self {
        Self {
            wasm,
            samples: Vec::new(),
            signature: None,
        }
    }
}

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
    /// Whether it fits the pool of instances.
    pub pooled: bool,
    /// What it made of the samples; none when it was here already and answers.
    pub dry_run: Option<DryRun>,
}

impl Catalog {
    /// Checks a component, tries it on its own samples, on those sent along and on what key
    /// results read last, and stores it as a staged version. The same bytes again are the same
    /// version, not a second one.
    ///
    /// The work goes on when the caller goes away, so that what was stored is always what is live.
    ///
    /// # Errors
    ///
    /// [`CatalogError::Refused`] with the check's code; else what the store says.
    pub async fn upload(
        self: &Arc<Self>,
        candidate: impl Into<Candidate>,
        by: By,
    ) -> Result<Uploaded, CatalogError> {
        let candidate = candidate.into();
        let catalog = Arc::clone(self);
        let upload = async move {
            let mut report = Report::default();
            let uploaded = catalog.upload_whole(candidate, by, &mut report).await;
            uploaded.map_err(|error| match error {
                CatalogError::Refused(refused) => CatalogError::Refused(report.told(refused)),
                other => other,
            })
        };
        tokio::spawn(upload).await?
    }

    async fn upload_whole(
        self: &Arc<Self>,
        candidate: Candidate,
        by: By,
        report: &mut Report,
    ) -> Result<Uploaded, CatalogError> {
        let Candidate {
            wasm,
            samples: sent,
            signature,
        } = candidate;
        let digest = Digest::of(&wasm);
        // The permit goes with the catalog, which nobody closes.
        let turn = self.intake.acquire().await;
        if self.holding(digest).is_some() {
            if signature.is_some() {
                // What is signed has to be right, also where it changes nothing any more.
                self.publishers.vouched(&digest, signature.as_ref())?;
            }
            // It mends a copy that was lost or damaged.
            self.store.put_blob(BlobSpace::Component, wasm).await?;
            drop(turn);
            return self.known(digest, sent).await;
        }
        let (mut built, described) = examine::pass_vouched(&self.sandbox, wasm, report, |digest| {
            self.publishers.vouched(digest, signature.as_ref())
        })
        .await?;
        let mut lens = Arc::clone(&described.lens);
        let name = lens.identity().name.clone();
        // It is tried under the limits that it would be called under.
        let known = self.live(&name).ok();
        if let Some(known) = known
            .as_ref()
            .and_then(|live| live.versions.values().next())
        {
            lens = Arc::new(lens.within(Arc::clone(&known.share)));
        }
        // Trying takes as long as the extractor does: others need not wait for that.
        drop(turn);
        let began = Instant::now();
        let dry_run = self
            .tried(&lens, std::mem::take(&mut built.own), sent)
            .await?;
        let met = dry_run.met();
        report.ended("dry-run", began, met.is_ok());
        met?;
        let turn = self.intake.acquire().await;
        if self.holding(digest).is_some() {
            drop(turn);
            // Somebody else has brought the same bytes meanwhile.
            return self.known(digest, Vec::new()).await;
        }
        let version = self
            .admit(built, described, Origin::Uploaded, report)
            .await?;
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
        let pooled = lens.is_pooled();
        self.warm(&name, lens);
        Ok(Uploaded {
            extractor,
            version: stored,
            stages: std::mem::take(&mut report.passed),
            new: true,
            pooled,
            dry_run: Some(dry_run),
        })
    }

    /// What there is to say of bytes that are here already.
    async fn known(&self, digest: Digest, sent: Vec<Sample>) -> Result<Uploaded, CatalogError> {
        let (extractor, version) = self.holding(digest).ok_or(CatalogError::Contended {
            name: digest.to_string(),
        })?;
        let known = self.version(&extractor.name, Some(&version.version))?;
        let pooled = self.lens(&known).await?.is_pooled();
        let answers = extractor.active().is_some_and(|it| it.digest == digest);
        let dry_run = if answers && sent.is_empty() {
            None
        } else {
            let tried = self.dry_run(&extractor.name, &version.version, sent);
            let run = tried.await?;
            run.met()?;
            Some(run)
        };
        Ok(Uploaded {
            extractor,
            version,
            stages: Vec::new(),
            new: false,
            pooled,
            dry_run,
        })
    }

    /// The bytes on disk of what has passed the checks: all but the document that makes it a
    /// version.
    pub(super) async fn admit(
        &self,
        built: Built,
        described: Described,
        origin: Origin,
        report: &mut Report,
    ) -> Result<VersionRecord, CatalogError> {
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
        Ok(VersionRecord {
            version: described.version,
            digest: built.digest,
            size,
            origin,
            created_at: self.clock.now(),
            world: built.target.world,
            contract: built.target.contract.to_owned(),
            documented: built.target.documented,
            title: described.title,
            summary: described.summary,
            chart_types: described.chart_types,
            signed_by: built.signed_by,
        })
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
