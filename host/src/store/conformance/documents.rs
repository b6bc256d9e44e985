//! Documents: reading, listing, limits.

use jiff::SignedDuration;

use super::{KIND, Subject, entry, get, keys};
use crate::store::{
    BlobSpace, Change, Expected, Kind, MAX_KEY_BYTES, MAX_RECORD_BYTES, StoreError,
};

pub async fn an_empty_store_has_nothing(make: impl AsyncFn() -> Subject) {
    let Subject {
        store, keep: _keep, ..
    } = make().await;
    assert_eq!(get(&store, "theme").await, None);
    assert_eq!(store.list(KIND, None, 10).await.unwrap(), []);
    assert_eq!(store.audit(None, 10).await.unwrap(), []);
    assert_eq!(store.list_blobs(BlobSpace::Component).await.unwrap(), []);
}

pub async fn a_document_comes_back_as_it_was_written(make: impl AsyncFn() -> Subject) {
    let Subject {
        store, keep: _keep, ..
    } = make().await;
    // Spaces, order and digits of the text are the owner's: they stay as they are.
    let body = "{ \"b\": 1.50,\n \"a\": 12345678901234567890123, \"ß\": \"\\u0000\" }";
    let key = "naïve/key with spaces";
    let done = store
        .commit(Change::new().put(KIND, key, Expected::Absent, body))
        .await
        .unwrap();
    let found = get(&store, key).await.unwrap();
    assert_eq!(found.key, key);
    assert_eq!(found.body, body.as_bytes());
    assert_eq!((found.version, found.updated_at), (done.version, done.at));
    assert_eq!(store.list(KIND, None, 10).await.unwrap(), [found]);
    assert_eq!(store.get(Kind::Token, key).await.unwrap(), None);
}

pub async fn lists_are_in_the_order_of_bytes_and_come_in_pages(make: impl AsyncFn() -> Subject) {
    let Subject {
        store, keep: _keep, ..
    } = make().await;
    let mut change = Change::new()
        .put(Kind::Extractor, "zz", Expected::Absent, "1")
        .put(Kind::Token, "a", Expected::Absent, "1");
    for key in ["b", "a/1", "B", "a", "ä", "a-1", "aa"] {
        change = change.put(KIND, key, Expected::Absent, "1");
    }
    store.commit(change).await.unwrap();
    let all = ["B", "a", "a-1", "a/1", "aa", "b", "ä"];
    assert_eq!(keys(&store, None, 100).await, all);
    assert_eq!(keys(&store, None, 3).await, all[..3]);
    assert_eq!(keys(&store, Some("a-1"), 3).await, all[3..6]);
    assert_eq!(keys(&store, Some("ä"), 3).await, [""; 0]);
    assert_eq!(keys(&store, Some("a.not there"), 100).await, all[3..]);
    assert_eq!(keys(&store, None, 0).await, [""; 0]);
}

pub async fn keys_and_bodies_have_limits(make: impl AsyncFn() -> Subject) {
    let Subject {
        store, keep: _keep, ..
    } = make().await;
    let put = |key: &str, body: &str| Change::new().put(KIND, key, Expected::Any, body);
    let text = |bytes: usize| format!("{:?}", "x".repeat(bytes - 2));

    let longest = "k".repeat(MAX_KEY_BYTES);
    store
        .commit(put(&longest, &text(MAX_RECORD_BYTES)))
        .await
        .unwrap();
    assert_eq!(
        get(&store, &longest).await.unwrap().body.len(),
        MAX_RECORD_BYTES
    );

    let invalid = [
        Change::new(),
        put("", "1"),
        put("a\0b", "1"),
        put("a\nb", "1"),
        put(&"k".repeat(MAX_KEY_BYTES + 1), "1"),
        put("a", ""),
        put("a", "{"),
        put("a", "1 2"),
        Change::new().put(KIND, "a", Expected::Any, b"\"\xff\"".as_slice()),
        put("a", "1").delete(KIND, "a", Expected::Any),
        put("a", "1").check(KIND, "a", Expected::Any),
        Change::new().check(KIND, "", Expected::Any),
    ];
    for change in invalid {
        let refused = store.commit(change.clone()).await;
        assert!(
            matches!(refused, Err(StoreError::Invalid { .. })),
            "{change:?}: {refused:?}"
        );
    }
    let mut large = entry("test");
    large.detail = Some("x".repeat(MAX_RECORD_BYTES).into());
    for change in [
        put("a", &text(MAX_RECORD_BYTES + 1)),
        Change::new().audited(large),
    ] {
        let refused = store.commit(change).await;
        assert!(
            matches!(refused, Err(StoreError::TooLarge { .. })),
            "{refused:?}"
        );
    }
    assert_eq!(keys(&store, None, 10).await, [longest]);
    assert_eq!(store.audit(None, 10).await.unwrap(), []);
}

pub async fn time_is_the_stores(make: impl AsyncFn() -> Subject) {
    let Subject {
        store,
        advance,
        keep: _keep,
    } = make().await;
    let put = || {
        Change::new()
            .put(KIND, "theme", Expected::Any, "1")
            .audited(entry("test"))
    };
    advance(SignedDuration::from_nanos(1_234_567_891));
    let first = store.commit(put()).await.unwrap();
    advance(SignedDuration::from_secs(3600));
    let second = store.commit(put()).await.unwrap();
    assert!(second.at.duration_since(first.at) >= SignedDuration::from_secs(3600));
    assert_eq!(
        first.at.as_nanosecond() % 1000,
        0,
        "times are whole microseconds"
    );
    let seen = store.audit(None, 10).await.unwrap();
    assert_eq!(
        seen.iter().map(|record| record.at).collect::<Vec<_>>(),
        [second.at, first.at]
    );
    assert_eq!(get(&store, "theme").await.unwrap().updated_at, second.at);
}
