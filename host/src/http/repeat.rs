//! `Idempotency-Key`: a create that may be sent again.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use crate::access::By;
use crate::once::Once;
use crate::problem::Problem;

/// The header that makes a create repeatable.
const KEY: &str = "idempotency-key";
const LONGEST: usize = 255;

/// The key of a create, if it has one.
pub(super) struct Repeatable(Option<String>);

impl<S: Send + Sync> FromRequestParts<S> for Repeatable {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let Some(key) = parts.headers.get(KEY) else {
            return Ok(Self(None));
        };
        let key = key.to_str().unwrap_or_default().trim();
        if key.is_empty() || key.len() > LONGEST {
            let detail = format!("`Idempotency-Key` needs 1 to {LONGEST} plain characters");
            return Err(Problem::invalid("", detail));
        }
        Ok(Self(Some(key.to_owned())))
    }
}

impl Repeatable {
    /// The key with the call and the request that it came with.
    pub fn of(self, call: &str, by: &By, request: &str) -> Option<Once> {
        let key = self.0?;
        Some(Once::new(&by.actor, call, &key, request.as_bytes()))
    }
}
