//! Webhooks: what happens, told to other systems by signed requests ([Standard Webhooks]).
//!
//! Everything above the store writes through the [`Outbox`]: whatever a change tells the feed, it
//! addresses to the webhooks that want it in the very same change, so a reading that is kept is a
//! reading that will be told. [`sender`] then posts what waits, each webhook by itself. A notice is
//! removed once it was answered with 2xx, so it comes at least once, always under the same
//! `webhook-id`.
//!
//! [Standard Webhooks]: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md

mod draft;
mod error;
mod notice;
mod outbox;
mod post;
mod record;
mod round;
pub mod sender;
mod signature;

use std::sync::Arc;

use secrecy::SecretString;
use serde_json::json;

use crate::access::By;
use crate::clock::SharedClock;
use crate::egress::Targets;
use crate::id::WebhookId;
use crate::metrics::Metrics;
use crate::once::{Known, Once};
use crate::record::{self as records, Stored};
use crate::secret::Sealer;
use crate::store::{Change, Expected, Kind, StoreError};

pub use draft::{Draft, KINDS, MOST};
pub use error::WebhookError;
pub use outbox::Outbox;
pub use record::WebhookRecord;

use post::Postman;
use record::place;

/// All webhooks.
pub struct Webhooks {
    outbox: Arc<Outbox>,
    sealer: Arc<Sealer>,
    targets: Arc<Targets>,
    postman: Postman,
    clock: SharedClock,
    metrics: Metrics,
}

/// How often a change is tried against others' changes before the caller is told.
const TRIES: usize = 8;

impl Webhooks {
    /// Webhooks that are told what goes through this outbox. `targets` are the addresses that may
    /// be called.
    ///
    /// # Errors
    ///
    /// When no HTTP client can be made on this machine.
    pub fn new(
        outbox: Arc<Outbox>,
        sealer: Arc<Sealer>,
        targets: Arc<Targets>,
        clock: SharedClock,
        metrics: Metrics,
    ) -> Result<Arc<Self>, WebhookError> {
        Ok(Arc::new(Self {
            postman: Postman::new(Arc::clone(&targets))?,
            outbox,
            sealer,
            targets,
            clock,
            metrics,
        }))
    }

    /// Makes a webhook, and says the secret that its requests are signed with: here and in the
    /// answer to the same request sent again, nowhere else.
    ///
    /// # Errors
    ///
    /// When the draft is unsound, or there are too many webhooks.
    pub async fn create(
        &self,
        draft: Draft,
        once: Option<Once>,
        by: By,
    ) -> Result<(Stored<WebhookRecord>, SecretString), WebhookError> {
        for _ in 0..TRIES {
            let now = self.clock.now();
            let id = WebhookId::fresh(self.clock.as_ref());
            let mut change = Change::new();
            if let Some(once) = &once {
                match once.known(self.outbox.as_ref(), now).await? {
                    Known::Made(id) => {
                        // Its first request may have ended before anybody knew of it.
                        self.outbox.reload().await?;
                        return self.with_secret(&id).await;
                    }
                    Known::Other => return Err(WebhookError::OtherRequest),
                    Known::New(expected) => {
                        change = once.noted(change, expected, id.as_str(), now)?;
                    }
                }
            }
            if self.list(None, MOST).await?.len() >= MOST {
                return Err(WebhookError::TooMany);
            }
            let record = draft.record(&id, &self.sealer, &self.targets, now)?;
            let change = change
                .put(
                    Kind::Webhook,
                    id.as_str(),
                    Expected::Absent,
                    records::body(&record)?,
                )
                .audited(by.entry("webhook.create", format!("webhook:{id}")));
            match self.outbox.commit_and_reload(change).await {
                Ok(()) => return self.with_secret(id.as_str()).await,
                Err(WebhookError::Record(records::RecordError::Store(StoreError::Stale {
                    ..
                }))) => {}
                Err(error) => return Err(error),
            }
        }
        Err(WebhookError::Contended)
    }

    async fn with_secret(
        &self,
        id: &str,
    ) -> Result<(Stored<WebhookRecord>, SecretString), WebhookError> {
        let stored = self.get(id).await?;
        let secret = self.sealer.open(&place(id), &stored.record.secret)?;
        Ok((stored, secret))
    }

    /// A webhook.
    ///
    /// # Errors
    ///
    /// [`WebhookError::NotFound`].
    pub async fn get(&self, id: &str) -> Result<Stored<WebhookRecord>, WebhookError> {
        records::get(self.outbox.as_ref(), id)
            .await?
            .ok_or_else(|| WebhookError::NotFound { id: id.to_owned() })
    }

    /// A page of webhooks, the oldest first.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn list(
        &self,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Stored<WebhookRecord>>, WebhookError> {
        Ok(records::list(self.outbox.as_ref(), after, limit).await?)
    }

    /// How many notices wait for a webhook.
    #[must_use]
    pub fn waiting(&self, id: &str) -> u64 {
        self.outbox.waiting(id)
    }

    /// Sends a webhook a notice of kind `test`.
    ///
    /// # Errors
    ///
    /// [`WebhookError::NotFound`], and [`WebhookError::Stopped`] for one that wants no more.
    pub async fn test(&self, id: &WebhookId, by: By) -> Result<String, WebhookError> {
        let stored = self.get(id.as_str()).await?;
        if stored.record.standing.stopped.is_some() {
            return Err(WebhookError::Stopped);
        }
        let data = json!({ "webhook_id": id });
        let audit = by.entry("webhook.test", format!("webhook:{id}"));
        let change = Change::new().audited(audit);
        self.outbox
            .tell_one(id.as_str(), "test", &data, change)
            .await
    }

    /// Removes a webhook, with all that it was still to be told.
    ///
    /// # Errors
    ///
    /// [`WebhookError::NotFound`].
    pub async fn delete(&self, id: &WebhookId, by: By) -> Result<(), WebhookError> {
        for _ in 0..TRIES {
            let seen = self.get(id.as_str()).await?.version;
            // What waits is removed by the sender, who finds the webhook gone.
            let change = Change::new()
                .delete(Kind::Webhook, id.as_str(), Expected::Version(seen))
                .due(
                    outbox::poll(id.as_str()),
                    crate::store::Due::NoLaterThan(self.clock.now()),
                )
                .audited(by.entry("webhook.delete", format!("webhook:{id}")));
            match self.outbox.commit_and_reload(change).await {
                Err(WebhookError::Record(records::RecordError::Store(StoreError::Stale {
                    ..
                }))) => {}
                done => return done,
            }
        }
        Err(WebhookError::Contended)
    }
}
