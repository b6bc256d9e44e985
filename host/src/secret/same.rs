//! One data folder, one master key: told at the start, not at the first secret that does not open.

use serde::{Deserialize, Serialize};

use crate::record::{self, Record, RecordError};
use crate::store::{AuditEntry, Change, Expected, Kind, Store};

use super::Sealer;

/// The key of the document that says which master key this store is sealed with.
const SETTING: &str = "master-key";

/// Which master key a store is sealed with. It holds no secret: only the key's name.
#[derive(Debug, Serialize, Deserialize)]
struct SealedWith {
    key_id: String,
}

impl Record for SealedWith {
    const KIND: Kind = Kind::Setting;
    const FORMAT: u32 = 1;
}

/// The server was started with another master key than its data were sealed with.
#[derive(Debug, thiserror::Error)]
pub enum KeyMismatch {
    /// Another key.
    #[error(
        "the secrets in this store were sealed with master key {sealed_with}, and this server was given {given}; start it with the key it had before (LENSMOUNT_MASTER_KEY, --master-key-file, or master.key in the data folder)"
    )]
    Other {
        /// The name of the key that the store was sealed with.
        sealed_with: String,
        /// The name of the key that was given.
        given: String,
    },
    /// The store failed.
    #[error("the store does not say which master key it was sealed with")]
    Record(#[from] RecordError),
}

/// Sees that the sealer has the key that the store was sealed with; a new store takes it.
///
/// # Errors
///
/// [`KeyMismatch::Other`].
pub async fn same_key(store: &dyn Store, sealer: &Sealer) -> Result<(), KeyMismatch> {
    if let Some(known) = record::get::<SealedWith>(store, SETTING).await? {
        let sealed_with = known.record.key_id;
        if sealed_with == sealer.key_id() {
            return Ok(());
        }
        return Err(KeyMismatch::Other {
            sealed_with,
            given: sealer.key_id().to_owned(),
        });
    }
    let sealed_with = SealedWith {
        key_id: sealer.key_id().to_owned(),
    };
    let body = record::body(&sealed_with)?;
    let change = Change::new()
        .put(Kind::Setting, SETTING, Expected::Absent, body)
        .audited(AuditEntry::new(
            "server",
            "master-key.first",
            format!("master-key:{}", sealer.key_id()),
        ));
    store.commit(change).await.map_err(RecordError::from)?;
    Ok(())
}
