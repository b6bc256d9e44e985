//! No space left.

use std::process::Command;

use jiff::SignedDuration;
use tempfile::TempDir;

use super::crash::{child_command, run, verify};
use super::{body, open, put, read};
use crate::clock::ManualClock;
use crate::store::sled::SledStore;
use crate::store::{BlobSpace, Line, Store as _, StoreError};

#[tokio::test]
async fn nothing_is_written_to_a_disk_that_is_nearly_full() {
    let dir = TempDir::new().unwrap();
    let clock = ManualClock::default().shared();
    let store = SledStore::open_with_reserve(dir.path(), clock, u64::MAX).unwrap();
    let refused = put(&store, "k", "1").await.unwrap_err();
    assert!(
        matches!(refused, StoreError::Unavailable { .. }),
        "{refused}"
    );
    assert!(refused.to_string().contains("make room"), "{refused}");
    store
        .put_blob(BlobSpace::Component, "x".into())
        .await
        .unwrap_err();
    assert_eq!(body(&store, "k").await, None);
}

#[tokio::test]
async fn on_a_disk_that_is_nearly_full_no_poll_is_claimed_and_no_reading_forgotten() {
    let dir = TempDir::new().unwrap();
    let store = open(dir.path()).unwrap();
    store.commit(read(0)).await.unwrap();
    drop(store);
    let clock = ManualClock::default().shared();
    let store = SledStore::open_with_reserve(dir.path(), clock, u64::MAX).unwrap();
    let lease_for = SignedDuration::from_mins(1);
    let claimed = store
        .claim_due(Line::Charts, "one", lease_for, 10)
        .await
        .map(drop);
    let forgotten = store.forget_readings("kr").await.map(drop);
    for refused in [claimed, forgotten] {
        let refused = refused.unwrap_err().to_string();
        assert!(refused.contains("make room"), "{refused}");
    }
    assert!(store.next_due(Line::Charts).await.unwrap().is_some());
    assert!(store.reading("kr", "slot:0").await.unwrap().is_some());
}

/// A limit on the size of files stands in for a full disk, as it needs no rights: writing beyond
/// it fails. The child stops at its first error, which must not be an acknowledgement.
#[tokio::test]
async fn nothing_acknowledged_is_lost_when_a_write_fails() {
    let dir = TempDir::new().unwrap();
    let child = child_command(dir.path());
    let mut limited = Command::new("sh");
    limited.args(["-c", "trap '' XFSZ; ulimit -f 40000; exec \"$0\" \"$@\""]);
    limited.arg(child.get_program()).args(child.get_args());
    limited.env(super::crash::DIR, dir.path());
    let acked = run(limited, 50_000);
    assert!(acked > 0 && acked < 50_000, "{acked}");
    verify(dir.path(), acked).await;
}
