//! Files that are not as they were left.

use std::fs::{self, OpenOptions};
use std::path::Path;

use bytes::Bytes;
use tempfile::TempDir;

use super::{KIND, body, filled, open, put, read};
use crate::store::sled::{SledStore, record};
use crate::store::{BlobSpace, ReadingRange, Store as _, StoreError};

fn assert_corrupt(dir: &Path, word: &str) {
    let refused = open(dir).err().expect("it opened");
    assert!(matches!(refused, StoreError::Corrupt { .. }), "{refused:?}");
    let text = refused.to_string();
    assert!(
        text.contains(word) && text.contains("import the newest export"),
        "{text}"
    );
}

#[tokio::test]
async fn what_a_crash_leaves_of_the_cache_of_positions_is_removed() {
    let dir = filled(20).await;
    let planted = dir.path().join("sled/snap.0000000000000000.generating");
    for content in [&b""[..], b"half a snapshot"] {
        fs::write(&planted, content).unwrap();
        let store = open(dir.path()).unwrap();
        assert!(!planted.exists());
        assert_eq!(store.list(KIND, None, 100).await.unwrap().len(), 20);
    }
}

#[tokio::test]
async fn a_damaged_cache_of_positions_is_set_aside() {
    let dir = filled(20).await;
    // The cache is written whenever a folder is opened.
    drop(open(dir.path()).unwrap());
    let sled = dir.path().join("sled");
    crate::store::sled::open::wait_for_sled(&sled).unwrap();
    let mut damaged = 0;
    for entry in fs::read_dir(&sled).unwrap() {
        let path = entry.unwrap().path();
        if path
            .file_name()
            .unwrap()
            .to_string_lossy()
            .starts_with("snap.")
        {
            let mut bytes = fs::read(&path).unwrap();
            let middle = bytes.len() / 2;
            bytes[middle] ^= 0xFF;
            fs::write(&path, bytes).unwrap();
            damaged += 1;
        }
    }
    assert!(damaged > 0, "sled keeps a cache");
    let store = open(dir.path()).unwrap();
    assert_eq!(store.list(KIND, None, 100).await.unwrap().len(), 20);
    assert_eq!(store.audit(None, 100).await.unwrap().len(), 20);
    let aside = fs::read_dir(&sled).unwrap().filter(|entry| {
        entry
            .as_ref()
            .unwrap()
            .file_name()
            .to_string_lossy()
            .starts_with("aside-")
    });
    assert_eq!(aside.count(), 1);
}

#[tokio::test]
async fn a_database_that_lost_its_end_is_refused() {
    // However much is missing, the answer is the same: never an older state taken for the truth.
    for keep in [99, 75, 50, 10, 1, 0] {
        let dir = filled(200).await;
        let db = OpenOptions::new()
            .write(true)
            .open(dir.path().join("sled/db"))
            .unwrap();
        let length = used_length(dir.path());
        db.set_len(length * keep / 100).unwrap();
        assert_corrupt(dir.path(), "database");
    }
}

/// Where the last byte stands that is not zero: sled reserves room ahead.
fn used_length(dir: &Path) -> u64 {
    let bytes = fs::read(dir.join("sled/db")).unwrap();
    bytes.iter().rposition(|byte| *byte != 0).unwrap() as u64
}

#[tokio::test]
async fn a_lost_end_can_be_accepted_by_hand() {
    let dir = filled(200).await;
    let db = OpenOptions::new()
        .write(true)
        .open(dir.path().join("sled/db"))
        .unwrap();
    db.set_len(used_length(dir.path()) / 2).unwrap();
    let refused = open(dir.path()).err().unwrap().to_string();
    assert!(refused.contains("acknowledged"), "{refused}");
    fs::remove_file(dir.path().join("acked")).unwrap();
    let store = open(dir.path()).unwrap();
    assert!(store.list(KIND, None, 1000).await.unwrap().len() < 200);
    put(&store, "again", "1").await.unwrap();
}

#[tokio::test]
async fn an_emptied_database_is_refused() {
    let dir = filled(5).await;
    fs::remove_dir_all(dir.path().join("sled")).unwrap();
    assert_corrupt(dir.path(), "how it is laid out");
}

