//! `/livez`, `/readyz`, `/version`, `/metrics`: for those who keep the server running. Only the
//! metrics need a token.

use std::sync::Arc;

use axum::Json as Answer;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use serde::Serialize;
use utoipa::ToSchema;

use crate::catalog::Catalog;
use crate::event::Runs;
use crate::metrics::Metrics;
use crate::problem::Problem;
use crate::store::{Kind, SharedStore};

use super::access::Viewer;
use super::problems::ours;
use super::request::ProblemBody;

/// A check and what it found.
#[derive(Serialize, ToSchema)]
pub(super) struct Health {
    /// `ok`, or `failing`.
    #[schema(example = "ok")]
    status: &'static str,
    /// The checks that fail, by name.
    failing: Vec<&'static str>,
}

/// Is the process alive?
#[utoipa::path(get, path = "/livez", tag = "operate", responses((status = 200, body = Health)))]
pub(super) async fn livez() -> Answer<Health> {
    Answer(Health {
        status: "ok",
        failing: Vec::new(),
    })
}

/// Can it serve requests?
///
/// It does not ask Looker: a Looker that is away is no reason to take this server out.
#[utoipa::path(get, path = "/readyz", tag = "operate",
    responses((status = 200, body = Health), (status = 503, body = Health)))]
pub(super) async fn readyz(State(store): State<SharedStore>) -> impl IntoResponse {
    match store.list(Kind::Extractor, None, 1).await {
        Ok(_) => (
            StatusCode::OK,
            Answer(Health {
                status: "ok",
                failing: Vec::new(),
            }),
        ),
        Err(error) => {
            tracing::error!(%error, "not ready: the store does not answer");
            (
                StatusCode::SERVICE_UNAVAILABLE,
                Answer(Health {
                    status: "failing",
                    failing: vec!["store"],
                }),
            )
        }
    }
}

/// What the server counts, as OpenMetrics text
#[utoipa::path(get, path = "/metrics", tag = "operate",
    responses((status = 200, content_type = "application/openmetrics-text", body = String), (status = "4XX", body = ProblemBody)))]
pub(super) async fn metrics(
    _: Viewer,
    State(metrics): State<Metrics>,
    State(catalog): State<Arc<Catalog>>,
    State(runs): State<Arc<Runs>>,
) -> Result<impl IntoResponse, Problem> {
    // A store that fails is no reason to be silent about the rest.
    let backlog = runs.backlog().await;
    if let Err(error) = &backlog {
        tracing::warn!(%error, "how much of all runs is not done cannot be told");
    }
    let text = metrics.text(&catalog, backlog.as_ref().ok());
    let text = text.map_err(|error| ours(&error))?;
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    Ok(([(CONTENT_TYPE, kind)], text))
}

/// What is running.
#[derive(Serialize, ToSchema)]
pub(super) struct Running {
    /// Of Lensmount.
    version: &'static str,
    /// The versions of the extractor contract that it speaks.
    contracts: Vec<String>,
    /// The WebAssembly engine.
    engine: &'static str,
}

/// Which version is it?
#[utoipa::path(get, path = "/version", tag = "operate", responses((status = 200, body = Running)))]
pub(super) async fn version() -> Answer<Running> {
    Answer(Running {
        version: env!("CARGO_PKG_VERSION"),
        contracts: crate::catalog::contracts(),
        engine: crate::sandbox::ENGINE,
    })
}
