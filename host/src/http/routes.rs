//! Every route, in one list with its OpenAPI.

use axum::Router;
use axum::http::Uri;
use axum::middleware;
use axum::response::{IntoResponse, Response};
use tower_http::catch_panic::CatchPanicLayer;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{Components, OpenApi, OpenApiBuilder};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use utoipa_swagger_ui::SwaggerUi;

use crate::hub;
use crate::problem::{Code, Problem};

use super::access::Viewer;
use super::problems::FAULT;
use super::request::observe;
use super::state::Api;
use super::{
    audit, changes, charts, connections, dashboards, destinations, docs, dry_run, extractors,
    hub_keys, key_results, objectives, operate, readings, runs, webhooks,
};

fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::with_openapi(described())
        .routes(routes!(extractors::list, extractors::upload))
        .routes(routes!(extractors::show, extractors::edit))
        .routes(routes!(extractors::activate))
        .routes(routes!(extractors::canary))
        .routes(routes!(extractors::manual))
        .routes(routes!(dry_run::dry_run))
        .routes(routes!(dry_run::samples, dry_run::forget))
        .routes(routes!(extractors::rollback))
        .routes(routes!(extractors::delete))
        .routes(routes!(readings::outline))
        .routes(routes!(readings::read))
        .routes(routes!(readings::series))
        .routes(routes!(readings::convert))
        .routes(routes!(connections::list, connections::create))
        .routes(routes!(
            connections::show,
            connections::edit,
            connections::delete
        ))
        .routes(routes!(connections::test))
        .routes(routes!(dashboards::dashboards))
        .routes(routes!(dashboards::dashboard))
        .routes(routes!(dashboards::tiles))
        .routes(routes!(dashboards::looks))
        .routes(routes!(charts::outline))
        .routes(routes!(charts::read))
        .routes(routes!(charts::series))
        .routes(routes!(charts::verify))
        .routes(routes!(objectives::list, objectives::create))
        .routes(routes!(
            objectives::show,
            objectives::edit,
            objectives::delete
        ))
        .routes(routes!(key_results::list, key_results::create))
        .routes(routes!(
            key_results::show,
            key_results::edit,
            key_results::delete
        ))
        .routes(routes!(key_results::integration::put))
        .routes(routes!(key_results::integration::refresh))
        .routes(routes!(key_results::history::readings))
        .routes(routes!(key_results::history::backfill))
        .routes(routes!(changes::changes))
        .routes(routes!(runs::list))
        .routes(routes!(runs::show))
        .routes(routes!(runs::redrive))
        .routes(routes!(webhooks::list, webhooks::create))
        .routes(routes!(webhooks::show, webhooks::delete))
        .routes(routes!(webhooks::test))
        .routes(routes!(destinations::list, destinations::create))
        .routes(routes!(
            destinations::show,
            destinations::edit,
            destinations::delete
        ))
        .routes(routes!(hub_keys::list, hub_keys::create))
        .routes(routes!(hub_keys::revoke))
        .routes(routes!(audit::list))
        .routes(routes!(operate::livez))
        .routes(routes!(operate::readyz))
        .routes(routes!(operate::version))
        .routes(routes!(operate::metrics))
        .routes(routes!(docs::problems))
        .routes(routes!(docs::problem))
}

/// The whole API as a service.
pub fn router(api: Api) -> Router {
    let (router, _) = routes().split_for_parts();
    let (metrics, hub) = (api.metrics(), hub::router(api.hub()));
    router
        .route("/v1/{*path}", axum::routing::any(missing_in_api))
        .fallback(missing)
        .method_not_allowed_fallback(other_method)
        .with_state(api)
        // Looker's own shapes and keys, which an OpenAPI document of ours has no words for.
        .merge(hub)
        .merge(SwaggerUi::new("/docs").url("/openapi.json", openapi()))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(middleware::from_fn_with_state(metrics, observe))
}

/// The API's description. Everything under `/v1` needs a token, and so do the metrics.
#[must_use]
pub fn openapi() -> OpenApi {
    let mut api = routes().into_openapi();
    let token = SecurityRequirement::new("token", Vec::<String>::new());
    for (path, item) in &mut api.paths.paths {
        if path.starts_with("/v1/") || path == "/metrics" {
            let operations = [
                &mut item.get,
                &mut item.post,
                &mut item.put,
                &mut item.patch,
                &mut item.delete,
            ];
            for operation in operations.into_iter().flatten() {
                operation.security = Some(vec![token.clone()]);
            }
        }
    }
    api
}

fn described() -> OpenApi {
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("lm_…")
        .description(Some("A token of this server"))
        .build();
    let mut components = Components::new();
    components.add_security_scheme("token", SecurityScheme::Http(bearer));
    let mut api = OpenApiBuilder::new().components(Some(components)).build();
    api.info.title = "Lensmount".into();
    api.info.version = env!("CARGO_PKG_VERSION").into();
    api.info.description =
        Some("Reads numbers and events out of Looker through sandboxed extractors".into());
    api
}

async fn missing() -> Problem {
    Problem::new(
        Code::NOT_FOUND,
        "there is nothing at this path; /docs lists the API",
    )
}

/// Under `/v1` the token comes first, so that nobody without one learns what is there.
async fn missing_in_api(_: Viewer) -> Problem {
    missing().await
}

/// As with [`missing_in_api`]: a stranger does not learn which paths there are.
async fn other_method(viewer: Result<Viewer, Problem>, uri: Uri) -> Problem {
    match viewer {
        Err(problem) if uri.path().starts_with("/v1/") => problem,
        _ => Problem::new(
            Code::METHOD_NOT_ALLOWED,
            "this path does not take that method; /docs lists those it takes",
        ),
    }
}

fn panicked(panic: Box<dyn std::any::Any + Send>) -> Response {
    let words = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let words = words.or_else(|| panic.downcast_ref::<String>().cloned());
    tracing::error!(words, "a handler panicked");
    Problem::new(Code::FAULT, FAULT).into_response()
}
