//! `/v1/objectives`: what key results are for.

use std::sync::Arc;

use axum::Json as Answer;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::decimal::Decimal;
use crate::id::ObjectiveId;
use crate::keyresult::period::Moment;
use crate::keyresult::progress::shown_percent;
use crate::keyresult::{self, KeyResults, ObjectiveDraft, ObjectiveEdit};
use crate::problem::Problem;

use super::access::{Editor, Viewer};
use super::body::{Id, Json, Query, given};
use super::etag::{self, IfMatch};
use super::page::{List, Page};
use super::repeat::Repeatable;
use super::request::ProblemBody;

/// An objective and how far it is.
#[derive(Serialize, ToSchema)]
pub(super) struct Objective {
    /// Its id.
    #[schema(example = "obj_0192f0c1a2b37c4d8e5f60718293a4b5")]
    id: String,
    /// What is to be achieved.
    title: String,
    /// Who answers for it.
    owner: Option<String>,
    /// Where its period begins: a day or a time.
    #[schema(example = "2026-10-01")]
    from: Option<Moment>,
    /// Where its period ends; a day is included.
    #[schema(example = "2026-12-31")]
    to: Option<Moment>,
    /// The weighted mean of its key results' progress, as a fraction; one without a value counts as
    /// 0. Null where nothing has any weight.
    #[schema(example = "0.5")]
    progress: Option<Decimal>,
    /// The same as people are shown it, within 0 and 100.
    #[schema(example = "50")]
    progress_percent: Option<Decimal>,
    /// The part of its period that has passed.
    expected: Option<Decimal>,
    /// How many key results it has.
    key_results: usize,
    /// How many of them have a value.
    measured: usize,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When people last changed it.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

impl From<keyresult::Objective> for Objective {
    fn from(objective: keyresult::Objective) -> Self {
        let record = objective.record;
        Self {
            id: objective.id.to_string(),
            title: record.title,
            owner: record.owner,
            from: record.from,
            to: record.to,
            progress_percent: objective.progress.as_ref().map(shown_percent),
            progress: objective.progress,
            expected: objective.expected,
            key_results: objective.key_results,
            measured: objective.measured,
            created_at: record.created_at,
            updated_at: objective.updated_at,
        }
    }
}

fn told(objective: keyresult::Objective) -> impl IntoResponse {
    (
        etag::tag(objective.version),
        Answer(Objective::from(objective)),
    )
}

/// An objective to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewObjective {
    /// See the objective.
    title: String,
    /// See the objective.
    owner: Option<String>,
    /// See the objective.
    from: Option<Moment>,
    /// See the objective.
    to: Option<Moment>,
}

/// A change of an objective: what is left out stays, `null` takes away.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct EditObjective {
    /// See the objective.
    title: Option<String>,
    /// See the objective.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    owner: Option<Option<String>>,
    /// See the objective.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    from: Option<Option<Moment>>,
    /// See the objective.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    to: Option<Option<Moment>>,
}

/// Make an objective
#[utoipa::path(post, path = "/v1/objectives", tag = "key results", request_body = NewObjective,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes the request safe to send again for a day")),
    responses((status = 201, body = Objective, headers(("ETag" = String))), (status = "4XX", body = ProblemBody)))]
pub(super) async fn create(
    Editor(by): Editor,
    State(key_results): State<Arc<KeyResults>>,
    key: Repeatable,
    body: Json,
) -> Result<impl IntoResponse, Problem> {
    let NewObjective {
        title,
        owner,
        from,
        to,
    } = body.parse()?;
    let draft = ObjectiveDraft {
        title,
        owner,
        from,
        to,
    };
    let once = key.of("objectives", &by, body.text());
    let made = key_results.create_objective(draft, once, by).await?;
    Ok((StatusCode::CREATED, told(made)))
}

/// List objectives, the oldest first
#[utoipa::path(get, path = "/v1/objectives", tag = "key results", params(Page),
    responses((status = 200, body = List<Objective>), (status = "4XX", body = ProblemBody)))]
pub(super) async fn list(
    _: Viewer,
    State(key_results): State<Arc<KeyResults>>,
    Query(page): Query<Page>,
) -> Result<Answer<List<Objective>>, Problem> {
    let (limit, after) = (page.limit()?, page.after()?);
    let found = key_results.objectives(after.as_deref(), limit + 1).await?;
    let items = found.into_iter().map(Objective::from).collect();
    Ok(Answer(List::of(items, limit, |it: &Objective| {
        it.id.clone()
    })))
}

/// Show an objective
#[utoipa::path(get, path = "/v1/objectives/{id}", tag = "key results", params(("id" = String, Path)),
    responses((status = 200, body = Objective, headers(("ETag" = String))), (status = "4XX", body = ProblemBody)))]
pub(super) async fn show(
    _: Viewer,
    State(key_results): State<Arc<KeyResults>>,
    Id(id): Id<ObjectiveId>,
) -> Result<impl IntoResponse, Problem> {
    Ok(told(key_results.objective(&id).await?))
}

/// Change an objective
#[utoipa::path(patch, path = "/v1/objectives/{id}", tag = "key results",
    params(("id" = String, Path), ("If-Match" = String, Header, description = "The objective's `ETag`, or `*`")),
    request_body = EditObjective,
    responses((status = 200, body = Objective, headers(("ETag" = String))), (status = "4XX", body = ProblemBody)))]
pub(super) async fn edit(
    Editor(by): Editor,
    State(key_results): State<Arc<KeyResults>>,
    Id(id): Id<ObjectiveId>,
    IfMatch(seen): IfMatch,
    body: Json,
) -> Result<impl IntoResponse, Problem> {
    let EditObjective {
        title,
        owner,
        from,
        to,
    } = body.parse()?;
    let edit = ObjectiveEdit {
        title,
        owner,
        from,
        to,
    };
    Ok(told(key_results.edit_objective(&id, edit, seen, by).await?))
}

/// Remove an objective that has no key results
#[utoipa::path(delete, path = "/v1/objectives/{id}", tag = "key results",
    params(("id" = String, Path), ("If-Match" = String, Header, description = "The objective's `ETag`, or `*`")),
    responses((status = 204), (status = "4XX", body = ProblemBody)))]
pub(super) async fn delete(
    Editor(by): Editor,
    State(key_results): State<Arc<KeyResults>>,
    Id(id): Id<ObjectiveId>,
    IfMatch(seen): IfMatch,
) -> Result<StatusCode, Problem> {
    key_results.delete_objective(&id, seen, by).await?;
    Ok(StatusCode::NO_CONTENT)
}
