//! A data plane that takes batches, refuses what it does not like, and counts.

use std::collections::{BTreeMap, VecDeque};
use std::io::Read as _;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::Value;

/// A data plane: what it has taken, and how it answers next.
#[derive(Clone, Default)]
pub(super) struct Plane(pub Arc<Mutex<Taken>>);

#[derive(Default)]
pub(super) struct Taken {
    /// By message id: how often it came, and the message.
    pub messages: BTreeMap<String, (u32, Value)>,
    pub requests: u32,
    pub replies: VecDeque<(u16, Option<&'static str>)>,
    /// A user id that it does not like.
    pub dislikes: Option<&'static str>,
    pub keys: Vec<String>,
}

impl Plane {
    pub async fn start() -> (Self, SocketAddr) {
        let plane = Self::default();
        let app = Router::new()
            .route("/v1/batch", axum::routing::post(take))
            .layer(DefaultBodyLimit::disable())
            .with_state(plane.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, app).await });
        (plane, address)
    }

    pub fn answers(&self, replies: &[(u16, Option<&'static str>)]) {
        self.0.lock().unwrap().replies.extend(replies);
    }

    pub fn count(&self) -> usize {
        self.0.lock().unwrap().messages.len()
    }

    pub fn requests(&self) -> u32 {
        self.0.lock().unwrap().requests
    }

    pub fn messages(&self) -> BTreeMap<String, (u32, Value)> {
        self.0.lock().unwrap().messages.clone()
    }
}

async fn take(State(plane): State<Plane>, headers: HeaderMap, body: Bytes) -> Response {
    let mut taken = plane.0.lock().unwrap();
    taken.requests += 1;
    let key = headers["authorization"].to_str().unwrap().to_owned();
    taken.keys.push(key);
    if let Some((code, retry_after)) = taken.replies.pop_front() {
        let status = StatusCode::from_u16(code).unwrap();
        return match retry_after {
            Some(after) => (status, [("retry-after", after)]).into_response(),
            None => status.into_response(),
        };
    }
    let mut plain = Vec::new();
    flate2::read::GzDecoder::new(&body[..])
        .read_to_end(&mut plain)
        .unwrap();
    assert!(plain.len() <= 4_000 * 1024, "a data plane takes no more");
    let told: Value = serde_json::from_slice(&plain).unwrap();
    let batch = told["batch"].as_array().unwrap();
    let bad = |message: &Value| taken.dislikes.is_some_and(|id| message["userId"] == id);
    if batch.iter().any(bad) {
        return (
            StatusCode::BAD_REQUEST,
            "request neither has anonymousId nor userId",
        )
            .into_response();
    }
    for message in batch {
        assert_eq!(message["sentAt"], told["sentAt"]);
        let id = message["messageId"].as_str().unwrap().to_owned();
        let known = taken.messages.entry(id).or_insert((0, message.clone()));
        known.0 += 1;
    }
    "OK".into_response()
}
