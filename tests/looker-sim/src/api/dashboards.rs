//! Dashboards and their parts.

use std::sync::Arc;

use axum::Json;
use axum::extract::{OriginalUri, Path, Query, State};
use axum::response::Response;
use serde_json::Value;

use super::found::found;
use super::{Asked, Base};
use crate::content::{self, Dashboard, FOLDERS};
use crate::fields::only;
use crate::refusal::Refusal;
use crate::server::Sim;

fn shown(sim: &Sim, wanted: impl Fn(&Dashboard) -> bool, base: &str) -> Vec<Value> {
    let dashboards = sim
        .content
        .dashboards
        .iter()
        .filter(|dashboard| wanted(dashboard));
    dashboards
        .map(|dashboard| content::dashboard(&sim.content, dashboard, base))
        .collect()
}

/// Those that people made; the ones written in LookML are not found here.
pub async fn search(
    State(sim): State<Arc<Sim>>,
    Base(base): Base,
    OriginalUri(uri): OriginalUri,
    Query(asked): Asked,
) -> Response {
    found(
        shown(&sim, |dashboard| !dashboard.is_lookml(), &base),
        &asked,
        &base,
        &uri,
    )
}

pub async fn search_lookml(
    State(sim): State<Arc<Sim>>,
    Base(base): Base,
    OriginalUri(uri): OriginalUri,
    Query(asked): Asked,
) -> Response {
    found(
        shown(&sim, Dashboard::is_lookml, &base),
        &asked,
        &base,
        &uri,
    )
}

/// All of them, in few words.
pub async fn all(
    State(sim): State<Arc<Sim>>,
    Base(base): Base,
    Query(asked): Asked,
) -> Json<Value> {
    let brief = "id,title,description,hidden,folder,content_metadata_id,preferred_viewer,query_timezone,readonly,refresh_interval,user_id,slug,model,can";
    let all = Value::Array(shown(&sim, |dashboard| !dashboard.deleted, &base));
    let fields = asked.get("fields").map_or(brief, String::as_str);
    Json(only(all, Some(fields)))
}

pub async fn one(
    State(sim): State<Arc<Sim>>,
    Base(base): Base,
    Path(id): Path<String>,
    Query(asked): Asked,
) -> Result<Json<Value>, Refusal> {
    let found = sim.content.dashboard(&id).ok_or(Refusal::NotFound)?;
    let dashboard = content::dashboard(&sim.content, found, &base);
    Ok(Json(only(
        dashboard,
        asked.get("fields").map(String::as_str),
    )))
}

pub async fn elements(
    State(sim): State<Arc<Sim>>,
    Base(base): Base,
    Path(id): Path<String>,
    Query(asked): Asked,
) -> Result<Json<Value>, Refusal> {
    part(&sim, &base, &id, &asked, "dashboard_elements")
}

pub async fn filters(
    State(sim): State<Arc<Sim>>,
    Base(base): Base,
    Path(id): Path<String>,
    Query(asked): Asked,
) -> Result<Json<Value>, Refusal> {
    part(&sim, &base, &id, &asked, "dashboard_filters")
}

fn part(
    sim: &Sim,
    base: &str,
    id: &str,
    asked: &std::collections::HashMap<String, String>,
    part: &str,
) -> Result<Json<Value>, Refusal> {
    let found = sim.content.dashboard(id).ok_or(Refusal::NotFound)?;
    let mut dashboard = content::dashboard(&sim.content, found, base);
    Ok(Json(only(
        dashboard[part].take(),
        asked.get("fields").map(String::as_str),
    )))
}

pub async fn element(
    State(sim): State<Arc<Sim>>,
    Base(base): Base,
    Path(id): Path<String>,
    Query(asked): Asked,
) -> Result<Json<Value>, Refusal> {
    let (dashboard, tile) = sim.content.tile(&id).ok_or(Refusal::NotFound)?;
    let element = content::element(&sim.content, dashboard, tile, &base);
    Ok(Json(only(element, asked.get("fields").map(String::as_str))))
}

pub async fn folder(Path(id): Path<String>, Query(asked): Asked) -> Result<Json<Value>, Refusal> {
    let found = FOLDERS
        .iter()
        .find(|folder| folder.id == id)
        .ok_or(Refusal::NotFound)?;
    Ok(Json(only(
        content::folder(found),
        asked.get("fields").map(String::as_str),
    )))
}
