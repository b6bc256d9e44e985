//! The calls.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::Arc;

use axum::Router;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{delete, get, post};

use crate::faults::layer;
use crate::refusal::Refusal;
use crate::server::Sim;

mod dashboards;
mod edited;
mod found;
mod looks;
mod merges;
mod queries;
mod runs;
mod sessions;
mod switches;
mod tasks;

/// What stands behind the question mark.
type Asked = axum::extract::Query<HashMap<String, String>>;

/// Where this Looker is, as its caller sees it.
#[derive(Debug, Clone)]
struct Base(String);

impl<S: Sync> FromRequestParts<S> for Base {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let host = parts
            .headers
            .get(header::HOST)
            .and_then(|host| host.to_str().ok());
        Ok(Self(format!("http://{}", host.unwrap_or("localhost"))))
    }
}

/// All routes.
pub fn router(sim: Arc<Sim>) -> Router {
    let with_token = Router::new()
        .route("/logout", delete(sessions::logout))
        .route("/user", get(sessions::me))
        .route("/dashboards", get(dashboards::all))
        .route("/dashboards/search", get(dashboards::search))
        .route("/dashboards/lookml/search", get(dashboards::search_lookml))
        .route("/dashboards/{id}", get(dashboards::one))
        .route(
            "/dashboards/{id}/dashboard_elements",
            get(dashboards::elements),
        )
        .route(
            "/dashboards/{id}/dashboard_filters",
            get(dashboards::filters),
        )
        .route("/dashboard_elements/{id}", get(dashboards::element))
        .route("/folders/{id}", get(dashboards::folder))
        .route("/looks/search", get(looks::search))
        .route("/looks/{id}", get(looks::one))
        .route("/looks/{id}/run/{format}", get(runs::look))
        .route("/queries", post(queries::create))
        .route("/queries/slug/{slug}", get(queries::by_slug))
        .route("/queries/run/{format}", post(runs::inline))
        .route("/queries/{id}", get(queries::one))
        .route("/queries/{id}/run/{format}", get(runs::query))
        .route("/merge_queries/{id}", get(merges::one))
        .route("/sql_queries/{slug}", get(merges::statement))
        .route(
            "/sql_queries/{slug}/run/{format}",
            post(merges::run_statement).get(merges::run_statement),
        )
        .route("/query_tasks", post(tasks::create))
        .route("/query_tasks/multi_results", get(tasks::multi_results))
        .route("/query_tasks/{id}", get(tasks::one))
        .route("/query_tasks/{id}/results", get(tasks::results))
        .route("/running_queries", get(tasks::running))
        .route("/running_queries/{id}", delete(tasks::kill))
        .route_layer(middleware::from_fn_with_state(Arc::clone(&sim), authorised));
    let version_4 = with_token
        .route("/login", post(sessions::login))
        .route("/versions", get(sessions::versions));
    let unversioned = Router::new()
        .route("/api/logout", delete(sessions::logout))
        .route_layer(middleware::from_fn_with_state(Arc::clone(&sim), authorised));
    Router::new()
        .nest("/api/4.0", version_4)
        .merge(unversioned)
        .route("/versions", get(sessions::versions))
        .route("/_clock", post(switches::set_clock).get(switches::clock))
        .route("/_faults", post(switches::set_faults))
        .route("/_edit", post(switches::set_edits))
        .route("/_log", get(switches::log).delete(switches::reset_log))
        .fallback(async || Refusal::NoRoute)
        .method_not_allowed_fallback(async || Refusal::NoRoute)
        .layer(middleware::from_fn_with_state(
            Arc::clone(&sim),
            edited::pass,
        ))
        .layer(middleware::from_fn_with_state(
            Arc::clone(&sim),
            layer::pass,
        ))
        .with_state(sim)
}

/// The token that a call came with: `Bearer X`, as SDKs send it, or `token X`.
pub fn token(headers: &HeaderMap) -> Option<&str> {
    let text = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = text.split_once(' ')?;
    matches!(scheme.to_ascii_lowercase().as_str(), "bearer" | "token").then(|| token.trim())
}

async fn authorised(State(sim): State<Arc<Sim>>, request: Request, next: Next) -> Response {
    let known =
        token(request.headers()).is_some_and(|token| sim.logins.knows(token, sim.clock.now()));
    if known {
        next.run(request).await
    } else {
        Refusal::Unauthorized.into_response()
    }
}
