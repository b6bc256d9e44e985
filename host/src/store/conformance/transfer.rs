//! Export, import, check.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;

use super::{KIND, Subject, entry, get, keys};
use crate::store::{
    BlobSpace, Change, Digest, Due, Expected, Kind, Line, NewReading, Next, ReadingRange,
    SharedStore, StoreError, StoredReading,
};

/// Something of everything.
async fn fill(store: &SharedStore) {
    for number in 0..40 {
        let change = Change::new()
            .put(
                KIND,
                format!("s{number}"),
                Expected::Absent,
                "{\n \"line\": \"end\\n\" }",
            )
            .put(
                Kind::Extractor,
                format!("e{number}"),
                Expected::Absent,
                "[\"ünï\"]",
            )
            .audited(entry(&format!("fill-{number}")));
        store.commit(change).await.unwrap();
    }
    store
        .commit(Change::new().delete(KIND, "s7", Expected::Any))
        .await
        .unwrap();
    for first in (0..1200).step_by(60) {
        // Several key results, several readings of each moment.
        let change =
            (first..first + 60).fold(Change::new().tell("reading", "1"), |change, number| {
                change.reading(NewReading {
                    key_result: format!("kr_{}", number % 3),
                    origin: format!("slot:{number}"),
                    at: Timestamp::from_second(number / 5).unwrap(),
                    body: "{\n \"value\": \"1.50\" }".into(),
                })
            });
        store.commit(change).await.unwrap();
    }
    for (number, poll) in ["late", "ünï", "early"].into_iter().enumerate() {
        let due = Timestamp::from_second(1000 - number as i64).unwrap();
        let change = Change::new().due(poll, Due::NoLaterThan(due));
        store.commit(change).await.unwrap();
    }
    for space in BlobSpace::ALL {
        store
            .put_blob(space, Bytes::from(format!("blob in {space}")))
            .await
            .unwrap();
    }
}

pub async fn an_import_equals_what_was_exported(make: impl AsyncFn() -> Subject) {
    let (one, two) = (make().await, make().await);
    fill(&one.store).await;
    let temp = TempDir::new().unwrap();
    let out = temp.path().join("deep/export");
    let exported = one.store.export(&out).await.unwrap();
    assert_eq!((exported.documents, exported.audit_records), (79, 40));
    assert_eq!((exported.readings, exported.polls), (1200, 3));
    assert_eq!(two.store.import(&out).await.unwrap(), exported);

    for kind in [KIND, Kind::Extractor, Kind::Token] {
        let all = one.store.list(kind, None, 1000).await.unwrap();
        assert_eq!(two.store.list(kind, None, 1000).await.unwrap(), all);
    }
    let audit = one.store.audit(None, 1000).await.unwrap();
    assert_eq!(two.store.audit(None, 1000).await.unwrap(), audit);
    for space in BlobSpace::ALL {
        let kept = one.store.list_blobs(space).await.unwrap();
        let wanted = if space.is_derived() { Vec::new() } else { kept };
        assert_eq!(two.store.list_blobs(space).await.unwrap(), wanted);
        for digest in wanted {
            assert!(two.store.blob(space, &digest).await.unwrap().is_some());
        }
    }
    for key_result in ["kr_0", "kr_1", "kr_2"] {
        let all = history(&one.store, key_result).await;
        assert_eq!(all.len(), 400);
        assert_eq!(history(&two.store, key_result).await, all);
        let last = two.store.reading(key_result, &all[7].origin).await.unwrap();
        assert_eq!(last.as_ref(), Some(&all[7]));
    }
    // Versions go on from where they were, so that those known to others stay meaningful.
    let next = two
        .store
        .commit(Change::new().audited(entry("next")))
        .await
        .unwrap();
    assert!(next.version > exported.sequence);

    let again = one.store.export(&out).await;
    assert!(
        matches!(again, Err(StoreError::Io { .. })),
        "an export overwrites nothing: {again:?}"
    );
}

async fn history(store: &SharedStore, key_result: &str) -> Vec<StoredReading> {
    let range = ReadingRange::default();
    store.readings(key_result, &range, 10_000).await.unwrap()
}

