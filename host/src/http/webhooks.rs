//! `/v1/webhooks`: other systems that are told what happens.

use std::sync::Arc;

use axum::Json as Answer;
use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::id::WebhookId;
use crate::problem::Problem;
use crate::record::Stored;
use crate::webhook::{Draft, WebhookRecord, Webhooks};

use super::access::{Editor, Reader};
use super::body::{Id, Json, Query};
use super::page::{List, Page};
use super::repeat::Repeatable;
use super::request::ProblemBody;

/// A webhook.
#[derive(Serialize, ToSchema)]
pub(super) struct Webhook {
    /// Its id.
    #[schema(example = "wh_0192f0c1a2b37c4d8e5f60718293a4b5")]
    id: String,
    /// Where requests go. Whoever may not edit sees the host alone: many receivers take what stands
    /// behind it for a password.
    #[schema(example = "https://example.com/lensmount")]
    url: String,
    /// What it is told.
    #[schema(example = json!(["reading", "failure"]))]
    kinds: Vec<String>,
    /// What requests are signed with. Only in the answer that made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "whsec_…")]
    secret: Option<String>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// Notices that wait to be delivered.
    waiting: u64,
    /// When a notice was delivered last.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_delivered_at: Option<Timestamp>,
    /// Since when nothing has been delivered although it was tried.
    #[schema(value_type = Option<String>, format = DateTime)]
    failing_since: Option<Timestamp>,
    /// What was wrong with the newest notice that was not delivered.
    last_error: Option<String>,
    /// Notices that were given up: refused eight times, older than three days, or the oldest of more
    /// than 50,000 that waited.
    given_up: u64,
    /// When its receiver answered 410 Gone. It is told nothing more.
    #[schema(value_type = Option<String>, format = DateTime)]
    stopped_at: Option<Timestamp>,
}

/// The address without what may be a secret.
fn shortened(url: &str) -> String {
    let host = url::Url::parse(url).map(|url| url.origin().ascii_serialization());
    format!("{}/…", host.unwrap_or_default())
}

fn told(stored: Stored<WebhookRecord>, webhooks: &Webhooks, edits: bool) -> Webhook {
    let (record, waiting) = (stored.record, webhooks.waiting(&stored.key));
    Webhook {
        id: stored.key,
        url: if edits {
            record.url
        } else {
            shortened(&record.url)
        },
        kinds: record.kinds,
        secret: None,
        created_at: record.created_at,
        waiting,
        last_delivered_at: record.standing.last_delivered_at,
        failing_since: record.standing.failing_since,
        last_error: record.standing.last_error,
        given_up: record.standing.given_up,
        stopped_at: record.standing.stopped,
    }
}

/// A webhook to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewWebhook {
    /// Where requests go: http or https, without a password.
    url: String,
    /// What it is to be told: `reading`, `failure`, `drift`, `key-result`, `roll-out`.
    kinds: Vec<String>,
}

/// Have another system told what happens
///
/// Requests are signed as [Standard Webhooks](https://www.standardwebhooks.com) say, with the secret
/// in this answer; it is shown once. A request is sent until it is answered with 2xx: at least once,
/// always with the same `webhook-id`.
#[utoipa::path(post, path = "/v1/webhooks", tag = "webhooks", request_body = NewWebhook,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes the request safe to send again for a day")),
    responses((status = 201, body = Webhook), (status = "4XX", body = ProblemBody)))]
pub(super) async fn create(
    Editor(by): Editor,
    State(webhooks): State<Arc<Webhooks>>,
    key: Repeatable,
    body: Json,
) -> Result<(StatusCode, Answer<Webhook>), Problem> {
    let new: NewWebhook = body.parse()?;
    let draft = Draft {
        url: new.url,
        kinds: new.kinds,
    };
    let once = key.of("webhooks", &by, body.text());
    let (made, secret) = webhooks.create(draft, once, by).await?;
    let mut made = told(made, &webhooks, true);
    made.secret = Some(secret.expose_secret().to_owned());
    Ok((StatusCode::CREATED, Answer(made)))
}

/// List webhooks, the oldest first
#[utoipa::path(get, path = "/v1/webhooks", tag = "webhooks", params(Page),
    responses((status = 200, body = List<Webhook>), (status = "4XX", body = ProblemBody)))]
pub(super) async fn list(
    reader: Reader,
    State(webhooks): State<Arc<Webhooks>>,
    Query(page): Query<Page>,
) -> Result<Answer<List<Webhook>>, Problem> {
    let (limit, after) = (page.limit()?, page.after()?);
    let found = webhooks.list(after.as_deref(), limit + 1).await?;
    let items = found
        .into_iter()
        .map(|it| told(it, &webhooks, reader.edits))
        .collect();
    Ok(Answer(List::of(items, limit, |it: &Webhook| it.id.clone())))
}

/// Show a webhook
#[utoipa::path(get, path = "/v1/webhooks/{id}", tag = "webhooks", params(("id" = String, Path)),
    responses((status = 200, body = Webhook), (status = "4XX", body = ProblemBody)))]
pub(super) async fn show(
    reader: Reader,
    State(webhooks): State<Arc<Webhooks>>,
    Id(id): Id<WebhookId>,
) -> Result<Answer<Webhook>, Problem> {
    let found = webhooks.get(id.as_str()).await?;
    Ok(Answer(told(found, &webhooks, reader.edits)))
}

/// A notice that was sent to try a webhook.
#[derive(Serialize, ToSchema)]
pub(super) struct Tried {
    /// Its `webhook-id`.
    #[schema(example = "msg_0192f0c1a2b37c4d8e5f60718293a4b5")]
    webhook_id: String,
}

/// Send a webhook a notice of type `test`
///
/// It waits in line like any other; `last_delivered_at` and `last_error` tell what became of it.
#[utoipa::path(post, path = "/v1/webhooks/{id}/test", tag = "webhooks", params(("id" = String, Path)),
    responses((status = 202, body = Tried), (status = "4XX", body = ProblemBody)))]
pub(super) async fn test(
    Editor(by): Editor,
    State(webhooks): State<Arc<Webhooks>>,
    Id(id): Id<WebhookId>,
) -> Result<(StatusCode, Answer<Tried>), Problem> {
    let webhook_id = webhooks.test(&id, by).await?;
    Ok((StatusCode::ACCEPTED, Answer(Tried { webhook_id })))
}

/// Remove a webhook, with all that it was still to be told
#[utoipa::path(delete, path = "/v1/webhooks/{id}", tag = "webhooks", params(("id" = String, Path)),
    responses((status = 204), (status = "4XX", body = ProblemBody)))]
pub(super) async fn delete(
    Editor(by): Editor,
    State(webhooks): State<Arc<Webhooks>>,
    Id(id): Id<WebhookId>,
) -> Result<StatusCode, Problem> {
    webhooks.delete(&id, by).await?;
    Ok(StatusCode::NO_CONTENT)
}
