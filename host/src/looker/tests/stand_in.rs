//! A server that answers by script.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{Response, StatusCode};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::{Looker, Settings, connect, settings};

/// A request as it came in.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    /// Such as `GET /api/4.0/user`.
    pub call: String,
    pub query: String,
    pub token: Option<String>,
    pub body: String,
    /// How many of the same call came before it.
    pub nth: usize,
}

/// What a script answers.
pub(super) enum Reply {
    Json(u16, Value),
    Raw(u16, &'static str),
    With(u16, &'static str, String),
    Location(u16, String),
    /// Begins an answer and breaks it off.
    Broken,
    /// Never ends: chunk after chunk, without a length.
    Endless,
    Never,
    /// JSON after a while.
    Later(Duration, u16, Value),
}

/// The error that Looker gives.
pub(super) fn refusal(status: u16, message: &str) -> Reply {
    Reply::Json(
        status,
        json!({"message": message, "documentation_url": "https://docs.looker.com/"}),
    )
}

type Script = Arc<dyn Fn(&Seen) -> Option<Reply> + Send + Sync>;

struct Stage {
    script: Script,
    log: Mutex<(Vec<Seen>, BTreeMap<String, usize>)>,
}

/// A running server. It stops with the test's runtime.
pub(super) struct StandIn {
    pub url: String,
    stage: Arc<Stage>,
}

impl StandIn {
    /// Starts one. What the script has no answer for is answered as a small Looker would.
    pub async fn start(script: impl Fn(&Seen) -> Option<Reply> + Send + Sync + 'static) -> Self {
        let stage = Arc::new(Stage {
            script: Arc::new(script),
            log: Mutex::default(),
        });
        let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0)))
            .await
            .unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = axum::Router::new()
            .fallback(answer)
            .with_state(Arc::clone(&stage));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, stage }
    }

    /// A connection to it.
    pub fn connect(&self) -> Arc<Looker> {
        connect(self.settings())
    }

    pub fn settings(&self) -> Settings {
        settings(&self.url)
    }

    /// The calls that came in, in order.
    pub fn calls(&self) -> Vec<Seen> {
        self.stage
            .log
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .0
            .clone()
    }

    /// How often a call came in.
    pub fn count(&self, call: &str) -> usize {
        self.calls().iter().filter(|seen| seen.call == call).count()
    }
}

async fn answer(State(stage): State<Arc<Stage>>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX)
        .await
        .unwrap_or_default();
    let call = format!("{} {}", parts.method, parts.uri.path());
    let header = parts
        .headers
        .get("authorization")
        .and_then(|value| value.to_str().ok());
    let seen = {
        let mut log = stage.log.lock().unwrap_or_else(PoisonError::into_inner);
        let count = log.1.entry(call.clone()).or_default();
        let nth = *count;
        *count += 1;
        let seen = Seen {
            call,
            query: parts.uri.query().unwrap_or_default().to_owned(),
            token: header.map(str::to_owned),
            body: String::from_utf8_lossy(&body).into_owned(),
            nth,
        };
        log.0.push(seen.clone());
        seen
    };
    let reply = (stage.script)(&seen)
        .or_else(|| unfinished(&stage, &seen))
        .or_else(|| small_looker(&seen));
    match reply.unwrap_or_else(|| refusal(404, "Not found")) {
        Reply::Json(status, json) => respond(
            status,
            "content-type: application/json",
            json.to_string().into(),
        ),
        Reply::Raw(status, text) => respond(status, "content-type: text/html", text.into()),
        Reply::With(status, header, text) => respond(status, header, text.into()),
        Reply::Location(status, to) => respond(status, &format!("location: {to}"), Body::empty()),
        Reply::Broken => {
            let parts = [
                Ok(Bytes::from_static(b"{\"id\":")),
                Err(std::io::Error::other("broken")),
            ];
            respond(
                200,
                "x: y",
                Body::from_stream(futures_util::stream::iter(parts)),
            )
        }
        Reply::Endless => {
            let chunk = Bytes::from(vec![b' '; 1 << 16]);
            let chunks =
                futures_util::stream::repeat_with(move || Ok::<_, std::io::Error>(chunk.clone()));
            respond(200, "x: y", Body::from_stream(chunks))
        }
        Reply::Never => std::future::pending().await,
        Reply::Later(time, status, value) => {
            tokio::time::sleep(time).await;
            respond(
                status,
                "content-type: application/json",
                Body::from(value.to_string()),
            )
        }
    }
}

fn respond(status: u16, header: &str, body: Body) -> Response<Body> {
    let (name, value) = header.split_once(": ").unwrap();
    Response::builder()
        .status(StatusCode::from_u16(status).unwrap())
        .header(name, value)
        .body(body)
        .unwrap()
}

/// What is said of the result of a task that the script has not let end.
fn unfinished(stage: &Stage, seen: &Seen) -> Option<Reply> {
    let call = seen.call.strip_suffix("/results")?.to_owned();
    let nth = {
        let log = stage.log.lock().unwrap_or_else(PoisonError::into_inner);
        log.1.get(&call).copied().unwrap_or_default()
    };
    let asked = Seen {
        call,
        nth,
        ..seen.clone()
    };
    match (stage.script)(&asked)? {
        Reply::Json(200, task) if matches!(task["status"].as_str(), Some("running" | "killed")) => {
            Some(Reply::Raw(202, ""))
        }
        Reply::Never => Some(Reply::Never),
        _ => None,
    }
}

/// Enough of Looker to log in and run a query.
fn small_looker(seen: &Seen) -> Option<Reply> {
    let json = match seen.call.strip_prefix("GET /api/4.0").unwrap_or(&seen.call) {
        "/versions" => {
            json!({"looker_release_version": "26.12.3", "web_server_url": "https://looker.example.com"})
        }
        "/user" => {
            json!({"id": 7, "first_name": "Ada", "last_name": "L", "email": "ada@example.com"})
        }
        "/query_tasks/t1" => json!({"id": "t1", "query_id": "q1", "status": "complete"}),
        "/query_tasks/t1/results" => json!({"data": []}),
        "/queries/q1" => json!({"id": "q1", "share_url": "https://looker.example.com/x/abc"}),
        "POST /api/4.0/login" => {
            json!({"access_token": format!("token-{}", seen.nth), "token_type": "Bearer", "expires_in": 3600})
        }
        "POST /api/4.0/queries" => {
            json!({"id": "q1", "share_url": "https://looker.example.com/x/abc"})
        }
        "POST /api/4.0/query_tasks" => json!({"id": "t1", "query_id": "q1", "status": "added"}),
        "DELETE /api/4.0/logout" | "DELETE /api/4.0/running_queries/t1" => json!({}),
        _ => return None,
    };
    Some(Reply::Json(200, json))
}