pub async fn polls_are_carried_over_and_leases_and_feed_are_not(make: impl AsyncFn() -> Subject) {
    let (one, two) = (make().await, make().await);
    fill(&one.store).await;
    let lease_for = SignedDuration::from_mins(1);
    let held = one
        .store
        .claim_due(Line::Charts, "one", lease_for, 2)
        .await
        .unwrap();
    assert_eq!(held.len(), 2);
    let temp = TempDir::new().unwrap();
    let out = temp.path().join("export");
    one.store.export(&out).await.unwrap();
    two.store.import(&out).await.unwrap();

    let next = Timestamp::from_second(998).unwrap();
    assert_eq!(two.store.next_due(Line::Charts).await.unwrap(), Some(next));
    let claimed = two
        .store
        .claim_due(Line::Charts, "two", lease_for, 10)
        .await
        .unwrap();
    let polls = claimed.iter().map(|lease| lease.poll.as_str());
    assert!(polls.eq(["early", "ünï", "late"]), "{claimed:?}");
    assert!(claimed.iter().all(|lease| lease.epoch > held[0].epoch));
    let late = Change::new().completing(held[0].clone(), Next::Gone);
    let late = two.store.commit(late).await;
    assert!(matches!(late, Err(StoreError::Fenced { .. })), "{late:?}");
    assert_eq!(two.store.feed(None, 10).await.unwrap(), []);
    // Readings go on from where they were: what is known is not kept again.
    let repeated = NewReading {
        key_result: "kr_1".to_owned(),
        origin: "slot:1".to_owned(),
        at: next,
        body: "1".into(),
    };
    let newer = NewReading {
        origin: "slot:new".to_owned(),
        at: Timestamp::from_second(239).unwrap(),
        ..repeated.clone()
    };
    let change = Change::new()
        .reading(repeated)
        .reading(newer)
        .tell("t", "1");
    let done = two.store.commit(change).await.unwrap();
    assert_eq!(done.repeated, ["slot:1"]);
    assert_eq!(history(&two.store, "kr_1").await[0].origin, "slot:new");
    assert_eq!(two.store.feed(None, 10).await.unwrap().len(), 1);
}

