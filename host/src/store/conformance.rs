//! What every store must do, whatever it is made of.
//!
//! Each case is a function over a maker of empty stores; [`conformance!`] turns all of them into
//! tests of one implementation. New operations get their cases here, not in an implementation.

pub(super) mod blobs;
pub(super) mod changes;
pub(super) mod documents;
pub(super) mod faulty;
pub(super) mod transfer;

use std::any::Any;
use std::sync::Arc;

use jiff::SignedDuration;
use serde_json::json;
use tempfile::TempDir;

use super::faults::{Fault, FaultyStore};
use super::sled::SledStore;
use super::{AuditEntry, Document, Kind, SharedStore};
use crate::clock::ManualClock;

/// An empty store under test.
pub(super) struct Subject {
    pub store: SharedStore,
    /// Moves the store's own clock.
    pub advance: Box<dyn Fn(SignedDuration) + Send + Sync>,
    /// What must live as long as the store.
    pub keep: Box<dyn Any + Send + Sync>,
}

impl Subject {
    pub fn sled() -> Self {
        let dir = TempDir::new().unwrap();
        let clock = ManualClock::default();
        let store = Arc::new(SledStore::open(dir.path(), clock.shared()).unwrap());
        Self {
            store,
            advance: Box::new(move |step| clock.advance(step)),
            keep: Box::new(dir),
        }
    }

    /// The same store, with something befalling its calls.
    pub fn behind(self, plan: impl Fn(u64) -> Option<Fault> + Send + Sync + 'static) -> Self {
        Self {
            store: Arc::new(FaultyStore::new(self.store, plan)),
            ..self
        }
    }
}

macro_rules! conformance {
    ($name:ident, $make:expr, [$($module:ident: $($case:ident)+;)+]) => {
        mod $name {
            $($(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    super::$module::$case(async || $make).await;
                }
            )+)+
        }
    };
    ($name:ident, $make:expr) => {
        conformance!($name, $make, [
            documents: an_empty_store_has_nothing
                a_document_comes_back_as_it_was_written
                lists_are_in_the_order_of_bytes_and_come_in_pages
                keys_and_bodies_have_limits
                time_is_the_stores;
            changes: a_write_needs_what_it_expects
                a_version_never_comes_back
                a_change_is_made_wholly_or_not_at_all
                audit_is_newest_first_and_comes_in_pages
                writers_at_once_lose_nothing
                a_list_sees_whole_changes;
            blobs: a_blob_comes_back_by_its_digest
                spaces_are_apart
                keeping_and_forgetting_twice_is_no_error;
            transfer: an_import_equals_what_was_exported
                an_export_is_of_one_moment
                an_import_needs_an_empty_store
                a_damaged_export_is_refused
                a_sound_store_is_found_sound;
        ]);
    };
}

conformance!(sled, super::Subject::sled());
conformance!(
    delayed,
    super::Subject::sled().behind(|_| Some(crate::store::faults::Fault::Delay))
);

pub(super) const KIND: Kind = Kind::Setting;

pub(super) fn entry(action: &str) -> AuditEntry {
    AuditEntry {
        request_id: Some("req-1".to_owned()),
        detail: Some(json!({ "note": "a \"quoted\" line\nand another" })),
        ..AuditEntry::new("token:test", action, "setting:theme")
    }
}

pub(super) async fn get(store: &SharedStore, key: &str) -> Option<Document> {
    store.get(KIND, key).await.unwrap()
}

pub(super) async fn keys(store: &SharedStore, after: Option<&str>, limit: usize) -> Vec<String> {
    let page = store.list(KIND, after, limit).await.unwrap();
    page.into_iter().map(|document| document.key).collect()
}
