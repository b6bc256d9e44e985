//! Query tasks.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{OriginalUri, Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::{Asked, runs, token};
use crate::fields::only;
use crate::refusal::Refusal;
use crate::result::write;
use crate::server::Sim;
use crate::task::{Order, Status, Task, Tasks, failed};

pub async fn create(
    State(sim): State<Arc<Sim>>,
    Query(asks): Asked,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Value>, Refusal> {
    let body: Value = serde_json::from_slice(&body).map_err(|error| {
        Refusal::Invalid("body", "invalid", format!("the body is not JSON: {error}"))
    })?;
    let text = |name: &str| match &body[name] {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    };
    let missing = |field| Refusal::Invalid(field, "missing_field", format!("{field} is required"));
    let query_id = text("query_id").ok_or_else(|| missing("query_id"))?;
    let format_name = text("result_format").ok_or_else(|| missing("result_format"))?;
    let stored = sim.queries.get(&query_id).ok_or(Refusal::NotFound)?;
    let order = Order {
        asked: runs::asked(stored, &asks),
        format: runs::format(&format_name)?,
        format_name,
        wishes: runs::wishes(&asks),
        look_id: text("look_id"),
        dashboard_id: text("dashboard_id"),
    };
    let client = token(&headers).and_then(|token| sim.logins.client(token));
    let task = Tasks::create(&sim, client.unwrap_or_default(), order);
    let task = task.map_err(|_| Refusal::Bad("no id can be made".to_owned()))?;
    Ok(Json(only(
        task.shown(),
        asks.get("fields").map(String::as_str),
    )))
}

pub async fn one(
    State(sim): State<Arc<Sim>>,
    Path(id): Path<String>,
    Query(asks): Asked,
) -> Result<Json<Value>, Refusal> {
    let task = sim.tasks.look_at(&id).ok_or(Refusal::NotFound)?;
    Ok(Json(only(
        task.shown(),
        asks.get("fields").map(String::as_str),
    )))
}

pub async fn results(
    State(sim): State<Arc<Sim>>,
    Path(id): Path<String>,
    OriginalUri(uri): OriginalUri,
) -> Result<Response, Refusal> {
    let task = sim
        .tasks
        .get(&id)
        .filter(|task| !task.is_lost())
        .ok_or(Refusal::NotFound)?;
    let Status::Complete(ran, fresh) = &task.status else {
        return Ok(StatusCode::ACCEPTED.into_response());
    };
    if failed(ran, task.order.format)
        && let Err(problem) = &ran.outcome
    {
        return Err(Refusal::Bad(problem.to_string()));
    }
    Ok(runs::body(
        &sim,
        ran,
        task.order.format,
        task.order.wishes,
        *fresh,
        uri.path(),
    ))
}

/// What is said of one of several tasks.
#[derive(Debug, Serialize)]
pub struct One {
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Box<RawValue>>,
}

pub async fn multi_results(
    State(sim): State<Arc<Sim>>,
    OriginalUri(uri): OriginalUri,
    Query(asks): Asked,
) -> Response {
    let ids = asks
        .get("query_task_ids")
        .map_or("", String::as_str)
        .split(',')
        .map(str::trim);
    let all: std::collections::BTreeMap<_, _> = ids
        .filter(|id| !id.is_empty())
        .map(|id| {
            (
                id.to_owned(),
                sim.tasks.get(id).map_or(
                    One {
                        status: "missing",
                        data: None,
                    },
                    |task| one_of(&sim, &task, uri.path()),
                ),
            )
        })
        .collect();
    Json(all).into_response()
}

fn one_of(sim: &Sim, task: &Task, path: &str) -> One {
    let bare = One {
        status: task.status_name(),
        data: None,
    };
    let Status::Complete(ran, fresh) = &task.status else {
        return bare;
    };
    if !matches!(bare.status, "complete" | "error") {
        return bare;
    }
    let fault = sim.faults.error_within(path);
    let written = write(
        ran,
        task.order.format,
        task.order.wishes,
        *fresh,
        fault.as_deref(),
    );
    let text = String::from_utf8(written).unwrap_or_default();
    // Text that is not JSON stands as a text.
    let data = RawValue::from_string(text.clone())
        .or_else(|_| RawValue::from_string(json!(text).to_string()));
    One {
        status: task.status_name(),
        data: data.ok(),
    }
}

pub async fn running(State(sim): State<Arc<Sim>>) -> Json<Value> {
    let running = sim.tasks.going_on().into_iter().map(|task| {
        json!({
            "id": task.id,
            "query_id": task.order.asked.stored.id,
            "query_task_id": task.id,
            "status": "running",
            "source": "api4",
            "look_id": task.order.look_id,
            "dashboard_id": task.order.dashboard_id,
        })
    });
    Json(running.collect())
}

/// What has ended cannot be killed, and is not found.
pub async fn kill(
    State(sim): State<Arc<Sim>>,
    Path(id): Path<String>,
) -> Result<StatusCode, Refusal> {
    if sim.tasks.kill(&id) {
        sim.log.task_killed();
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Refusal::NotFound)
    }
}
