//! What those who use a store can rely on when it fails.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::{Fault, KIND, Subject, entry, get};
use crate::store::{Change, Due, Expected, Line, NewReading, Next, SharedStore, StoreError};

fn change(expected: Expected) -> Change {
    Change::new()
        .put(KIND, "theme", expected, "1")
        .audited(entry("test"))
}

#[tokio::test]
async fn a_change_that_failed_has_not_been_made() {
    let subject = Subject::sled().behind(|call| (call == 0).then_some(Fault::Fail));
    let failed = subject.store.commit(change(Expected::Absent)).await;
    assert!(
        matches!(failed, Err(StoreError::Unavailable { .. })),
        "{failed:?}"
    );
    assert_eq!(get(&subject.store, "theme").await, None);
    assert_eq!(subject.store.audit(None, 10).await.unwrap(), []);
    subject
        .store
        .commit(change(Expected::Absent))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_change_in_doubt_is_found_by_reading_and_not_made_twice_by_repeating() {
    let subject = Subject::sled().behind(|call| (call == 0).then_some(Fault::LoseAnswer));
    let lost = subject.store.commit(change(Expected::Absent)).await;
    assert!(matches!(lost, Err(StoreError::InDoubt { .. })), "{lost:?}");
    let repeated = subject.store.commit(change(Expected::Absent)).await;
    assert!(
        matches!(repeated, Err(StoreError::Stale { .. })),
        "{repeated:?}"
    );
    assert_eq!(get(&subject.store, "theme").await.unwrap().body, b"1");
    assert_eq!(subject.store.audit(None, 10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_completion_in_doubt_is_found_by_its_reading_and_not_made_twice_by_repeating() {
    // The poll is made due, claimed, and completed with the answer lost.
    let subject = Subject::sled().behind(|call| (call == 2).then_some(Fault::LoseAnswer));
    let store = &subject.store;
    let start = Timestamp::UNIX_EPOCH;
    let due = Change::new().due("p", Due::NoLaterThan(start));
    store.commit(due).await.unwrap();
    let lease_for = SignedDuration::from_mins(1);
    let lease = store
        .claim_due(Line::Charts, "one", lease_for, 1)
        .await
        .unwrap()
        .remove(0);
    let reading = NewReading {
        key_result: "kr".to_owned(),
        origin: "slot:1".to_owned(),
        at: start,
        body: "1".into(),
    };
    let next = Timestamp::constant(4_000_000_000, 0);
    let complete = Change::new()
        .reading(reading)
        .tell("reading", "1")
        .completing(lease, Next::At(next));
    let lost = store.commit(complete.clone()).await;
    assert!(matches!(lost, Err(StoreError::InDoubt { .. })), "{lost:?}");
    let repeated = store.commit(complete).await;
    assert!(
        matches!(repeated, Err(StoreError::Fenced { .. })),
        "{repeated:?}"
    );
    assert!(store.reading("kr", "slot:1").await.unwrap().is_some());
    assert_eq!(store.feed(None, 10).await.unwrap().len(), 1);
    assert_eq!(store.next_due(Line::Charts).await.unwrap(), Some(next));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn under_all_faults_each_step_is_made_exactly_once() {
    const WRITERS: usize = 6;
    const EACH: usize = 10;
    // Three calls in eight meet a fault, spread evenly by a multiplicative hash of their number.
    let subject =
        Subject::sled().behind(
            |call| match call.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 61 {
                0 => Some(Fault::Fail),
                1 => Some(Fault::LoseAnswer),
                2 => Some(Fault::Delay),
                _ => None,
            },
        );
    let writers = (0..WRITERS).map(|writer| {
        let store = Arc::clone(&subject.store);
        tokio::spawn(async move {
            for number in 0..EACH {
                append(&store, &format!("{writer}-{number}")).await;
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
    let mut steps = loop {
        if let Ok(Some(found)) = subject.store.get(KIND, "steps").await {
            break serde_json::from_slice::<Vec<String>>(&found.body).unwrap();
        }
    };
    let total = steps.len();
    steps.sort_unstable();
    steps.dedup();
    assert_eq!((total, steps.len()), (WRITERS * EACH, WRITERS * EACH));
    let audit = loop {
        if let Ok(audit) = subject.store.audit(None, 1000).await {
            break audit;
        }
    };
    assert_eq!(
        audit.len(),
        total,
        "every step has one audit record, and no other has one"
    );
}

/// Adds a step as a careful caller does: after an error it reads whether the step is there.
async fn append(store: &SharedStore, step: &str) {
    loop {
        let Ok(found) = store.get(KIND, "steps").await else {
            continue;
        };
        let (mut steps, expected) = match &found {
            Some(found) => (
                serde_json::from_slice::<Vec<String>>(&found.body).unwrap(),
                Expected::Version(found.version),
            ),
            None => (Vec::new(), Expected::Absent),
        };
        if steps.iter().any(|known| known == step) {
            return;
        }
        steps.push(step.to_owned());
        let body = serde_json::to_vec(&steps).unwrap();
        let change = Change::new()
            .put(KIND, "steps", expected, body)
            .audited(entry(step));
        if store.commit(change).await.is_ok() {
            return;
        }
    }
}
