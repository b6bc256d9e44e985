//! Queries.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query as Asks, State};
use serde_json::Value;

use super::{Asked, Base};
use crate::fields::only;
use crate::query::{Query, Stored};
use crate::refusal::Refusal;
use crate::server::Sim;

/// The query in a body, as far as it is one.
pub fn read(body: &[u8]) -> Result<Query, Refusal> {
    let query: Query = serde_json::from_slice(body).map_err(|error| {
        let words = format!("the body is not a query: {error}");
        Refusal::Invalid("body", "invalid", words)
    })?;
    for (field, given) in [("model", &query.model), ("view", &query.view)] {
        if given.as_deref().is_none_or(|given| given.trim().is_empty()) {
            let words = format!("{field} is required");
            return Err(Refusal::Invalid(field, "missing_field", words));
        }
    }
    Ok(query)
}

pub async fn create(
    State(sim): State<Arc<Sim>>,
    Base(base): Base,
    Asks(asked): Asked,
    body: Bytes,
) -> Result<Json<Value>, Refusal> {
    let stored = sim.queries.put(read(&body)?);
    Ok(shown(&stored, &base, asked.get("fields")))
}

pub async fn one(
    State(sim): State<Arc<Sim>>,
    Base(base): Base,
    Path(id): Path<String>,
    Asks(asked): Asked,
) -> Result<Json<Value>, Refusal> {
    let stored = sim.queries.get(&id).ok_or(Refusal::NotFound)?;
    Ok(shown(&stored, &base, asked.get("fields")))
}

pub async fn by_slug(
    State(sim): State<Arc<Sim>>,
    Base(base): Base,
    Path(slug): Path<String>,
    Asks(asked): Asked,
) -> Result<Json<Value>, Refusal> {
    let stored = sim.queries.by_slug(&slug).ok_or(Refusal::NotFound)?;
    Ok(shown(&stored, &base, asked.get("fields")))
}

fn shown(stored: &Stored, base: &str, fields: Option<&String>) -> Json<Value> {
    Json(only(stored.shown(base), fields.map(String::as_str)))
}
