//! Polls: when they are due, and the time of that being asked for by others.

use jiff::SignedDuration;

use super::{KIND, Subject};
use crate::store::{
    Change, Due, Expected, Lease, Line, MAX_KEY_BYTES, Next, SharedStore, StoreError,
};
use jiff::Timestamp;

pub(super) const LEASE: SignedDuration = SignedDuration::from_secs(60);

/// The store's time, learnt from a change.
pub(super) async fn now(store: &SharedStore) -> Timestamp {
    let change = Change::new().put(KIND, "clock", Expected::Any, "1");
    store.commit(change).await.unwrap().at
}

pub(super) async fn due(store: &SharedStore, poll: &str, at: Timestamp) {
    let change = Change::new().due(poll, Due::NoLaterThan(at));
    store.commit(change).await.unwrap();
}

pub(super) async fn claim(store: &SharedStore, holder: &str, limit: usize) -> Vec<Lease> {
    store
        .claim_due(Line::Charts, holder, LEASE, limit)
        .await
        .unwrap()
}

pub(super) fn names(leases: &[Lease]) -> Vec<&str> {
    leases.iter().map(|lease| lease.poll.as_str()).collect()
}

pub async fn a_poll_is_claimed_once_its_time_has_come(make: impl AsyncFn() -> Subject) {
    let Subject {
        store,
        advance,
        keep: _keep,
    } = make().await;
    assert_eq!(store.next_due(Line::Charts).await.unwrap(), None);
    assert_eq!(claim(&store, "one", 10).await, []);
    let soon = now(&store).await + SignedDuration::from_secs(30);
    due(&store, "p", soon).await;
    assert_eq!(store.next_due(Line::Charts).await.unwrap(), Some(soon));
    assert_eq!(claim(&store, "one", 10).await, []);
    advance(SignedDuration::from_secs(30));
    assert_eq!(claim(&store, "one", 0).await, []);
    let leases = claim(&store, "one", 10).await;
    let [lease] = &leases[..] else {
        panic!("{leases:?}")
    };
    assert_eq!((lease.poll.as_str(), lease.holder.as_str()), ("p", "one"));
    assert_eq!(lease.due, soon);
    assert!(lease.expires_at >= soon + LEASE);
    assert_eq!(
        store.next_due(Line::Charts).await.unwrap(),
        Some(lease.expires_at)
    );
    assert_eq!(claim(&store, "two", 10).await, []);
}

pub async fn the_longest_due_is_claimed_first(make: impl AsyncFn() -> Subject) {
    let Subject {
        store,
        advance,
        keep: _keep,
    } = make().await;
    let start = now(&store).await;
    for (poll, second) in [
        ("c", -10),
        ("a", -30),
        ("later", 1000),
        ("d", 0),
        ("b", -20),
    ] {
        due(&store, poll, start + SignedDuration::from_secs(second)).await;
    }
    let oldest = Some(start - SignedDuration::from_secs(30));
    assert_eq!(store.next_due(Line::Charts).await.unwrap(), oldest);
    let first = claim(&store, "one", 3).await;
    assert_eq!(names(&first), ["a", "b", "c"]);
    // A lease that has run out changes nothing about how long its poll has been due.
    advance(LEASE + SignedDuration::from_secs(1));
    due(&store, "e", start - SignedDuration::from_secs(25)).await;
    assert_eq!(names(&claim(&store, "two", 2).await), ["a", "e"]);
    assert_eq!(names(&claim(&store, "two", 10).await), ["b", "c", "d"]);
    assert_eq!(claim(&store, "two", 10).await, []);
}

pub async fn a_poll_is_due_at_the_earliest_time_asked_for(make: impl AsyncFn() -> Subject) {
    let Subject {
        store, keep: _keep, ..
    } = make().await;
    let start = now(&store).await;
    for (second, wanted) in [(300, 300), (400, 300), (200, 200), (300, 200)] {
        due(&store, "p", start + SignedDuration::from_secs(second)).await;
        let wanted = start + SignedDuration::from_secs(wanted);
        assert_eq!(store.next_due(Line::Charts).await.unwrap(), Some(wanted));
    }
    // Within one change as well, and the last word counts.
    let change = Change::new()
        .due("p", Due::Never)
        .due(
            "p",
            Due::NoLaterThan(start + SignedDuration::from_secs(500)),
        )
        .due(
            "p",
            Due::NoLaterThan(start + SignedDuration::from_secs(450)),
        );
    store.commit(change).await.unwrap();
    let wanted = start + SignedDuration::from_secs(450);
    assert_eq!(store.next_due(Line::Charts).await.unwrap(), Some(wanted));
    let change = Change::new().due("p", Due::Never);
    store.commit(change.clone()).await.unwrap();
    assert_eq!(store.next_due(Line::Charts).await.unwrap(), None);
    store.commit(change).await.unwrap();
}

