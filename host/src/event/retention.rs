//! What is forgotten of runs, and when.

use jiff::SignedDuration;

use crate::record::{self as records, Stored};
use crate::store::{BlobSpace, Change, Expected, Kind, StoreError};

use super::error::RunError;
use super::record::{Delivery, RunRecord, Segment, dead};
use super::resend;
use super::run::Runs;

/// How long a run is kept, with its counts and its dead letters.
pub const KEPT: SignedDuration = SignedDuration::from_hours(24 * 30);

const PAGE: usize = 200;

impl Runs {
    /// Forgets runs that are done and were begun a month ago, and which requests they were. Run now
    /// and then.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn sweep(&self) -> Result<(), RunError> {
        let now = self.clock.now();
        resend::sweep(self.store.as_ref(), now).await?;
        let mut after: Option<String> = None;
        loop {
            let page = records::list::<RunRecord>(self.store.as_ref(), after.as_deref(), PAGE);
            let page = page.await?;
            for run in &page {
                // They stand in the order of their making.
                if now.duration_since(run.record.begun_at) < KEPT {
                    return Ok(());
                }
                if self.get(&run.key).await?.state == "done" {
                    self.forget_run(&run.key).await?;
                }
            }
            match page.last() {
                Some(last) => after = Some(last.key.clone()),
                None => return Ok(()),
            }
        }
    }

    async fn forget_run(&self, id: &str) -> Result<(), RunError> {
        let delivery = records::get::<Delivery>(self.store.as_ref(), id).await?;
        let prefix = dead(id);
        let page = self.store.list(Kind::Segment, Some(&prefix), PAGE).await?;
        let dead = page.into_iter().filter(|it| it.key.starts_with(&prefix));
        let dead: Vec<Stored<Segment>> = dead.map(records::parse).collect::<Result<_, _>>()?;
        let mut change = Change::new();
        for segment in &dead {
            let seen = Expected::Version(segment.version);
            change = change.delete(Kind::Segment, &segment.key, seen);
        }
        // With the last of its dead letters goes the run.
        if dead.len() < PAGE {
            change = change.delete(Kind::Run, id, Expected::Any);
            if let Some(delivery) = delivery {
                let seen = Expected::Version(delivery.version);
                change = change.delete(Kind::Delivery, id, seen);
            }
        }
        match self.store.commit(change).await {
            Ok(_) => {}
            // It is sent again just now, and is looked at the next time.
            Err(StoreError::Stale { .. }) => return Ok(()),
            Err(error) => return Err(error.into()),
        }
        for segment in dead {
            let body = segment.record.body;
            self.store.delete_blob(BlobSpace::Outbox, &body).await?;
        }
        Ok(())
    }
}
