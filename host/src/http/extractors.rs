//! `/v1/extractors`: what there is, uploading, rolling out and back.

use std::sync::Arc;
use std::time::Duration;

use axum::Json as Answer;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::catalog::canary::Bounds;
use crate::catalog::{
    Catalog, Counts, ExtractorRecord, Origin, State as Stand, Uploaded, VersionRecord,
};
use crate::problem::{Problem, StageEnded};
use crate::sandbox::{Limits, World};

use super::access::{Admin, Viewer};
use super::body::{Json, Known, Path, Query};
use super::component::Upload;
use super::dry_run::DryRunReport;
use super::etag::{self, IfMatch};
use super::page::{List, Page};
use super::request::ProblemBody;

/// An extractor and its versions.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Extractor {
    /// The key in URLs and settings.
    #[schema(example = "tide-table")]
    name: String,
    /// What it is called, by its active or newest version.
    title: String,
    /// What it does.
    summary: String,
    /// The world of the contract that it targets.
    world: World,
    /// The version that answers; null while none does.
    active: Option<ActiveVersion>,
    /// The version that is tried on a part of the callers; null while none is.
    canary: Option<OnTrial>,
    /// The newest first.
    versions: Vec<ExtractorVersion>,
    /// Where several read a chart type, the lowest goes first; those without one come last.
    order: Option<i32>,
    /// What one call of it may use.
    limits: CallLimits,
}

/// The version that answers.
#[derive(Debug, Serialize, ToSchema)]
struct ActiveVersion {
    /// Which.
    version: String,
    /// A pinned version stays when a newer server brings a newer built-in.
    pinned: bool,
}

/// A version that answers for a part of the callers.
#[derive(Debug, Serialize, ToSchema)]
struct OnTrial {
    /// Which.
    version: String,
    /// The part of callers, in percent. Which they are goes by key result or schedule, and stays.
    percent: u8,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    since: Timestamp,
    /// When it is taken back by itself.
    bounds: Bounds,
    /// What it has done; since this server started, if that was later.
    done: Done,
    /// What the active version has done meanwhile.
    beside: Done,
}

/// What a version has done during a trial.
#[derive(Debug, Serialize, ToSchema)]
struct Done {
    /// Calls.
    calls: u64,
    /// Of them, those that failed or were stopped.
    failed: u64,
    /// Microseconds that one took on average; null where there was none.
    mean_us: Option<u64>,
}

impl From<Counts> for Done {
    fn from(counts: Counts) -> Self {
        let mean = counts.mean();
        Self {
            calls: counts.calls,
            failed: counts.failed,
            mean_us: mean.map(|mean| u64::try_from(mean.as_micros()).unwrap_or(u64::MAX)),
        }
    }
}

/// One version of an extractor.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ExtractorVersion {
    /// A semantic version.
    version: String,
    /// Of the component's bytes.
    #[schema(example = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")]
    digest: String,
    /// Bytes.
    size: u64,
    /// How far it has come.
    state: Stand,
    /// Where it came from.
    origin: Origin,
    /// When it was stored.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// The chart types that it reads.
    chart_types: Vec<String>,
    /// Calls since this server started.
    calls: u64,
    /// Of them, those that ended in the extractor's own failure.
    failures: u64,
    /// Of them, those that were stopped.
    stopped: u64,
}

/// What one call may use.
#[derive(Debug, Serialize, ToSchema)]
struct CallLimits {
    /// Milliseconds of processor time.
    cpu_ms: u64,
    /// Milliseconds from call to answer.
    wall_ms: u64,
    /// Bytes over all memories.
    memory_bytes: usize,
    /// Bytes of an answer.
    output_bytes: usize,
    /// Log lines that are kept.
    log_lines: usize,
    /// Bytes of log text that are kept.
    log_bytes: usize,
}

