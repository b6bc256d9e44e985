//! `/v1/destinations`: data planes that schedules may send to by name.

use std::sync::Arc;

use axum::Json as Answer;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::event::destination::{DestinationKind, DestinationRecord, Destinations, Draft, Edit};
use crate::id::DestinationId;
use crate::problem::Problem;
use crate::record::Stored;

use super::access::{Editor, Viewer};
use super::body::{Id, Json, Query};
use super::etag::{self, IfMatch};
use super::page::{List, Page};
use super::repeat::Repeatable;
use super::request::ProblemBody;

/// A destination.
#[derive(Serialize, ToSchema)]
pub(super) struct Destination {
    /// Its id.
    #[schema(example = "dst_0192f0c1a2b37c4d8e5f60718293a4b5")]
    id: String,
    /// Tells it apart, in the form of a schedule too.
    #[schema(example = "Marketing")]
    name: String,
    /// What it speaks.
    kind: DestinationKind,
    /// The data plane, normalised.
    #[schema(example = "https://example.com/")]
    server_url: String,
    /// The write key itself never comes back.
    has_write_key: bool,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it was last changed.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

impl From<Stored<DestinationRecord>> for Destination {
    fn from(stored: Stored<DestinationRecord>) -> Self {
        let record = stored.record;
        Self {
            id: stored.key,
            name: record.name,
            kind: record.kind,
            server_url: record.server_url,
            has_write_key: true,
            created_at: record.created_at,
            updated_at: stored.updated_at,
        }
    }
}

fn told(stored: Stored<DestinationRecord>) -> impl IntoResponse {
    (etag::tag(stored.version), Answer(Destination::from(stored)))
}

/// A destination to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewDestination {
    /// Tells it apart; taken once.
    name: String,
    /// What it speaks.
    kind: DestinationKind,
    /// The data plane, with or without `/v1/batch`.
    server_url: String,
    /// The source's write key. It is sealed and never comes back.
    write_key: String,
}

/// A change of a destination: what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct EditDestination {
    /// See the destination.
    name: Option<String>,
    /// A change to another host needs the write key again.
    server_url: Option<String>,
    /// See the destination.
    write_key: Option<String>,
}

/// Keep a destination
///
/// From now on schedules may choose it. Its data plane is not called yet.
#[utoipa::path(post, path = "/v1/destinations", tag = "action hub", request_body = NewDestination,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes the request safe to send again for a day")),
    responses((status = 201, body = Destination, headers(("ETag" = String))), (status = "4XX", body = ProblemBody)))]
pub(super) async fn create(
    Editor(by): Editor,
    State(destinations): State<Arc<Destinations>>,
    key: Repeatable,
    body: Json,
) -> Result<impl IntoResponse, Problem> {
    let new: NewDestination = body.parse()?;
    let draft = Draft {
        name: new.name,
        kind: new.kind,
        server_url: new.server_url,
        write_key: new.write_key.into(),
    };
    let once = key.of("destinations", &by, body.text());
    let made = destinations.create(draft, once, by).await?;
    Ok((StatusCode::CREATED, told(made)))
}

/// List destinations, the oldest first
#[utoipa::path(get, path = "/v1/destinations", tag = "action hub", params(Page),
    responses((status = 200, body = List<Destination>), (status = "4XX", body = ProblemBody)))]
pub(super) async fn list(
    _: Viewer,
    State(destinations): State<Arc<Destinations>>,
    Query(page): Query<Page>,
) -> Result<Answer<List<Destination>>, Problem> {
    let (limit, after) = (page.limit()?, page.after()?);
    let found = destinations.list(after.as_deref(), limit + 1).await?;
    let items = found.into_iter().map(Destination::from).collect();
    Ok(Answer(List::of(items, limit, |it: &Destination| {
        it.id.clone()
    })))
}

/// Show a destination
#[utoipa::path(get, path = "/v1/destinations/{id}", tag = "action hub", params(("id" = String, Path)),
    responses((status = 200, body = Destination, headers(("ETag" = String))), (status = "4XX", body = ProblemBody)))]
pub(super) async fn show(
    _: Viewer,
    State(destinations): State<Arc<Destinations>>,
    Id(id): Id<DestinationId>,
) -> Result<impl IntoResponse, Problem> {
    Ok(told(destinations.get(id.as_str()).await?))
}

/// Change a destination
///
/// It counts for runs that begin from now on; those that have begun go where they were going.
#[utoipa::path(patch, path = "/v1/destinations/{id}", tag = "action hub",
    params(("id" = String, Path), ("If-Match" = String, Header, description = "The destination's `ETag`, or `*`")),
    request_body = EditDestination,
    responses((status = 200, body = Destination, headers(("ETag" = String))), (status = "4XX", body = ProblemBody)))]
pub(super) async fn edit(
    Editor(by): Editor,
    State(destinations): State<Arc<Destinations>>,
    Id(id): Id<DestinationId>,
    IfMatch(seen): IfMatch,
    body: Json,
) -> Result<impl IntoResponse, Problem> {
    let edit: EditDestination = body.parse()?;
    let edit = Edit {
        name: edit.name,
        server_url: edit.server_url,
        write_key: edit.write_key.map(Into::into),
    };
    Ok(told(destinations.edit(&id, edit, seen, by).await?))
}

/// Remove a destination
///
/// Schedules that chose it are refused from now on; their owners are told to choose another.
#[utoipa::path(delete, path = "/v1/destinations/{id}", tag = "action hub",
    params(("id" = String, Path), ("If-Match" = String, Header, description = "The destination's `ETag`, or `*`")),
    responses((status = 204), (status = "4XX", body = ProblemBody)))]
pub(super) async fn delete(
    Editor(by): Editor,
    State(destinations): State<Arc<Destinations>>,
    Id(id): Id<DestinationId>,
    IfMatch(seen): IfMatch,
) -> Result<StatusCode, Problem> {
    destinations.delete(&id, seen, by).await?;
    Ok(StatusCode::NO_CONTENT)
}
