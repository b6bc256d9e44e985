//! What a simulated Looker is started with.

use std::fmt;

use jiff::Timestamp;

/// How long a result is served from the cache, unless told otherwise: Looker's own hour.
const CACHE_SECONDS: u64 = 3_600;

/// What a simulated Looker is started with.
#[derive(Clone)]
pub struct Config {
    /// The id that a login has to name. `ID.anything` are further clients, with the same secret.
    pub client_id: String,
    /// The secret that goes with it.
    pub client_secret: String,
    /// What the numbers follow from: equal seeds, equal numbers.
    pub seed: u64,
    /// Where the clock stands still from the start. Without it, it runs with the machine's.
    pub now: Option<Timestamp>,
    /// How long a result is served from the cache, by the simulated clock. With 0 every run is new.
    pub cache_seconds: u64,
}

impl Config {
    /// A Looker with these credentials, on the machine's clock.
    pub fn new(client_id: impl Into<String>, client_secret: impl Into<String>) -> Self {
        Self {
            client_id: client_id.into(),
            client_secret: client_secret.into(),
            seed: 1,
            now: None,
            cache_seconds: CACHE_SECONDS,
        }
    }
}

impl Config {
    /// Whether a client may log in under this id.
    pub(crate) fn knows(&self, client_id: &str) -> bool {
        let further = client_id.strip_prefix(&self.client_id);
        further.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("client_id", &self.client_id)
            .field("seed", &self.seed)
            .field("now", &self.now)
            .field("cache_seconds", &self.cache_seconds)
            .finish_non_exhaustive()
    }
}
