//! `/livez`, `/readyz`, `/version`: for those who keep the server running. No token.

use axum::Json as Answer;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde::Serialize;
use utoipa::ToSchema;

use crate::store::{Kind, SharedStore};

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

/// What is running.
#[derive(Serialize, ToSchema)]
pub(super) struct Running {
    /// Of Lensmount.
    version: &'static str,
    /// The versions of the extractor contract that it speaks.
    contracts: [&'static str; 1],
    /// The WebAssembly engine.
    engine: &'static str,
}

/// Which version is it?
#[utoipa::path(get, path = "/version", tag = "operate", responses((status = 200, body = Running)))]
pub(super) async fn version() -> Answer<Running> {
    Answer(Running {
        version: env!("CARGO_PKG_VERSION"),
        contracts: ["lensmount:extractor@1.0.0"],
        engine: crate::sandbox::ENGINE,
    })
}
