//! `…/versions/{version}/dry-run` and `…/samples`: trying a version before it answers anybody, and
//! what it is tried on.

use std::sync::Arc;
use std::time::Duration;

use axum::Json as Answer;
use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::catalog::{Catalog, DryRun, Made, Tried, Whose};
use crate::problem::Problem;
use crate::sample::{Change, Document};

use super::access::{Admin, Viewer};
use super::body::{Json, Known, Path, Query};
use super::component::asked;
use super::page::{List, Page};
use super::request::ProblemBody;

/// What a version made of its samples, beside the version that answers.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DryRunReport {
    /// The version it is held against: the active one; null where there is none, or it is itself.
    beside: Option<String>,
    /// Samples that were run.
    ran: usize,
    /// Samples that were not tried: there was no time, the server was too busy, or what was kept could
    /// not be had.
    left_out: usize,
    /// Samples that are not as they expect.
    unexpected: usize,
    /// Samples of which both versions make the same.
    same: usize,
    /// Samples of which they only say something else: a label, a note, a reason.
    reworded: usize,
    /// Samples of which they make another number, another point of the axis, another problem or
    /// other events.
    changed: usize,
    /// Samples that the version reads otherwise when it checks every byte of the result: mostly that
    /// is no sound JSON then, or the version misreads it. A check that was stopped counts for nothing.
    misread: usize,
    /// Each sample: those of the component first, then those sent along, then what key results read
    /// last.
    samples: Vec<TriedSample>,
}

/// What came of one sample.
#[derive(Debug, Serialize, ToSchema)]
struct TriedSample {
    /// Its name; of a kept one the key result's id.
    sample: String,
    /// Whose it is.
    whose: Whose,
    /// Whether it is as it expects; null where it expects nothing.
    as_expected: Option<bool>,
    /// How it differs from what the version beside it makes of it; null where there is none.
    change: Option<Change>,
    /// Whether it is read otherwise when every byte of the result is checked.
    misread: bool,
    /// The lines that differ: from what is expected, else from what is read when every byte is
    /// checked, else from the version beside it.
    difference: Option<String>,
    /// What the version made of it.
    made: MadeOfIt,
    /// What the version beside it made of it.
    beside: Option<MadeOfIt>,
}

/// What a version made of a sample.
#[derive(Debug, Serialize, ToSchema)]
struct MadeOfIt {
    /// `{"output": …}` or `{"problem": {"code": …}}`; null where it is longer than 16 KiB.
    #[schema(value_type = Option<Object>)]
    answer: Option<Box<RawValue>>,
    /// Why a call was stopped: its words, the guest's stack and log.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    aside: Vec<String>,
    /// Microseconds of processor time.
    cpu_us: u64,
    /// Of the limit of a call, rounded up.
    cpu_percent: u64,
    /// The most bytes of memory it held at once.
    memory: usize,
    /// Of the limit of a call, rounded up.
    memory_percent: u64,
    /// Bytes of its answer.
    output: usize,
    /// Of the limit of a call, rounded up.
    output_percent: u64,
}

impl DryRunReport {
    pub fn of(run: DryRun) -> Self {
        let unmet = |tried: &&Tried| tried.unexpected.as_ref().is_some_and(|it| !it.is_empty());
        Self {
            ran: run.samples.len(),
            left_out: run.left_out,
            unexpected: run.samples.iter().filter(unmet).count(),
            same: run.count(Change::Same),
            reworded: run.count(Change::Reworded),
            changed: run.count(Change::Changed),
            misread: run.misread(),
            beside: run.beside,
            samples: run.samples.into_iter().map(TriedSample::of).collect(),
        }
    }
}

impl TriedSample {
    fn of(tried: Tried) -> Self {
        let unexpected = tried.unexpected;
        let as_expected = unexpected.as_ref().map(String::is_empty);
        let (change, lines) = tried.change.unzip();
        let misread = !tried.misread.is_empty();
        let difference = [unexpected, Some(tried.misread), lines]
            .into_iter()
            .flatten();
        Self {
            sample: tried.sample,
            whose: tried.whose,
            as_expected,
            change,
            misread,
            difference: difference.into_iter().find(|lines| !lines.is_empty()),
            made: MadeOfIt::of(tried.made),
            beside: tried.beside.map(MadeOfIt::of),
        }
    }
}

