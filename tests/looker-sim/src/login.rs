//! Logins and the tokens they give.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex};

use jiff::{SignedDuration, Timestamp};

use crate::lock::lock;

/// How long a token is good, in seconds.
pub const LIFE: i64 = 3_600;

/// Tokens that are good, each with when it stops to be and the client that logged in for it.
#[derive(Default)]
pub struct Logins(Mutex<HashMap<String, (Timestamp, Arc<str>)>>);

impl Logins {
    /// A new token for a client.
    pub fn login(&self, client: &str, now: Timestamp) -> Result<String, getrandom::Error> {
        let mut bytes = [0; 20];
        getrandom::fill(&mut bytes)?;
        let token = hex::encode(bytes);
        let until = now
            .saturating_add(SignedDuration::from_secs(LIFE))
            .unwrap_or(now);
        let mut tokens = lock(&self.0);
        tokens.retain(|_, (until, _)| now < *until);
        tokens.insert(token.clone(), (until, client.into()));
        Ok(token)
    }

    /// Whether a token is good now.
    pub fn knows(&self, token: &str, now: Timestamp) -> bool {
        lock(&self.0)
            .get(token)
            .is_some_and(|(until, _)| now < *until)
    }

    /// Who logged in for a token.
    pub fn client(&self, token: &str) -> Option<Arc<str>> {
        let tokens = lock(&self.0);
        tokens.get(token).map(|(_, client)| Arc::clone(client))
    }

    /// Makes a token no good. Says whether it was any.
    pub fn forget(&self, token: &str) -> bool {
        lock(&self.0).remove(token).is_some()
    }
}

impl fmt::Debug for Logins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Logins").finish_non_exhaustive()
    }
}
