//! What a connection is made of.

use std::time::Duration;

use secrecy::SecretString;

use super::server_url::ServerUrl;

/// Where Looker is, who we are there, and how much we ask of it. `Debug` does not show the secret.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where Looker is.
    pub server_url: ServerUrl,
    /// The API credentials' id.
    pub client_id: String,
    /// The API credentials' secret.
    pub client_secret: SecretString,
    /// How long one of our calls may take, queueing and retries included.
    pub timeout: Duration,
    /// How many queries run side by side.
    pub max_concurrent: usize,
}

impl Settings {
    /// How long a call may take unless set.
    pub const TIMEOUT: Duration = Duration::from_secs(40);
    /// How many queries run side by side unless set.
    pub const MAX_CONCURRENT: usize = 8;
}
