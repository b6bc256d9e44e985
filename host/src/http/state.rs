//! What handlers share.

use std::num::NonZeroU32;
use std::sync::Arc;

use axum::extract::FromRef;
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use crate::access::Access;
use crate::catalog::Catalog;
use crate::store::SharedStore;

/// The parts of the server that the API speaks to. Handlers take the one part they need.
#[derive(Clone, FromRef)]
pub struct Api {
    catalog: Arc<Catalog>,
    store: SharedStore,
    access: Arc<Access>,
    rate: Arc<Rate>,
}

/// Requests per second and token.
pub(super) struct Rate {
    limiter: DefaultKeyedRateLimiter<String>,
}

impl Api {
    /// Puts the parts together. `rate` is requests per second and token.
    #[must_use]
    pub fn new(
        catalog: Arc<Catalog>,
        store: SharedStore,
        access: Arc<Access>,
        rate: NonZeroU32,
    ) -> Self {
        let rate = Arc::new(Rate {
            limiter: RateLimiter::keyed(Quota::per_second(rate)),
        });
        Self {
            catalog,
            store,
            access,
            rate,
        }
    }
}

impl Rate {
    /// Whether this token may make one more request now.
    pub fn allows(&self, actor: &String) -> bool {
        self.limiter.check_key(actor).is_ok()
    }
}