#[tokio::test]
async fn a_record_with_a_flipped_bit_is_refused_by_name() {
    let dir = filled(5).await;
    let store = open(dir.path()).unwrap();
    let key = record::document_key(KIND.as_str(), "k3");
    let mut value = store
        .database
        .documents
        .get(&key)
        .unwrap()
        .unwrap()
        .to_vec();
    *value.last_mut().unwrap() ^= 1;
    store.database.documents.insert(&key, value).unwrap();
    let found = store.get(KIND, "k3").await.unwrap_err();
    assert!(matches!(&found, StoreError::Corrupt { record, .. } if record.contains("setting/k3")));
    let report = store.check().await.unwrap();
    assert_eq!(report.problems.len(), 1, "{report:?}");
    store.export(&dir.path().join("export")).await.unwrap_err();
    drop(store);
    assert_corrupt(dir.path(), "setting/k3");
}

/// A folder with readings, polls and entries of the feed, and one bit flipped in a record of a tree.
async fn with_a_flipped_bit(tree: impl Fn(&SledStore) -> &sled::Tree) -> TempDir {
    let dir = TempDir::new().unwrap();
    let store = open(dir.path()).unwrap();
    for number in 0..3 {
        store.commit(read(number)).await.unwrap();
    }
    let (key, value) = tree(&store).iter().nth(1).unwrap().unwrap();
    let mut value = value.to_vec();
    *value.last_mut().unwrap() ^= 1;
    tree(&store).insert(key, value).unwrap();
    dir
}

#[tokio::test]
async fn a_damaged_poll_is_refused_by_name() {
    let dir = with_a_flipped_bit(|store| &store.database.polls).await;
    assert_corrupt(dir.path(), "the poll p1");
}

/// The feed is a hint to listeners: what is damaged of it is told to nobody, and nothing else stops.
#[tokio::test]
async fn a_damaged_entry_of_the_feed_is_left_out_and_named_by_check() {
    let dir = with_a_flipped_bit(|store| &store.database.feed).await;
    let store = open(dir.path()).unwrap();
    let told = store.feed(None, 2).await.unwrap();
    let versions: Vec<_> = told.iter().map(|entry| entry.place.version).collect();
    assert_eq!(versions, [1, 3], "those around it");
    assert_eq!(store.feed(Some(told[0].place), 1).await.unwrap().len(), 1);
    let edges = store.feed_edges().await.unwrap().unwrap();
    assert_eq!((edges.oldest.version, edges.newest.version), (1, 3));
    let problems = store.check().await.unwrap().problems;
    assert!(
        problems.len() == 1 && problems[0].contains("the entry 2-0 of the feed"),
        "{problems:?}"
    );
    store.commit(read(3)).await.unwrap();
    assert_eq!(store.feed(None, 10).await.unwrap().len(), 3);
}

/// Readings are many, so they do not hold up the start. They are verified whenever they are read.
#[tokio::test]
async fn a_damaged_reading_is_noticed_when_it_is_read() {
    let dir = with_a_flipped_bit(|store| &store.database.readings).await;
    let store = open(dir.path()).unwrap();
    let range = ReadingRange::default();
    let corrupt = |outcome: Result<(), StoreError>| {
        assert!(
            matches!(&outcome, Err(StoreError::Corrupt { record, .. })
                if record.contains("the reading kr at 1970-01-01T00:00:01Z")),
            "{outcome:?}"
        );
    };
    corrupt(store.readings("kr", &range, 10).await.map(drop));
    corrupt(store.reading("kr", "slot:1").await.map(drop));
    corrupt(store.export(&dir.path().join("export")).await.map(drop));
    assert!(store.reading("kr", "slot:2").await.unwrap().is_some());
    assert_eq!(store.readings("kr", &range, 1).await.unwrap().len(), 1);
    let report = store.check().await.unwrap();
    assert_eq!(
        (report.readings, report.problems.len()),
        (3, 1),
        "{report:?}"
    );
    // It can be forgotten nevertheless.
    assert_eq!(store.forget_readings("kr").await.unwrap(), 3);
    assert!(store.check().await.unwrap().is_sound());
}

#[tokio::test]
async fn readings_and_origins_that_do_not_belong_together_are_noticed() {
    let dir = TempDir::new().unwrap();
    let store = open(dir.path()).unwrap();
    for number in 0..3 {
        store.commit(read(number)).await.unwrap();
    }
    let database = &store.database;
    let missing = record::origin_key("kr", "slot:0");
    let lost = database.origins.get(&missing).unwrap().unwrap();
    let lost = record::open_origin(&missing, &lost).unwrap();
    database.readings.remove(lost).unwrap();
    let other = record::origin_key("kr", "slot:1");
    database.origins.remove(other).unwrap();
    let problems = store.check().await.unwrap().problems;
    assert_eq!(problems.len(), 2, "{problems:?}");
    assert!(problems[0].contains("its origin does not lead to it"));
    assert!(problems[1].contains("its reading is missing"));
    let refused = store.reading("kr", "slot:0").await.unwrap_err();
    assert!(matches!(refused, StoreError::Corrupt { .. }), "{refused}");
}

