//! Changes: expectations, atomicity, audit, many at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::{KIND, Subject, entry, get, keys};
use crate::store::{Change, Expected, SharedStore, StoreError};

fn stale(outcome: Result<impl std::fmt::Debug, StoreError>) -> Option<u64> {
    match outcome {
        Err(StoreError::Stale {
            kind: KIND, found, ..
        }) => found,
        other => panic!("expected it to be stale: {other:?}"),
    }
}

pub async fn a_write_needs_what_it_expects(make: impl AsyncFn() -> Subject) {
    use Expected::{Absent, Any, Version};
    let Subject {
        store, keep: _keep, ..
    } = make().await;
    let put = async |expected, body: &str| {
        store
            .commit(Change::new().put(KIND, "theme", expected, body))
            .await
    };
    let delete = async |expected| {
        store
            .commit(Change::new().delete(KIND, "theme", expected))
            .await
    };

    assert_eq!(stale(put(Version(1), "1").await), None);
    assert_eq!(stale(delete(Version(1)).await), None);
    delete(Any).await.unwrap();
    delete(Absent).await.unwrap();
    let first = put(Absent, "1").await.unwrap().version;
    assert_eq!(stale(put(Absent, "2").await), Some(first));
    assert_eq!(stale(delete(Absent).await), Some(first));
    let second = put(Version(first), "2").await.unwrap().version;
    assert_eq!(stale(put(Version(first), "3").await), Some(second));
    assert_eq!(stale(delete(Version(first)).await), Some(second));
    assert_eq!(get(&store, "theme").await.unwrap().body, b"2");
    let third = put(Any, "3").await.unwrap().version;
    assert!(first < second && second < third);
    delete(Version(third)).await.unwrap();
    assert_eq!(get(&store, "theme").await, None);
}

pub async fn a_check_writes_nothing_and_stops_a_change(make: impl AsyncFn() -> Subject) {
    let Subject {
        store, keep: _keep, ..
    } = make().await;
    let change = |expected| {
        Change::new()
            .put(KIND, "other", Expected::Any, "1")
            .check(KIND, "theme", expected)
    };
    store.commit(change(Expected::Absent)).await.unwrap();
    let put = Change::new().put(KIND, "theme", Expected::Absent, "1");
    let version = store.commit(put).await.unwrap().version;
    let before = get(&store, "other").await;
    assert_eq!(
        stale(store.commit(change(Expected::Absent)).await),
        Some(version)
    );
    assert_eq!(get(&store, "other").await, before);
    for expected in [Expected::Version(version), Expected::Any] {
        store.commit(change(expected)).await.unwrap();
        assert_eq!(get(&store, "theme").await.unwrap().version, version);
    }
    // Alone it is a way of asking whether something still holds.
    let alone = |version| Change::new().check(KIND, "theme", Expected::Version(version));
    store.commit(alone(version)).await.unwrap();
    assert_eq!(stale(store.commit(alone(version + 1)).await), Some(version));
}

pub async fn a_version_never_comes_back(make: impl AsyncFn() -> Subject) {
    let Subject {
        store, keep: _keep, ..
    } = make().await;
    let put = |expected| Change::new().put(KIND, "theme", expected, "1");
    let first = store.commit(put(Expected::Absent)).await.unwrap().version;
    store
        .commit(Change::new().delete(KIND, "theme", Expected::Any))
        .await
        .unwrap();
    let second = store.commit(put(Expected::Absent)).await.unwrap().version;
    // Whoever still holds the first version must not overwrite a document that only looks alike.
    assert!(second > first);
    assert_eq!(
        stale(store.commit(put(Expected::Version(first))).await),
        Some(second)
    );
}

pub async fn a_change_is_made_wholly_or_not_at_all(make: impl AsyncFn() -> Subject) {
    let Subject {
        store, keep: _keep, ..
    } = make().await;
    let change = Change::new()
        .put(KIND, "a", Expected::Absent, "1")
        .put(KIND, "b", Expected::Absent, "1")
        .audited(entry("first"));
    let done = store.commit(change.clone()).await.unwrap();
    assert_eq!(get(&store, "a").await.unwrap().version, done.version);
    assert_eq!(get(&store, "b").await.unwrap().version, done.version);
    assert_eq!(store.audit(None, 10).await.unwrap()[0].seq, done.version);

    let half = Change::new()
        .put(KIND, "c", Expected::Absent, "1")
        .delete(KIND, "a", Expected::Any)
        .put(KIND, "b", Expected::Absent, "2")
        .audited(entry("second"));
    assert_eq!(stale(store.commit(half).await), Some(done.version));
    assert_eq!(keys(&store, None, 10).await, ["a", "b"]);
    assert_eq!(get(&store, "b").await.unwrap().body, b"1");
    assert_eq!(store.audit(None, 10).await.unwrap().len(), 1);
}

