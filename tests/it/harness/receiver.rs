//! A receiver of webhooks: keeps what it is posted, and answers as it is told.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use serde_json::Value;
use sha2::Sha256;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::sync::oneshot;

/// How the next request is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    Status(u16),
    /// A status with a header.
    With(u16, header::HeaderName, String),
    /// Never.
    Never,
}

/// A request that came.
#[derive(Debug, Clone)]
pub struct Request {
    pub method: Method,
    pub path: String,
    pub headers: HeaderMap,
    pub body: Bytes,
    /// How it was answered.
    pub reply: Reply,
}

impl Request {
    pub fn header(&self, name: &str) -> String {
        let value = self.headers.get(name).unwrap_or_else(|| panic!("no header {name} in {:?}", self.headers));
        value.to_str().expect("text").to_string()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }

    /// Its `webhook-id`.
    pub fn id(&self) -> String {
        self.header("webhook-id")
    }

    /// Whether it is signed with a secret, by the words of Standard Webhooks.
    pub fn is_signed_with(&self, secret: &str) -> bool {
        let key = STANDARD.decode(secret.strip_prefix("whsec_").expect("a secret")).expect("base64");
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("a key");
        mac.update(format!("{}.{}.", self.id(), self.header("webhook-timestamp")).as_bytes());
        mac.update(&self.body);
        let signature = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
        self.header("webhook-signature").split(' ').any(|one| one == signature)
    }
}

#[derive(Default)]
struct Kept {
    came: Vec<Request>,
    replies: VecDeque<Reply>,
    otherwise: Option<Reply>,
}

/// Runs until it is dropped.
pub struct Receiver {
    address: SocketAddr,
    kept: Arc<Mutex<Kept>>,
    _stop: oneshot::Sender<()>,
}

impl Receiver {
    pub fn start() -> Self {
        let (stop, stopped) = oneshot::channel::<()>();
        let (say, hear) = std::sync::mpsc::channel();
        let kept = Arc::new(Mutex::new(Kept::default()));
        let app = Router::new().fallback(take).with_state(Arc::clone(&kept));
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
                say.send(listener.local_addr().expect("an address")).expect("the test waits");
                tokio::select! {
                    served = async { axum::serve(listener, app).await } => served.expect("the receiver serves"),
                    _ = stopped => {}
                }
            });
            runtime.shutdown_background();
        });
        let address = hear.recv().expect("the receiver starts");
        Self { address, kept, _stop: stop }
    }

    pub fn url(&self) -> String {
        format!("http://{}/hook?team=a", self.address)
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Answers the next requests like this, one after the other, and then with 204.
    pub fn answers(&self, replies: impl IntoIterator<Item = Reply>) {
        self.lock().replies.extend(replies);
    }

    /// Answers everything like this from now on; with 204 again where none is given.
    pub fn always(&self, reply: Option<Reply>) {
        self.lock().otherwise = reply;
    }

    pub fn came(&self) -> Vec<Request> {
        self.lock().came.clone()
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().expect("no test panicked with it")
    }
}

async fn take(State(kept): State<Arc<Mutex<Kept>>>, method: Method, uri: axum::http::Uri, headers: HeaderMap, body: Bytes) -> Response {
    let reply = {
        let mut kept = kept.lock().expect("no test panicked with it");
        let reply = kept.replies.pop_front().or_else(|| kept.otherwise.clone()).unwrap_or(Reply::Status(204));
        kept.came.push(Request { method, path: uri.to_string(), headers, body, reply: reply.clone() });
        reply
    };
    let status = |code| StatusCode::from_u16(code).expect("a status");
    match reply {
        Reply::Status(code) => status(code).into_response(),
        Reply::With(code, name, value) => (status(code), [(name, value)]).into_response(),
        Reply::Never => std::future::pending().await,
    }
}
