//! Versions that rest because they only ever had to be stopped, and who is told of it.

use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use jiff::SignedDuration;
use serde_json::json;

use crate::sandbox::{CallError, Called};
use crate::store::Change;

use super::breaker::{Breaker, Leave, Refused, Sign, Stand, Turn};
use super::error::CatalogError;
use super::live::{Catalog, Version};

/// A version's breaker, and whether listeners know of its rest.
#[derive(Debug, Default)]
pub(super) struct Rest {
    pub(super) breaker: Breaker,
    is_told: AtomicBool,
}

impl Rest {
    fn is_untold(&self) -> bool {
        self.is_told.load(Ordering::Acquire) != self.breaker.is_open()
    }
}

/// What a call is made for. A stop tells against the version only where it was to answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Somebody wants its answer.
    Answer,
    /// To see whether it might read what it may not be made for.
    Try,
    /// To map rows that were taken in. They are tried also while the version rests: refused, they
    /// would be lost without anybody having tried them.
    Rows,
    /// To find the rows that it fails on, after it has failed on them all.
    Search,
}

/// Whether a version is called just now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Health {
    /// Whether it is.
    pub stand: Stand,
    /// Calls that had to be stopped since it answered last.
    pub stops: u32,
}

impl Catalog {
    /// The answer of a call. It is refused while the version rests, save for rows.
    pub(super) async fn settled<T>(
        &self,
        version: &Version,
        purpose: Purpose,
        call: impl Future<Output = Result<Called<T>, CallError>>,
    ) -> Result<T, CatalogError> {
        let breaker = &version.rest.breaker;
        let leave = match purpose {
            Purpose::Rows | Purpose::Search => breaker.regardless(),
            Purpose::Answer | Purpose::Try => match breaker.leave(self.clock.as_ref()) {
                Ok(leave) => leave,
                Err(Refused(left)) => {
                    version.tally.refuse();
                    return Err(CatalogError::Resting {
                        name: version.name.clone(),
                        version: version.record.version.clone(),
                        seconds: whole_seconds(left),
                    });
                }
            },
        };
        let began = Instant::now();
        let outcome = call.await;
        version.tally.count(&outcome, began.elapsed());
        let sign = match Sign::of(&outcome) {
            Sign::Stopped if matches!(purpose, Purpose::Try | Purpose::Search) => Sign::Nothing,
            sign => sign,
        };
        self.shown(version, leave, sign);
        Ok(outcome?.value)
    }

    fn shown(&self, version: &Version, leave: Leave<'_>, sign: Sign) {
        let Some(turn) = leave.shows(sign, self.clock.as_ref()) else {
            return;
        };
        let (extractor, version) = (&version.name, &version.record.version);
        match turn {
            Turn::Rests(lasts) => {
                let seconds = whole_seconds(lasts);
                tracing::warn!(%extractor, %version, seconds, "an extractor had to be stopped call after call, and rests");
            }
            Turn::Answers => tracing::info!(%extractor, %version, "an extractor answers again"),
        }
    }

    /// Whether a version is called just now.
    #[must_use]
    pub fn health(&self, version: &Version) -> Health {
        let (stand, stops) = version.rest.breaker.stand(self.clock.now());
        Health { stand, stops }
    }

    /// Tells listeners which versions rest since they were told last, and which answer again.
    pub(super) async fn tell_of_rests(&self) {
        for version in self.versions(|_, version| version.rest.is_untold()) {
            let rests = version.rest.breaker.is_open();
            let told = json!({
                "extractor": version.name,
                "version": version.record.version,
                "change": if rests { "resting" } else { "answering" },
            });
            let change = Change::new().tell("extractor", told.to_string());
            match self.store.commit(change).await {
                Ok(_) => version.rest.is_told.store(rests, Ordering::Release),
                Err(error) => tracing::warn!(
                    extractor = version.name,
                    %error,
                    "listeners could not be told of an extractor's rest; it is tried again"
                ),
            }
        }
    }
}

/// Seconds after which so much time is over.
fn whole_seconds(time: SignedDuration) -> u32 {
    let millis = u64::try_from(time.as_millis()).unwrap_or(0);
    u32::try_from(millis.div_ceil(1_000))
        .unwrap_or(u32::MAX)
        .max(1)
}
