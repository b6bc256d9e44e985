//! Secrets that an installation makes for itself and never tells.

use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::record::{self, Record, RecordError};
use crate::store::{AuditEntry, Change, Expected, Kind, Store, StoreError};

use super::{Sealed, Sealer, SecretError};

const BYTES: usize = 32;

/// A secret of the installation's own, sealed.
#[derive(Debug, Serialize, Deserialize)]
struct OwnSecret {
    secret: Sealed,
}

impl Record for OwnSecret {
    const KIND: Kind = Kind::Setting;
    const FORMAT: u32 = 1;
}

/// An installation's own secret cannot be read or made.
#[derive(Debug, thiserror::Error)]
pub enum OwnSecretError {
    /// It cannot be sealed or opened.
    #[error("a secret of this installation's own cannot be used")]
    Secret(#[from] SecretError),
    /// The store failed.
    #[error("a secret of this installation's own cannot be read")]
    Record(#[from] RecordError),
}

/// The installation's secret of this name: 64 hex digits, made when it is first asked for, the same
/// ever after.
///
/// # Errors
///
/// When it cannot be made, or not be opened.
pub async fn own_secret(
    store: &dyn Store,
    sealer: &Sealer,
    name: &str,
) -> Result<SecretString, OwnSecretError> {
    let (key, place) = (format!("secret/{name}"), format!("own/{name}"));
    loop {
        if let Some(found) = record::get::<OwnSecret>(store, &key).await? {
            return Ok(sealer.open(&place, &found.record.secret)?);
        }
        let mut bytes = [0; BYTES];
        getrandom::fill(&mut bytes).map_err(SecretError::from)?;
        let secret: SecretString = hex::encode(bytes).into();
        let made = OwnSecret {
            secret: sealer.seal(&place, &secret)?,
        };
        let change = Change::new()
            .put(Kind::Setting, &key, Expected::Absent, record::body(&made)?)
            .audited(AuditEntry::new(
                "server",
                "secret.make",
                format!("secret:{name}"),
            ));
        match store.commit(change).await {
            Ok(_) => return Ok(secret),
            // Another server on this store was quicker.
            Err(StoreError::Stale { .. }) => {}
            Err(error) => return Err(RecordError::from(error).into()),
        }
    }
}
