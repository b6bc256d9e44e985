//! Secrets at rest: sealed with a master key, opened only where they are used.
//!
//! XChaCha20-Poly1305 with a random nonce. A sealed secret is bound to the place it was sealed for,
//! so that one copied to another record does not open there, and it names the key it was sealed
//! with, so that a server started with another key says so instead of failing in the middle.

mod master;
mod own;
mod same;

use std::fmt;

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

pub use master::{MasterKey, MasterKeyError};
pub use own::{OwnSecretError, own_secret};
pub use same::{KeyMismatch, same_key};

/// How a sealed secret begins: the format.
const FORMAT: &str = "v1";
const NONCE: usize = 24;

/// Seals and opens.
pub struct Sealer {
    cipher: XChaCha20Poly1305,
    key: String,
}

/// A secret that only its [`Sealer`] can read. It may be stored.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sealed(String);

/// A secret cannot be sealed or opened.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// It was sealed with another key.
    #[error(
        "the secret was sealed with master key {sealed_with}, and this server has {key}; start it with the key it was sealed with, or enter the secret again"
    )]
    OtherKey {
        /// What it was sealed with.
        sealed_with: String,
        /// What this server has.
        key: String,
    },
    /// It is not what was sealed for this place.
    #[error("a sealed secret is damaged or belongs to another place; enter the secret again")]
    Damaged,
    /// The machine has no randomness.
    #[error("this machine gives no random bytes to seal a secret with")]
    Random(#[from] getrandom::Error),
}

impl Sealer {
    /// A sealer with this key.
    #[must_use]
    pub fn new(master: &MasterKey) -> Self {
        Self {
            cipher: XChaCha20Poly1305::new(master.bytes().into()),
            key: master.id(),
        }
    }

    /// What names the key without telling it.
    #[must_use]
    pub fn key_id(&self) -> &str {
        &self.key
    }

    /// Seals a secret for a place such as `connection/con_…/client_secret`.
    ///
    /// # Errors
    ///
    /// When the machine has no randomness.
    pub fn seal(&self, place: &str, secret: &SecretString) -> Result<Sealed, SecretError> {
        let body = self.encrypted(place, secret.expose_secret().as_bytes())?;
        Ok(Sealed(format!(
            "{FORMAT}.{}.{}",
            self.key,
            hex::encode(body)
        )))
    }

    /// Opens what was sealed for this place.
    ///
    /// # Errors
    ///
    /// When it was sealed with another key or for another place, or has been changed.
    pub fn open(&self, place: &str, sealed: &Sealed) -> Result<SecretString, SecretError> {
        let mut parts = sealed.0.splitn(3, '.');
        let (format, key, body) = (parts.next(), parts.next(), parts.next());
        self.is_ours(key)?;
        let body = body.and_then(|body| hex::decode(body).ok());
        let body = body.filter(|_| format == Some(FORMAT));
        let opened = self.decrypted(place, &body.ok_or(SecretError::Damaged)?)?;
        String::from_utf8(opened)
            .map(SecretString::from)
            .map_err(|_| SecretError::Damaged)
    }

    /// Seals what is too large to be written as text.
    ///
    /// # Errors
    ///
    /// As for [`Sealer::seal`].
    pub fn seal_bytes(&self, place: &str, bytes: &[u8]) -> Result<Vec<u8>, SecretError> {
        let mut sealed = format!("{FORMAT}.{}.", self.key).into_bytes();
        sealed.extend(self.encrypted(place, bytes)?);
        Ok(sealed)
    }

    /// Opens what [`Sealer::seal_bytes`] sealed for this place.
    ///
    /// # Errors
    ///
    /// As for [`Sealer::open`].
    pub fn open_bytes(&self, place: &str, sealed: &[u8]) -> Result<Vec<u8>, SecretError> {
        let mut parts = sealed.splitn(3, |byte| *byte == b'.');
        let (format, key, body) = (parts.next(), parts.next(), parts.next());
        let key = key.map(|key| std::str::from_utf8(key).map_err(|_| SecretError::Damaged));
        self.is_ours(key.transpose()?)?;
        let body = body.filter(|_| format == Some(FORMAT.as_bytes()));
        self.decrypted(place, body.ok_or(SecretError::Damaged)?)
    }

    fn is_ours(&self, key: Option<&str>) -> Result<(), SecretError> {
        match key.filter(|key| *key != self.key) {
            Some(key) => Err(SecretError::OtherKey {
                sealed_with: key.to_owned(),
                key: self.key.clone(),
            }),
            None => Ok(()),
        }
    }