impl MadeOfIt {
    fn of(made: Made) -> Self {
        let usage = made.usage;
        let percents = usage.percents();
        Self {
            answer: RawValue::from_string(made.outcome.text).ok(),
            aside: made.outcome.aside,
            cpu_us: micros(usage.cpu),
            cpu_percent: percents.cpu,
            memory: usage.memory_peak,
            memory_percent: percents.memory,
            output: usage.output,
            output_percent: percents.output,
        }
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// What a version is to be tried on besides its own samples and what key results read last.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TryOn<'a> {
    /// At most 64.
    #[serde(borrow, default)]
    samples: Vec<Document<'a>>,
}

/// Try a version on samples
///
/// It runs on the samples that the component carries, on those in the body, which may be left out, and
/// on the results that key results read last with this extractor, beside the active version. Nothing is
/// changed and nothing is counted.
#[utoipa::path(post, path = "/v1/extractors/{name}/versions/{version}/dry-run", tag = "extractors",
    params(("name" = String, Path), ("version" = String, Path)), request_body = Option<TryOn>,
    responses((status = 200, body = DryRunReport), (status = "4XX", body = ProblemBody)))]
pub(super) async fn dry_run(
    // What is kept is what Looker answered others.
    _: Admin,
    State(catalog): State<Arc<Catalog>>,
    Path((name, version)): Path<(String, String)>,
    body: Option<Json>,
) -> Result<Answer<DryRunReport>, Problem> {
    let samples = match &body {
        Some(body) => asked(&body.parse::<TryOn<'_>>()?.samples, "/samples")?,
        None => Vec::new(),
    };
    let run = catalog.dry_run(&name, &version, samples).await?;
    Ok(Answer(DryRunReport::of(run)))
}

/// A result that a key result read, kept sealed. What is in it is not told.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct KeptResult {
    /// The key result that read it.
    key_result_id: String,
    /// When it was kept.
    #[schema(value_type = String, format = DateTime)]
    kept_at: Timestamp,
    /// Bytes of Looker's answer.
    size: usize,
}

/// List the results that versions are tried on
///
/// The last results that key results really read with this extractor. They are sealed; few are kept, and
/// those of a key result go when it goes.
#[utoipa::path(get, path = "/v1/extractors/{name}/samples", tag = "extractors", params(("name" = String, Path), Page),
    responses((status = 200, body = List<KeptResult>), (status = "4XX", body = ProblemBody)))]
pub(super) async fn samples(
    _: Viewer,
    State(catalog): State<Arc<Catalog>>,
    Known(name): Known,
    Query(page): Query<Page>,
) -> Result<Answer<List<KeptResult>>, Problem> {
    let (limit, after) = (page.limit()?, page.after()?);
    let mut kept = catalog.kept().list(&name).await?;
    kept.retain(|it| after.as_ref().is_none_or(|after| it.key_result > *after));
    kept.sort_by(|a, b| a.key_result.cmp(&b.key_result));
    let items = kept.into_iter().take(limit + 1).map(|record| KeptResult {
        key_result_id: record.key_result,
        kept_at: record.at,
        size: record.size,
    });
    Ok(Answer(List::of(items.collect(), limit, |kept| {
        kept.key_result_id.clone()
    })))
}

/// Forget the results that versions are tried on
#[utoipa::path(delete, path = "/v1/extractors/{name}/samples", tag = "extractors", params(("name" = String, Path)),
    responses((status = 204), (status = "4XX", body = ProblemBody)))]
pub(super) async fn forget(
    Admin(by): Admin,
    State(catalog): State<Arc<Catalog>>,
    Known(name): Known,
) -> Result<StatusCode, Problem> {
    catalog.kept().forget_all(&name, &by).await?;
    Ok(StatusCode::NO_CONTENT)
}
