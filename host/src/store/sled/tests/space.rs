//! What sled makes of the largest records.

use std::fs;

use jiff::Timestamp;
use tempfile::TempDir;

use super::{KIND, open};
use crate::store::{
    Change, Due, Expected, MAX_KEY_BYTES, MAX_RECORD_BYTES, NewReading, ReadingRange, Store as _,
};

/// sled never syncs the files it puts overgrown pages into, so there must never be one.
#[tokio::test]
async fn no_page_outgrows_the_log() {
    let dir = TempDir::new().unwrap();
    let store = open(dir.path()).unwrap();
    let body = format!("{:?}", "x".repeat(MAX_RECORD_BYTES - 2));
    let key = |number: usize| format!("{number:0width$}", width = MAX_KEY_BYTES);
    let overgrown = || fs::read_dir(dir.path().join("sled/blobs")).unwrap().count();
    for round in 0..3_usize {
        for first in (0..120).step_by(12) {
            let change = (first..first + 12).fold(Change::new(), |change, number| {
                // Forwards, backwards and interleaved, so that pages split in different places.
                let number = [number, 119 - number, number * 7 % 120][round];
                change
                    .put(KIND, key(number), Expected::Any, body.clone())
                    .reading(NewReading {
                        key_result: key(0),
                        origin: key(number + 1000 * round),
                        at: Timestamp::from_second(number as i64).unwrap(),
                        body: body.clone().into(),
                    })
                    .tell("topic", body.clone())
                    .due(key(number), Due::NoLaterThan(Timestamp::UNIX_EPOCH))
            });
            store.commit(change).await.unwrap();
            assert_eq!(overgrown(), 0);
        }
    }
    // Most of them deleted, pages are merged.
    for number in (0..120).filter(|number| number % 5 != 0) {
        let change = Change::new().delete(KIND, key(number), Expected::Any);
        store.commit(change).await.unwrap();
        assert_eq!(overgrown(), 0);
    }
    let range = ReadingRange::default();
    assert_eq!(
        store.readings(&key(0), &range, 1000).await.unwrap().len(),
        360
    );
    assert_eq!(store.forget_readings(&key(0)).await.unwrap(), 360);
    assert_eq!(overgrown(), 0);
    drop(store);
    let store = open(dir.path()).unwrap();
    assert_eq!(store.list(KIND, None, 1000).await.unwrap().len(), 24);
    assert_eq!(overgrown(), 0);
}