pub async fn an_export_of_the_first_format_is_taken_in(make: impl AsyncFn() -> Subject) {
    let temp = TempDir::new().unwrap();
    let mut text = concat!(
        r#"{"header":{"format":1,"exported_at":"2025-06-01T08:00:00Z","sequence":7}}"#,
        "\n",
        r#"{"document":{"kind":"setting","key":"theme","version":5,"#,
        r#""updated_at":"2025-05-01T08:00:00Z","body":"{ \"dark\": true }"}}"#,
        "\n",
        r#"{"audit":{"seq":7,"at":"2025-05-02T08:00:00Z","actor":"token:a","action":"b","#,
        r#""target":"c"}}"#,
        "\n",
    )
    .to_owned();
    let digest = Digest::of(text.as_bytes());
    text.push_str(&format!(r#"{{"end":{{"lines":3,"digest":"{digest}"}}}}"#));
    text.push('\n');
    fs::write(temp.path().join("store.ndjson"), text).unwrap();

    let subject = make().await;
    let summary = subject.store.import(temp.path()).await.unwrap();
    assert_eq!((summary.documents, summary.audit_records), (1, 1));
    assert_eq!(
        (summary.readings, summary.polls, summary.sequence),
        (0, 0, 7)
    );
    let theme = get(&subject.store, "theme").await.unwrap();
    assert_eq!(
        (theme.version, &theme.body[..]),
        (5, &b"{ \"dark\": true }"[..])
    );
    assert_eq!(subject.store.audit(None, 10).await.unwrap()[0].seq, 7);
}

pub async fn an_export_is_of_one_moment(make: impl AsyncFn() -> Subject) {
    let one = make().await;
    let both = |round: usize| {
        Change::new()
            .put(KIND, "a", Expected::Any, round.to_string())
            .put(KIND, "b", Expected::Any, round.to_string())
            .reading(NewReading {
                key_result: "kr".to_owned(),
                origin: round.to_string(),
                at: Timestamp::from_second(round as i64).unwrap(),
                body: "1".into(),
            })
            .audited(entry(&round.to_string()))
    };
    one.store.commit(both(0)).await.unwrap();
    let writer = tokio::spawn({
        let store = Arc::clone(&one.store);
        async move {
            for round in 1..200 {
                store.commit(both(round)).await.unwrap();
            }
        }
    });
    let temp = TempDir::new().unwrap();
    for number in 0..3 {
        let out = temp.path().join(number.to_string());
        one.store.export(&out).await.unwrap();
        let copy = make().await;
        copy.store.import(&out).await.unwrap();
        let (a, b) = (
            get(&copy.store, "a").await.unwrap(),
            get(&copy.store, "b").await.unwrap(),
        );
        let newest = copy.store.audit(None, 1).await.unwrap().remove(0);
        assert_eq!((&a.body, a.version), (&b.body, b.version));
        assert_eq!(
            (a.version, a.body),
            (newest.seq, newest.entry.action.clone().into_bytes())
        );
        let readings = history(&copy.store, "kr").await;
        assert_eq!(readings[0].origin, newest.entry.action);
        assert_eq!((readings.len() - 1).to_string(), newest.entry.action);
    }
    writer.await.unwrap();
}

pub async fn an_import_needs_an_empty_store(make: impl AsyncFn() -> Subject) {
    let one = make().await;
    fill(&one.store).await;
    let temp = TempDir::new().unwrap();
    let out = temp.path().join("export");
    one.store.export(&out).await.unwrap();
    let refused = one.store.import(&out).await;
    assert!(matches!(refused, Err(StoreError::NotEmpty)), "{refused:?}");
    let two = make().await;
    let missing = two.store.import(&temp.path().join("missing")).await;
    assert!(matches!(missing, Err(StoreError::Io { .. })), "{missing:?}");
}

pub async fn a_damaged_export_is_refused(make: impl AsyncFn() -> Subject) {
    let (one, two) = (make().await, make().await);
    fill(&one.store).await;
    let temp = TempDir::new().unwrap();
    let out = temp.path().join("export");
    one.store.export(&out).await.unwrap();
    let lines = out.join("store.ndjson");
    let whole = fs::read_to_string(&lines).unwrap();

    let mut shortened = whole.trim_end().rsplit_once('\n').unwrap().0.to_owned();
    shortened.push('\n');
    let damaged = [
        String::new(),
        shortened,
        whole.replacen("fill-3", "fill-4", 1),
        whole.replacen("\"s3\"", "\"s3", 1),
    ];
    for text in damaged {
        fs::write(&lines, text).unwrap();
        let refused = two.store.import(&out).await;
        assert!(
            matches!(refused, Err(StoreError::Corrupt { .. })),
            "{refused:?}"
        );
    }
    fs::write(&lines, whole.replacen("\"format\":2", "\"format\":3", 1)).unwrap();
    let refused = two.store.import(&out).await;
    assert!(
        matches!(refused, Err(StoreError::Newer { found: 3, .. })),
        "{refused:?}"
    );

    // All of that was noticed before anything was written, so the store can still take it in.
    fs::write(&lines, &whole).unwrap();
    assert_eq!(keys(&two.store, None, 10).await, [""; 0]);
    two.store.import(&out).await.unwrap();

    flip_a_blob(&out.join("blobs/component/sha256"));
    let three = make().await;
    let refused = three.store.import(&out).await;
    assert!(
        matches!(refused, Err(StoreError::Corrupt { .. })),
        "{refused:?}"
    );
    assert_eq!(keys(&three.store, None, 10).await, [""; 0]);
}

fn flip_a_blob(space: &Path) {
    let shard = fs::read_dir(space).unwrap().next().unwrap().unwrap().path();
    let file = fs::read_dir(shard).unwrap().next().unwrap().unwrap().path();
    let mut bytes = fs::read(&file).unwrap();
    bytes[0] ^= 1;
    fs::write(&file, bytes).unwrap();
}

pub async fn a_sound_store_is_found_sound(make: impl AsyncFn() -> Subject) {
    let Subject {
        store, keep: _keep, ..
    } = make().await;
    fill(&store).await;
    let report = store.check().await.unwrap();
    assert!(report.is_sound(), "{report:?}");
    assert_eq!((report.documents, report.audit_records), (79, 40));
    assert_eq!((report.readings, report.polls), (1200, 3));
    assert_eq!(report.blobs, BlobSpace::ALL.len() as u64);
    assert!(report.blob_bytes > 0 && report.engine_bytes > 0);
}
