//! Claiming polls and giving them back.

use jiff::{SignedDuration, Timestamp};

use super::record::{self, SEQUENCE};
use super::{Database, unreadable};
use crate::store::{Lease, Line, StoreError};

impl Database {
    pub fn claim_due(
        &self,
        line: Line,
        holder: &str,
        lease_for: SignedDuration,
        limit: usize,
    ) -> Result<Vec<Lease>, StoreError> {
        self.health.check()?;
        let mut memory = self.write();
        let now = record::whole_micros(self.clock.now());
        if limit == 0 || !memory.schedule.has_due(line, now) {
            return Ok(Vec::new());
        }
        self.check_space(0)?;
        // A claim takes a number from the count of changes, so that its epoch is new for every one
        // of its polls. Nobody waits for that to reach the disk: a crash that forgets it has also
        // ended whoever could have used the lease, and what such a holder had completed came later
        // in the log, so that the count was kept with it.
        let epoch = self.sequence()? + 1;
        let counted = self
            .meta
            .insert(SEQUENCE, record::seal_figure(SEQUENCE, epoch));
        counted.map_err(|e| {
            self.health.fail(&e);
            unreadable(e)
        })?;
        let expires_at = later(now, lease_for);
        let schedule = &mut memory.schedule;
        Ok(schedule.claim(line, holder, epoch, now, expires_at, limit))
    }

    pub fn renew(&self, lease: &Lease, lease_for: SignedDuration) -> Result<Lease, StoreError> {
        self.health.check()?;
        let mut memory = self.write();
        let expires_at = later(record::whole_micros(self.clock.now()), lease_for);
        memory.schedule.renew(lease, expires_at)
    }

    pub fn release(&self, lease: &Lease) -> Result<(), StoreError> {
        self.health.check()?;
        self.write().schedule.release(lease);
        Ok(())
    }

    pub fn next_due(&self, line: Line) -> Result<Option<Timestamp>, StoreError> {
        self.health.check()?;
        Ok(self.read().schedule.next(line))
    }
}

fn later(now: Timestamp, step: SignedDuration) -> Timestamp {
    let at = now.saturating_add(step).unwrap_or(Timestamp::MAX);
    record::whole_micros(at)
}
