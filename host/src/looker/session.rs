//! The session: one login for all who wait, and a new one when it dies.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use reqwest::StatusCode;
use secrecy::{ExposeSecret, SecretString};
use url::{Url, form_urlencoded};

use super::api::{Api, words};
use super::ask::{Ask, Body};
use super::deadline::Deadline;
use super::error::{Doing, LookerError};
use super::probe::SILENCE;
use super::retry::{Failed, retried};
use super::wire::Login;

/// A session is not used in its last minute, so that it does not die on the way; of a short life
/// that is the last tenth.
const MARGIN: i64 = 60;

/// How long good manners may take.
const PARTING: Duration = Duration::from_secs(5);

/// A session as Looker gave it.
pub(super) struct Token {
    pub text: SecretString,
    dies: Timestamp,
}

impl Token {
    fn lives(&self, now: Timestamp) -> bool {
        now < self.dies
    }
}

impl Api {
    /// The session's token, of the session there is or of a new one.
    pub(super) async fn token(
        self: &Arc<Self>,
        base: &Url,
        deadline: Deadline,
    ) -> Result<Arc<Token>, LookerError> {
        let now = self.clock.now();
        let begin = || {
            let (api, base, deadline) = (Arc::clone(self), base.clone(), self.deadline());
            async move { retried(deadline, true, || api.login(&base, deadline)).await }
        };
        let session = self.session.get(|token| token.lives(now), begin);
        deadline.bound(Doing::LoggingIn, session).await?
    }

    async fn login(&self, base: &Url, deadline: Deadline) -> Result<Arc<Token>, Failed> {
        let ask = Ask {
            method: reqwest::Method::POST,
            body: Body::Form(self.form()),
            doing: Doing::LoggingIn,
            ..Ask::get("/login".to_owned(), "login")
        };
        let asked = self.clock.now();
        let answer = self.transport.send(base, &ask, None, deadline).await?;
        match answer.status {
            StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                // It may be something in front of another Looker; the next login looks anew.
                self.base.forget(|known| known == base);
                return Err(self.refused(words(&answer.body)).into());
            }
            StatusCode::NOT_FOUND => {
                return Err(self.unknown(base, words(&answer.body), deadline).await);
            }
            _ => {}
        }
        let answer = self.judged(answer, &ask.what)?;
        // The parser's own words could quote the token, so they are not kept.
        let login: Login =
            serde_json::from_slice(&answer.body).map_err(|_| LookerError::Malformed {
                what: ask.what,
                source: None,
            })?;
        tracing::info!(server = %self.settings.server_url, "logged in to Looker");
        Ok(Arc::new(Token {
            text: login.access_token.into(),
            dies: dies(asked, login.expires_in),
        }))
    }

    /// 404 is what Looker answers to wrong credentials, and what anything answers to a wrong path.
    /// Whether it is Looker is known from `/versions`, asked again because it may have moved.
    async fn unknown(&self, base: &Url, words: Option<String>, deadline: Deadline) -> Failed {
        match self.answers(base, SILENCE, deadline).await {
            Ok(()) => self.refused(words).into(),
            Err(failed) => {
                self.base.forget(|known| known == base);
                failed
            }
        }
    }

    fn refused(&self, words: Option<String>) -> LookerError {
        // A server that tells back what it was sent must not have us tell it on.
        let secret = self.settings.client_secret.expose_secret();
        let words = words.map(|words| words.replace(secret, "…"));
        LookerError::Refused {
            server: self.settings.server_url.to_string(),
            words,
        }
    }

    /// The credentials as a form. They never go into a URL, where logs would keep them.
    fn form(&self) -> SecretString {
        form_urlencoded::Serializer::new(String::new())
            .append_pair("client_id", &self.settings.client_id)
            .append_pair("client_secret", self.settings.client_secret.expose_secret())
            .finish()
            .into()
    }

    /// Ends the session, if there is one.
    pub(super) async fn logout(&self) {
        let base = self.base.forget(|_| true);
        let (Some(base), Some(token)) = (base, self.session.forget(|_| true)) else {
            return;
        };
        let ask = Ask::delete("/logout".to_owned(), "logout");
        let parting = Deadline::after(PARTING.min(self.settings.timeout));
        if let Err(failed) = self
            .transport
            .send(&base, &ask, Some(&token.text), parting)
            .await
        {
            tracing::debug!(server = %self.settings.server_url, error = %failed.error, "did not log out of Looker");
        }
    }
}

/// When a session that was asked for at `asked` is no longer to be used.
fn dies(asked: Timestamp, life: u64) -> Timestamp {
    let life = SignedDuration::from_secs(i64::try_from(life).unwrap_or(i64::MAX));
    let margin = SignedDuration::from_secs(MARGIN).min(life / 10);
    asked
        .saturating_add(life - margin)
        .unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_dead_a_minute_early_or_a_tenth_of_a_short_life() {
        let asked = Timestamp::UNIX_EPOCH;
        for (life, used_until) in [(3600, 3540), (600, 540), (60, 54), (5, 4), (0, 0)] {
            assert_eq!(dies(asked, life).as_second(), used_until, "{life}");
        }
        assert_eq!(dies(asked, u64::MAX), Timestamp::MAX);
    }
}