pub async fn a_change_that_is_not_made_leaves_the_polls_as_they_were(
    make: impl AsyncFn() -> Subject,
) {
    let Subject {
        store, keep: _keep, ..
    } = make().await;
    let start = now(&store).await;
    due(&store, "kept", start).await;
    let change = Change::new()
        .due("kept", Due::Never)
        .due("new", Due::NoLaterThan(start))
        .check(KIND, "theme", Expected::Version(1));
    let refused = store.commit(change).await;
    assert!(
        matches!(refused, Err(StoreError::Stale { .. })),
        "{refused:?}"
    );
    assert_eq!(names(&claim(&store, "one", 10).await), ["kept"]);
}

pub async fn claims_at_once_share_the_polls(make: impl AsyncFn() -> Subject) {
    const POLLS: usize = 200;
    let Subject {
        store, keep: _keep, ..
    } = make().await;
    let start = now(&store).await;
    let change = (0..POLLS).fold(Change::new(), |change, number| {
        change.due(format!("p{number}"), Due::NoLaterThan(start))
    });
    store.commit(change).await.unwrap();
    let holders = (0..8).map(|holder| {
        let store = store.clone();
        tokio::spawn(async move {
            let mut mine = Vec::new();
            loop {
                let leases = claim(&store, &format!("holder-{holder}"), 7).await;
                if leases.is_empty() {
                    return mine;
                }
                mine.extend(leases.into_iter().map(|lease| lease.poll));
            }
        })
    });
    let mut claimed = Vec::new();
    for holder in holders.collect::<Vec<_>>() {
        claimed.extend(holder.await.unwrap());
    }
    assert_eq!(claimed.len(), POLLS);
    claimed.sort_unstable();
    claimed.dedup();
    assert_eq!(claimed.len(), POLLS, "each poll was claimed once");
}

pub async fn polls_and_leases_have_limits(make: impl AsyncFn() -> Subject) {
    let Subject {
        store, keep: _keep, ..
    } = make().await;
    let start = now(&store).await;
    let longest = "p".repeat(MAX_KEY_BYTES);
    due(&store, &longest, start).await;
    for name in ["", "a\0b", &"p".repeat(MAX_KEY_BYTES + 1)] {
        let refused = store
            .commit(Change::new().due(name, Due::NoLaterThan(start)))
            .await;
        assert!(
            matches!(refused, Err(StoreError::Invalid { .. })),
            "{refused:?}"
        );
    }
    for (holder, lease_for) in [("", LEASE), ("one", SignedDuration::ZERO), ("one", -LEASE)] {
        let refused = store.claim_due(Line::Charts, holder, lease_for, 10).await;
        assert!(
            matches!(refused, Err(StoreError::Invalid { .. })),
            "{refused:?}"
        );
    }
    let for_ever = store
        .claim_due(Line::Charts, "one", SignedDuration::MAX, 10)
        .await;
    assert_eq!(names(&for_ever.unwrap()), [longest.as_str()]);
}

pub async fn each_line_is_claimed_by_itself(make: impl AsyncFn() -> Subject) {
    let Subject {
        store,
        advance,
        keep: _keep,
    } = make().await;
    let soon = now(&store).await + SignedDuration::from_secs(30);
    let sooner = soon - SignedDuration::from_secs(1);
    due(&store, "p", soon).await;
    due(&store, "webhook/a", sooner).await;
    let next = async |line| store.next_due(line).await.unwrap();
    assert_eq!(next(Line::Charts).await, Some(soon));
    assert_eq!(next(Line::Webhooks).await, Some(sooner));
    advance(SignedDuration::from_secs(30));
    assert_eq!(names(&claim(&store, "one", 10).await), ["p"]);
    let claimed = store.claim_due(Line::Webhooks, "two", LEASE, 10).await;
    let claimed = claimed.unwrap();
    assert_eq!(names(&claimed), ["webhook/a"]);
    assert_eq!(next(Line::Webhooks).await, Some(claimed[0].expires_at));
    let done = Change::new().completing(claimed[0].clone(), Next::Gone);
    store.commit(done).await.unwrap();
    assert_eq!(next(Line::Webhooks).await, None);
}
