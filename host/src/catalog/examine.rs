//! A component held to all that an upload is held to, without a server that would keep it.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;

use crate::sandbox::Sandbox;
use crate::store::Digest;

use super::check::{self, Built, Described, Refused, Report, Stage};
use super::dry_run;
use super::error::CatalogError;

/// What became of an examination.
#[derive(Debug)]
pub struct Examined {
    /// The checks that were passed, in order.
    pub passed: Vec<Stage>,
    /// The extractor, or the check that it did not pass.
    pub verdict: Result<Described, (Stage, Refused)>,
}

/// Runs a component through the checks of an upload, in the given sandbox.
///
/// # Errors
///
/// Only when a check cannot be made at all: what is wrong with the component is its verdict.
pub async fn examine(sandbox: &Arc<Sandbox>, wasm: Bytes) -> Result<Examined, CatalogError> {
    let mut report = Report::default();
    let outcome = prove(sandbox, wasm, &mut report).await;
    let verdict = match (outcome, report.refused) {
        (Ok(described), _) => Ok(described),
        (Err(CatalogError::Refused(refused)), Some(stage)) => Err((stage, refused)),
        (Err(error), _) => return Err(error),
    };
    Ok(Examined {
        passed: report.passed,
        verdict,
    })
}

/// The same but for the samples that it carries: who runs them one by one wants to see each.
///
/// # Errors
///
/// As for [`examine`], and what is wrong with the component.
pub async fn describe(sandbox: &Arc<Sandbox>, wasm: Bytes) -> Result<Described, CatalogError> {
    let (_, described) = pass(sandbox, wasm, &mut Report::default()).await?;
    Ok(described)
}

async fn prove(
    sandbox: &Arc<Sandbox>,
    wasm: Bytes,
    report: &mut Report,
) -> Result<Described, CatalogError> {
    let (built, described) = pass(sandbox, wasm, report).await?;
    let began = Instant::now();
    let run = dry_run::on_its_own(sandbox, &described.lens, built.own).await?;
    let met = run.met();
    report.ended("dry-run", began, met.is_ok());
    met?;
    Ok(described)
}

/// The checks, in order, of a component that nobody need vouch for.
pub(super) async fn pass(
    sandbox: &Arc<Sandbox>,
    wasm: Bytes,
    report: &mut Report,
) -> Result<(Built, Described), CatalogError> {
    pass_vouched(sandbox, wasm, report, |_| Ok(None)).await
}

/// The checks, in order. `vouched` says from the digest who vouches for it.
pub(super) async fn pass_vouched(
    sandbox: &Arc<Sandbox>,
    wasm: Bytes,
    report: &mut Report,
    vouched: impl FnOnce(&Digest) -> Result<Option<String>, Refused>,
) -> Result<(Built, Described), CatalogError> {
    let mut stages = std::mem::take(report);
    // Looking at many megabytes keeps a thread busy, so it is none that calls wait for.
    let (stages, sound) = tokio::task::spawn_blocking(move || {
        let sound = check::look(wasm, &mut stages);
        (stages, sound)
    })
    .await?;
    *report = stages;
    let sound = sound?;
    let signed_by = report.stage("signature", || vouched(&sound.digest))?;
    let built = check::compile(sandbox, sound, signed_by, report).await?;
    let began = Instant::now();
    let described = check::describe(sandbox, &built).await;
    report.ended("describe", began, described.is_ok());
    Ok((built, described?))
}
