//! Runs that are waited for.

use std::collections::HashMap;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{OriginalUri, Path, Query, State};
use axum::http::header;
use axum::response::{IntoResponse as _, Response};

use super::{Asked, queries};
use crate::query::Stored;
use crate::refusal::Refusal;
use crate::result::{Format, Freshness, Ran, Wishes, write};
use crate::run::{self, run};
use crate::server::Sim;
use crate::task::failed;

/// What a call wants run.
pub fn asked(stored: Arc<Stored>, asks: &HashMap<String, String>) -> run::Asked {
    let is = |name: &str, otherwise| asks.get(name).map_or(otherwise, |text| text == "true");
    run::Asked {
        stored,
        limit: asks.get("limit").filter(|limit| !limit.is_empty()).cloned(),
        cache: is("cache", true),
        cache_only: is("cache_only", false),
    }
}

/// What a call wants of the answer.
pub fn wishes(asks: &HashMap<String, String>) -> Wishes {
    let is = |name: &str| asks.get(name).is_some_and(|text| text == "true");
    Wishes {
        calculations: is("server_table_calcs"),
        links: is("generate_drill_links"),
        formatted: is("apply_formatting"),
    }
}

/// The format of this name.
pub fn format(name: &str) -> Result<Format, Refusal> {
    let words = || format!("{name} is not a result format of this simulation");
    Format::parse(name).ok_or_else(|| Refusal::Invalid("result_format", "invalid", words()))
}

/// An answer as a body.
pub fn body(
    sim: &Sim,
    ran: &Ran,
    format: Format,
    wishes: Wishes,
    fresh: Freshness,
    path: &str,
) -> Response {
    let fault = sim.faults.error_within(path);
    let body = write(ran, format, wishes, fresh, fault.as_deref());
    ([(header::CONTENT_TYPE, format.media_type())], body).into_response()
}

pub async fn query(
    State(sim): State<Arc<Sim>>,
    Path((id, format)): Path<(String, String)>,
    OriginalUri(uri): OriginalUri,
    Query(asks): Asked,
) -> Result<Response, Refusal> {
    let stored = sim.queries.get(&id).ok_or(Refusal::NotFound)?;
    answer(&sim, stored, &format, &asks, uri.path()).await
}

pub async fn look(
    State(sim): State<Arc<Sim>>,
    Path((id, format)): Path<(String, String)>,
    OriginalUri(uri): OriginalUri,
    Query(asks): Asked,
) -> Result<Response, Refusal> {
    let look = sim.content.look(&id).ok_or(Refusal::NotFound)?;
    answer(&sim, Arc::clone(&look.stored), &format, &asks, uri.path()).await
}

pub async fn inline(
    State(sim): State<Arc<Sim>>,
    Path(format): Path<String>,
    OriginalUri(uri): OriginalUri,
    Query(asks): Asked,
    body: Bytes,
) -> Result<Response, Refusal> {
    let stored = sim.queries.put(queries::read(&body)?);
    answer(&sim, stored, &format, &asks, uri.path()).await
}

async fn answer(
    sim: &Sim,
    stored: Arc<Stored>,
    format_name: &str,
    asks: &HashMap<String, String>,
    path: &str,
) -> Result<Response, Refusal> {
    let format = format(format_name)?;
    let (ran, fresh) = run(sim, &asked(stored, asks), path).await;
    // Rows without metadata say what went wrong in a row; text has no place for it.
    if failed(&ran, format)
        && matches!(format, Format::Csv | Format::Txt)
        && let Err(problem) = &ran.outcome
    {
        return Err(Refusal::Bad(problem.to_string()));
    }
    Ok(body(sim, &ran, format, wishes(asks), fresh, path))
}
