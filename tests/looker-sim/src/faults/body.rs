//! Bodies that are cut, stretched or blown up.

use std::convert::Infallible;
use std::time::Duration;

use axum::body::{Body as HttpBody, Bytes, to_bytes};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream::{self, StreamExt as _};

use super::Body;
use crate::refusal::Refusal;

/// Bytes that come at a time when a body drips.
const DROP: usize = 64;

/// A connection that ends before the body does.
#[derive(Debug, thiserror::Error)]
#[error("the body was to end half-way")]
struct Cut;

/// The answer with its body spoilt.
pub async fn spoil(response: Response, how: Body) -> Response {
    let (mut head, body) = response.into_parts();
    let Ok(whole) = to_bytes(body, usize::MAX).await else {
        return Refusal::Bad("the body of this answer could not be made".to_owned())
            .into_response();
    };
    let length = whole.len();
    head.headers.remove(header::CONTENT_LENGTH);
    let body = match how {
        Body::Truncated { clean: true } => HttpBody::from(whole.slice(..length / 2)),
        Body::Truncated { clean: false } => {
            head.headers
                .insert(header::CONTENT_LENGTH, HeaderValue::from(length.max(2)));
            let half = stream::once(async move { Ok(whole.slice(..length / 2)) });
            // A pause lets the first half reach the other side before the connection is gone.
            let end = stream::once(async {
                tokio::time::sleep(Duration::from_millis(20)).await;
                Err(Cut)
            });
            HttpBody::from_stream(half.chain(end))
        }
        Body::Dripping(pause) => {
            let drops = (0..length)
                .step_by(DROP)
                .map(move |at| whole.slice(at..length.min(at + DROP)));
            HttpBody::from_stream(stream::iter(drops).then(move |drop| async move {
                tokio::time::sleep(pause).await;
                Ok::<_, Infallible>(drop)
            }))
        }
        Body::Huge(mebibytes) => {
            let blank = Bytes::from(vec![b' '; 1 << 20]);
            let blanks = (0..mebibytes).map(move |_| blank.clone()).chain([whole]);
            HttpBody::from_stream(stream::iter(blanks.map(Ok::<_, Infallible>)))
        }
    };
    Response::from_parts(head, body)
}
