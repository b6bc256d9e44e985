//! Where answers are edited on their way.

use std::sync::Arc;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use crate::refusal::Refusal;
use crate::server::Sim;

/// Passes a call on by the names that fields had, and its answer back with what has become of it.
pub async fn pass(State(sim): State<Arc<Sim>>, request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let Some(edits) = sim.edits.shown().filter(|_| !path.starts_with("/_")) else {
        return next.run(request).await;
    };
    let (head, body) = request.into_parts();
    let Some(text) = text(body).await else {
        return Refusal::Bad("the body is no text".to_owned()).into_response();
    };
    let request = Request::from_parts(head, Body::from(edits.received(&text)));
    let (mut head, body) = next.run(request).await.into_parts();
    let Ok(whole) = to_bytes(body, usize::MAX).await else {
        return Refusal::Bad("the body of this answer could not be made".to_owned())
            .into_response();
    };
    let body = match edited(&edits, &path, &whole, head.status) {
        Some(body) => body,
        None => return Refusal::NotFound.into_response(),
    };
    head.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(head, Body::from(body))
}

async fn text(body: Body) -> Option<String> {
    let bytes = to_bytes(body, usize::MAX).await.ok()?;
    String::from_utf8(bytes.into()).ok()
}

/// A body with the edits laid over it; none where it is of something that is gone. What is not JSON is
/// only renamed in.
fn edited(
    edits: &crate::edits::Edits,
    path: &str,
    whole: &Bytes,
    status: StatusCode,
) -> Option<String> {
    let text = String::from_utf8_lossy(whole);
    let is_content = ["/dashboard", "/looks/"]
        .iter()
        .any(|part| path.contains(part))
        && !path.contains("/run/")
        && status == StatusCode::OK;
    let Ok(answer) = serde_json::from_slice(whole) else {
        return Some(edits.sent(&text));
    };
    if !is_content {
        return Some(edits.sent(&text));
    }
    let answer = edits.over(path, answer)?;
    Some(edits.sent(&answer.to_string()))
}
