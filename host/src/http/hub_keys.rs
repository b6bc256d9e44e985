//! `/v1/hub/keys`: what Lookers call the Action Hub with.

use std::sync::Arc;

use axum::Json as Answer;
use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::hub::{HubKeyRecord, HubKeys};
use crate::id::HubKeyId;
use crate::problem::Problem;
use crate::record::Stored;

use super::access::Admin;
use super::body::{Id, Json, Query};
use super::page::{List, Page};
use super::repeat::Repeatable;
use super::request::ProblemBody;

/// A key of the Action Hub.
#[derive(Serialize, ToSchema)]
pub(super) struct HubKey {
    /// Its id, which the key begins with.
    #[schema(example = "hk_0192f0c1a2b37c4d8e5f60718293a4b5")]
    id: String,
    /// What it is for.
    #[schema(example = "Production Looker")]
    name: String,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// What goes into Looker as the authorization token. Only in the answer that made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "hk_…/…")]
    key: Option<String>,
}

impl From<Stored<HubKeyRecord>> for HubKey {
    fn from(stored: Stored<HubKeyRecord>) -> Self {
        Self {
            id: stored.key,
            name: stored.record.name,
            created_at: stored.record.created_at,
            key: None,
        }
    }
}

/// A key to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewHubKey {
    /// What it is for.
    name: String,
}

/// Make a key for a Looker
///
/// The key is shown once. It is `nonce/HMAC-SHA512` as keys of an Action Hub have always been, with
/// the id as its nonce, so that it can be revoked.
#[utoipa::path(post, path = "/v1/hub/keys", tag = "action hub", request_body = NewHubKey,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes the request safe to send again for a day")),
    responses((status = 201, body = HubKey), (status = "4XX", body = ProblemBody)))]
pub(super) async fn create(
    Admin(by): Admin,
    State(keys): State<Arc<HubKeys>>,
    key: Repeatable,
    body: Json,
) -> Result<(StatusCode, Answer<HubKey>), Problem> {
    let new: NewHubKey = body.parse()?;
    let once = key.of("hub-keys", &by, body.text());
    let (made, key) = keys.create(&new.name, once, by).await?;
    let mut made = HubKey::from(made);
    made.key = Some(key.expose_secret().to_owned());
    Ok((StatusCode::CREATED, Answer(made)))
}

/// List the keys that are valid, the oldest first
#[utoipa::path(get, path = "/v1/hub/keys", tag = "action hub", params(Page),
    responses((status = 200, body = List<HubKey>), (status = "4XX", body = ProblemBody)))]
pub(super) async fn list(
    _: Admin,
    State(keys): State<Arc<HubKeys>>,
    Query(page): Query<Page>,
) -> Result<Answer<List<HubKey>>, Problem> {
    let (limit, after) = (page.limit()?, page.after()?);
    let found = keys.list(after.as_deref(), limit + 1).await?;
    let items = found.into_iter().map(HubKey::from).collect();
    Ok(Answer(List::of(items, limit, |it: &HubKey| it.id.clone())))
}

/// Revoke a key: from now on nobody is let in with it
#[utoipa::path(delete, path = "/v1/hub/keys/{id}", tag = "action hub", params(("id" = String, Path)),
    responses((status = 204), (status = "4XX", body = ProblemBody)))]
pub(super) async fn revoke(
    Admin(by): Admin,
    State(keys): State<Arc<HubKeys>>,
    Id(id): Id<HubKeyId>,
) -> Result<StatusCode, Problem> {
    keys.revoke(&id, by).await?;
    Ok(StatusCode::NO_CONTENT)
}