/// The first layout had documents and audit only.
#[tokio::test]
async fn a_folder_of_the_first_layout_opens_and_is_taken_on() {
    let dir = filled(5).await;
    let store = open(dir.path()).unwrap();
    for tree in ["readings", "origins", "polls", "feed"] {
        assert!(store.database.db.drop_tree(tree).unwrap(), "{tree}");
    }
    let first = record::seal_figure(record::SCHEMA, 1);
    store.database.meta.insert(record::SCHEMA, first).unwrap();
    drop(store);
    for number in 0..2 {
        let store = open(dir.path()).unwrap();
        let layout = store.database.meta.get(record::SCHEMA).unwrap().unwrap();
        assert_eq!(record::open_figure(record::SCHEMA, &layout).unwrap(), 2);
        assert_eq!(store.list(KIND, None, 100).await.unwrap().len(), 5);
        assert_eq!(store.audit(None, 100).await.unwrap().len(), 5);
        let done = store.commit(read(number)).await.unwrap();
        assert!(done.version > 5);
        let range = ReadingRange::default();
        let kept = store.readings("kr", &range, 10).await.unwrap();
        assert_eq!(kept.len(), number + 1);
        assert!(store.check().await.unwrap().is_sound());
    }
}

#[tokio::test]
async fn what_a_later_release_laid_out_is_refused() {
    let dir = filled(5).await;
    let store = open(dir.path()).unwrap();
    let newer = record::seal_figure(record::SCHEMA, 7);
    store.database.meta.insert(record::SCHEMA, newer).unwrap();
    drop(store);
    let refused = open(dir.path()).err().unwrap();
    assert!(
        matches!(
            refused,
            StoreError::Newer {
                found: 7,
                known: 2,
                ..
            }
        ),
        "{refused}"
    );
}

#[tokio::test]
async fn an_import_that_was_cut_short_is_refused() {
    let dir = TempDir::new().unwrap();
    let store = open(dir.path()).unwrap();
    let mark = record::seal_figure(record::IMPORTING, 1);
    store.database.meta.insert(record::IMPORTING, mark).unwrap();
    drop(store);
    assert_corrupt(dir.path(), "import");
}

#[tokio::test]
async fn a_blob_with_a_flipped_byte_is_noticed_and_can_be_kept_again() {
    let dir = TempDir::new().unwrap();
    let store = open(dir.path()).unwrap();
    let bytes = Bytes::from_static(b"a component");
    let digest = store
        .put_blob(BlobSpace::Component, bytes.clone())
        .await
        .unwrap();
    let hex = digest.to_hex();
    let path = dir
        .path()
        .join("blobs/component/sha256")
        .join(&hex[..2])
        .join(&hex);
    fs::write(&path, b"a componenT").unwrap();
    let found = store.blob(BlobSpace::Component, &digest).await.unwrap_err();
    assert!(
        matches!(&found, StoreError::Corrupt { record, .. } if record.contains(&hex)),
        "{found}"
    );
    assert_eq!(store.check().await.unwrap().problems.len(), 1);
    store
        .put_blob(BlobSpace::Component, bytes.clone())
        .await
        .unwrap();
    assert_eq!(
        store.blob(BlobSpace::Component, &digest).await.unwrap(),
        Some(bytes)
    );
}

#[tokio::test]
async fn a_half_written_blob_is_swept_away_and_foreign_files_are_no_blobs() {
    let dir = filled(1).await;
    let half = dir.path().join("blobs/tmp/.tmpHALF");
    fs::write(&half, b"half").unwrap();
    let shard = dir.path().join("blobs/component/sha256/ab");
    fs::create_dir_all(&shard).unwrap();
    fs::write(shard.join("notes.txt"), b"hello").unwrap();
    let store = open(dir.path()).unwrap();
    assert!(!half.exists());
    assert_eq!(store.list_blobs(BlobSpace::Component).await.unwrap(), []);
    assert_eq!(body(&store, "k0").await.unwrap(), "0");
}
