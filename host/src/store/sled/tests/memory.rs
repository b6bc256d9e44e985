//! What is in memory only, or not on the disk yet.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use tempfile::TempDir;

use super::{open, read};
use crate::store::sled::schedule::Schedule;
use crate::store::{Change, Due, Lease, Line, Next, Store as _, StoreError};

const LEASE: SignedDuration = SignedDuration::from_hours(1);

#[tokio::test]
async fn polls_that_were_held_are_free_when_the_folder_is_opened_again() {
    let dir = TempDir::new().unwrap();
    let store = open(dir.path()).unwrap();
    for number in 0..3 {
        store.commit(read(number)).await.unwrap();
    }
    let held = store
        .claim_due(Line::Charts, "one", LEASE, 2)
        .await
        .unwrap();
    let nudge = Change::new().due("p1", Due::NoLaterThan(Timestamp::UNIX_EPOCH));
    store.commit(nudge).await.unwrap();
    drop(store);

    let store = open(dir.path()).unwrap();
    // Whoever held them has ended with the process that had the folder open.
    for lease in &held {
        let late = Change::new().completing(lease.clone(), Next::Gone);
        let late = store.commit(late).await;
        assert!(matches!(late, Err(StoreError::Fenced { .. })), "{late:?}");
    }
    let claimed = store
        .claim_due(Line::Charts, "two", LEASE, 10)
        .await
        .unwrap();
    let polls = claimed.iter().map(|lease| lease.poll.as_str());
    assert!(polls.eq(["p0", "p1", "p2"]), "{claimed:?}");
    assert!(claimed[0].epoch > held[0].epoch);
    assert_eq!(claimed[1].due, Timestamp::UNIX_EPOCH);
    drop(store);
    let store = open(dir.path()).unwrap();
    assert_eq!(
        store
            .claim_due(Line::Charts, "three", LEASE, 10)
            .await
            .unwrap()
            .len(),
        3
    );
    assert!(store.check().await.unwrap().is_sound());
}

#[tokio::test]
async fn nothing_is_told_before_it_is_durable() {
    let dir = TempDir::new().unwrap();
    let store = open(dir.path()).unwrap();
    let first = store.commit(read(0)).await.unwrap();
    let changed = store.changed();
    // Made, and not synced: what a crash at this moment would undo.
    let second = store.database.apply([&read(1)]).remove(0).unwrap();
    assert_eq!(store.feed(None, 10).await.unwrap().len(), 1);
    let edges = store.feed_edges().await.unwrap().unwrap();
    assert_eq!(edges.newest.version, first.version);
    assert_eq!(*changed.borrow(), first.version);
    let third = store.commit(read(2)).await.unwrap();
    let found = store.feed(None, 10).await.unwrap();
    let versions = found.iter().map(|entry| entry.place.version);
    assert!(versions.eq([first.version, second.version, third.version]));
    assert_eq!(*changed.borrow(), third.version);
    drop(store);
    let store = open(dir.path()).unwrap();
    assert_eq!(*store.changed().borrow(), third.version);
    assert_eq!(store.feed(None, 10).await.unwrap(), found);
}

/// The same as [`Schedule`], slowly: every question looks at all polls.
#[derive(Debug, Default)]
struct Model(BTreeMap<String, Modelled>);

#[derive(Debug, Clone)]
struct Modelled {
    due: Timestamp,
    nudged: Option<Timestamp>,
    lease: Option<Lease>,
}

impl Modelled {
    fn claimable_at(&self) -> Timestamp {
        let expiry = self.lease.as_ref().map(|lease| lease.expires_at);
        expiry.map_or(self.due, |expiry| self.due.max(expiry))
    }
}

impl Model {
    fn claim(&mut self, epoch: u64, now: Timestamp, limit: usize) -> Vec<Lease> {
        let mut found = self.0.iter_mut().collect::<Vec<_>>();
        found.retain(|(_, poll)| poll.claimable_at() <= now);
        found.sort_by_key(|(name, poll)| (poll.due, name.to_string()));
        let claimed = found.into_iter().take(limit).map(|(name, poll)| {
            let lease = Lease {
                poll: name.clone(),
                holder: "h".to_owned(),
                epoch,
                due: poll.due,
                expires_at: now + SignedDuration::from_secs(10),
            };
            poll.nudged = None;
            poll.lease = Some(lease.clone());
            lease
        });
        claimed.collect()
    }

    fn held(&mut self, lease: &Lease) -> Option<&mut Modelled> {
        let poll = self.0.get_mut(&lease.poll)?;
        let held = poll.lease.as_ref().map(|held| held.epoch);
        (held == Some(lease.epoch)).then_some(poll)
    }

