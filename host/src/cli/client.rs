//! The commands' own client of the HTTP API.

use anyhow::{Context, anyhow};
use clap::Args;
use reqwest::multipart::Form;
use reqwest::{Method, RequestBuilder, Response, StatusCode, Url};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::Value;

use super::output::Output;

/// Which server, and who asks.
#[derive(Debug, Clone, Args)]
pub(super) struct Server {
    /// The server's URL
    #[arg(
        long,
        env = "LENSMOUNT_URL",
        default_value = "http://127.0.0.1:8780",
        global = true
    )]
    url: Url,
    /// A token of the server; better in the environment, since other users of the machine can see
    /// a command line
    #[arg(long, env = "LENSMOUNT_TOKEN", hide_env_values = true, global = true)]
    token: Option<SecretString>,
}

/// What every command of a noun takes: which server, and how to print what it answers.
#[derive(Debug, Clone, Args)]
pub(super) struct Talk {
    #[command(flatten)]
    pub server: Server,
    /// How to print what is found
    #[arg(long, value_enum, default_value_t, global = true)]
    pub output: Output,
}

/// What a request sends.
pub(super) enum Body {
    Nothing,
    /// Nothing, about whatever version there is.
    Whatever,
    Json(Value),
    /// An edit of whatever version there is.
    Edit(Value),
    /// A component, and its signature if there is one.
    Wasm(Vec<u8>, Option<String>),
    /// JSON that was written already.
    Text(String),
    /// A form with a component and samples to try it on, and the component's signature.
    Form(Form, Option<String>),
}

/// What is read of a problem.
#[derive(Deserialize)]
struct Problem {
    code: String,
    detail: String,
}

impl Server {
    /// A server that was started by this process.
    pub fn at(url: Url, token: SecretString) -> Self {
        Self {
            url,
            token: Some(token),
        }
    }

    /// Sends a request; a problem becomes an error with its code and detail.
    pub async fn send(&self, method: Method, path: &[&str], body: Body) -> anyhow::Result<Value> {
        self.ask(method, path, &[], body).await
    }

    /// Every item of a list, page after page.
    pub async fn all(&self, path: &[&str], query: &[(&str, &str)]) -> anyhow::Result<Value> {
        let (mut items, mut token) = (Vec::new(), None::<String>);
        loop {
            let mut query = query.to_vec();
            if let Some(token) = &token {
                query.push(("page_token", token));
            }
            let mut page = self.ask(Method::GET, path, &query, Body::Nothing).await?;
            if let Value::Array(found) = page["items"].take() {
                items.extend(found);
            }
            token = page["next_page_token"].as_str().map(ToOwned::to_owned);
            if token.is_none() {
                return Ok(Value::Array(items));
            }
        }
    }

    /// Sends a request with a query string.
    pub async fn ask(
        &self,
        method: Method,
        path: &[&str],
        query: &[(&str, &str)],
        body: Body,
    ) -> anyhow::Result<Value> {
        let (url, response) = self.answer(method, path, query, body).await?;
        let status = response.status();
        let text = response.bytes().await.context("the answer broke off")?;
        if status.is_success() {
            return if text.is_empty() {
                Ok(Value::Null)
            } else {
                serde_json::from_slice(&text).context("the answer is not JSON")
            };
        }
        Err(refused(&url, status, &text))
    }

    /// The server's events, which come for as long as they are listened to.
    pub async fn events(&self, path: &[&str]) -> anyhow::Result<Response> {
        let (url, response) = self.answer(Method::GET, path, &[], Body::Nothing).await?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let text = response.bytes().await.context("the answer broke off")?;
        Err(refused(&url, status, &text))
    }

    async fn answer(
        &self,
        method: Method,
        path: &[&str],
        query: &[(&str, &str)],
        body: Body,
    ) -> anyhow::Result<(Url, Response)> {
        let token = self
            .token
            .as_ref()
            .context("there is no token; give --token or set LENSMOUNT_TOKEN")?;
        let mut url = self.url.clone();
        url.path_segments_mut()
            .map_err(|()| anyhow!("{} is not the URL of a server", self.url))?
            .pop_if_empty()
            .extend(path);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let request = reqwest::Client::builder()
            .build()
            .context("no HTTP client can be made")?
            .request(method, url.clone())
            .bearer_auth(token.expose_secret());
        let request = match body {
            Body::Nothing => request,
            Body::Whatever => request.header("if-match", "*"),
            Body::Json(json) => request.json(&json),
            Body::Edit(json) => request.header("if-match", "*").json(&json),
            Body::Text(json) => request
                .header("content-type", "application/json")
                .body(json),
            Body::Form(form, signature) => signed(request, signature).multipart(form),
            Body::Wasm(wasm, signature) => signed(request, signature)
                .header("content-type", "application/wasm")
                .body(wasm),
        };
        let response = request
            .send()
            .await
            .with_context(|| format!("{url} does not answer; is the server running?"))?;
        Ok((url, response))
    }
}

fn signed(request: RequestBuilder, signature: Option<String>) -> RequestBuilder {
    match signature {
        Some(signature) => request.header("lensmount-signature", signature),
        None => request,
    }
}

fn refused(url: &Url, status: StatusCode, text: &[u8]) -> anyhow::Error {
    match serde_json::from_slice::<Problem>(text) {
        Ok(Problem { code, detail }) => anyhow!("{detail} [{code}]"),
        Err(_) => anyhow!("{url} answered {status}, and not as a Lensmount does"),
    }
}
