//! `/v1/connections`: the Lookers that are read.

use std::sync::Arc;

use axum::Json as Answer;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::connection::{ConnectionRecord, Connections, Draft, Edit};
use crate::id::ConnectionId;
use crate::looker::Identity;
use crate::problem::Problem;
use crate::record::Stored;

use super::access::{Editor, Viewer};
use super::body::{Id, Json, Query};
use super::etag::{self, IfMatch};
use super::page::{List, Page};
use super::repeat::Repeatable;
use super::request::ProblemBody;

/// A connection to a Looker.
#[derive(Serialize, ToSchema)]
pub(super) struct Connection {
    /// Its id.
    #[schema(example = "con_0192f0c1a2b37c4d8e5f60718293a4b5")]
    id: String,
    /// Tells it apart.
    #[schema(example = "Production")]
    name: String,
    /// Where Looker is, normalised.
    #[schema(example = "https://acme.cloud.looker.com")]
    server_url: String,
    /// The API credential's id.
    client_id: String,
    /// The secret itself never comes back.
    has_secret: bool,
    /// Seconds that a query may take.
    timeout_seconds: u32,
    /// Queries that may run at a time.
    max_concurrent: u32,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it was last changed.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

impl From<Stored<ConnectionRecord>> for Connection {
    fn from(stored: Stored<ConnectionRecord>) -> Self {
        let record = stored.record;
        Self {
            id: stored.key,
            name: record.name,
            server_url: record.server_url,
            client_id: record.client_id,
            has_secret: true,
            timeout_seconds: record.timeout_seconds,
            max_concurrent: record.max_concurrent,
            created_at: record.created_at,
            updated_at: stored.updated_at,
        }
    }
}

fn told(stored: Stored<ConnectionRecord>) -> impl IntoResponse {
    (etag::tag(stored.version), Answer(Connection::from(stored)))
}

/// A connection to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewConnection {
    /// Tells it apart; taken once.
    name: String,
    /// As typed or pasted: the scheme is `https` unless given, the API's port is found by trying
    /// 443 and 19999, and pasted paths are dropped.
    #[schema(example = "acme.cloud.looker.com")]
    server_url: String,
    /// The API credential's id.
    client_id: String,
    /// The API credential's secret. It is sealed and never comes back.
    client_secret: String,
    /// Seconds that a query may take, at most 3600; 40 without it.
    timeout_seconds: Option<u32>,
    /// Queries that may run at a time, at most 64; 8 without it.
    max_concurrent: Option<u32>,
}

/// A change of a connection: what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct EditConnection {
    /// See the connection.
    name: Option<String>,
    /// A change to another host needs the secret again.
    server_url: Option<String>,
    /// See the connection.
    client_id: Option<String>,
    /// See the connection.
    client_secret: Option<String>,
    /// See the connection.
    timeout_seconds: Option<u32>,
    /// See the connection.
    max_concurrent: Option<u32>,
}

/// Connect a Looker
///
/// Its Looker is not called yet; `…/test` does that.
#[utoipa::path(post, path = "/v1/connections", tag = "connections", request_body = NewConnection,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes the request safe to send again for a day")),
    responses((status = 201, body = Connection, headers(("ETag" = String))), (status = "4XX", body = ProblemBody)))]
pub(super) async fn create(
    Editor(by): Editor,
    State(connections): State<Arc<Connections>>,
    key: Repeatable,
    body: Json,
) -> Result<impl IntoResponse, Problem> {
    let new: NewConnection = body.parse()?;
    let draft = Draft {
        name: new.name,
        server_url: new.server_url,
        client_id: new.client_id,
        client_secret: new.client_secret.into(),
        timeout_seconds: new.timeout_seconds,
        max_concurrent: new.max_concurrent,
    };
    let once = key.of("connections", &by, body.text());
    let made = connections.create(draft, once, by).await?;
    Ok((StatusCode::CREATED, told(made)))
}

/// List connections, the oldest first
#[utoipa::path(get, path = "/v1/connections", tag = "connections", params(Page),
    responses((status = 200, body = List<Connection>), (status = "4XX", body = ProblemBody)))]
pub(super) async fn list(
    _: Viewer,
    State(connections): State<Arc<Connections>>,
    Query(page): Query<Page>,
) -> Result<Answer<List<Connection>>, Problem> {
    let (limit, after) = (page.limit()?, page.after()?);
    let found = connections.list(after.as_deref(), limit + 1).await?;
    let items = found.into_iter().map(Connection::from).collect();
    Ok(Answer(List::of(items, limit, |it: &Connection| {
        it.id.clone()
    })))
}

/// Show a connection
#[utoipa::path(get, path = "/v1/connections/{id}", tag = "connections", params(("id" = String, Path)),
    responses((status = 200, body = Connection, headers(("ETag" = String))), (status = "4XX", body = ProblemBody)))]
pub(super) async fn show(
    _: Viewer,
    State(connections): State<Arc<Connections>>,
    Id(id): Id<ConnectionId>,
) -> Result<impl IntoResponse, Problem> {
    Ok(told(connections.get(&id).await?))
}

/// Change a connection
///
/// It counts at once: the session is dropped and the next call logs in anew.
#[utoipa::path(patch, path = "/v1/connections/{id}", tag = "connections",
    params(("id" = String, Path), ("If-Match" = String, Header, description = "The connection's `ETag`, or `*`")),
    request_body = EditConnection,
    responses((status = 200, body = Connection, headers(("ETag" = String))), (status = "4XX", body = ProblemBody)))]
pub(super) async fn edit(
    Editor(by): Editor,
    State(connections): State<Arc<Connections>>,
    Id(id): Id<ConnectionId>,
    IfMatch(seen): IfMatch,
    body: Json,
) -> Result<impl IntoResponse, Problem> {
    let edit: EditConnection = body.parse()?;
    let edit = Edit {
        name: edit.name,
        server_url: edit.server_url,
        client_id: edit.client_id,
        client_secret: edit.client_secret.map(Into::into),
        timeout_seconds: edit.timeout_seconds,
        max_concurrent: edit.max_concurrent,
    };
    Ok(told(connections.edit(&id, edit, seen, by).await?))
}

/// Remove a connection that no key result is linked through
#[utoipa::path(delete, path = "/v1/connections/{id}", tag = "connections",
    params(("id" = String, Path), ("If-Match" = String, Header, description = "The connection's `ETag`, or `*`")),
    responses((status = 204), (status = "4XX", body = ProblemBody)))]
pub(super) async fn delete(
    Editor(by): Editor,
    State(connections): State<Arc<Connections>>,
    Id(id): Id<ConnectionId>,
    IfMatch(seen): IfMatch,
) -> Result<StatusCode, Problem> {
    connections.delete(&id, seen, by).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Log in afresh and say who that is
///
/// Who the credentials belong to, and Looker's release; a problem says what to change.
#[utoipa::path(post, path = "/v1/connections/{id}/test", tag = "connections", params(("id" = String, Path)),
    responses((status = 200, body = Identity), (status = "4XX", body = ProblemBody), (status = "5XX", body = ProblemBody)))]
pub(super) async fn test(
    _: Viewer,
    State(connections): State<Arc<Connections>>,
    Id(id): Id<ConnectionId>,
) -> Result<Answer<Identity>, Problem> {
    Ok(Answer(connections.test(&id).await?))
}
