//! Readings: one of each origin, in the order of the history, in ranges and pages.

use jiff::{SignedDuration, Timestamp};

use super::{KIND, Subject};
use crate::store::{
    Change, Committed, Expected, MAX_KEY_BYTES, MAX_RECORD_BYTES, NewReading, ReadingRange,
    SharedStore, StoreError, StoredReading,
};

const KR: &str = "kr_revenue";

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn reading(key_result: &str, origin: &str, second: i64, body: &str) -> NewReading {
    NewReading {
        key_result: key_result.to_owned(),
        origin: origin.to_owned(),
        at: at(second),
        body: body.into(),
    }
}

async fn keep(store: &SharedStore, origin: &str, second: i64) -> Committed {
    let change = Change::new().reading(reading(KR, origin, second, "\"1.50\""));
    store.commit(change).await.unwrap()
}

async fn all(store: &SharedStore, key_result: &str) -> Vec<StoredReading> {
    store
        .readings(key_result, &ReadingRange::default(), 10_000)
        .await
        .unwrap()
}

fn origins(readings: &[StoredReading]) -> Vec<&str> {
    readings.iter().map(|found| found.origin.as_str()).collect()
}

pub async fn a_reading_comes_back_as_it_was_kept(make: impl AsyncFn() -> Subject) {
    let Subject {
        store, keep: _keep, ..
    } = make().await;
    assert_eq!(all(&store, KR).await, []);
    assert_eq!(store.reading(KR, "slot:1").await.unwrap(), None);
    let body = "{ \"value\": \"12345678901234567890.10\",\n \"why\": \"ünï\" }";
    let done = store
        .commit(Change::new().reading(reading(KR, "slot:1", -7, body)))
        .await
        .unwrap();
    assert_eq!(done.repeated, [""; 0]);
    let found = store.reading(KR, "slot:1").await.unwrap().unwrap();
    assert_eq!((found.key_result.as_str(), found.at), (KR, at(-7)));
    assert_eq!(found.recorded_at, done.at);
    assert_eq!(found.body, body.as_bytes());
    assert_eq!(all(&store, KR).await, [found]);
    assert_eq!(store.reading(KR, "slot:2").await.unwrap(), None);
    assert_eq!(store.reading("kr_other", "slot:1").await.unwrap(), None);
}

pub async fn the_first_reading_of_an_origin_stands(make: impl AsyncFn() -> Subject) {
    let Subject {
        store,
        advance,
        keep: _keep,
    } = make().await;
    keep(&store, "slot:1", 10).await;
    let first = store.reading(KR, "slot:1").await.unwrap();
    advance(SignedDuration::from_secs(60));
    let change = Change::new()
        .reading(reading(KR, "slot:2", 20, "2"))
        .reading(reading(KR, "slot:1", 30, "\"another\""))
        .reading(reading("kr_other", "slot:1", 30, "3"))
        .put(KIND, "theme", Expected::Any, "1");
    let done = store.commit(change.clone()).await.unwrap();
    // The rest of the change is made: what was read is known already, and nothing is wrong.
    assert_eq!(done.repeated, ["slot:1"]);
    assert_eq!(store.reading(KR, "slot:1").await.unwrap(), first);
    assert_eq!(origins(&all(&store, KR).await), ["slot:2", "slot:1"]);
    assert_eq!(
        store.get(KIND, "theme").await.unwrap().unwrap().version,
        done.version
    );
    // Repeated as a whole, none of its readings counts again.
    let again = store.commit(change).await.unwrap();
    assert_eq!(again.repeated, ["slot:2", "slot:1", "slot:1"]);
    assert_eq!(all(&store, KR).await.len(), 2);
    assert_eq!(all(&store, "kr_other").await.len(), 1);
}

pub async fn a_change_that_is_not_made_keeps_no_reading(make: impl AsyncFn() -> Subject) {
    let Subject {
        store, keep: _keep, ..
    } = make().await;
    let change = Change::new().reading(reading(KR, "slot:1", 10, "1")).check(
        KIND,
        "theme",
        Expected::Version(1),
    );
    let refused = store.commit(change).await;
    assert!(
        matches!(refused, Err(StoreError::Stale { .. })),
        "{refused:?}"
    );
    assert_eq!(all(&store, KR).await, []);
    assert_eq!(keep(&store, "slot:1", 10).await.repeated, [""; 0]);
}

