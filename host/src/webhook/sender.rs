//! The sender at work: webhooks that have something to be told are claimed and told, each by itself,
//! so that a receiver which does not answer holds up nobody else.

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use crate::store::{Lease, Line, Store as _, StoreError};

use super::Webhooks;

/// How long a webhook is ours without a word from us. A round takes a minute at the most: its
/// requests have a quarter of one each, and it has four times as many as are sent side by side.
const LEASE: SignedDuration = SignedDuration::from_mins(3);
/// The longest time between two looks at the store.
const LOOK: Duration = Duration::from_secs(5);
/// How long to wait for a store that does not answer.
const AWAY: Duration = Duration::from_secs(1);
/// How long rounds may take to end when the server stops.
const DRAIN: Duration = Duration::from_secs(3);

/// Tells what waits until it is told to stop.
pub async fn run(webhooks: Arc<Webhooks>, stop: CancellationToken) {
    let holder = format!("server-{}", Uuid::now_v7().simple());
    let running = TaskTracker::new();
    let mut changed = webhooks.outbox.changed();
    while !stop.is_cancelled() {
        changed.mark_unchanged();
        let wait = match claim(&webhooks, &holder).await {
            Ok((leases, wait)) => {
                for lease in leases {
                    let (webhooks, stop) = (Arc::clone(&webhooks), stop.clone());
                    running.spawn(async move { work(&webhooks, &lease, &stop).await });
                }
                wait
            }
            Err(error) => {
                tracing::warn!(%error, "webhooks wait for the store");
                AWAY
            }
        };
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(wait) => {}
            Ok(()) = changed.changed() => {}
        }
    }
    running.close();
    let _ = tokio::time::timeout(DRAIN, running.wait()).await;
}

/// What is due, and how long to wait until something else may be.
async fn claim(webhooks: &Webhooks, holder: &str) -> Result<(Vec<Lease>, Duration), StoreError> {
    let outbox = &webhooks.outbox;
    let leases = outbox
        .claim_due(Line::Webhooks, holder, LEASE, super::MOST)
        .await?;
    let wait = outbox.next_due(Line::Webhooks).await?.map_or(LOOK, |due| {
        let wait = due.duration_since(webhooks.clock.now());
        Duration::try_from(wait).unwrap_or(Duration::ZERO).min(LOOK)
    });
    Ok((leases, wait.max(Duration::from_millis(5))))
}

/// One round. What was on its way when the server stops is told again by the next one: at least
/// once, under the same id.
async fn work(webhooks: &Webhooks, lease: &Lease, stop: &CancellationToken) {
    let done = tokio::select! {
        done = webhooks.round(lease) => done,
        () = async { stop.cancelled().await; tokio::time::sleep(DRAIN / 2).await } => return,
    };
    if let Err(error) = done {
        tracing::warn!(
            webhook = lease.poll,
            error = &error as &dyn std::error::Error,
            "a round of a webhook was not completed; it is made again when its lease ends"
        );
    }
}
