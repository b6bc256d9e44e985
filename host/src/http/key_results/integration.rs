//! `/v1/key-results/{id}/integration` and `…/refresh`: where the numbers come from.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::response::IntoResponse;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::chart::Fresh;
use crate::id::{ConnectionId, KeyResultId};
use crate::keyresult::{KeyResults, Link, Missed};
use crate::looker::Source;
use crate::problem::{Code, Problem};

use super::super::access::Editor;
use super::super::body::{Id, Json};
use super::super::etag::{MayMatch, unmatched};
use super::super::request::ProblemBody;
use super::told;
use super::view::KeyResult;

/// Where the numbers of a key result are to come from.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewIntegration {
    /// Whether it is read; while it is off, people set the value by hand. By itself it switches the
    /// integration that is there.
    enabled: bool,
    /// Through which connection.
    connection_id: Option<ConnectionId>,
    /// Which chart.
    source: Option<Source>,
    /// Which extractor; the one that reads the chart's type without it.
    #[serde(default)]
    extractor: Option<String>,
    /// Control name to value; defaults stand in for what is left out.
    #[serde(default)]
    #[schema(value_type = Object, example = json!({"x": "orders.created_month", "y": "orders.count", "at": "latest"}))]
    selection: BTreeMap<String, String>,
    /// Values of the dashboard's filters, by name, in place of its own.
    #[serde(default)]
    #[schema(value_type = Object)]
    filters: BTreeMap<String, String>,
    /// How often it is read, like `30s`, `15m`, `1h`; `1h` where neither this nor `cron` is given.
    #[serde(default)]
    #[schema(example = "15m")]
    every: Option<String>,
    /// When it is read: a cron expression of five fields.
    #[serde(default)]
    #[schema(example = "0 8 * * MON-FRI")]
    cron: Option<String>,
    /// The zone of `cron`, UTC without it, and the one that Looker's "today" is meant in.
    #[serde(default)]
    #[schema(example = "Europe/Berlin")]
    time_zone: Option<String>,
    /// What is done about slots that passed while nobody was there to read.
    #[serde(default)]
    missed: Option<Missed>,
    /// For how long its number may stay the same before it is told as drift (`not-moving`): an
    /// interval, or `never`; `7d` without it.
    #[serde(default)]
    #[schema(example = "7d")]
    still_after: Option<String>,
}

impl NewIntegration {
    /// The link it stands for.
    pub fn link(self) -> Result<Link, Problem> {
        let missing = |pointer| Problem::invalid(pointer, "it is missing");
        Ok(Link {
            enabled: self.enabled,
            connection: self
                .connection_id
                .ok_or_else(|| missing("/connection_id"))?,
            source: self.source.ok_or_else(|| missing("/source"))?,
            extractor: self.extractor,
            selection: self.selection,
            filters: self.filters,
            every: self.every,
            cron: self.cron,
            time_zone: self.time_zone,
            missed: self.missed.unwrap_or_default(),
            still_after: self.still_after,
        })
    }

    /// Whether nothing is said but on or off.
    fn only_switches(&self) -> bool {
        self.connection_id.is_none()
            && self.source.is_none()
            && self.extractor.is_none()
            && self.selection.is_empty()
            && self.filters.is_empty()
            && self.every.is_none()
            && self.cron.is_none()
            && self.time_zone.is_none()
            && self.missed.is_none()
            && self.still_after.is_none()
    }
}

/// A problem whose places lie below another one.
pub(super) fn under(place: &str, mut problem: Problem) -> Problem {
    for error in &mut problem.errors {
        error.pointer = format!("{place}{}", error.pointer);
    }
    problem
}

/// A problem of a create, where what is wrong with the link lies below `/integration`.
pub(super) fn of_create(mut problem: Problem) -> Problem {
    const OF_LINK: [&str; 8] = [
        "/connection_id",
        "/source",
        "/selection",
        "/filters",
        "/every",
        "/cron",
        "/time_zone",
        "/still_after",
    ];
    if problem.code == Code::INVALID_INPUT {
        for error in &mut problem.errors {
            if OF_LINK.iter().any(|place| error.pointer.starts_with(place)) {
                error.pointer = format!("/integration{}", error.pointer);
            }
        }
    }
    problem
}

/// Link a key result to a chart, or switch the integration on or off
///
/// `{"enabled": false}` by itself switches off what is there, and `{"enabled": true}` on. One that
/// is on is read at once. `If-Match` is needed once there is an integration.
#[utoipa::path(put, path = "/v1/key-results/{id}/integration", tag = "key results",
    params(("id" = String, Path), ("If-Match" = Option<String>, Header, description = "The key result's `ETag`, or `*`")),
    request_body = NewIntegration,
    responses((status = 200, body = KeyResult, headers(("ETag" = String))),
        (status = 201, body = KeyResult, headers(("ETag" = String))),
        (status = "4XX", body = ProblemBody), (status = "5XX", body = ProblemBody)))]
pub(crate) async fn put(
    Editor(by): Editor,
    State(key_results): State<Arc<KeyResults>>,
    Id(id): Id<KeyResultId>,
    MayMatch(seen): MayMatch,
    body: Json,
) -> Result<impl IntoResponse, Problem> {
    let before = key_results.get(&id).await?;
    let fresh = before.record.integration.is_none();
    let seen = match seen {
        Some(seen) => seen.0,
        // Nothing of anybody's is overwritten by the first link.
        None if fresh => Some(before.version),
        None => return Err(unmatched()),
    };
    let new: NewIntegration = body.parse()?;
    let linked = if new.only_switches() {
        key_results.switch(&id, new.enabled, seen, by).await?
    } else {
        key_results.link(&id, &new.link()?, seen, by).await?
    };
    let status = if fresh { 201 } else { 200 };
    let status = axum::http::StatusCode::from_u16(status).unwrap_or_default();
    Ok((status, told(linked, &key_results)))
}

/// How a key result is refreshed.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Refresh {
    /// `false` has Looker ask the database, whatever its cache holds.
    #[serde(default)]
    #[schema(default = true)]
    cache: Option<bool>,
}

/// Read a key result now
///
/// It answers once the reading is stored, or with the problem that reading met, which is stored as
/// well. The body may be left out.
#[utoipa::path(post, path = "/v1/key-results/{id}/refresh", tag = "key results",
    params(("id" = String, Path)), request_body = Option<Refresh>,
    responses((status = 200, body = KeyResult, headers(("ETag" = String))),
        (status = "4XX", body = ProblemBody), (status = "5XX", body = ProblemBody)))]
pub(crate) async fn refresh(
    Editor(by): Editor,
    State(key_results): State<Arc<KeyResults>>,
    Id(id): Id<KeyResultId>,
    body: Option<Json>,
) -> Result<impl IntoResponse, Problem> {
    let refresh: Refresh = body.map_or_else(|| Ok(Refresh::default()), |body| body.parse())?;
    let fresh = match refresh.cache {
        Some(false) => Fresh::Uncached,
        Some(true) | None => Fresh::Now,
    };
    let read = key_results.refresh(&id, fresh, by).await?;
    Ok(told(read, &key_results))
}