    /// The nonce, and what was made of the text with it.
    fn encrypted(&self, place: &str, text: &[u8]) -> Result<Vec<u8>, SecretError> {
        let mut nonce = [0; NONCE];
        getrandom::fill(&mut nonce)?;
        let payload = Payload {
            msg: text,
            aad: place.as_bytes(),
        };
        let sealed = self
            .cipher
            .encrypt(&XNonce::from(nonce), payload)
            .map_err(|_| SecretError::Damaged)?;
        Ok([&nonce[..], &sealed].concat())
    }

    fn decrypted(&self, place: &str, body: &[u8]) -> Result<Vec<u8>, SecretError> {
        let (nonce, text) = body
            .split_first_chunk::<NONCE>()
            .ok_or(SecretError::Damaged)?;
        let payload = Payload {
            msg: text,
            aad: place.as_bytes(),
        };
        self.cipher
            .decrypt(&XNonce::from(*nonce), payload)
            .map_err(|_| SecretError::Damaged)
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sealer").field("key", &self.key).finish()
    }
}

// What is sealed tells nothing, but a log is no place for it either.
impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealed(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealer(digit: char) -> Sealer {
        let text = SecretString::from(digit.to_string().repeat(64));
        Sealer::new(&MasterKey::from_hex(&text).expect("a key"))
    }

    #[test]
    fn what_is_sealed_opens_at_its_place_only() {
        let (sealer, secret) = (sealer('a'), SecretString::from("nNVS9 — ünïcode"));
        let sealed = sealer.seal("connection/1/secret", &secret).expect("sealed");
        let opened = sealer.open("connection/1/secret", &sealed).expect("opens");
        assert_eq!(opened.expose_secret(), secret.expose_secret());
        let elsewhere = sealer.open("connection/2/secret", &sealed);
        assert!(matches!(elsewhere, Err(SecretError::Damaged)));
    }

    #[test]
    fn the_same_secret_never_looks_the_same() {
        let (sealer, secret) = (sealer('a'), SecretString::from("nNVS9"));
        let (one, two) = (sealer.seal("p", &secret), sealer.seal("p", &secret));
        assert_ne!(one.expect("sealed"), two.expect("sealed"));
    }

    #[test]
    fn bytes_are_sealed_like_texts() {
        let sealer = sealer('a');
        let bytes = [0, 255, b'.', 10, b'.'];
        let sealed = sealer.seal_bytes("sample/1", &bytes).expect("sealed");
        assert_eq!(
            sealer.open_bytes("sample/1", &sealed).expect("opens"),
            bytes
        );
        for (place, sealed) in [
            ("sample/2", &sealed[..]),
            ("sample/1", &sealed[..sealed.len() - 1]),
            ("sample/1", b"v1"),
            ("sample/1", b""),
        ] {
            let refused = sealer.open_bytes(place, sealed);
            assert!(matches!(refused, Err(SecretError::Damaged)), "{place}");
        }
        let other = self::sealer('b').open_bytes("sample/1", &sealed);
        assert!(matches!(other, Err(SecretError::OtherKey { .. })));
    }

    #[test]
    fn another_key_is_told_by_its_name() {
        let sealed = sealer('a')
            .seal("p", &SecretString::from("nNVS9"))
            .expect("sealed");
        let refused = sealer('b').open("p", &sealed).expect_err("another key");
        assert!(matches!(refused, SecretError::OtherKey { .. }));
        assert!(refused.to_string().contains(sealer('a').key_id()));
    }

    #[test]
    fn any_change_is_noticed_and_nothing_shows_the_text() {
        let sealer = sealer('a');
        let sealed = sealer
            .seal("p", &SecretString::from("canary"))
            .expect("sealed");
        let text = serde_json::to_string(&sealed).expect("a string");
        assert!(!text.contains("canary") && !text.contains(&hex::encode("canary")));
        assert_eq!(format!("{sealed:?}"), "Sealed(…)");
        let (head, last) = sealed.0.split_at(sealed.0.len() - 1);
        let other = if last == "0" { '1' } else { '0' };
        let changed = Sealed(format!("{head}{other}"));
        assert!(matches!(
            sealer.open("p", &changed),
            Err(SecretError::Damaged)
        ));
        for nonsense in ["", "v1", "v2.x.00", "v1..", "v1.zz"] {
            assert!(sealer.open("p", &Sealed(nonsense.into())).is_err());
        }
    }
}
