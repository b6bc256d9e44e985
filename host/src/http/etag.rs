//! `ETag` and `If-Match`: an edit says which version it changes.

use axum::extract::FromRequestParts;
use axum::http::header::{ETAG, HeaderName, IF_MATCH};
use axum::http::request::Parts;

use crate::problem::{Code, Problem};

/// Which version of an object an edit is meant for: one, or any with `*`.
pub(super) struct IfMatch(pub Option<u64>);

/// The same, of a request that may also make what is not there yet: none without the header.
pub(super) struct MayMatch(pub Option<IfMatch>);

impl<S: Send + Sync> FromRequestParts<S> for MayMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        if parts.headers.contains_key(IF_MATCH) {
            let seen = IfMatch::from_request_parts(parts, state).await?;
            return Ok(Self(Some(seen)));
        }
        Ok(Self(None))
    }
}

/// What a request that changes something is told when it does not say which version.
pub(super) fn unmatched() -> Problem {
    Problem::new(
        Code::PRECONDITION_REQUIRED,
        "the edit does not say which version it changes; send `If-Match` with the object's `ETag`, or `*`",
    )
}

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let Some(value) = parts.headers.get(IF_MATCH) else {
            return Err(unmatched());
        };
        let value = value.to_str().unwrap_or_default().trim();
        if value == "*" {
            return Ok(Self(None));
        }
        // A tag that we did not give matches nothing, which is what "stale" says.
        let version = value
            .strip_prefix('"')
            .and_then(|tag| tag.strip_suffix('"')?.parse().ok());
        version.map(|version| Self(Some(version))).ok_or_else(|| {
            Problem::new(
                Code::STALE,
                "`If-Match` holds no tag that this server gave; read the object again",
            )
        })
    }
}

/// The header of an object at this version.
pub(super) fn tag(version: u64) -> [(HeaderName, String); 1] {
    [(ETAG, format!("\"{version}\""))]
}