impl From<&Limits> for CallLimits {
    fn from(limits: &Limits) -> Self {
        Self {
            cpu_ms: millis(limits.cpu),
            wall_ms: millis(limits.wall),
            memory_bytes: limits.memory,
            output_bytes: limits.output,
            log_lines: limits.log_lines,
            log_bytes: limits.log_bytes,
        }
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn extractor(catalog: &Catalog, record: &ExtractorRecord) -> Extractor {
    let newest = record.newest_first();
    let shown = record.active().or(newest.first().copied());
    Extractor {
        name: record.name.clone(),
        title: shown.map_or_else(String::new, |version| version.title.clone()),
        summary: shown.map_or_else(String::new, |version| version.summary.clone()),
        world: shown.map_or(World::ChartExtractor, |version| version.world),
        active: record.active.as_ref().map(|active| ActiveVersion {
            version: active.version.clone(),
            pinned: active.pinned,
        }),
        canary: record.canary.as_ref().map(|canary| {
            let (beside, done) = catalog.trial(&record.name).unwrap_or_default();
            OnTrial {
                version: canary.version.clone(),
                percent: canary.percent,
                since: canary.since,
                bounds: canary.bounds,
                done: done.into(),
                beside: beside.into(),
            }
        }),
        versions: newest
            .into_iter()
            .map(|version| described(catalog, record, version))
            .collect(),
        order: record.order,
        limits: catalog.sandbox().limits().into(),
    }
}

fn described(
    catalog: &Catalog,
    record: &ExtractorRecord,
    version: &VersionRecord,
) -> ExtractorVersion {
    let live = catalog.version(&record.name, Some(&version.version)).ok();
    let tally = live.as_ref().map(|live| &live.tally);
    ExtractorVersion {
        version: version.version.clone(),
        digest: version.digest.to_string(),
        size: version.size,
        state: record.state(&version.version),
        origin: version.origin,
        created_at: version.created_at,
        chart_types: version.chart_types.clone(),
        calls: tally.map_or(0, |tally| tally.calls()),
        failures: tally.map_or(0, |tally| tally.failures()),
        stopped: tally.map_or(0, |tally| tally.stopped()),
    }
}

/// List extractors
#[utoipa::path(get, path = "/v1/extractors", tag = "extractors", params(Page),
    responses((status = 200, body = List<Extractor>), (status = "4XX", body = ProblemBody)))]
pub(super) async fn list(
    _: Viewer,
    State(catalog): State<Arc<Catalog>>,
    Query(page): Query<Page>,
) -> Result<Answer<List<Extractor>>, Problem> {
    let (limit, after) = (page.limit()?, page.after()?);
    let records = catalog.list();
    let items = records
        .iter()
        .filter(|record| after.as_ref().is_none_or(|after| record.name > *after))
        .take(limit + 1)
        .map(|record| extractor(&catalog, record))
        .collect();
    Ok(Answer(List::of(items, limit, |extractor| {
        extractor.name.clone()
    })))
}

/// Show one extractor
#[utoipa::path(get, path = "/v1/extractors/{name}", tag = "extractors", params(("name" = String, Path)),
    responses((status = 200, body = Extractor, headers(("ETag" = String))), (status = "4XX", body = ProblemBody)))]
pub(super) async fn show(
    _: Viewer,
    State(catalog): State<Arc<Catalog>>,
    Path(name): Path<String>,
) -> Result<impl IntoResponse, Problem> {
    // The tag is read first: were the extractor to change in between, an edit by it is stale.
    let tag = etag::tag(catalog.document(&name)?);
    Ok((tag, Answer(extractor(&catalog, &catalog.get(&name)?))))
}

/// What can be edited of an extractor.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct EditExtractor {
    /// Where it stands among those that read the same chart types: the lowest goes first. `null`
    /// takes its place away.
    #[serde(deserialize_with = "Option::deserialize")]
    #[schema(required)]
    order: Option<i32>,
}

/// Set where an extractor stands among those that read the same chart types
#[utoipa::path(patch, path = "/v1/extractors/{name}", tag = "extractors",
    params(("name" = String, Path), ("If-Match" = String, Header, description = "The extractor's `ETag`, or `*`")),
    request_body = EditExtractor,
    responses((status = 200, body = Extractor, headers(("ETag" = String))), (status = "4XX", body = ProblemBody)))]
pub(super) async fn edit(
    Admin(by): Admin,
    State(catalog): State<Arc<Catalog>>,
    Known(name): Known,
    IfMatch(seen): IfMatch,
    body: Json,
) -> Result<impl IntoResponse, Problem> {
    let EditExtractor { order } = body.parse()?;
    let (record, document) = catalog.set_order(&name, order, seen, by).await?;
    Ok((etag::tag(document), Answer(extractor(&catalog, &record))))
}

/// What became of an upload.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Report {
    /// `staged` when it is a new version, `known` when the same bytes were here already.
    #[schema(example = "staged")]
    verdict: &'static str,
    /// The extractor it is a version of.
    name: String,
    /// The version itself.
    version: ExtractorVersion,
    /// What it is called.
    title: String,
    /// What it does.
    summary: String,
    /// The world of the contract that it targets.
    world: World,
    /// The checks it passed, in order.
    stages: Vec<StageEnded>,
    /// What it made of samples, beside the active version; null where that is what was uploaded.
    dry_run: Option<DryRunReport>,
}

/// Upload a component
///
/// It is checked stage by stage, tried on samples, and stored as a staged version; nothing is rolled
/// out. The same bytes again answer 200 with the version they are. As `multipart/form-data` it takes the
/// component as the part `component` and samples to try it on, a JSON array, as the part `samples`.
#[utoipa::path(post, path = "/v1/extractors", tag = "extractors",
    request_body(content = Vec<u8>, content_type = "application/wasm", description = "A component of at most 64 MiB"),
    responses((status = 201, body = Report), (status = 200, body = Report), (status = "4XX", body = ProblemBody)))]
