//! `/v1/key-results`: numbers that people aim at.

pub(super) mod history;
pub(super) mod integration;
mod view;

use std::sync::Arc;

use axum::Json as Answer;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use crate::decimal::Decimal;
use crate::id::{KeyResultId, ObjectiveId};
use crate::keyresult::period::Moment;
use crate::keyresult::{self, Draft, Edit, KeyResults, Manual};
use crate::problem::Problem;

use super::access::{Editor, Viewer};
use super::body::{Id, Json, Query, given};
use super::etag::{self, IfMatch};
use super::page::{List, Page};
use super::repeat::Repeatable;
use super::request::ProblemBody;
use integration::NewIntegration;
use view::KeyResult;

fn told(key_result: keyresult::KeyResult, key_results: &KeyResults) -> impl IntoResponse + use<> {
    let tag = etag::tag(key_result.version);
    (tag, Answer(KeyResult::of(key_result, key_results.now())))
}

/// A key result to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewKeyResult {
    /// What is measured.
    #[schema(example = "Payment success rate")]
    title: String,
    /// What it is for.
    objective_id: Option<ObjectiveId>,
    /// Who answers for it.
    owner: Option<String>,
    /// Where its period begins: a day or a time.
    #[schema(example = "2026-10-01")]
    from: Option<Moment>,
    /// Where its period ends; a day is included.
    #[schema(example = "2026-12-31")]
    to: Option<Moment>,
    /// What its numbers count.
    #[schema(example = "%")]
    unit: Option<String>,
    /// Where it began.
    #[schema(example = "98")]
    start: Decimal,
    /// Where it should get; not where it began.
    #[schema(example = "99.5")]
    target: Decimal,
    /// Its share in its objective; 1 without it.
    weight: Option<Decimal>,
    /// Where its numbers come from; without it people set them by hand.
    integration: Option<NewIntegration>,
}

/// A change of a key result: what is left out stays, `null` takes away.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct EditKeyResult {
    /// See the key result.
    title: Option<String>,
    /// See the key result.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    objective_id: Option<Option<ObjectiveId>>,
    /// See the key result.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    owner: Option<Option<String>>,
    /// See the key result.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    from: Option<Option<Moment>>,
    /// See the key result.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    to: Option<Option<Moment>>,
    /// See the key result.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    unit: Option<Option<String>>,
    /// See the key result.
    start: Option<Decimal>,
    /// See the key result.
    target: Option<Decimal>,
    /// See the key result.
    weight: Option<Decimal>,
    /// Sets the value by hand, while the integration is off.
    #[schema(example = "98.7")]
    current: Option<Decimal>,
    /// What there is to say about a value set by hand.
    note: Option<String>,
}

impl EditKeyResult {
    fn edit(self) -> Result<Edit, Problem> {
        if self.note.is_some() && self.current.is_none() {
            return Err(Problem::invalid(
                "/note",
                "a note belongs to a value that is set by hand; give `current` with it",
            ));
        }
        let note = self.note;
        Ok(Edit {
            title: self.title,
            objective: self.objective_id,
            owner: self.owner,
            from: self.from,
            to: self.to,
            unit: self.unit,
            start: self.start,
            target: self.target,
            weight: self.weight,
            manual: self.current.map(|current| Manual { current, note }),
        })
    }
}

/// Make a key result
///
/// With an integration it is linked to its chart and read at once.
#[utoipa::path(post, path = "/v1/key-results", tag = "key results", request_body = NewKeyResult,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes the request safe to send again for a day")),
    responses((status = 201, body = KeyResult, headers(("ETag" = String))), (status = "4XX", body = ProblemBody), (status = "5XX", body = ProblemBody)))]
