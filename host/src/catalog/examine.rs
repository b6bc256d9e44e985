//! A component held to all that an upload is held to, without a server that would keep it.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;

use crate::sandbox::Sandbox;

use super::check::{self, Built, Described, Refused, Report, Stage};
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
    let outcome = pass(sandbox, wasm, &mut report).await;
    let verdict = match (outcome, report.refused) {
        (Ok((_, described)), _) => Ok(described),
        (Err(CatalogError::Refused(refused)), Some(stage)) => Err((stage, refused)),
        (Err(error), _) => return Err(error),
    };
    Ok(Examined {
        passed: report.passed,
        verdict,
    })
}

/// The checks, in order. What compiles blocks, so it runs beside the calls of others.
pub(super) async fn pass(
    sandbox: &Arc<Sandbox>,
    wasm: Bytes,
    report: &mut Report,
) -> Result<(Built, Described), CatalogError> {
    let (mut stages, own) = (std::mem::take(report), Arc::clone(sandbox));
    let (stages, built) = tokio::task::spawn_blocking(move || {
        let built = check::build(&own, wasm, &mut stages);
        (stages, built)
    })
    .await?;
    *report = stages;
    let built = built?;
    let began = Instant::now();
    let described = check::describe(sandbox, &built).await;
    report.ended("describe", began, described.is_ok());
    Ok((built, described?))
}
