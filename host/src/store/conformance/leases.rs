//! Leases: completing, renewing, giving back, and being followed by another holder.

use jiff::SignedDuration;

use super::polls::{LEASE, claim, due, names, now};
use super::{KIND, Subject, entry, get};
use crate::store::{
    Change, Due, Expected, Lease, Line, NewReading, Next, ReadingRange, SharedStore, StoreError,
};

/// A poll that is due, and a lease of it.
async fn leased(store: &SharedStore) -> Lease {
    let start = now(store).await;
    due(store, "p", start).await;
    claim(store, "one", 10).await.remove(0)
}

/// A change that leaves traces everywhere.
fn completing(lease: &Lease, next: Next) -> Change {
    Change::new()
        .put(KIND, "progress", Expected::Any, "1")
        .reading(NewReading {
            key_result: "kr".to_owned(),
            origin: format!("slot:{}", lease.due),
            at: lease.due,
            body: "1".into(),
        })
        .tell("reading", "1")
        .audited(entry("read"))
        .completing(lease.clone(), next)
}

fn assert_fenced(outcome: Result<impl std::fmt::Debug, StoreError>) {
    assert!(
        matches!(&outcome, Err(StoreError::Fenced { poll }) if poll == "p"),
        "{outcome:?}"
    );
}

async fn assert_no_trace(store: &SharedStore) {
    assert_eq!(get(store, "progress").await, None);
    let readings = store.readings("kr", &ReadingRange::default(), 10).await;
    assert_eq!(readings.unwrap(), []);
    assert_eq!(store.feed(None, 10).await.unwrap(), []);
    assert_eq!(store.audit(None, 10).await.unwrap(), []);
}

pub async fn completing_writes_everything_and_says_when_next(make: impl AsyncFn() -> Subject) {
    let Subject {
        store,
        advance,
        keep: _keep,
    } = make().await;
    let lease = leased(&store).await;
    let next = lease.due + SignedDuration::from_mins(15);
    let done = store
        .commit(completing(&lease, Next::At(next)))
        .await
        .unwrap();
    assert_eq!(get(&store, "progress").await.unwrap().version, done.version);
    let readings = store.readings("kr", &ReadingRange::default(), 10).await;
    assert_eq!(readings.unwrap().len(), 1);
    assert_eq!(store.feed(None, 10).await.unwrap().len(), 1);
    assert_eq!(store.next_due(Line::Charts).await.unwrap(), Some(next));
    assert_eq!(claim(&store, "two", 10).await, []);
    // It cannot be completed twice.
    assert_fenced(store.commit(completing(&lease, Next::Gone)).await);
    advance(SignedDuration::from_mins(15));
    let second = claim(&store, "two", 10).await.remove(0);
    assert_eq!(second.due, next);
    assert!(second.epoch > lease.epoch);
    store.commit(completing(&second, Next::Gone)).await.unwrap();
    assert_eq!(store.next_due(Line::Charts).await.unwrap(), None);
}

pub async fn a_completion_needs_nothing_else(make: impl AsyncFn() -> Subject) {
    let Subject {
        store, keep: _keep, ..
    } = make().await;
    let lease = leased(&store).await;
    let change = Change::new().completing(lease, Next::Gone);
    store.commit(change).await.unwrap();
    assert_eq!(store.next_due(Line::Charts).await.unwrap(), None);
}

pub async fn a_holder_that_was_followed_writes_nothing(make: impl AsyncFn() -> Subject) {
    let Subject {
        store,
        advance,
        keep: _keep,
    } = make().await;
    let slow = leased(&store).await;
    advance(LEASE);
    assert_eq!(
        store.next_due(Line::Charts).await.unwrap(),
        Some(slow.expires_at)
    );
    // The same holder counts as another one when it claims again.
    let quick = claim(&store, "one", 10).await.remove(0);
    assert!(quick.epoch > slow.epoch);
    assert_eq!(quick.due, slow.due);
    assert_fenced(store.commit(completing(&slow, Next::Gone)).await);
    assert_fenced(store.renew(&slow, LEASE).await);
    store.release(&slow).await.unwrap();
    assert_no_trace(&store).await;
    // None of that has done the other one any harm.
    assert_eq!(claim(&store, "three", 10).await, []);
    store.commit(completing(&quick, Next::Gone)).await.unwrap();
}

