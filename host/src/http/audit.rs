//! `/v1/audit`: who changed what.

use axum::Json as Answer;
use axum::extract::State;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::problem::Problem;
use crate::store::{AuditRecord, SharedStore};

use super::access::Admin;
use super::body::Query;
use super::page::{List, Page};
use super::request::ProblemBody;

/// One change that was made.
#[derive(Serialize, ToSchema)]
pub(super) struct Audited {
    /// Its place in the order of all changes.
    seq: u64,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// Whose token, or `server`.
    #[schema(example = "token:bootstrap")]
    actor: String,
    /// What was done.
    #[schema(example = "extractor.activate")]
    action: String,
    /// What it was done to.
    #[schema(example = "extractor:tide-table")]
    target: String,
    /// The request it was done in.
    request_id: Option<String>,
    /// What else matters.
    detail: Option<serde_json::Value>,
}

impl From<AuditRecord> for Audited {
    fn from(AuditRecord { seq, at, entry }: AuditRecord) -> Self {
        Self {
            seq,
            at,
            actor: entry.actor,
            action: entry.action,
            target: entry.target,
            request_id: entry.request_id,
            detail: entry.detail,
        }
    }
}

/// List changes, the newest first
#[utoipa::path(get, path = "/v1/audit", tag = "access", params(Page),
    responses((status = 200, body = List<Audited>), (status = "4XX", body = ProblemBody)))]
pub(super) async fn list(
    _: Admin,
    State(store): State<SharedStore>,
    Query(page): Query<Page>,
) -> Result<Answer<List<Audited>>, Problem> {
    let limit = page.limit()?;
    let before = page.after()?.map(|seq| seq.parse()).transpose();
    let before =
        before.map_err(|_| Problem::invalid("/page_token", "it is a token of another list"))?;
    let records = store.audit(before, limit + 1).await?;
    Ok(Answer(List::of(
        records.into_iter().map(Audited::from).collect(),
        limit,
        |audited| audited.seq.to_string(),
    )))
}
