//! A simulator on a port of its own, and a client that is logged in.

use std::sync::Once;
use std::time::{Duration, Instant};

use looker_sim::Config;
use reqwest::header::HeaderMap;
use reqwest::{Client, Method, StatusCode};
use serde_json::Value;
use tokio::net::TcpListener;

pub const ID: &str = "the-client";
pub const SECRET: &str = "canary-7f3a9c";
/// A Wednesday.
pub const NOW: &str = "2026-05-13T12:00:00Z";
/// Long enough for anything that comes at all.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// A running simulator. It ends with the runtime of its test.
pub struct Sim {
    pub base: String,
    pub client: Client,
    pub token: String,
}

/// What was answered.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }
}

impl Sim {
    /// One whose clock stands at [`NOW`].
    pub async fn start() -> Self {
        let mut config = Config::new(ID, SECRET);
        config.now = Some(NOW.parse().expect("a moment"));
        Self::start_with(config).await
    }

    pub async fn start_with(config: Config) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let base = format!("http://{}", listener.local_addr().expect("an address"));
        tokio::spawn(looker_sim::serve(listener, config, std::future::pending()));
        let mut sim = Self::at(base);
        sim.login().await;
        sim
    }

    /// The one that listens there, not logged in.
    pub fn at(base: String) -> Self {
        static PROVIDER: Once = Once::new();
        // Another test of this process may have been first, which does as well.
        PROVIDER.call_once(|| drop(rustls::crypto::ring::default_provider().install_default()));
        let client = Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
        let client = client.timeout(PATIENCE).build().expect("a client");
        Self { base, client, token: String::new() }
    }

    /// Logs in, and keeps the token for the calls that follow.
    pub async fn login(&mut self) {
        let answer = self.try_login(ID, SECRET).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        self.token = answer.json()["access_token"].as_str().expect("a token").to_owned();
    }

    pub async fn try_login(&self, id: &str, secret: &str) -> Answer {
        let form = format!("client_id={id}&client_secret={secret}");
        let request = self.client.post(format!("{}/api/4.0/login", self.base));
        let request = request.header("content-type", "application/x-www-form-urlencoded").body(form);
        answer(request).await.expect("an answer")
    }

    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let path = if path.starts_with("/_") || path.starts_with("/api/") { path.to_owned() } else { format!("/api/4.0{path}") };
        self.client.request(method, format!("{}{path}", self.base)).header("authorization", format!("token {}", self.token))
    }

    pub async fn get(&self, path: &str) -> Answer {
        answer(self.request(Method::GET, path)).await.expect("an answer")
    }

    pub async fn json(&self, path: &str) -> Value {
        let answer = self.get(path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        answer.json()
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        let request = self.request(Method::POST, path).header("content-type", "application/json");
        answer(request.body(body.to_string())).await.expect("an answer")
    }

    pub async fn delete(&self, path: &str) -> Answer {
        answer(self.request(Method::DELETE, path)).await.expect("an answer")
    }

    pub async fn faults(&self, faults: Value) {
        let answer = self.post("/_faults", faults).await;
        assert_eq!(answer.status, 204, "{}", answer.text);
    }

    /// The result of a query in full, from the database.
    pub async fn run(&self, query: Value) -> Value {
        let answer = self.post("/queries/run/json_detail?server_table_calcs=true&cache=false", query).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()
    }

    /// Asks until the answer is as it should be.
    pub async fn until(&self, path: &str, is: impl Fn(&Answer) -> bool) -> Answer {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let answer = self.get(path).await;
            if is(&answer) {
                return answer;
            }
            assert!(Instant::now() < deadline, "{path} stays {answer:?}");
            tokio::task::yield_now().await;
        }
    }
}

/// Sends a request and reads all of its answer.
pub async fn answer(request: reqwest::RequestBuilder) -> Result<Answer, reqwest::Error> {
    let response = request.send().await?;
    let (status, headers) = (response.status(), response.headers().clone());
    Ok(Answer { status, headers, text: response.text().await? })
}
