//! Where every call passes: it is logged, and what is to go wrong goes wrong.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Redirect, Response};

use super::{Instead, body};
use crate::api::token;
use crate::log::Call;
use crate::refusal::{Refusal, error};
use crate::server::Sim;

/// Passes a call on, or not. The switches themselves always work.
pub async fn pass(State(sim): State<Arc<Sim>>, request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    if path.starts_with("/_") {
        return next.run(request).await;
    }
    // Credentials do not belong behind a question mark; should they stand there, they stay there.
    let query = request.uri().query().filter(|_| !path.ends_with("/login"));
    let number = sim.log.asked(Call {
        method: request.method().to_string(),
        path: path.clone(),
        query: query.map(str::to_owned),
        status: None,
    });
    let response = faulty(&sim, &path, request, next).await;
    sim.log.answered(number, response.status().as_u16());
    response
}

async fn faulty(sim: &Sim, path: &str, request: Request, next: Next) -> Response {
    let latency = sim.faults.latency(path);
    if !latency.is_zero() {
        tokio::time::sleep(latency).await;
    }
    sim.faults.hang(path).await;
    if let Some(instead) = sim.faults.instead(path) {
        return answer(instead, &request);
    }
    if let Some(token) = token(request.headers())
        && sim.logins.knows(token, sim.clock.now())
        && sim.faults.revokes(path)
    {
        sim.logins.forget(token);
        return Refusal::Unauthorized.into_response();
    }
    let response = next.run(request).await;
    match sim.faults.body(path) {
        Some(how) if response.status() == StatusCode::OK => body::spoil(response, how).await,
        _ => response,
    }
}

fn answer(instead: Instead, request: &Request) -> Response {
    match instead {
        Instead::Redirect(to) => {
            let path = request
                .uri()
                .path_and_query()
                .map_or("/", |path| path.as_str());
            Redirect::temporary(&format!("{}{path}", to.trim_end_matches('/'))).into_response()
        }
        Instead::UnknownCredentials => Refusal::NotFound.into_response(),
        Instead::Status {
            code,
            html,
            retry_after,
        } => {
            let words = code.canonical_reason().unwrap_or("No reason");
            let mut response = if html {
                let page = format!(
                    "<html><head><title>{words}</title></head><body><h1>{code}</h1></body></html>"
                );
                (code, Html(page)).into_response()
            } else {
                (code, Json(error(words))).into_response()
            };
            if let Some(seconds) = retry_after {
                response
                    .headers_mut()
                    .insert(header::RETRY_AFTER, seconds.into());
            }
            if code == StatusCode::NO_CONTENT || code == StatusCode::NOT_MODIFIED {
                *response.body_mut() = axum::body::Body::empty();
            }
            response
        }
    }
}
