//! Blobs: by digest, in spaces, idempotent.

use bytes::Bytes;

use super::Subject;
use crate::store::{BlobSpace, Digest};

pub async fn a_blob_comes_back_by_its_digest(make: impl AsyncFn() -> Subject) {
    let Subject {
        store, keep: _keep, ..
    } = make().await;
    let large = Bytes::from(
        (0..3_000_000_u32)
            .map(|n| (n >> 7) as u8)
            .collect::<Vec<_>>(),
    );
    for bytes in [Bytes::new(), Bytes::from_static(b"\0asm"), large] {
        let digest = store
            .put_blob(BlobSpace::Component, bytes.clone())
            .await
            .unwrap();
        assert_eq!(digest, Digest::of(&bytes));
        assert_eq!(
            store.blob(BlobSpace::Component, &digest).await.unwrap(),
            Some(bytes)
        );
    }
    let unknown = Digest::of(b"never kept");
    assert_eq!(
        store.blob(BlobSpace::Component, &unknown).await.unwrap(),
        None
    );
}

pub async fn spaces_are_apart(make: impl AsyncFn() -> Subject) {
    let Subject {
        store, keep: _keep, ..
    } = make().await;
    let digest = store
        .put_blob(BlobSpace::Sample, Bytes::from_static(b"x"))
        .await
        .unwrap();
    assert_eq!(
        store.blob(BlobSpace::Component, &digest).await.unwrap(),
        None
    );
    store
        .delete_blob(BlobSpace::Component, &digest)
        .await
        .unwrap();
    assert!(
        store
            .blob(BlobSpace::Sample, &digest)
            .await
            .unwrap()
            .is_some()
    );
}

pub async fn keeping_and_forgetting_twice_is_no_error(make: impl AsyncFn() -> Subject) {
    let Subject {
        store, keep: _keep, ..
    } = make().await;
    let mut digests = Vec::new();
    for number in [3, 1, 2, 1] {
        let bytes = Bytes::from(format!("blob {number}"));
        digests.push(store.put_blob(BlobSpace::Component, bytes).await.unwrap());
    }
    digests.sort_unstable();
    digests.dedup();
    assert_eq!(
        store.list_blobs(BlobSpace::Component).await.unwrap(),
        digests
    );
    let gone = digests.remove(1);
    for _ in 0..2 {
        store
            .delete_blob(BlobSpace::Component, &gone)
            .await
            .unwrap();
        assert_eq!(
            store.list_blobs(BlobSpace::Component).await.unwrap(),
            digests
        );
    }
    assert_eq!(store.blob(BlobSpace::Component, &gone).await.unwrap(), None);
}