pub async fn a_lease_that_ran_out_counts_until_somebody_else_claims(
    make: impl AsyncFn() -> Subject,
) {
    let Subject {
        store,
        advance,
        keep: _keep,
    } = make().await;
    let lease = leased(&store).await;
    // Another poll is claimed meanwhile, which shows that it is this one's claim that matters.
    advance(LEASE * 3);
    let other = lease.due - SignedDuration::from_secs(1);
    due(&store, "other", other).await;
    assert_eq!(names(&claim(&store, "two", 1).await), ["other"]);
    store.commit(completing(&lease, Next::Gone)).await.unwrap();
    assert_eq!(claim(&store, "two", 10).await, []);
}

pub async fn a_renewed_lease_is_kept(make: impl AsyncFn() -> Subject) {
    let Subject {
        store,
        advance,
        keep: _keep,
    } = make().await;
    let lease = leased(&store).await;
    advance(LEASE / 2);
    let renewed = store.renew(&lease, LEASE).await.unwrap();
    assert!(renewed.expires_at >= lease.expires_at + LEASE / 2);
    let same = Lease {
        expires_at: lease.expires_at,
        ..renewed.clone()
    };
    assert_eq!(same, lease);
    assert_eq!(
        store.next_due(Line::Charts).await.unwrap(),
        Some(renewed.expires_at)
    );
    advance(LEASE / 2);
    assert_eq!(claim(&store, "two", 10).await, []);
    // Also one that has run out, as long as nobody else has claimed the poll.
    advance(LEASE * 2);
    due(&store, "p", lease.due).await;
    let again = store.renew(&renewed, LEASE).await.unwrap();
    assert_eq!(claim(&store, "two", 10).await, []);
    assert_eq!(
        store.next_due(Line::Charts).await.unwrap(),
        Some(again.expires_at)
    );
    // It is the epoch that counts, not which of these is shown.
    store.commit(completing(&lease, Next::Gone)).await.unwrap();
    assert_fenced(store.renew(&again, LEASE).await);
}

pub async fn a_lease_given_back_leaves_the_poll_due(make: impl AsyncFn() -> Subject) {
    let Subject {
        store, keep: _keep, ..
    } = make().await;
    let lease = leased(&store).await;
    for _ in 0..2 {
        store.release(&lease).await.unwrap();
        assert_eq!(store.next_due(Line::Charts).await.unwrap(), Some(lease.due));
    }
    assert_fenced(store.commit(completing(&lease, Next::Gone)).await);
    let second = claim(&store, "two", 10).await.remove(0);
    assert_eq!(second.due, lease.due);
    assert!(second.epoch > lease.epoch);
    // What is not held any more, or never was, is no error.
    store.release(&lease).await.unwrap();
    let unknown = Lease {
        poll: "unknown".to_owned(),
        ..second.clone()
    };
    store.release(&unknown).await.unwrap();
    assert_eq!(claim(&store, "three", 10).await, []);
}

pub async fn what_is_asked_for_while_leased_is_not_forgotten(make: impl AsyncFn() -> Subject) {
    let Subject {
        store, keep: _keep, ..
    } = make().await;
    let second = SignedDuration::from_secs;
    // What is asked for while the poll is held, what its holder says, and when it is due then.
    let cases = [
        (&[][..], Some(900), Some(900)),
        (&[10], Some(900), Some(10)),
        (&[1000], Some(900), Some(900)),
        (&[20, 10, 30], Some(900), Some(10)),
        (&[], None, None),
        (&[10], None, Some(10)),
        (&[30, 20], None, Some(20)),
        (&[-100], Some(900), Some(-100)),
    ];
    for (asked, next, wanted) in cases {
        let lease = leased(&store).await;
        let after = |seconds: i64| lease.due + second(seconds);
        for seconds in asked {
            due(&store, "p", after(*seconds)).await;
            assert_eq!(claim(&store, "two", 10).await, [], "the lease is kept");
        }
        let next = next.map_or(Next::Gone, |seconds| Next::At(after(seconds)));
        store
            .commit(Change::new().completing(lease.clone(), next))
            .await
            .unwrap();
        let found = store.next_due(Line::Charts).await.unwrap();
        assert_eq!(found, wanted.map(after), "{asked:?} {next:?}");
        let gone = Change::new().due("p", Due::Never);
        store.commit(gone).await.unwrap();
    }
}