pub async fn audit_is_newest_first_and_comes_in_pages(make: impl AsyncFn() -> Subject) {
    let Subject {
        store, keep: _keep, ..
    } = make().await;
    for number in 0..300 {
        // Changes without an entry leave gaps.
        if number % 3 == 0 {
            let change = Change::new().put(KIND, "theme", Expected::Any, "1");
            store.commit(change).await.unwrap();
        }
        store
            .commit(Change::new().audited(entry(&format!("step-{number}"))))
            .await
            .unwrap();
    }
    let mut seen = Vec::new();
    loop {
        let before = seen
            .last()
            .map(|record: &crate::store::AuditRecord| record.seq);
        let page = store.audit(before, 7).await.unwrap();
        assert!(page.len() <= 7);
        if page.is_empty() {
            break;
        }
        seen.extend(page);
    }
    assert!(seen.is_sorted_by(|newer, older| newer.seq > older.seq));
    let wanted = (0..300)
        .rev()
        .map(|number| entry(&format!("step-{number}")));
    assert!(seen.into_iter().map(|record| record.entry).eq(wanted));
    assert_eq!(store.audit(None, 0).await.unwrap(), []);
}

pub async fn writers_at_once_lose_nothing(make: impl AsyncFn() -> Subject) {
    const WRITERS: usize = 8;
    const EACH: usize = 12;
    let Subject {
        store, keep: _keep, ..
    } = make().await;
    let writers = (0..WRITERS).map(|_| tokio::spawn(count_up(Arc::clone(&store), EACH)));
    let mut versions = Vec::new();
    for writer in writers.collect::<Vec<_>>() {
        versions.extend(writer.await.unwrap());
    }
    versions.sort_unstable();
    versions.dedup();
    assert_eq!(
        versions.len(),
        WRITERS * EACH,
        "every change has a version of its own"
    );
    let total = (WRITERS * EACH).to_string();
    assert_eq!(get(&store, "counter").await.unwrap().body, total.as_bytes());
    assert_eq!(store.audit(None, 1000).await.unwrap().len(), WRITERS * EACH);
}

async fn count_up(store: SharedStore, times: usize) -> Vec<u64> {
    let mut versions = Vec::new();
    while versions.len() < times {
        let found = get(&store, "counter").await;
        let (count, expected) = match &found {
            Some(found) => (
                String::from_utf8(found.body.clone())
                    .unwrap()
                    .parse()
                    .unwrap(),
                Expected::Version(found.version),
            ),
            None => (0, Expected::Absent),
        };
        let next = (count + 1_u64).to_string();
        let change = Change::new()
            .put(KIND, "counter", expected, next)
            .audited(entry("count"));
        match store.commit(change).await {
            Ok(done) => versions.push(done.version),
            Err(StoreError::Stale { .. }) => {}
            Err(e) => panic!("{e}"),
        }
    }
    versions
}

pub async fn a_list_sees_whole_changes(make: impl AsyncFn() -> Subject) {
    let Subject {
        store, keep: _keep, ..
    } = make().await;
    let all = |round: usize| {
        (0..20).fold(Change::new(), |change, number| {
            change.put(
                KIND,
                format!("doc-{number:02}"),
                Expected::Any,
                round.to_string(),
            )
        })
    };
    store.commit(all(0)).await.unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let reader = tokio::spawn({
        let (store, stop) = (Arc::clone(&store), Arc::clone(&stop));
        async move {
            let mut lists = 0;
            while !stop.load(Ordering::Relaxed) || lists == 0 {
                let page = store.list(KIND, None, 100).await.unwrap();
                assert_eq!(page.len(), 20);
                assert!(page.iter().all(|document| document.body == page[0].body));
                assert!(
                    page.iter()
                        .all(|document| document.version == page[0].version)
                );
                lists += 1;
            }
        }
    });
    for round in 1..100 {
        store.commit(all(round)).await.unwrap();
    }
    stop.store(true, Ordering::Relaxed);
    reader.await.unwrap();
}
