//! Export, import, check.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use tempfile::TempDir;

use super::{KIND, Subject, entry, get, keys};
use crate::store::{BlobSpace, Change, Expected, Kind, SharedStore, StoreError};

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

pub async fn an_export_is_of_one_moment(make: impl AsyncFn() -> Subject) {
    let one = make().await;
    let both = |round: usize| {
        Change::new()
            .put(KIND, "a", Expected::Any, round.to_string())
            .put(KIND, "b", Expected::Any, round.to_string())
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
            (newest.seq, newest.entry.action.into_bytes())
        );
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
    assert_eq!(report.blobs, BlobSpace::ALL.len() as u64);
    assert!(report.blob_bytes > 0 && report.engine_bytes > 0);
}
