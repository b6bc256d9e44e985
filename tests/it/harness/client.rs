//! A blocking HTTP client that keeps what came, to the byte.

use reqwest::Method;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, ETAG, RETRY_AFTER};
use serde_json::Value;
use std::sync::OnceLock;
use std::time::Duration;
use tokio::runtime::Runtime;

/// One base address and, mostly, one token.
#[derive(Clone)]
pub struct Client {
    base: String,
    token: Option<String>,
    headers: Vec<(&'static str, String)>,
}

/// A whole answer.
pub struct Answer {
    /// Method and path, for messages.
    pub asked: String,
    pub status: u16,
    pub kind: String,
    pub etag: Option<String>,
    pub retry_after: Option<String>,
    pub body: Vec<u8>,
}

/// All requests of all tests go through one runtime and one pool of connections.
fn shared() -> &'static (Runtime, reqwest::Client) {
    static SHARED: OnceLock<(Runtime, reqwest::Client)> = OnceLock::new();
    SHARED.get_or_init(|| {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let runtime = Runtime::new().expect("a runtime");
        let client = reqwest::Client::builder()
            .no_proxy()
            // Long enough for a component that carries a language's engine to be compiled on a machine
            // that has much else to do.
            .timeout(Duration::from_secs(600))
            // A server that was killed leaves dead connections behind: none is kept.
            .pool_max_idle_per_host(0)
            .build()
            .expect("a client");
        (runtime, client)
    })
}

impl Client {
    /// A client of `address` (host and port).
    pub fn new(address: &str, token: Option<&str>) -> Self {
        Self { base: format!("http://{address}"), token: token.map(String::from), headers: Vec::new() }
    }

    /// A client of the same server without a token.
    pub fn stranger(&self) -> Self {
        Self { base: self.base.clone(), token: None, headers: Vec::new() }
    }

    /// The same client with a header more.
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Sends one request; an error where no answer came at all.
    pub fn try_send(&self, method: &str, path: &str, kind: Option<&str>, body: Vec<u8>) -> Result<Answer, reqwest::Error> {
        let (runtime, client) = shared();
        let verb = Method::from_bytes(method.as_bytes()).expect("a method");
        let mut request = client.request(verb, format!("{}{path}", self.base)).body(body);
        if let Some(token) = &self.token {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        if let Some(kind) = kind {
            request = request.header(CONTENT_TYPE, kind);
        }
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        runtime.block_on(async {
            let answer = request.send().await?;
            let status = answer.status().as_u16();
            let kind = answer.headers().get(CONTENT_TYPE);
            let kind = kind.map_or("", |kind| kind.to_str().unwrap_or("")).to_string();
            let header = |name| answer.headers().get(name).and_then(|value| Some(value.to_str().ok()?.to_string()));
            let (etag, retry_after) = (header(ETAG), header(RETRY_AFTER));
            let body = answer.bytes().await?.to_vec();
            let asked = format!("{method} {path}");
            Ok(Answer { asked, status, kind, etag, retry_after, body })
        })
    }

    /// Sends one request and expects some answer.
    pub fn send(&self, method: &str, path: &str, kind: Option<&str>, body: Vec<u8>) -> Answer {
        match self.try_send(method, path, kind, body) {
            Ok(answer) => answer,
            Err(error) => panic!("{method} {path}: no answer: {error:?}"),
        }
    }

    /// GET.
    pub fn get(&self, path: &str) -> Answer {
        self.send("GET", path, None, Vec::new())
    }

    /// DELETE.
    pub fn delete(&self, path: &str) -> Answer {
        self.send("DELETE", path, None, Vec::new())
    }

    /// POST without a body.
    pub fn post_empty(&self, path: &str) -> Answer {
        self.send("POST", path, None, Vec::new())
    }

    /// PATCH of a JSON value.
    pub fn patch(&self, path: &str, body: &Value) -> Answer {
        self.send("PATCH", path, Some("application/json"), body.to_string().into_bytes())
    }

    /// PUT of a JSON value.
    pub fn put(&self, path: &str, body: &Value) -> Answer {
        self.send("PUT", path, Some("application/json"), body.to_string().into_bytes())
    }

    /// Every item of a list, page after page.
    pub fn items(&self, path: &str) -> Vec<Value> {
        let joint = if path.contains('?') { '&' } else { '?' };
        let (mut items, mut page) = (Vec::new(), self.get(path).expect(200));
        loop {
            items.extend(page["items"].as_array().cloned().unwrap_or_default());
            let Some(token) = page["next_page_token"].as_str() else { return items };
            page = self.get(&format!("{path}{joint}page_token={token}")).expect(200);
        }
    }

    /// POST of a JSON value.
    pub fn post(&self, path: &str, body: &Value) -> Answer {
        self.post_text(path, &body.to_string())
    }

    /// POST of JSON text, to the byte.
    pub fn post_text(&self, path: &str, body: &str) -> Answer {
        self.send("POST", path, Some("application/json"), body.as_bytes().to_vec())
    }

    /// Uploads a component.
    pub fn upload(&self, component: &[u8]) -> Answer {
        let kind = Some("application/wasm");
        self.send("POST", "/v1/extractors", kind, component.to_vec())
    }
}

impl Answer {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{self}: the body is not JSON: {error}"))
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body, where the status is the one expected.
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{self}");
        if self.body.is_empty() { Value::Null } else { self.json() }
    }

    /// The problem that this answer must be: whole, and of the status and code given.
    pub fn problem(&self, status: u16, code: &str) -> Value {
        let problem = self.any_problem().unwrap_or_else(|fault| panic!("{self}: {fault}"));
        assert_eq!(self.status, status, "{self}");
        assert_eq!(problem["code"], code, "{self}");
        problem
    }

    /// A problem as http-api.md describes one, or what it lacks.
    pub fn any_problem(&self) -> Result<Value, String> {
        if !self.kind.starts_with("application/problem+json") {
            return Err(format!("the content type is `{}`, not a problem", self.kind));
        }
        let problem = self.json();
        for name in ["type", "title", "detail", "code", "request_id"] {
            if problem[name].as_str().is_none_or(str::is_empty) {
                return Err(format!("a problem without `{name}`"));
            }
        }
        if problem["status"] != self.status {
            return Err("a problem whose `status` is not the answer's".into());
        }
        Ok(problem)
    }
}

impl std::fmt::Display for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text: String = self.text().chars().take(1500).collect();
        write!(f, "{} -> {} {} {text}", self.asked, self.status, self.kind)
    }
}
