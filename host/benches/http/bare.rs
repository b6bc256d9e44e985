//! The baseline: axum and serde_json, and nothing else.

use std::io::Read as _;

use axum::body::Bytes;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;

use super::results::Document;

/// What this program is started with to be that server.
pub const ARGUMENT: &str = "bare-server";
/// What is called.
pub const PATH: &str = "/v1/extractors/timeseries/read";

#[derive(Deserialize)]
struct Request<'a> {
    #[serde(borrow)]
    result: Document<'a>,
}

#[derive(Serialize)]
struct Answer {
    value: String,
}

/// Serves until nobody needs it any more.
pub async fn serve() -> anyhow::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("listening on http://{}", listener.local_addr()?);
    let app = Router::new()
        .route(PATH, post(read))
        .layer(DefaultBodyLimit::disable());
    tokio::spawn(async move { axum::serve(listener, app).await });
    // The other end of the pipe closes with the process that wants it.
    let closed = || std::io::stdin().read_to_end(&mut Vec::new());
    tokio::task::spawn_blocking(closed).await??;
    Ok(())
}

async fn read(body: Bytes) -> Result<Json<Answer>, StatusCode> {
    let request: Request<'_> =
        serde_json::from_slice(&body).map_err(|_| StatusCode::BAD_REQUEST)?;
    let latest = request.result.latest();
    let value = latest.ok_or(StatusCode::UNPROCESSABLE_ENTITY)?.to_owned();
    Ok(Json(Answer { value }))
}