pub(super) async fn create(
    Editor(by): Editor,
    State(key_results): State<Arc<KeyResults>>,
    key: Repeatable,
    body: Json,
) -> Result<impl IntoResponse, Problem> {
    let new: NewKeyResult = body.parse()?;
    let draft = Draft {
        title: new.title,
        objective: new.objective_id,
        owner: new.owner,
        from: new.from,
        to: new.to,
        unit: new.unit,
        start: new.start,
        target: new.target,
        weight: new.weight,
    };
    let link = new.integration.map(NewIntegration::link).transpose();
    let link = link.map_err(|problem| integration::under("/integration", problem))?;
    let once = key.of("key-results", &by, body.text());
    let linked = link.is_some();
    let made = key_results.create(draft, link, once, by).await;
    let made = made.map_err(|error| {
        let problem = Problem::from(error);
        if linked {
            integration::of_create(problem)
        } else {
            problem
        }
    })?;
    Ok((StatusCode::CREATED, told(made, &key_results)))
}

/// Which key results.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Which {
    /// Those of one objective; all without it.
    objective_id: Option<String>,
    /// Items on a page, at most 200.
    limit: Option<usize>,
    /// `next_page_token` of the page before.
    page_token: Option<String>,
}

/// List key results, the oldest first
#[utoipa::path(get, path = "/v1/key-results", tag = "key results", params(Which),
    responses((status = 200, body = List<KeyResult>), (status = "4XX", body = ProblemBody)))]
pub(super) async fn list(
    _: Viewer,
    State(key_results): State<Arc<KeyResults>>,
    Query(which): Query<Which>,
) -> Result<Answer<List<KeyResult>>, Problem> {
    let page = Page {
        limit: which.limit,
        page_token: which.page_token,
    };
    let (limit, after) = (page.limit()?, page.after()?);
    let objective: Option<ObjectiveId> = which
        .objective_id
        .map(|id| id.parse())
        .transpose()
        .map_err(|error: crate::id::NoId| Problem::invalid("/objective_id", error.to_string()))?;
    let found = key_results
        .list(objective.as_ref(), after.as_deref(), limit + 1)
        .await?;
    let now = key_results.now();
    let items = found.into_iter().map(|it| KeyResult::of(it, now)).collect();
    Ok(Answer(List::of(items, limit, KeyResult::key)))
}

/// Show a key result
#[utoipa::path(get, path = "/v1/key-results/{id}", tag = "key results", params(("id" = String, Path)),
    responses((status = 200, body = KeyResult, headers(("ETag" = String))), (status = "4XX", body = ProblemBody)))]
pub(super) async fn show(
    _: Viewer,
    State(key_results): State<Arc<KeyResults>>,
    Id(id): Id<KeyResultId>,
) -> Result<impl IntoResponse, Problem> {
    Ok(told(key_results.get(&id).await?, &key_results))
}

/// Change a key result, or set its value by hand
#[utoipa::path(patch, path = "/v1/key-results/{id}", tag = "key results",
    params(("id" = String, Path), ("If-Match" = String, Header, description = "The key result's `ETag`, or `*`")),
    request_body = EditKeyResult,
    responses((status = 200, body = KeyResult, headers(("ETag" = String))), (status = "4XX", body = ProblemBody)))]
pub(super) async fn edit(
    Editor(by): Editor,
    State(key_results): State<Arc<KeyResults>>,
    Id(id): Id<KeyResultId>,
    IfMatch(seen): IfMatch,
    body: Json,
) -> Result<impl IntoResponse, Problem> {
    let edit = body.parse::<EditKeyResult>()?.edit()?;
    let edited = key_results.edit(&id, edit, seen, by).await?;
    Ok(told(edited, &key_results))
}

/// Remove a key result with its history
#[utoipa::path(delete, path = "/v1/key-results/{id}", tag = "key results",
    params(("id" = String, Path), ("If-Match" = String, Header, description = "The key result's `ETag`, or `*`")),
    responses((status = 204), (status = "4XX", body = ProblemBody)))]
pub(super) async fn delete(
    Editor(by): Editor,
    State(key_results): State<Arc<KeyResults>>,
    Id(id): Id<KeyResultId>,
    IfMatch(seen): IfMatch,
) -> Result<StatusCode, Problem> {
    key_results.delete(&id, seen, by).await?;
    Ok(StatusCode::NO_CONTENT)
}
