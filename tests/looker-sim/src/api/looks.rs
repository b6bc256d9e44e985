//! Looks.

use std::sync::Arc;

use axum::Json;
use axum::extract::{OriginalUri, Path, Query, State};
use axum::response::Response;
use serde_json::Value;

use super::found::found;
use super::{Asked, Base};
use crate::content;
use crate::fields::only;
use crate::refusal::Refusal;
use crate::server::Sim;

pub async fn search(
    State(sim): State<Arc<Sim>>,
    Base(base): Base,
    OriginalUri(uri): OriginalUri,
    Query(asked): Asked,
) -> Response {
    let looks = sim.content.looks.iter().map(|look| {
        let mut look = content::look(look, &base);
        // A search answers without the query itself.
        if let Value::Object(look) = &mut look {
            look.remove("query");
        }
        look
    });
    found(looks.collect(), &asked, &base, &uri)
}

pub async fn one(
    State(sim): State<Arc<Sim>>,
    Base(base): Base,
    Path(id): Path<String>,
    Query(asked): Asked,
) -> Result<Json<Value>, Refusal> {
    let look = sim.content.look(&id).ok_or(Refusal::NotFound)?;
    Ok(Json(only(
        content::look(look, &base),
        asked.get("fields").map(String::as_str),
    )))
}
