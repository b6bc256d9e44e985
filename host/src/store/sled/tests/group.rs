//! Changes that come at once: they share a transaction and the way to the disk, and nothing else.

use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use tempfile::TempDir;

use super::{KIND, open, read};
use crate::store::sled::SledStore;
use crate::store::{
    AuditEntry, Change, Due, Expected, Lease, Line, Next, ReadingRange, Store as _, StoreError,
    Write,
};

const LEASE: SignedDuration = SignedDuration::from_mins(1);

/// A new store with two polls that are leased, and the leases.
async fn new() -> (TempDir, SledStore, Vec<Lease>) {
    let dir = TempDir::new().unwrap();
    let store = open(dir.path()).unwrap();
    let due = Due::NoLaterThan(Timestamp::UNIX_EPOCH);
    let change = Change::new().due("held-0", due).due("held-1", due);
    store.commit(change).await.unwrap();
    let leases = store.claim_due(Line::Charts, "one", LEASE, 10).await;
    (dir, store, leases.unwrap())
}

/// All that a store has to tell.
async fn told(store: &SledStore) -> String {
    let text = |body: Vec<u8>| String::from_utf8(body).unwrap();
    let documents = store.list(KIND, None, 100).await.unwrap().into_iter();
    let documents = documents.map(|it| (it.key, it.version, it.updated_at, text(it.body)));
    let readings = store.readings("kr", &ReadingRange::default(), 100).await;
    let readings = readings.unwrap().into_iter();
    let readings = readings.map(|it| (it.origin, it.at, it.seq, it.recorded_at, text(it.body)));
    let feed = store.feed(None, 100).await.unwrap().into_iter();
    let feed = feed.map(|it| (it.place, it.at, it.topic, text(it.body)));
    let dues = {
        let memory = store.database.read();
        let dues = memory.schedule.dues();
        let mut dues: Vec<_> = dues.map(|(poll, at)| (poll.to_owned(), at)).collect();
        dues.sort_unstable();
        (dues, memory.feed_length)
    };
    let told = (
        documents.collect::<Vec<_>>(),
        readings.collect::<Vec<_>>(),
        feed.collect::<Vec<_>>(),
        dues,
        store.audit(None, 100).await.unwrap(),
    );
    assert!(store.check().await.unwrap().is_sound());
    format!("{told:#?}")
}

/// Makes changes in groups of so many, in the one store, and one after the other in another one: it
/// is the same.
async fn the_same_in_groups_of(size: usize, changes: impl Fn(&[Lease]) -> Vec<Change>) {
    let ((dir, together, held), (_dir, alone, held_alone)) = (new().await, new().await);
    let (mut grouped, mut single) = (Vec::new(), Vec::new());
    for group in changes(&held).chunks(size) {
        grouped.extend(together.database.apply(group));
    }
    for change in changes(&held_alone) {
        single.push(alone.commit(change).await);
    }
    assert_eq!(format!("{grouped:#?}"), format!("{single:#?}"));
    // What was made so far goes to the disk with this.
    for store in [&together, &alone] {
        store.commit(read(1_000)).await.unwrap();
    }
    let found = told(&together).await;
    assert_eq!(found, told(&alone).await);
    drop(together);
    assert_eq!(told(&open(dir.path()).unwrap()).await, found);
}

#[tokio::test]
async fn each_change_is_made_or_refused_as_if_it_had_come_after_those_before_it() {
    let put = |expected, body: &str| Change::new().put(KIND, "k", expected, body);
    let at = Timestamp::from_second(7).unwrap();
    let audit = || AuditEntry::new("token:test", "put", "k");
    // Two polls were made due and claimed, which is a change and a claim: the next one is the third.
    let changes = |held: &[Lease]| {
        let completing = |nth: usize, next| Change::new().completing(held[nth].clone(), next);
        vec![
            put(Expected::Absent, "1").tell("a", "1").audited(audit()),
            put(Expected::Absent, "2").tell("a", "2").audited(audit()),
            put(Expected::Version(3), "3").tell("a", "3"),
            put(Expected::Version(3), "4"),
            Change::new().delete(KIND, "k", Expected::Version(4)),
            Change::new().check(KIND, "k", Expected::Version(4)),
            put(Expected::Absent, "5"),
            read(7),
            read(7),
            completing(0, Next::At(at)).put(KIND, "c", Expected::Absent, "1"),
            completing(0, Next::Gone).put(KIND, "c", Expected::Any, "2"),
            Change::new().due("held-1", Due::NoLaterThan(at)),
            completing(1, Next::Gone),
            Change::new().due("new", Due::NoLaterThan(at)),
            Change::new().due("new", Due::Never),
        ]
    };
    let (_dir, store, held) = new().await;
    let outcomes = store.database.apply(&changes(&held));
    let refused: Vec<_> = (0..).zip(&outcomes).filter(|(_, it)| it.is_err()).collect();
    assert!(
        matches!(
            refused[..],
            [
                (1, Err(StoreError::Stale { found: Some(3), .. })),
                (3, Err(StoreError::Stale { found: Some(4), .. })),
                (5, Err(StoreError::Stale { found: None, .. })),
                (10, Err(StoreError::Fenced { .. })),
            ]
        ),
        "{refused:?}"
    );
    let repeated = outcomes.iter().flatten().flat_map(|made| &made.repeated);
    assert!(repeated.eq(["slot:7"]));
    for size in [1, 2, 4, 100] {
        the_same_in_groups_of(size, changes).await;
    }
}

