//! What only this implementation promises: crashes, damage, one process, small pages, what is kept
//! in memory.

mod crash;
mod damage;
mod full;
mod group;
mod memory;
mod space;

use std::path::Path;

use jiff::Timestamp;
use tempfile::TempDir;

use super::SledStore;
use crate::clock::ManualClock;
use crate::store::{Change, Committed, Due, Expected, Kind, NewReading, Store as _, StoreError};

const KIND: Kind = Kind::Setting;

fn open(dir: &Path) -> Result<SledStore, StoreError> {
    SledStore::open(dir, ManualClock::default().shared())
}

async fn put(store: &SledStore, key: &str, body: &str) -> Result<Committed, StoreError> {
    let audit = crate::store::AuditEntry::new("token:test", "put", key);
    store
        .commit(
            Change::new()
                .put(KIND, key, Expected::Any, body)
                .audited(audit),
        )
        .await
}

async fn body(store: &SledStore, key: &str) -> Option<String> {
    let found = store.get(KIND, key).await.unwrap();
    found.map(|document| String::from_utf8(document.body).unwrap())
}

/// The reading of a slot, what is told of it, and a poll that is due after it.
fn read(number: usize) -> Change {
    let at = Timestamp::from_second(number as i64).unwrap();
    Change::new()
        .reading(NewReading {
            key_result: "kr".to_owned(),
            origin: format!("slot:{number}"),
            at,
            body: number.to_string().into_bytes(),
        })
        .tell("reading", number.to_string())
        .due(format!("p{number}"), Due::NoLaterThan(at))
}

/// A folder in which `count` documents were written and acknowledged, closed again.
async fn filled(count: usize) -> TempDir {
    let dir = TempDir::new().unwrap();
    let store = open(dir.path()).unwrap();
    for number in 0..count {
        put(&store, &format!("k{number}"), &number.to_string())
            .await
            .unwrap();
    }
    dir
}

#[tokio::test]
async fn reopening_finds_everything_and_versions_go_on() {
    let dir = filled(50).await;
    let before = open(dir.path())
        .unwrap()
        .list(KIND, None, 100)
        .await
        .unwrap();
    let store = open(dir.path()).unwrap();
    assert_eq!(store.list(KIND, None, 100).await.unwrap(), before);
    assert_eq!(store.audit(None, 100).await.unwrap().len(), 50);
    assert_eq!(put(&store, "k0", "1").await.unwrap().version, 51);
}

#[tokio::test]
async fn a_second_instance_is_told_who_has_the_folder() {
    let dir = filled(1).await;
    let store = open(dir.path()).unwrap();
    let refused = open(dir.path()).err().unwrap();
    assert!(
        matches!(refused, StoreError::Locked { pid: Some(pid), .. } if pid == std::process::id()),
        "{refused}"
    );
    assert!(
        refused.to_string().contains("another instance holds"),
        "{refused}"
    );
    put(&store, "k0", "1").await.unwrap();
    drop(store);
    open(dir.path()).unwrap();
}

#[tokio::test]
async fn a_folder_that_is_just_being_closed_is_waited_for() {
    let dir = filled(1).await;
    for _ in 0..10 {
        let store = open(dir.path()).unwrap();
        let closing = std::thread::spawn(move || drop(store));
        assert_eq!(body(&open(dir.path()).unwrap(), "k0").await.unwrap(), "0");
        closing.join().unwrap();
    }
}

#[tokio::test]
async fn folders_are_the_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let temp = TempDir::new().unwrap();
    let dir = temp.path().join("data/store");
    let store = open(&dir).unwrap();
    store
        .put_blob(crate::store::BlobSpace::Component, "x".into())
        .await
        .unwrap();
    for path in ["", "sled", "blobs", "blobs/component/sha256"] {
        let mode = dir.join(path).metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700, "{path}");
    }
}
