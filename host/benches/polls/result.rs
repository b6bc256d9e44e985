//! A Looker that has run every query with the same result.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::middleware::{self, Next};

/// Puts a result in the place of those that a Looker would send.
pub fn in_place(looker: Router, result: Bytes) -> Router {
    looker.layer(middleware::from_fn(move |request: Request, next: Next| {
        let result = result.clone();
        async move {
            let path = request.uri().path();
            let wants = path.ends_with("/results") || path.ends_with("/run/json_detail");
            let mut answer = next.run(request).await;
            if wants && answer.status() == StatusCode::OK {
                answer.headers_mut().remove(header::CONTENT_LENGTH);
                *answer.body_mut() = Body::from(result);
            }
            answer
        }
    }))
}
