//! What handlers share.

use std::num::NonZeroU32;
use std::sync::Arc;

use axum::extract::FromRef;
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use tokio_util::sync::CancellationToken;

use crate::access::Access;
use crate::catalog::Catalog;
use crate::chart::Charts;
use crate::connection::Connections;
use crate::event::Runs;
use crate::event::destination::Destinations;
use crate::hub::{Hub, HubKeys};
use crate::keyresult::KeyResults;
use crate::metrics::Metrics;
use crate::store::SharedStore;
use crate::webhook::Webhooks;

/// The parts of the server that the API speaks to. Handlers take the one part they need.
#[derive(Clone, FromRef)]
pub struct Api {
    catalog: Arc<Catalog>,
    connections: Arc<Connections>,
    charts: Arc<Charts>,
    key_results: Arc<KeyResults>,
    webhooks: Arc<Webhooks>,
    runs: Arc<Runs>,
    destinations: Arc<Destinations>,
    hub_keys: Arc<HubKeys>,
    hub: Arc<Hub>,
    store: SharedStore,
    access: Arc<Access>,
    rate: Arc<Rate>,
    stop: CancellationToken,
    metrics: Metrics,
}

impl Api {
    pub(super) fn metrics(&self) -> Metrics {
        self.metrics.clone()
    }

    pub(super) fn hub(&self) -> Arc<Hub> {
        Arc::clone(&self.hub)
    }
}

/// The parts that an [`Api`] is put together of.
pub struct Parts {
    /// Extractors.
    pub catalog: Arc<Catalog>,
    /// Charts on live Lookers, with the connections to them.
    pub charts: Arc<Charts>,
    /// Objectives and key results.
    pub key_results: Arc<KeyResults>,
    /// Whom to tell what happens.
    pub webhooks: Arc<Webhooks>,
    /// Runs of actions.
    pub runs: Arc<Runs>,
    /// The Action Hub.
    pub hub: Arc<Hub>,
    /// The store beneath all of them.
    pub store: SharedStore,
    /// Who may call.
    pub access: Arc<Access>,
    /// Requests per second and token.
    pub rate: NonZeroU32,
    /// Ends what would otherwise go on for as long as its listener stays.
    pub stop: CancellationToken,
    /// What is counted.
    pub metrics: Metrics,
}

/// Requests per second and token.
pub(super) struct Rate {
    limiter: DefaultKeyedRateLimiter<String>,
}

impl From<Parts> for Api {
    fn from(parts: Parts) -> Self {
        let rate = Arc::new(Rate {
            limiter: RateLimiter::keyed(Quota::per_second(parts.rate)),
        });
        Self {
            catalog: parts.catalog,
            connections: Arc::clone(parts.charts.connections()),
            charts: parts.charts,
            key_results: parts.key_results,
            webhooks: parts.webhooks,
            runs: parts.runs,
            destinations: Arc::clone(&parts.hub.destinations),
            hub_keys: Arc::clone(&parts.hub.keys),
            hub: parts.hub,
            store: parts.store,
            access: parts.access,
            rate,
            stop: parts.stop,
            metrics: parts.metrics,
        }
    }
}

impl Rate {
    /// Whether this token may make one more request now.
    pub fn allows(&self, actor: &String) -> bool {
        self.limiter.check_key(actor).is_ok()
    }
}