pub(super) async fn upload(
    Admin(by): Admin,
    State(catalog): State<Arc<Catalog>>,
    Upload { wasm, samples }: Upload,
) -> Result<impl IntoResponse, Problem> {
    let Uploaded {
        extractor,
        version,
        stages,
        new,
        dry_run,
    } = catalog.upload(wasm, samples, by).await?;
    let limits = catalog.sandbox().limits();
    let report = Report {
        verdict: if new { "staged" } else { "known" },
        name: extractor.name.clone(),
        title: version.title.clone(),
        summary: version.summary.clone(),
        world: version.world,
        version: described(&catalog, &extractor, &version),
        stages: stages.iter().map(|stage| stage.ended("passed")).collect(),
        dry_run: dry_run.map(|run| DryRunReport::of(run, limits)),
    };
    Ok((
        if new {
            StatusCode::CREATED
        } else {
            StatusCode::OK
        },
        Answer(report),
    ))
}

/// How a version is activated.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Activate {
    /// `false` lets a newer built-in take over when the server is upgraded.
    #[serde(default = "pinned")]
    #[schema(default = true)]
    pinned: bool,
}

fn pinned() -> bool {
    true
}

/// Make a version the one that answers
///
/// The body may be left out.
#[utoipa::path(post, path = "/v1/extractors/{name}/versions/{version}/activate", tag = "extractors",
    params(("name" = String, Path), ("version" = String, Path)), request_body = Option<Activate>,
    responses((status = 200, body = Extractor), (status = "4XX", body = ProblemBody)))]
pub(super) async fn activate(
    Admin(by): Admin,
    State(catalog): State<Arc<Catalog>>,
    Path((name, version)): Path<(String, String)>,
    body: Option<Json>,
) -> Result<Answer<Extractor>, Problem> {
    let pinned = body.map_or(Ok(true), |body| {
        body.parse::<Activate>().map(|activate| activate.pinned)
    })?;
    let record = catalog.activate(&name, &version, pinned, by).await?;
    Ok(Answer(extractor(&catalog, &record)))
}

/// How a version is tried.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Try {
    /// The part of callers that it answers for.
    #[schema(minimum = 1, maximum = 100)]
    percent: u8,
    /// When it is taken back by itself.
    #[serde(default)]
    bounds: Bounds,
}

/// Try a version on a part of the callers
///
/// It answers for so many of a hundred key results or schedules, always the same ones, in place of the
/// active version. When it does worse than its bounds allow it is taken back by itself. Activating it
/// promotes it; `rollback` takes it back.
#[utoipa::path(post, path = "/v1/extractors/{name}/versions/{version}/canary", tag = "extractors",
    params(("name" = String, Path), ("version" = String, Path)), request_body = Try,
    responses((status = 200, body = Extractor), (status = "4XX", body = ProblemBody)))]
pub(super) async fn canary(
    Admin(by): Admin,
    State(catalog): State<Arc<Catalog>>,
    Path((name, version)): Path<(String, String)>,
    body: Json,
) -> Result<Answer<Extractor>, Problem> {
    let Try { percent, bounds } = body.parse()?;
    let within = [
        ("/percent", (1..=100).contains(&percent)),
        (
            "/bounds/after_calls",
            (1..=1_000_000).contains(&bounds.after_calls),
        ),
        (
            "/bounds/more_failures_percent",
            bounds.more_failures_percent <= 100,
        ),
        (
            "/bounds/times_slower",
            (1..=100).contains(&bounds.times_slower),
        ),
    ];
    if let Some((pointer, _)) = within.into_iter().find(|(_, is_within)| !is_within) {
        return Err(Problem::invalid(
            pointer,
            format!("{pointer} is out of its range; /docs says what it takes"),
        ));
    }
    let record = catalog
        .try_out(&name, &version, percent, bounds, by)
        .await?;
    Ok(Answer(extractor(&catalog, &record)))
}

/// Take back the version that is tried, or go back to the one that was active before
#[utoipa::path(post, path = "/v1/extractors/{name}/rollback", tag = "extractors", params(("name" = String, Path)),
    responses((status = 200, body = Extractor), (status = "4XX", body = ProblemBody)))]
pub(super) async fn rollback(
    Admin(by): Admin,
    State(catalog): State<Arc<Catalog>>,
    Path(name): Path<String>,
) -> Result<Answer<Extractor>, Problem> {
    let record = catalog.rollback(&name, by).await?;
    Ok(Answer(extractor(&catalog, &record)))
}

/// Delete a version that is not active
#[utoipa::path(delete, path = "/v1/extractors/{name}/versions/{version}", tag = "extractors",
    params(("name" = String, Path), ("version" = String, Path)),
    responses((status = 204), (status = "4XX", body = ProblemBody)))]
pub(super) async fn delete(
    Admin(by): Admin,
    State(catalog): State<Arc<Catalog>>,
    Path((name, version)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    catalog.delete(&name, &version, by).await?;
    Ok(StatusCode::NO_CONTENT)
}
