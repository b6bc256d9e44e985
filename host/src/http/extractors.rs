//! `/v1/extractors`: what there is, uploading, rolling out and back.

mod view;

use std::sync::Arc;

use axum::Json as Answer;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::catalog::canary::Bounds;
use crate::catalog::{Catalog, Edit, LimitsEdit, Uploaded};
use crate::problem::{Problem, StageEnded};
use crate::sandbox::World;

use super::access::{Admin, Viewer};
use super::body::{Json, Known, Path, Query, given};
use super::component::{Upload, UploadForm};
use super::dry_run::DryRunReport;
use super::etag::{self, IfMatch};
use super::page::{List, Page};
use super::request::ProblemBody;

pub(super) use view::Extractor;
use view::{ExtractorVersion, described, extractor};

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

/// Which version of an extractor.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Which {
    /// The active one without it.
    version: Option<String>,
}

/// An extractor's manual.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Manual {
    /// The version that it is of.
    version: String,
    /// Markdown, in the author's own words: it is not to be trusted as HTML.
    manual: String,
}

/// Read what people should know before they use an extractor
///
/// Markdown, of those that have a manual (contract 1.1.0 and later).
#[utoipa::path(get, path = "/v1/extractors/{name}/manual", tag = "extractors", params(("name" = String, Path), Which),
    responses((status = 200, body = Manual), (status = "4XX", body = ProblemBody)))]
pub(super) async fn manual(
    _: Viewer,
    State(catalog): State<Arc<Catalog>>,
    Path(name): Path<String>,
    Query(which): Query<Which>,
) -> Result<Answer<Manual>, Problem> {
    let version = catalog.version(&name, which.version.as_deref())?;
    let manual = catalog.manual(&version).await?;
    Ok(Answer(Manual {
        version: version.record.version.clone(),
        manual: manual.as_ref().to_owned(),
    }))
}

/// What can be edited of an extractor. What is left out stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct EditExtractor {
    /// Where it stands among those that read the same chart types: the lowest goes first. `null`
    /// takes its place away.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<i32>)]
    order: Option<Option<i32>>,
    /// What its calls may use, whichever version is called; it counts from the next call on. `null`
    /// puts all of it back to the server's own limits.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<LimitsEdit>)]
    limits: Option<Option<LimitsEdit>>,
}

/// Set where an extractor stands among its like, and what its calls may use
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
    let EditExtractor { order, limits } = body.parse()?;
    if order.is_none() && limits.is_none() {
        return Err(Problem::invalid(
            "/order",
            "the edit says nothing to change; send `order`, `limits`, or both",
        ));
    }
    let edit = Edit {
        order,
        limits: limits.map(|limits| limits.unwrap_or_else(LimitsEdit::to_defaults)),
    };
    let (record, document) = catalog.edit(&name, edit, seen, by).await?;
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
    /// Whether its instances come from the pool, in microseconds. One with more instances, memories or
    /// tables than the pool has room for gets its own for each call, which takes longer.
    pooled: bool,
    /// What it made of samples, beside the active version; null where that is what was uploaded.
    dry_run: Option<DryRunReport>,
}

/// Upload a component
///
/// It is checked stage by stage, tried on samples, and stored as a staged version; nothing is rolled
/// out. The same bytes again answer 200 with the version they are. As `multipart/form-data` it takes the
/// component as the part `component` and samples to try it on, a JSON array, as the part `samples`. A
/// publisher's signature over the digest comes in the header `Lensmount-Signature`: `publisher:base64`.
#[utoipa::path(post, path = "/v1/extractors", tag = "extractors",
    params(("Lensmount-Signature" = Option<String>, Header, description = "A publisher's signature over the digest: `publisher:base64`")),
    request_body(description = "A component of at most 64 MiB, alone or with samples to try it on",
        content((Vec<u8> = "application/wasm"), (UploadForm = "multipart/form-data"))),
    responses((status = 201, body = Report), (status = 200, body = Report), (status = "4XX", body = ProblemBody)))]
pub(super) async fn upload(
    Admin(by): Admin,
    State(catalog): State<Arc<Catalog>>,
    Upload(candidate): Upload,
) -> Result<impl IntoResponse, Problem> {
    let Uploaded {
        extractor,
        version,
        stages,
        new,
        pooled,
        dry_run,
    } = catalog.upload(candidate, by).await?;
    let report = Report {
        verdict: if new { "staged" } else { "known" },
        name: extractor.name.clone(),
        title: version.title.clone(),
        summary: version.summary.clone(),
        world: version.world,
        version: described(&catalog, &extractor, &version),
        stages: stages.iter().map(|stage| stage.ended("passed")).collect(),
        pooled,
        dry_run: dry_run.map(DryRunReport::of),
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
