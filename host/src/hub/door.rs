//! Who calls, and how they are answered: the first thing of every request, before its body is read.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::FromRequestParts;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, HOST, USER_AGENT};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri};
use axum::response::Response;
use serde::Serialize;
use serde_json::json;

use crate::access::By;
use crate::http::RequestId;

use super::Hub;
use super::token::presented;
use super::version::Release;

/// A Looker that has a key.
pub(super) struct Looker {
    /// Which key.
    pub by: By,
    /// Which release; none where it does not say.
    pub release: Option<Release>,
    /// What it reached us by, without a slash at the end.
    pub reached: String,
    /// Whether the body is JSON. Hubs have always taken another one for an empty one.
    pub json: bool,
}

impl FromRequestParts<Arc<Hub>> for Looker {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, hub: &Arc<Hub>) -> Result<Self, Response> {
        let header = |name| parts.headers.get(name).and_then(|it| it.to_str().ok());
        let stranger = || failed(StatusCode::FORBIDDEN, "Invalid 'Authorization' header.");
        let key = header(AUTHORIZATION)
            .and_then(presented)
            .ok_or_else(stranger)?;
        let actor = match hub.keys.check(key).await {
            Ok(actor) => actor.ok_or_else(stranger)?,
            Err(error) => {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "a key cannot be looked up"
                );
                return Err(failed(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "Internal server error.",
                ));
            }
        };
        let request_id = parts.extensions.get::<RequestId>().map(|id| id.0.clone());
        let json = header(CONTENT_TYPE).is_some_and(|kind| {
            let kind = kind.split(';').next().unwrap_or_default().trim();
            kind.eq_ignore_ascii_case("application/json")
        });
        Ok(Self {
            by: By { actor, request_id },
            release: header(USER_AGENT).and_then(Release::of),
            reached: reached(hub, &parts.headers, &parts.uri),
            json,
        })
    }
}

/// What links in answers begin with.
fn reached(hub: &Hub, headers: &HeaderMap, uri: &Uri) -> String {
    if let Some(url) = &hub.manner.public_url {
        return url.trim_end_matches('/').to_owned();
    }
    let header = |name: &str| headers.get(name).and_then(|it| it.to_str().ok());
    // Links go to nobody but whoever wrote these headers.
    let scheme = match header("x-forwarded-proto") {
        Some("https") => "https",
        _ => "http",
    };
    let host = header(HOST.as_str()).or_else(|| uri.authority().map(|it| it.as_str()));
    format!("{scheme}://{}", host.unwrap_or("localhost"))
}

/// An answer as Looker has always had it when it is no answer to what it asked.
pub(super) fn failed(status: StatusCode, error: &str) -> Response {
    let mut response = json(&json!({ "success": false, "error": error }));
    *response.status_mut() = status;
    let kind = HeaderValue::from_static("application/json; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response
}

/// 200 with JSON.
pub(super) fn json(body: &impl Serialize) -> Response {
    // What is answered here is texts, numbers and maps of them, which always serialise.
    let mut response = Response::new(Body::from(serde_json::to_vec(body).unwrap_or_default()));
    let kind = HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response
}
