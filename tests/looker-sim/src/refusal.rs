//! Answers that say no, in Looker's shapes.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// Named in every refusal. Links below it would make Looker's SDKs fetch them.
pub const DOCUMENTATION: &str = "https://docs.looker.com/";

/// Why a call is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// What it names is not there, or not for this user.
    NotFound,
    /// The path is no route.
    NoRoute,
    /// There is no valid token.
    Unauthorized,
    /// It cannot be done as asked.
    Bad(String),
    /// Something in the body is wrong: the field, a code and words.
    Invalid(&'static str, &'static str, String),
}

impl Refusal {
    fn status(&self) -> StatusCode {
        match self {
            Self::NotFound | Self::NoRoute => StatusCode::NOT_FOUND,
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::Bad(_) => StatusCode::BAD_REQUEST,
            Self::Invalid(..) => StatusCode::UNPROCESSABLE_ENTITY,
        }
    }

    fn body(&self) -> Value {
        match self {
            Self::NotFound => error("Not found"),
            Self::NoRoute => json!({"message": "Sinatra::NotFound"}),
            Self::Unauthorized => error("Requires authentication."),
            Self::Bad(words) => error(words),
            Self::Invalid(field, code, words) => json!({
                "message": "Validation Failed",
                "errors": [{
                    "field": field,
                    "code": code,
                    "message": words,
                    "documentation_url": DOCUMENTATION,
                }],
                "documentation_url": DOCUMENTATION,
            }),
        }
    }
}

/// A body that says what went wrong.
pub fn error(message: &str) -> Value {
    json!({"message": message, "documentation_url": DOCUMENTATION})
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.status(), Json(self.body())).into_response()
    }
}