pub async fn a_history_is_newest_first_by_moment_and_then_by_order(
    make: impl AsyncFn() -> Subject,
) {
    let Subject {
        store, keep: _keep, ..
    } = make().await;
    // Moments before 1970 and far ahead, kept in no order; a backfill brings old ones late.
    for (origin, second) in [
        ("c", 5),
        ("a", -5),
        ("e", 253_402_000_000),
        ("b", 0),
        ("d", 5),
    ] {
        keep(&store, origin, second).await;
    }
    let many = ["f", "g", "h"]
        .iter()
        .fold(Change::new(), |change, origin| {
            change.reading(reading(KR, origin, 5, "1"))
        });
    store.commit(many).await.unwrap();
    let found = all(&store, KR).await;
    assert_eq!(origins(&found), ["e", "h", "g", "f", "d", "c", "b", "a"]);
    assert!(found.is_sorted_by(|newer, older| newer.place() > older.place()));
    let mut by_order = found.clone();
    by_order.sort_unstable_by_key(|found| found.seq);
    assert_eq!(origins(&by_order), ["c", "a", "e", "b", "d", "f", "g", "h"]);
}

pub async fn a_moment_is_kept_in_whole_microseconds(make: impl AsyncFn() -> Subject) {
    let Subject {
        store, keep: _keep, ..
    } = make().await;
    let fine = Timestamp::new(100, 1_234_567).unwrap();
    let whole = Timestamp::new(100, 1_234_000).unwrap();
    let exact = NewReading {
        at: fine,
        ..reading(KR, "slot:1", 0, "1")
    };
    store.commit(Change::new().reading(exact)).await.unwrap();
    assert_eq!(all(&store, KR).await[0].at, whole);
    let count = async |from, to| {
        let range = ReadingRange {
            from,
            to,
            before: None,
        };
        store.readings(KR, &range, 10).await.unwrap().len()
    };
    assert_eq!(count(Some(whole), None).await, 1);
    assert_eq!(count(Some(fine), None).await, 0);
    assert_eq!(count(None, Some(whole)).await, 0);
    assert_eq!(count(None, Some(fine)).await, 1);
}

pub async fn a_range_has_its_beginning_and_not_its_end(make: impl AsyncFn() -> Subject) {
    let Subject {
        store, keep: _keep, ..
    } = make().await;
    for second in 0..10 {
        keep(&store, &second.to_string(), second).await;
    }
    // Key results whose names begin alike, or come just before and after, stay out of it.
    for other in ["kr_revenu", "kr_revenue2", "kr_revenue-", "kr_revenuf"] {
        let change = Change::new().reading(reading(other, "x", 5, "1"));
        store.commit(change).await.unwrap();
    }
    let cases: [(Option<i64>, Option<i64>, &[&str]); 8] = [
        (None, Some(2), &["1", "0"]),
        (Some(8), None, &["9", "8"]),
        (Some(3), Some(5), &["4", "3"]),
        (Some(3), Some(4), &["3"]),
        (Some(3), Some(3), &[]),
        (Some(5), Some(3), &[]),
        (Some(10), None, &[]),
        (None, Some(0), &[]),
    ];
    for (from, to, wanted) in cases {
        let range = ReadingRange {
            from: from.map(at),
            to: to.map(at),
            before: None,
        };
        let found = store.readings(KR, &range, 100).await.unwrap();
        assert_eq!(origins(&found), wanted, "{range:?}");
    }
    let whole_time = ReadingRange {
        from: Some(Timestamp::MIN),
        to: Some(Timestamp::MAX),
        before: None,
    };
    assert_eq!(
        store.readings(KR, &whole_time, 100).await.unwrap().len(),
        10
    );
}

pub async fn a_history_comes_in_pages_that_others_do_not_shift(make: impl AsyncFn() -> Subject) {
    let Subject {
        store, keep: _keep, ..
    } = make().await;
    for number in 0..50 {
        // Several of each moment.
        keep(&store, &format!("o{number}"), number / 4).await;
    }
    let range = ReadingRange {
        from: Some(at(2)),
        to: Some(at(11)),
        before: None,
    };
    let wanted = store.readings(KR, &range, 100).await.unwrap();
    assert_eq!(wanted.len(), 36);
    let mut seen: Vec<StoredReading> = Vec::new();
    loop {
        let before = seen.last().map(StoredReading::place);
        let page = ReadingRange { before, ..range };
        let page = store.readings(KR, &page, 7).await.unwrap();
        assert!(page.len() <= 7);
        if page.is_empty() {
            break;
        }
        seen.extend(page);
        // Newer ones that arrive meanwhile are not on the pages still to come.
        keep(&store, &format!("late-{}", seen.len()), 10).await;
    }
    assert_eq!(seen, wanted);
    assert_eq!(store.readings(KR, &range, 0).await.unwrap(), []);
}

