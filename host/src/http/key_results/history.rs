//! `/v1/key-results/{id}/readings` and `…/backfill`: what was read over time.

use std::sync::Arc;

use axum::Json as Answer;
use axum::extract::State;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::id::KeyResultId;
use crate::keyresult::{KeptReading, KeyResults, Span};
use crate::problem::Problem;
use crate::reading::Reading;
use crate::store::ReadingPlace;

use super::super::access::{Editor, Viewer};
use super::super::body::{Id, Query};
use super::super::page::{List, Page};
use super::super::request::ProblemBody;

/// Which part of a history.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Which {
    /// Nothing before this time.
    #[param(value_type = Option<String>, example = "2026-11-01T00:00:00Z")]
    from: Option<Timestamp>,
    /// Nothing at this time or after it.
    #[param(value_type = Option<String>)]
    to: Option<Timestamp>,
    /// Items on a page, at most 200.
    limit: Option<usize>,
    /// `next_page_token` of the page before.
    page_token: Option<String>,
}

/// A reading of a history.
#[derive(Serialize, ToSchema)]
pub(crate) struct Kept {
    /// The moment it stands for: when it was read, or the beginning of the period that a backfilled
    /// point stands at.
    #[schema(value_type = String, format = DateTime)]
    time: Timestamp,
    /// The reading.
    #[serde(flatten)]
    reading: Reading,
    #[serde(skip)]
    place: String,
}

impl From<KeptReading> for Kept {
    fn from(kept: KeptReading) -> Self {
        let ReadingPlace { at, seq } = kept.place;
        Self {
            time: at,
            reading: kept.reading,
            place: format!("{}.{seq}", at.as_microsecond()),
        }
    }
}

fn place(token: &str) -> Option<ReadingPlace> {
    let (micros, seq) = token.split_once('.')?;
    Some(ReadingPlace {
        at: Timestamp::from_microsecond(micros.parse().ok()?).ok()?,
        seq: seq.parse().ok()?,
    })
}

/// List the readings of a key result, the newest first
#[utoipa::path(get, path = "/v1/key-results/{id}/readings", tag = "key results",
    params(("id" = String, Path), Which),
    responses((status = 200, body = List<Kept>), (status = "4XX", body = ProblemBody)))]
pub(crate) async fn readings(
    _: Viewer,
    State(key_results): State<Arc<KeyResults>>,
    Id(id): Id<KeyResultId>,
    Query(which): Query<Which>,
) -> Result<Answer<List<Kept>>, Problem> {
    let page = Page {
        limit: which.limit,
        page_token: which.page_token,
    };
    let limit = page.limit()?;
    let before = match page.after()? {
        None => None,
        Some(token) => Some(
            place(&token)
                .ok_or_else(|| Problem::invalid("/page_token", "it is a token of another list"))?,
        ),
    };
    let span = Span {
        from: which.from,
        to: which.to,
        before,
    };
    let found = key_results.readings(&id, span, limit + 1).await?;
    let items = found.into_iter().map(Kept::from).collect();
    Ok(Answer(List::of(items, limit, |it: &Kept| it.place.clone())))
}

/// What a backfill came to.
#[derive(Serialize, ToSchema)]
pub(crate) struct Backfilled {
    /// Points that were added to the history.
    added: usize,
    /// Points that an earlier backfill had added; they stay as they were.
    present: usize,
    /// Points that were left out because their period is not over: what they show may still change.
    unfinished: usize,
}

/// Fill the history from the chart's own series
///
/// Every point whose period is over is added at the time it stands for. What was read before stays,
/// and the value does not change.
#[utoipa::path(post, path = "/v1/key-results/{id}/backfill", tag = "key results", params(("id" = String, Path)),
    responses((status = 200, body = Backfilled), (status = "4XX", body = ProblemBody), (status = "5XX", body = ProblemBody)))]
pub(crate) async fn backfill(
    Editor(by): Editor,
    State(key_results): State<Arc<KeyResults>>,
    Id(id): Id<KeyResultId>,
) -> Result<Answer<Backfilled>, Problem> {
    let done = key_results.backfill(&id, by).await?;
    Ok(Answer(Backfilled {
        added: done.added,
        present: done.present,
        unfinished: done.unfinished,
    }))
}
