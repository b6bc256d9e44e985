//! The HTTP API: one file per resource, all routes in [`routes`], errors told in one place.
//!
//! A request passes [`request`] (its id, its log line, problems to bytes), then the handler's
//! arguments in the order of the API's promise: token, role, path, body.

mod access;
mod audit;
mod body;
mod changes;
mod charts;
mod component;
mod connections;
mod dashboards;
mod destinations;
mod docs;
mod dry_run;
mod etag;
mod extractors;
mod hub_keys;
mod key_results;
mod objectives;
mod operate;
mod page;
mod problems;
mod readings;
mod repeat;
mod request;
mod routes;
mod runs;
mod state;
mod webhooks;

pub(crate) use request::RequestId;
pub use routes::{openapi, router};
pub use state::{Api, Parts};