pub async fn forgetting_leaves_nothing_and_touches_no_other(make: impl AsyncFn() -> Subject) {
    const MANY: i64 = 2500;
    let Subject {
        store, keep: _keep, ..
    } = make().await;
    let history = |key_result: &str, from: i64, to: i64| {
        (from..to).fold(Change::new(), |change, number| {
            change.reading(reading(key_result, &number.to_string(), number, "1"))
        })
    };
    store.commit(history(KR, 0, MANY)).await.unwrap();
    for other in ["kr_revenu", "kr_revenue2"] {
        store.commit(history(other, 0, 3)).await.unwrap();
    }
    assert_eq!(store.forget_readings(KR).await.unwrap(), MANY as u64);
    assert_eq!(all(&store, KR).await, []);
    assert_eq!(store.reading(KR, "7").await.unwrap(), None);
    assert_eq!(store.forget_readings(KR).await.unwrap(), 0);
    for other in ["kr_revenu", "kr_revenue2"] {
        assert_eq!(all(&store, other).await.len(), 3);
    }
    // What was forgotten can be kept anew.
    let again = store.commit(history(KR, 0, 2)).await.unwrap();
    assert_eq!(again.repeated, [""; 0]);
    let report = store.check().await.unwrap();
    assert!(report.is_sound(), "{report:?}");
    assert_eq!(report.readings, 8);
}

pub async fn readings_have_limits(make: impl AsyncFn() -> Subject) {
    let Subject {
        store, keep: _keep, ..
    } = make().await;
    let long = "k".repeat(MAX_KEY_BYTES);
    let body = format!("{:?}", "x".repeat(MAX_RECORD_BYTES - 2));
    store
        .commit(Change::new().reading(reading(&long, &long, 0, &body)))
        .await
        .unwrap();
    let found = store.reading(&long, &long).await.unwrap().unwrap();
    assert_eq!(found.body, body.as_bytes());
    let invalid = [
        reading("", "slot:1", 0, "1"),
        reading(KR, "", 0, "1"),
        reading("a\0b", "slot:1", 0, "1"),
        reading(KR, "a\nb", 0, "1"),
        reading(KR, &"k".repeat(MAX_KEY_BYTES + 1), 0, "1"),
        reading(KR, "slot:1", 0, "{"),
    ];
    for reading in invalid {
        let refused = store.commit(Change::new().reading(reading)).await;
        assert!(
            matches!(refused, Err(StoreError::Invalid { .. })),
            "{refused:?}"
        );
    }
    let twice = Change::new()
        .reading(reading(KR, "slot:1", 0, "1"))
        .reading(reading(KR, "slot:1", 1, "2"));
    let refused = store.commit(twice).await;
    assert!(
        matches!(refused, Err(StoreError::Invalid { .. })),
        "{refused:?}"
    );
    let large = reading(KR, "slot:1", 0, &format!("{body} "));
    let refused = store.commit(Change::new().reading(large)).await;
    assert!(
        matches!(refused, Err(StoreError::TooLarge { .. })),
        "{refused:?}"
    );
    assert_eq!(all(&store, KR).await, []);
}

pub async fn readers_at_once_never_keep_an_origin_twice(make: impl AsyncFn() -> Subject) {
    const SLOTS: usize = 10;
    let Subject {
        store, keep: _keep, ..
    } = make().await;
    let readers = (0..6).map(|reader| {
        let store = store.clone();
        tokio::spawn(async move {
            let mut kept = 0;
            for slot in 0..SLOTS {
                let change = Change::new().reading(reading(
                    KR,
                    &format!("slot:{slot}"),
                    reader,
                    &reader.to_string(),
                ));
                kept += usize::from(store.commit(change).await.unwrap().repeated.is_empty());
            }
            kept
        })
    });
    let mut kept = 0;
    for reader in readers.collect::<Vec<_>>() {
        kept += reader.await.unwrap();
    }
    assert_eq!(kept, SLOTS, "whoever came second was told so");
    assert_eq!(all(&store, KR).await.len(), SLOTS);
}
