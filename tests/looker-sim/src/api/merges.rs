//! Merged queries, and queries written in SQL.

use std::sync::Arc;

use axum::Json;
use axum::extract::{OriginalUri, Path, Query, State};
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

use super::{Asked, Base, runs};
use crate::fields::only;
use crate::refusal::Refusal;
use crate::result::statement;
use crate::run::run;
use crate::server::Sim;

/// There is no call that runs it: its sources are run one by one.
pub async fn one(
    State(sim): State<Arc<Sim>>,
    Path(id): Path<String>,
    Query(asks): Asked,
) -> Result<Json<Value>, Refusal> {
    let merge = sim
        .content
        .merges
        .iter()
        .find(|merge| merge.id == id)
        .ok_or(Refusal::NotFound)?;
    let sources = merge.sources.iter().map(|source| {
        let joined = source
            .joined
            .iter()
            .map(|(own, first)| json!({"field_name": first, "source_field_name": own}));
        json!({
            "name": source.name,
            "query_id": source.stored.id,
            "query_slug": source.stored.slug,
            "merge_fields": joined.collect::<Vec<_>>(),
        })
    });
    let merged = json!({
        "id": merge.id,
        "source_queries": sources.collect::<Vec<_>>(),
        "dynamic_fields": merge.dynamic_fields,
        "pivots": [],
        "sorts": [],
        "total": false,
        "limit": null,
        "column_limit": "50",
        "vis_config": {"type": merge.chart},
        "result_maker_id": format!("9{}", merge.id),
        "can": {},
    });
    Ok(Json(only(merged, asks.get("fields").map(String::as_str))))
}

pub async fn statement(
    State(sim): State<Arc<Sim>>,
    Base(base): Base,
    Path(slug): Path<String>,
) -> Result<Json<Value>, Refusal> {
    let found = sim
        .content
        .statements
        .iter()
        .find(|known| known.slug == slug)
        .ok_or(Refusal::NotFound)?;
    Ok(Json(json!({
        "slug": found.slug,
        "sql": found.sql,
        "connection": null,
        "model_name": "shop",
        "vis_config": {"type": "looker_line"},
        "explore_url": format!("{base}/sql/{}", found.slug),
    })))
}

pub async fn run_statement(
    State(sim): State<Arc<Sim>>,
    Path((slug, format)): Path<(String, String)>,
    OriginalUri(uri): OriginalUri,
    Query(asks): Asked,
) -> Result<Response, Refusal> {
    let found = sim
        .content
        .statements
        .iter()
        .find(|known| known.slug == slug)
        .ok_or(Refusal::NotFound)?;
    let format = runs::format(&format)?;
    let (ran, fresh) = run(
        &sim,
        &runs::asked(Arc::clone(&found.stored), &asks),
        uri.path(),
    )
    .await;
    let fault = sim.faults.error_within(uri.path());
    let body = statement::write(found, &ran, format, fresh, fault.as_deref());
    Ok(([(header::CONTENT_TYPE, format.media_type())], body).into_response())
}
