//! Around every request: its id, its log line, and problems made into bytes.

use std::time::Instant;

use axum::body::Body;
use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use tracing::Instrument;
use uuid::Uuid;

use crate::metrics::Metrics;
use crate::problem::{Code, InputError, Problem, StageEnded};

/// The header that carries a request's id, in and out.
const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What names a request in logs, audits and problems.
#[derive(Debug, Clone)]
pub(crate) struct RequestId(pub String);

impl RequestId {
    /// The caller's own id, if it is short and plain; else a new one.
    fn of(request: &Request) -> Self {
        let given = request
            .headers()
            .get(X_REQUEST_ID)
            .and_then(|id| id.to_str().ok());
        let plain =
            |id: &&str| (1..=128).contains(&id.len()) && id.chars().all(|c| c.is_ascii_graphic());
        Self(
            given
                .filter(plain)
                .map_or_else(|| Uuid::now_v7().to_string(), ToOwned::to_owned),
        )
    }
}

/// The outermost layer.
pub(super) async fn observe(
    State(metrics): State<Metrics>,
    mut request: Request,
    next: Next,
) -> Response {
    let began = Instant::now();
    let id = RequestId::of(&request);
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map(|route| route.as_str().to_owned());
    request.extensions_mut().insert(id.clone());

    let span = tracing::info_span!("request", request_id = id.0);
    let mut response = next.run(request).instrument(span).await;
    let problem = response.extensions_mut().remove::<Problem>();
    let code = problem
        .as_ref()
        .map(|problem| problem.code.explained().code);
    if let Some(problem) = problem {
        response = told(&problem, &id);
    }
    if let Ok(value) = HeaderValue::from_str(&id.0) {
        response.headers_mut().insert(X_REQUEST_ID, value);
    }
    let (status, took) = (response.status().as_u16(), began.elapsed());
    metrics.answered(method.as_str(), route.as_deref(), status, took);
    tracing::info!(
        target: "request",
        %method,
        path,
        route,
        status,
        code,
        duration_us = took.as_micros() as u64,
        request_id = id.0,
    );
    response
}

/// A problem travels as an extension until [`observe`] tells it, because only that knows the id.
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = status(self.code);
        response.extensions_mut().insert(self);
        response
    }
}

/// The body of an answer that is not a success, as RFC 9457 has it.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = Problem)]
pub(super) struct ProblemBody<'a> {
    /// A page that explains the code.
    #[serde(rename = "type")]
    #[schema(example = "/problems/bad-selection")]
    kind: String,
    /// What the code stands for.
    title: &'a str,
    /// The HTTP status.
    status: u16,
    /// What happened, what it means, what to do.
    detail: &'a str,
    /// A stable word for it.
    #[schema(example = "bad-selection")]
    code: &'a str,
    /// Names the request in the server's log.
    request_id: &'a str,
    /// The control of the selection to change.
    #[serde(skip_serializing_if = "Option::is_none")]
    control: Option<&'a str>,
    /// What is wrong with the request, by place.
    #[serde(skip_serializing_if = "<[InputError]>::is_empty")]
    errors: &'a [InputError],
    /// The extractor's own code, with `other`.
    #[serde(skip_serializing_if = "Option::is_none")]
    extractor_code: Option<&'a str>,
    /// The extractor's stack when it was stopped, innermost first.
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    trace: &'a [String],
    /// What the extractor wrote to the log before it was stopped.
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    log: &'a [String],
    /// The checks of an upload that was refused: those passed, then the one that refused.
    #[serde(skip_serializing_if = "<[StageEnded]>::is_empty")]
    stages: &'a [StageEnded],
}

fn told(problem: &Problem, id: &RequestId) -> Response {
    let explained = problem.code.explained();
    let body = ProblemBody {
        kind: format!("/problems/{}", explained.code),
        title: explained.title,
        status: explained.status,
        detail: &problem.detail,
        code: explained.code,
        request_id: &id.0,
        control: problem.control.as_deref(),
        errors: &problem.errors,
        extractor_code: problem.extractor_code.as_deref(),
        trace: &problem.trace,
        log: &problem.log,
        stages: &problem.stages,
    };
    // A struct of texts and numbers always serialises.
    let bytes = serde_json::to_vec(&body).unwrap_or_default();
    let mut response = Response::new(Body::from(bytes));
    *response.status_mut() = status(problem.code);
    let headers = response.headers_mut();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("application/problem+json"),
    );
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(seconds) = problem.retry_after {
        headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    if problem.code == Code::UNAUTHORIZED {
        headers.insert(
            WWW_AUTHENTICATE,
            HeaderValue::from_static("Bearer realm=\"lensmount\""),
        );
    }
    response
}

fn status(code: Code) -> StatusCode {
    StatusCode::from_u16(code.explained().status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}