pub async fn what_the_holder_asks_for_itself_counts_with_its_completion(
    make: impl AsyncFn() -> Subject,
) {
    let Subject {
        store, keep: _keep, ..
    } = make().await;
    let lease = leased(&store).await;
    let sooner = lease.due + SignedDuration::from_secs(5);
    let later = lease.due + SignedDuration::from_secs(900);
    let change = Change::new()
        .due("p", Due::NoLaterThan(sooner))
        .completing(lease, Next::At(later));
    store.commit(change).await.unwrap();
    assert_eq!(store.next_due(Line::Charts).await.unwrap(), Some(sooner));
}

pub async fn the_next_holder_sees_to_what_was_asked_of_the_last(make: impl AsyncFn() -> Subject) {
    let Subject {
        store,
        advance,
        keep: _keep,
    } = make().await;
    let lease = leased(&store).await;
    due(&store, "p", lease.due + SignedDuration::from_secs(10)).await;
    advance(LEASE);
    let second = claim(&store, "two", 10).await.remove(0);
    let next = second.due + SignedDuration::from_hours(1);
    store
        .commit(completing(&second, Next::At(next)))
        .await
        .unwrap();
    assert_eq!(store.next_due(Line::Charts).await.unwrap(), Some(next));
}

pub async fn a_poll_that_is_removed_takes_its_lease_along(make: impl AsyncFn() -> Subject) {
    let Subject {
        store, keep: _keep, ..
    } = make().await;
    let lease = leased(&store).await;
    let gone = Change::new().due("p", Due::Never);
    store.commit(gone).await.unwrap();
    assert_eq!(store.next_due(Line::Charts).await.unwrap(), None);
    assert_fenced(store.commit(completing(&lease, Next::Gone)).await);
    assert_fenced(store.renew(&lease, LEASE).await);
    store.release(&lease).await.unwrap();
    assert_no_trace(&store).await;
    // Made anew, it has a greater epoch, and the old lease is still no good.
    let second = leased(&store).await;
    assert!(second.epoch > lease.epoch);
    assert_fenced(store.commit(completing(&lease, Next::Gone)).await);
    store.commit(completing(&second, Next::Gone)).await.unwrap();
}

pub async fn a_stale_completion_writes_nothing_and_keeps_the_lease(
    make: impl AsyncFn() -> Subject,
) {
    let Subject {
        store, keep: _keep, ..
    } = make().await;
    let lease = leased(&store).await;
    let stale = completing(&lease, Next::Gone).check(KIND, "config", Expected::Version(7));
    let refused = store.commit(stale).await;
    assert!(
        matches!(&refused, Err(StoreError::Stale { key, found: None, .. }) if key == "config"),
        "{refused:?}"
    );
    assert_no_trace(&store).await;
    assert_eq!(
        store.next_due(Line::Charts).await.unwrap(),
        Some(lease.expires_at)
    );
    assert_eq!(claim(&store, "two", 10).await, []);
    store.commit(completing(&lease, Next::Gone)).await.unwrap();
}

pub async fn of_holders_that_follow_each_other_one_completes(make: impl AsyncFn() -> Subject) {
    let Subject {
        store,
        advance,
        keep: _keep,
    } = make().await;
    let mut leases = vec![leased(&store).await];
    for number in 0..5 {
        advance(LEASE);
        leases.extend(claim(&store, &format!("holder-{number}"), 10).await);
    }
    assert!(leases.is_sorted_by(|before, after| before.epoch < after.epoch));
    let completions = leases.into_iter().map(|lease| {
        let store = store.clone();
        tokio::spawn(async move {
            let outcome = store.commit(completing(&lease, Next::Gone)).await;
            match outcome {
                Ok(_) => Some(lease.holder),
                Err(StoreError::Fenced { .. }) => None,
                Err(e) => panic!("{e}"),
            }
        })
    });
    let mut completed = Vec::new();
    for completion in completions.collect::<Vec<_>>() {
        completed.extend(completion.await.unwrap());
    }
    assert_eq!(completed, ["holder-4"]);
    assert_eq!(store.audit(None, 10).await.unwrap().len(), 1);
}
