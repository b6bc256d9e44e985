//! Runs of queries.

use std::sync::Arc;
use std::time::Instant;

use hex::encode;
use sha2::{Digest, Sha256};

use crate::evaluate::{Plan, evaluate};
use crate::query::Stored;
use crate::result::{Freshness, Ran};
use crate::server::Sim;

/// What is to be run, and how.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The query.
    pub stored: Arc<Stored>,
    /// A limit in place of its own.
    pub limit: Option<String>,
    /// Whether an answer from the cache will do.
    pub cache: bool,
    /// Whether one that is too old will do as well.
    pub cache_only: bool,
}

/// Answers from the cache, or runs the query. `path` is the call that wants it.
pub async fn run(sim: &Sim, asked: &Asked, path: &str) -> (Arc<Ran>, Freshness) {
    let stored = &asked.stored;
    let key = format!(
        "{}|{}",
        stored.id,
        asked.limit.as_deref().unwrap_or_default()
    );
    let kept = sim.cache.get(&key, sim.clock.now()).filter(|_| asked.cache);
    if let Some((ran, stale)) = kept
        && (!stale || asked.cache_only)
    {
        sim.log.cache_hit();
        return (
            ran,
            Freshness {
                from_cache: true,
                expired: stale,
            },
        );
    }
    let running = sim.log.run(&stored.id);
    let started = Instant::now();
    sim.faults.hold_up(path).await;
    // Asked for the time only now: what was held up answers with what is there at the end.
    let now = sim.clock.now();
    let limit = asked.limit.as_deref();
    let outcome = Plan::of(&stored.query).and_then(|plan| {
        let table = evaluate(
            &stored.query,
            &plan,
            limit,
            sim.ledger,
            sim.edits.moment(now),
        )?;
        Ok((plan, table))
    });
    drop(running);
    let ran = Arc::new(Ran {
        id: encode(&Sha256::digest(format!("{key}|{now}"))[..16]),
        stored: Arc::clone(stored),
        outcome,
        ran_at: now,
        runtime_ms: started.elapsed().as_millis(),
    });
    sim.cache.put(key, &ran);
    (ran, Freshness::default())
}
