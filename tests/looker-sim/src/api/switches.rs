//! What a real Looker does not have: its clock, its faults, edits of its content, and its log.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::faults;
use crate::log::Counts;
use crate::refusal::Refusal;
use crate::server::Sim;

/// What the clock is told.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clock {
    now: Option<Timestamp>,
    advance: Option<i64>,
    #[serde(default)]
    run: bool,
}

pub async fn clock(State(sim): State<Arc<Sim>>) -> Json<Value> {
    shown(&sim)
}

pub async fn set_clock(State(sim): State<Arc<Sim>>, body: Bytes) -> Result<Json<Value>, Refusal> {
    let told: Clock = read(&body)?;
    if let Some(now) = told.now {
        sim.clock.set(now);
    }
    if let Some(seconds) = told.advance {
        sim.clock.advance(SignedDuration::from_secs(seconds));
    }
    if told.run {
        sim.clock.run();
    }
    Ok(shown(&sim))
}

fn shown(sim: &Sim) -> Json<Value> {
    Json(json!({"now": sim.clock.now().to_string(), "still": sim.clock.is_still()}))
}

pub async fn set_faults(State(sim): State<Arc<Sim>>, body: Bytes) -> Result<StatusCode, Refusal> {
    let rules = faults::rules(read(&body)?).map_err(|error| {
        let why = std::error::Error::source(&error).map(|why| format!(": {why}"));
        Refusal::Bad(format!("{error}{}", why.unwrap_or_default()))
    })?;
    sim.faults.replace(rules);
    Ok(StatusCode::NO_CONTENT)
}

pub async fn set_edits(State(sim): State<Arc<Sim>>, body: Bytes) -> Result<StatusCode, Refusal> {
    sim.edits.replace(read(&body)?, sim.clock.now());
    Ok(StatusCode::NO_CONTENT)
}

pub async fn log(State(sim): State<Arc<Sim>>) -> Json<Counts> {
    Json(sim.log.counts())
}

pub async fn reset_log(State(sim): State<Arc<Sim>>) -> StatusCode {
    sim.log.reset();
    StatusCode::NO_CONTENT
}

/// A body of JSON; none at all is an empty object.
fn read<T: serde::de::DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    let body = if body.is_empty() { b"{}" } else { body };
    serde_json::from_slice(body)
        .map_err(|error| Refusal::Bad(format!("the body does not say what to do: {error}")))
}
