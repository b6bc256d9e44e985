//! A data plane that takes everything and shows what it was sent: how much of each type, and the last
//! of it.

use std::collections::{BTreeMap, VecDeque};
use std::io::Read as _;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Context;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use flate2::read::GzDecoder;
use reqwest::Url;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio::net::TcpListener;

/// How many messages are kept.
const LAST: usize = 5;
/// The most bytes of a batch that are read, which is four times what a data plane takes.
const LARGEST: u64 = 16 << 20;

/// What was recorded.
#[derive(Debug, Clone, Default, Serialize)]
pub(super) struct Recorded {
    /// Messages by their type.
    pub counts: BTreeMap<String, u64>,
    /// The last of them as they came, the newest last.
    pub last: VecDeque<Box<RawValue>>,
}

/// A data plane that is up, until the process ends.
pub(super) struct Plane {
    pub url: Url,
    recorded: Arc<Mutex<Recorded>>,
}

#[derive(Deserialize)]
struct Batch {
    batch: Vec<Box<RawValue>>,
}

#[derive(Deserialize)]
struct Message {
    r#type: String,
}

impl Plane {
    /// Starts it in this process, to be sent to over HTTP like any other.
    pub async fn start() -> anyhow::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .context("the data plane cannot listen")?;
        let url = Url::parse(&format!("http://{}", listener.local_addr()?))?;
        let recorded = Arc::new(Mutex::new(Recorded::default()));
        let app = Router::new()
            .route("/", get(show))
            .route("/v1/batch", post(take))
            .with_state(Arc::clone(&recorded));
        tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, app).await {
                tracing::error!(%error, "the recording data plane failed");
            }
        });
        Ok(Self { url, recorded })
    }

    /// What was recorded so far.
    pub fn recorded(&self) -> Recorded {
        lock(&self.recorded).clone()
    }
}

async fn show(State(recorded): State<Arc<Mutex<Recorded>>>) -> Json<Recorded> {
    Json(lock(&recorded).clone())
}

async fn take(
    State(recorded): State<Arc<Mutex<Recorded>>>,
    body: Bytes,
) -> Result<&'static str, (StatusCode, String)> {
    let unfit = |error: &dyn std::error::Error| (StatusCode::BAD_REQUEST, error.to_string());
    let mut plain = Vec::new();
    let mut decoder = GzDecoder::new(&body[..]).take(LARGEST);
    decoder
        .read_to_end(&mut plain)
        .map_err(|error| unfit(&error))?;
    let Batch { batch } = serde_json::from_slice(&plain).map_err(|error| unfit(&error))?;
    let mut recorded = lock(&recorded);
    for message in batch {
        let Message { r#type } =
            serde_json::from_str(message.get()).map_err(|error| unfit(&error))?;
        *recorded.counts.entry(r#type).or_default() += 1;
        recorded.last.push_back(message);
    }
    let old = recorded.last.len().saturating_sub(LAST);
    recorded.last.drain(..old);
    Ok("OK")
}

fn lock(recorded: &Mutex<Recorded>) -> MutexGuard<'_, Recorded> {
    recorded.lock().unwrap_or_else(PoisonError::into_inner)
}
