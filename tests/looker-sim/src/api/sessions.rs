//! Logging in and out, and who is there.

use std::fmt;
use std::sync::Arc;

use axum::extract::rejection::FormRejection;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::{Form, Json};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Asked, Base, token};
use crate::fields::only;
use crate::login::LIFE;
use crate::refusal::Refusal;
use crate::server::Sim;

#[derive(Deserialize)]
pub struct Credentials {
    client_id: String,
    client_secret: String,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").finish_non_exhaustive()
    }
}

/// As Looker has it, unknown credentials are not found.
pub async fn login(
    State(sim): State<Arc<Sim>>,
    credentials: Result<Form<Credentials>, FormRejection>,
) -> Result<Json<Value>, Refusal> {
    let Form(given) = credentials.map_err(|_| Refusal::NotFound)?;
    let config = &sim.config;
    if !config.knows(&given.client_id) || given.client_secret != config.client_secret {
        return Err(Refusal::NotFound);
    }
    let token = sim.logins.login(&given.client_id, sim.clock.now());
    let token = token.map_err(|_| Refusal::Bad("no token can be made".to_owned()))?;
    sim.log.login();
    Ok(Json(json!({
        "access_token": token,
        "token_type": "Bearer",
        "expires_in": LIFE,
        "refresh_token": null,
    })))
}

pub async fn logout(State(sim): State<Arc<Sim>>, headers: HeaderMap) -> StatusCode {
    if let Some(token) = token(&headers) {
        sim.logins.forget(token);
    }
    StatusCode::NO_CONTENT
}

pub async fn me(Base(base): Base, Query(asked): Asked) -> Json<Value> {
    let user = json!({
        "id": "7",
        "first_name": "Ada",
        "last_name": "Admin",
        "display_name": "Ada Admin",
        "email": "ada.admin@example.com",
        "is_disabled": false,
        "locale": "en",
        "role_ids": ["2"],
        "group_ids": ["1"],
        "personal_folder_id": "1",
        "home_folder_id": "1",
        "presumed_looker_employee": false,
        "url": format!("{base}/api/4.0/users/7"),
        "can": {"show": true},
    });
    Json(only(user, asked.get("fields").map(String::as_str)))
}

/// Answers without a token as well, so that the way to an API can be found before there is one.
pub async fn versions(Base(base): Base, Query(asked): Asked) -> Json<Value> {
    let version = json!({
        "version": "4.0",
        "full_version": "4.0.26.12",
        "status": "current",
        "swagger_url": format!("{base}/api/4.0/swagger.json"),
    });
    let versions = json!({
        "looker_release_version": "26.12.3",
        "current_version": version,
        "supported_versions": [version],
        "api_server_url": base,
        "web_server_url": base,
    });
    Json(only(versions, asked.get("fields").map(String::as_str)))
}
