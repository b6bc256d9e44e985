//! Who vouches for a component: an Ed25519 signature over its digest.
//!
//! What is signed is the digest's text, `sha256:` and 64 hex digits, so that any tool that signs a few
//! bytes can make one. It says who published the bytes, not that they are any good: those that were
//! signed pass the same checks as all others.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::signature::{ED25519, ED25519_PUBLIC_KEY_LEN, UnparsedPublicKey};

use crate::store::Digest;

use super::check::{Refused, RefusedCode, is_sound_name};

/// Whether uploads have to be signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Policy {
    /// Signatures are not looked at.
    #[default]
    Off,
    /// One that is given has to be right.
    Optional,
    /// There has to be one, and it has to be right.
    Required,
}

/// The public half of a publisher's key.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey([u8; ED25519_PUBLIC_KEY_LEN]);

/// A text is no public key.
#[derive(Debug, thiserror::Error)]
#[error("a public key is 64 hex digits, as `lensmount extractor keygen` prints them")]
pub struct NoPublicKey;

impl FromStr for PublicKey {
    type Err = NoPublicKey;

    fn from_str(text: &str) -> Result<Self, NoPublicKey> {
        let mut key = [0; ED25519_PUBLIC_KEY_LEN];
        hex::decode_to_slice(text, &mut key).map_err(|_| NoPublicKey)?;
        Ok(Self(key))
    }
}

impl PublicKey {
    /// The key of these bytes.
    ///
    /// # Errors
    ///
    /// When they are too few or too many.
    pub fn of(bytes: &[u8]) -> Result<Self, NoPublicKey> {
        bytes.try_into().map(Self).map_err(|_| NoPublicKey)
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Who may publish extractors for this server.
#[derive(Debug, Clone, Default)]
pub struct Publishers {
    /// Whether uploads have to be signed.
    pub policy: Policy,
    /// Keys by publisher.
    pub keys: BTreeMap<String, PublicKey>,
}

/// A publisher's signature as it is sent along: `publisher:base64`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    publisher: String,
    bytes: Vec<u8>,
}

/// A text is no signature.
#[derive(Debug, thiserror::Error)]
#[error(
    "a signature is the publisher's name, a colon and 64 bytes in Base64, as `lensmount extractor sign` writes it"
)]
pub struct NoSignature;

impl FromStr for Signature {
    type Err = NoSignature;

    fn from_str(text: &str) -> Result<Self, NoSignature> {
        let (publisher, bytes) = text.trim().split_once(':').ok_or(NoSignature)?;
        let bytes = STANDARD.decode(bytes).map_err(|_| NoSignature)?;
        if !is_sound_name(publisher) || bytes.len() != 64 {
            return Err(NoSignature);
        }
        Ok(Self {
            publisher: publisher.to_owned(),
            bytes,
        })
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.publisher, STANDARD.encode(&self.bytes))
    }
}

impl Signature {
    /// A publisher's signature that was made elsewhere.
    ///
    /// # Errors
    ///
    /// When the name is none that a publisher may have.
    pub fn of(publisher: &str, bytes: &[u8]) -> Result<Self, NoSignature> {
        format!("{publisher}:{}", STANDARD.encode(bytes)).parse()
    }
}

impl Publishers {
    /// Who vouches for the bytes of this digest, if anybody has to or does.
    pub(super) fn vouched(
        &self,
        digest: &Digest,
        signature: Option<&Signature>,
    ) -> Result<Option<String>, Refused> {
        let signature = match (self.policy, signature) {
            (Policy::Off, _) | (Policy::Optional, None) => return Ok(None),
            (Policy::Required, None) => {
                return Err(Refused::new(
                    RefusedCode::Unsigned,
                    "this server takes signed extractors only, and this one came without a signature; \
                     have a publisher that it knows sign it (`lensmount extractor sign`), and send that along",
                ));
            }
            (Policy::Optional | Policy::Required, Some(signature)) => signature,
        };
        let publisher = &signature.publisher;
        let Some(key) = self.keys.get(publisher) else {
            return Err(Refused::new(
                RefusedCode::BadSignature,
                format_args!(
                    "it is signed by {publisher}, whom this server does not know; its operator can make \
                     that name known with --publishers"
                ),
            ));
        };
        UnparsedPublicKey::new(&ED25519, key.0)
            .verify(digest.to_string().as_bytes(), &signature.bytes)
            .map(|()| Some(publisher.clone()))
            .map_err(|_| {
                Refused::new(
                    RefusedCode::BadSignature,
                    format_args!(
                        "the signature is not {publisher}'s of these bytes ({digest}); the component was changed \
                         after it was signed, or it was signed with another key"
                    ),
                )
            })
    }
}

#[cfg(test)]
mod tests {
    use ring::signature::{Ed25519KeyPair, KeyPair};

    use super::*;

    fn pair() -> Ed25519KeyPair {
        let random = ring::rand::SystemRandom::new();
        let key = Ed25519KeyPair::generate_pkcs8(&random).expect("a key");
        Ed25519KeyPair::from_pkcs8(key.as_ref()).expect("a key")
    }

    #[test]
    fn a_policy_says_what_has_to_be_signed_and_what_is_given_has_to_be_right() {
        let (acme, other) = (pair(), pair());
        let (digest, another) = (Digest::of(b"one"), Digest::of(b"two"));
        let sign = |publisher, pair: &Ed25519KeyPair, digest: &Digest| {
            let signed = pair.sign(digest.to_string().as_bytes());
            Some(Signature::of(publisher, signed.as_ref()).expect("a signature"))
        };
        let key = PublicKey::of(acme.public_key().as_ref()).expect("a key");
        let right = sign("acme", &acme, &digest);
        let wrong = [
            sign("acme", &other, &digest),
            sign("acme", &acme, &another),
            sign("nobody", &acme, &digest),
        ];
        let vouched = |policy, signature: &Option<Signature>| {
            let keys = BTreeMap::from([("acme".to_owned(), key)]);
            let publishers = Publishers { policy, keys };
            let vouched = publishers.vouched(&digest, signature.as_ref());
            vouched.map_err(|refused| refused.code)
        };
        let by_acme = || Ok(Some("acme".to_owned()));
        assert_eq!(vouched(Policy::Off, &wrong[0]), Ok(None));
        assert_eq!(vouched(Policy::Optional, &None), Ok(None));
        assert_eq!(vouched(Policy::Optional, &right), by_acme());
        assert_eq!(vouched(Policy::Required, &right), by_acme());
        assert_eq!(vouched(Policy::Required, &None), Err(RefusedCode::Unsigned));
        for signature in &wrong {
            for policy in [Policy::Optional, Policy::Required] {
                let refused = vouched(policy, signature);
                assert_eq!(refused, Err(RefusedCode::BadSignature), "{signature:?}");
            }
        }
    }

    #[test]
    fn what_is_written_is_read_back_and_nothing_else_is() {
        let signed = pair().sign(b"bytes");
        let signature = Signature::of("acme", signed.as_ref()).expect("a signature");
        let read: Signature = format!("{signature}\n").parse().expect("read back");
        assert_eq!(read, signature);
        for text in ["", "acme", "acme:", "acme:AAAA", "Acme Inc:AAAA", ":AAAA"] {
            assert!(text.parse::<Signature>().is_err(), "{text}");
        }
        for text in ["", "ab", "zz"] {
            assert!(text.parse::<PublicKey>().is_err(), "{text}");
        }
    }
}
