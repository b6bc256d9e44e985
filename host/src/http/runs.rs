//! `/v1/runs`: what actions made of the rows that Looker pushed.

use std::sync::Arc;

use axum::Json as Answer;
use axum::extract::State;

use crate::event::{Run, Runs};
use crate::id::RunId;
use crate::problem::Problem;

use super::access::{Editor, Viewer};
use super::body::{Id, Query};
use super::page::{List, Page};
use super::request::ProblemBody;

/// List runs, the oldest first
#[utoipa::path(get, path = "/v1/runs", tag = "runs", params(Page),
    responses((status = 200, body = List<Run>), (status = "4XX", body = ProblemBody)))]
pub(super) async fn list(
    _: Viewer,
    State(runs): State<Arc<Runs>>,
    Query(page): Query<Page>,
) -> Result<Answer<List<Run>>, Problem> {
    let (limit, after) = (page.limit()?, page.after()?);
    let found = runs.list(after.as_deref(), limit + 1).await?;
    Ok(Answer(List::of(found, limit, |it: &Run| it.id.clone())))
}

/// Show a run: how many rows, and what became of each
#[utoipa::path(get, path = "/v1/runs/{id}", tag = "runs", params(("id" = String, Path)),
    responses((status = 200, body = Run), (status = "4XX", body = ProblemBody)))]
pub(super) async fn show(
    _: Viewer,
    State(runs): State<Arc<Runs>>,
    Id(id): Id<RunId>,
) -> Result<Answer<Run>, Problem> {
    Ok(Answer(runs.get(id.as_str()).await?))
}

/// Send the dead letters of a run again
#[utoipa::path(post, path = "/v1/runs/{id}/redrive", tag = "runs", params(("id" = String, Path)),
    responses((status = 200, body = Run), (status = "4XX", body = ProblemBody)))]
pub(super) async fn redrive(
    Editor(by): Editor,
    State(runs): State<Arc<Runs>>,
    Id(id): Id<RunId>,
) -> Result<Answer<Run>, Problem> {
    Ok(Answer(runs.redrive(id.as_str(), by).await?))
}
