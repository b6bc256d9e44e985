//! What every store must do, whatever it is made of.
//!
//! Each case is a function over a maker of empty stores; [`conformance!`] turns all of them into
//! tests of one implementation. New operations get their cases here, not in an implementation.

pub(super) mod blobs;
pub(super) mod changes;
pub(super) mod documents;
pub(super) mod faulty;
pub(super) mod feed;
pub(super) mod leases;
pub(super) mod polls;
pub(super) mod readings;
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
                a_check_writes_nothing_and_stops_a_change
                a_version_never_comes_back
                a_change_is_made_wholly_or_not_at_all
                audit_is_newest_first_and_comes_in_pages
                writers_at_once_lose_nothing
                a_list_sees_whole_changes;
            readings: a_reading_comes_back_as_it_was_kept
                the_first_reading_of_an_origin_stands
                a_change_that_is_not_made_keeps_no_reading
                a_history_is_newest_first_by_moment_and_then_by_order
                a_moment_is_kept_in_whole_microseconds
                a_range_has_its_beginning_and_not_its_end
                a_history_comes_in_pages_that_others_do_not_shift
                forgetting_leaves_nothing_and_touches_no_other
                readings_have_limits
                readers_at_once_never_keep_an_origin_twice;
            polls: a_poll_is_claimed_once_its_time_has_come
                the_longest_due_is_claimed_first
                each_line_is_claimed_by_itself
                a_poll_is_due_at_the_earliest_time_asked_for
                a_change_that_is_not_made_leaves_the_polls_as_they_were
                claims_at_once_share_the_polls
                polls_and_leases_have_limits;
            leases: completing_writes_everything_and_says_when_next
                a_completion_needs_nothing_else
                a_holder_that_was_followed_writes_nothing
                a_lease_that_ran_out_counts_until_somebody_else_claims
                a_renewed_lease_is_kept
                a_lease_given_back_leaves_the_poll_due
                what_is_asked_for_while_leased_is_not_forgotten
                what_the_holder_asks_for_itself_counts_with_its_completion
                the_next_holder_sees_to_what_was_asked_of_the_last
                a_poll_that_is_removed_takes_its_lease_along
                a_stale_completion_writes_nothing_and_keeps_the_lease
                of_holders_that_follow_each_other_one_completes;
            feed: entries_come_in_the_order_they_were_told
                a_listener_goes_on_from_its_place
                a_change_that_is_not_made_tells_nothing
                whoever_waits_hears_of_each_durable_change
                the_feed_keeps_the_newest;
            blobs: a_blob_comes_back_by_its_digest
                spaces_are_apart
                keeping_and_forgetting_twice_is_no_error;
            transfer: an_import_equals_what_was_exported
                polls_are_carried_over_and_leases_and_feed_are_not
                an_export_of_the_first_format_is_taken_in
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