#[tokio::test]
async fn what_is_too_much_for_one_transaction_is_made_in_several() {
    // Forty of them with what they tell are five megabytes. From the second round on every fifth is
    // refused.
    let body = |number: usize| format!("\"{}{number}\"", "x".repeat(60 << 10));
    let changes = |_: &[Lease]| {
        // Two polls were made due and claimed, which is a change and a claim.
        let (mut newest, mut versions) = (2, [None; 5]);
        let change = |number: usize| {
            let (round, nth) = (number / 5, number % 5);
            let expected = match versions[nth] {
                Some(_) if nth == 4 => Expected::Version(1),
                before => {
                    newest += 1;
                    versions[nth] = Some(newest);
                    before.map_or(Expected::Absent, Expected::Version)
                }
            };
            let change = Change::new().put(KIND, format!("k{nth}"), expected, body(round));
            change.tell("a", body(number))
        };
        (0..40).map(change).collect::<Vec<_>>()
    };
    let (_dir, store, held) = new().await;
    let outcomes = store.database.apply(&changes(&held));
    let versions: Vec<_> = outcomes.iter().flatten().map(|made| made.version).collect();
    assert!(versions.iter().copied().eq(3..36), "{outcomes:?}");
    for size in [3, 40, 100] {
        the_same_in_groups_of(size, changes).await;
    }
}

#[tokio::test]
async fn what_many_wait_for_at_once_is_durable_for_each_of_them() {
    let (dir, store, _) = new().await;
    let made = (0..600).map(|number| {
        let change = read(number);
        store.commit(if number % 7 == 0 {
            change
        } else {
            change.patient()
        })
    });
    let made = join_all(made).await;
    let mut versions: Vec<_> = made.into_iter().map(|it| it.unwrap().version).collect();
    assert_eq!(*store.changed().borrow(), *versions.iter().max().unwrap());
    versions.sort_unstable();
    versions.dedup();
    assert_eq!(versions.len(), 600, "each has a version of its own");
    drop(store);
    let store = open(dir.path()).unwrap();
    for number in 0..600 {
        let origin = format!("slot:{number}");
        assert!(store.reading("kr", &origin).await.unwrap().is_some());
    }
}

fn write() -> impl Strategy<Value = Write> {
    let key = || (0..3_u8).prop_map(|key| format!("k{key}"));
    let expected = || {
        prop_oneof![
            Just(Expected::Any),
            Just(Expected::Absent),
            (3..12_u64).prop_map(Expected::Version),
        ]
    };
    let due = prop_oneof![
        Just(Due::Never),
        (0..9_i64).prop_map(|at| Due::NoLaterThan(Timestamp::from_second(at).unwrap())),
    ];
    prop_oneof![
        (key(), expected(), 0..9_u8).prop_map(|(key, expected, body)| Write::Put {
            kind: KIND,
            key,
            expected,
            body: body.to_string().into_bytes(),
        }),
        (key(), expected()).prop_map(|(key, expected)| Write::Delete {
            kind: KIND,
            key,
            expected,
        }),
        (key(), expected()).prop_map(|(key, expected)| Write::Check {
            kind: KIND,
            key,
            expected,
        }),
        (0..4_usize).prop_map(|number| read(number).writes.swap_remove(0)),
        (0..9_u8).prop_map(|body| Write::Tell {
            topic: "a".to_owned(),
            body: body.to_string().into_bytes(),
        }),
        (0..3_u8, due).prop_map(|(poll, due)| Write::Due {
            poll: format!("held-{poll}"),
            due,
        }),
    ]
}

fn change() -> impl Strategy<Value = (Vec<Write>, Option<usize>)> {
    let completes = prop_oneof![3 => Just(None), 1 => (0..2_usize).prop_map(Some)];
    let writes = proptest::collection::vec(write(), 1..4);
    (writes, completes).prop_filter("a sound change", |(writes, _)| {
        let change = Change {
            writes: writes.clone(),
            ..Change::default()
        };
        change.validate().is_ok()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn in_whatever_groups_it_comes_to_the_same(
        drawn in proptest::collection::vec(change(), 1..24),
        size in 1..24_usize,
    ) {
        let changes = |held: &[Lease]| {
            let made = drawn.iter().map(|(writes, completes)| Change {
                writes: writes.clone(),
                lease: completes.map(|nth| (held[nth].clone(), Next::Gone)),
                ..Change::default()
            });
            made.collect::<Vec<_>>()
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.unwrap().block_on(the_same_in_groups_of(size, changes));
    }
}
