//! The master key: from the environment, from a file, or made at the first start.

use std::fmt;
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretBox, SecretString};
use sha2::{Digest as _, Sha256};

use crate::store::{self, StoreError};

/// The file that a key is made in when nobody gives one.
const FILE: &str = "master.key";
const BYTES: usize = 32;

/// The key that seals secrets.
pub struct MasterKey(SecretBox<[u8; BYTES]>);

/// There is no usable master key.
#[derive(Debug, thiserror::Error)]
pub enum MasterKeyError {
    /// Not 64 hex digits.
    #[error(
        "the master key is not 64 hex digits; make one with `openssl rand -hex 32` and keep it safe: without it stored secrets are lost"
    )]
    NotHex,
    /// Its file cannot be read.
    #[error("the master key file {} cannot be read", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The machine has no randomness.
    #[error("this machine gives no random bytes to make a master key from")]
    Random(#[from] getrandom::Error),
    /// The key that was made cannot be kept.
    #[error("a master key was made and cannot be kept")]
    Keep(#[from] StoreError),
}

impl MasterKey {
    /// A key of 64 hex digits.
    ///
    /// # Errors
    ///
    /// [`MasterKeyError::NotHex`].
    pub fn from_hex(text: &SecretString) -> Result<Self, MasterKeyError> {
        let mut key = SecretBox::new(Box::new([0; BYTES]));
        hex::decode_to_slice(
            text.expose_secret().trim(),
            secrecy::ExposeSecretMut::expose_secret_mut(&mut key),
        )
        .map_err(|_| MasterKeyError::NotHex)?;
        Ok(Self(key))
    }

    /// The key in a file.
    ///
    /// # Errors
    ///
    /// When it cannot be read or holds no key.
    pub fn from_file(path: &Path) -> Result<Self, MasterKeyError> {
        let text = std::fs::read_to_string(path).map_err(|source| MasterKeyError::File {
            path: path.to_owned(),
            source,
        })?;
        Self::from_hex(&text.into())
    }

    /// The key in the data folder, made there if there is none. Whoever can read the folder can
    /// then open its secrets, so making one is worth a warning.
    ///
    /// # Errors
    ///
    /// When it cannot be read or made.
    pub fn in_folder(data: &Path) -> Result<Self, MasterKeyError> {
        let path = data.join(FILE);
        match Self::from_file(&path) {
            Err(MasterKeyError::File { source, .. })
                if source.kind() == std::io::ErrorKind::NotFound => {}
            found => return found,
        }
        let mut bytes = [0; BYTES];
        getrandom::fill(&mut bytes)?;
        let text = SecretString::from(hex::encode(bytes));
        store::keep_file(
            data,
            &path,
            format!("{}\n", text.expose_secret()).as_bytes(),
        )?;
        tracing::warn!(
            path = %path.display(),
            "a master key was made beside the data it seals; keep a copy elsewhere, or give one with LENSMOUNT_MASTER_KEY"
        );
        Self::from_hex(&text)
    }

    /// A name for the key that does not tell it.
    #[must_use]
    pub fn id(&self) -> String {
        let mut hash = Sha256::new();
        hash.update(b"lensmount master key id");
        hash.update(self.bytes());
        hex::encode(&hash.finalize()[..4])
    }

    pub(super) fn bytes(&self) -> &[u8; BYTES] {
        self.0.expose_secret()
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MasterKey({})", self.id())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_64_hex_digits() {
        for text in ["", "abc", &"g".repeat(64), &"a".repeat(63), &"a".repeat(66)] {
            let refused = MasterKey::from_hex(&text.to_owned().into());
            assert!(matches!(refused, Err(MasterKeyError::NotHex)), "{text}");
        }
        assert!(MasterKey::from_hex(&format!("{}\n", "aB".repeat(32)).into()).is_ok());
    }

    #[test]
    fn a_key_is_made_once_and_for_its_owner_only() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let made = MasterKey::in_folder(folder.path()).unwrap();
        let found = MasterKey::in_folder(folder.path()).unwrap();
        assert_eq!(made.bytes(), found.bytes());
        let mode = std::fs::metadata(folder.path().join(FILE)).unwrap();
        assert_eq!(mode.permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_damaged_key_file_is_never_replaced() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(FILE), "half").unwrap();
        let refused = MasterKey::in_folder(folder.path());
        assert!(matches!(refused, Err(MasterKeyError::NotHex)));
        let kept = std::fs::read_to_string(folder.path().join(FILE)).unwrap();
        assert_eq!(kept, "half");
    }
}