    fn complete(&mut self, lease: &Lease, next: Option<Timestamp>) -> bool {
        let Some(poll) = self.held(lease) else {
            return false;
        };
        match next.into_iter().chain(poll.nudged).min() {
            Some(due) => {
                *poll = Modelled {
                    due,
                    nudged: None,
                    lease: None,
                };
            }
            None => drop(self.0.remove(&lease.poll)),
        }
        true
    }

    fn nudge(&mut self, name: &str, at: Timestamp) {
        let poll = self.0.entry(name.to_owned()).or_insert(Modelled {
            due: at,
            nudged: None,
            lease: None,
        });
        poll.due = poll.due.min(at);
        if poll.lease.is_some() {
            poll.nudged = poll.nudged.into_iter().chain([at]).min();
        }
    }
}

#[derive(Debug, Clone)]
enum Step {
    Wait(i64),
    Nudge(u8, i64),
    Never(u8),
    Claim(usize),
    /// Of the leases claimed so far, counted from the newest.
    Complete(usize, Option<i64>),
    Renew(usize),
    Release(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        2 => (0..15_i64).prop_map(Step::Wait),
        4 => (0..6_u8, -20..40_i64).prop_map(|(poll, at)| Step::Nudge(poll, at)),
        1 => (0..6_u8).prop_map(Step::Never),
        4 => (0..4_usize).prop_map(Step::Claim),
        3 => (0..6_usize, prop::option::of(-5..40_i64)).prop_map(|(n, at)| Step::Complete(n, at)),
        1 => (0..6_usize).prop_map(Step::Renew),
        1 => (0..6_usize).prop_map(Step::Release),
    ]
}

proptest! {
    #[test]
    fn the_schedule_is_what_looking_at_every_poll_would_find(
        steps in prop::collection::vec(step(), 1..120)
    ) {
        let (mut schedule, mut model) = (Schedule::default(), Model::default());
        let mut leases: Vec<Lease> = Vec::new();
        let mut now = Timestamp::from_second(1000).unwrap();
        for (epoch, step) in (1..).zip(steps) {
            let after = |seconds| now + SignedDuration::from_secs(seconds);
            let nth = |n: usize| leases.iter().rev().nth(n).cloned();
            let make = |schedule: &mut Schedule, change: Change| {
                schedule.plan(&change).map(|plan| schedule.make(plan)).is_ok()
            };
            match step {
                Step::Wait(seconds) => now = after(seconds),
                Step::Nudge(poll, seconds) => {
                    let (name, at) = (format!("p{poll}"), after(seconds));
                    make(&mut schedule, Change::new().due(&*name, Due::NoLaterThan(at)));
                    model.nudge(&name, at);
                }
                Step::Never(poll) => {
                    let name = format!("p{poll}");
                    make(&mut schedule, Change::new().due(&*name, Due::Never));
                    model.0.remove(&name);
                }
                Step::Claim(limit) => {
                    let expires_at = after(10);
                    let found = schedule.claim(Line::Charts, "h", epoch, now, expires_at, limit);
                    prop_assert_eq!(&found, &model.claim(epoch, now, limit));
                    leases.extend(found);
                }
                Step::Complete(n, seconds) => {
                    let Some(lease) = nth(n) else { continue };
                    let at = seconds.map(after);
                    let next = at.map_or(Next::Gone, Next::At);
                    let made = make(&mut schedule, Change::new().completing(lease.clone(), next));
                    prop_assert_eq!(made, model.complete(&lease, at));
                }
                Step::Renew(n) => {
                    let Some(lease) = nth(n) else { continue };
                    let renewed = schedule.renew(&lease, after(10));
                    let held = model.held(&lease);
                    prop_assert_eq!(renewed.is_ok(), held.is_some());
                    if let (Ok(renewed), Some(held)) = (renewed, held) {
                        held.lease = Some(renewed);
                    }
                }
                Step::Release(n) => {
                    let Some(lease) = nth(n) else { continue };
                    schedule.release(&lease);
                    if let Some(held) = model.held(&lease) {
                        (held.lease, held.nudged) = (None, None);
                    }
                }
            }
            let claimable = model.0.values().map(Modelled::claimable_at).min();
            match (schedule.next(Line::Charts), claimable) {
                // Of what can be claimed already, only that it can is asked.
                (Some(found), Some(wanted)) if wanted <= now => prop_assert!(found <= now),
                (found, wanted) => prop_assert_eq!(found, wanted),
            }
            let dues = schedule.dues().map(|(name, due)| (name.to_owned(), due));
            let wanted = model.0.iter().map(|(name, poll)| (name.clone(), poll.due));
            prop_assert_eq!(dues.collect::<BTreeMap<_, _>>(), wanted.collect());
        }
    }
}
