//! The token that Looker sends with each request to an Action Hub, in the form that Looker admins
//! have had since the first hub: `Authorization: Token token="<nonce>/<hex HMAC-SHA512 of the nonce>"`.
//!
//! The nonce is any text without a slash. Ours is the id of a named key, so that one key can be
//! revoked; those that other tools made with the same secret are random.

use hmac::{Hmac, Mac};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha512;

/// Hex digits of a digest.
const DIGITS: usize = 128;

/// The secrets that keys may have been made with, the one that makes new keys first.
pub struct Secrets(Vec<Hmac<Sha512>>);

impl Secrets {
    /// Secrets in this order. At least one has to be given for any key to be sound.
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a SecretString>) -> Self {
        let macs = secrets
            .into_iter()
            .map(|secret| Hmac::new_from_slice(secret.expose_secret().as_bytes()));
        // A key of any length will do.
        Self(macs.filter_map(Result::ok).collect())
    }

    /// The key of a nonce, made with the newest secret.
    #[must_use]
    pub fn key(&self, nonce: &str) -> Option<SecretString> {
        let digest = hex::encode(digest(self.0.first()?, nonce).finalize().into_bytes());
        Some(format!("{nonce}/{digest}").into())
    }

    /// The nonce of a sound key. How long it takes tells nothing about the secrets: each is tried,
    /// and digests are compared in constant time.
    #[must_use]
    pub fn nonce<'a>(&self, key: &'a str) -> Option<&'a str> {
        let mut parts = key.split('/');
        let (nonce, given) = (parts.next()?, parts.next()?);
        let plain = |digit: u8| digit.is_ascii_digit() || (b'a'..=b'f').contains(&digit);
        if given.len() != DIGITS || !given.bytes().all(plain) {
            return None;
        }
        let given = hex::decode(given).ok()?;
        let fits = self.0.iter().fold(false, |fits, mac| {
            fits | digest(mac, nonce).verify_slice(&given).is_ok()
        });
        fits.then_some(nonce)
    }
}

fn digest(mac: &Hmac<Sha512>, nonce: &str) -> Hmac<Sha512> {
    mac.clone().chain_update(nonce.as_bytes())
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Secrets({})", self.0.len())
    }
}

/// The key in an `Authorization` header: what `[T|t]oken token="(.*)"` finds in it, with text before
/// and after allowed and the last quotation mark ending the key, as hubs have always read it.
#[must_use]
pub fn presented(header: &str) -> Option<&str> {
    const REST: &str = "oken token=\"";
    let start = header
        .match_indices(REST)
        .find(|(at, _)| header[..*at].ends_with(['T', '|', 't']))
        .map(|(at, _)| at + REST.len())?;
    let end = header.rfind('"')?;
    header.get(start..end)
}

#[cfg(test)]
mod fuzz;

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets(texts: &[&str]) -> Secrets {
        let texts: Vec<SecretString> = texts.iter().map(|text| (*text).into()).collect();
        Secrets::new(&texts)
    }

    fn made(secrets: &Secrets, nonce: &str) -> String {
        secrets.key(nonce).unwrap().expose_secret().to_owned()
    }

    #[test]
    fn a_key_is_a_nonce_and_its_digest() {
        // printf x | openssl dgst -sha512 -hmac secret
        let known = "x/1561e37533789d0537b20d30cb154a781b24886d4af7137ac176f1e4aa4d2018d3863ebc8f8be8ea7c4f9e3df8f0c45c11bb981d88a169b0e0366db5b4c796e5";
        let secrets = secrets(&["secret"]);
        assert_eq!(made(&secrets, "x"), known);
        assert_eq!(secrets.nonce(known), Some("x"));
        assert_eq!(secrets.nonce(&format!("{known}/zzz")), Some("x"));
        assert_eq!(secrets.nonce(&made(&secrets, "")), Some(""));
    }

    #[test]
    fn any_live_secret_will_do_and_the_first_makes_new_keys() {
        let (old, new) = (secrets(&["old"]), secrets(&["new, with a comma", "old"]));
        assert_eq!(new.nonce(&made(&old, "n")), Some("n"));
        assert_eq!(made(&new, "n"), made(&secrets(&["new, with a comma"]), "n"));
        assert_eq!(old.nonce(&made(&new, "n")), None);
        assert_eq!(secrets(&[]).nonce(&made(&old, "n")), None);
        assert!(secrets(&[]).key("n").is_none());
    }

    #[test]
    fn other_keys_are_refused_whatever_their_length() {
        let secrets = secrets(&["secret"]);
        let sound = made(&secrets, "n");
        let digest = sound.trim_start_matches("n/");
        let (zeros, upper) = ("0".repeat(DIGITS), digest.to_uppercase());
        for key in [
            "",
            "/",
            "a/b",
            "abcdef",
            "//",
            digest,
            &sound[..sound.len() - 1],
            &format!("{sound}0"),
            &format!("m/{digest}"),
            &format!("n/{zeros}"),
            &format!("n/{upper}"),
            &format!(" {sound}"),
            &format!("n//{digest}"),
            &format!("n/{}", "ü".repeat(DIGITS / 2)),
        ] {
            assert_eq!(secrets.nonce(key), None, "{key}");
        }
    }

    #[test]
    fn a_header_is_read_as_hubs_have_always_read_it() {
        for (header, key) in [
            ("Token token=\"n/d\"", Some("n/d")),
            ("token token=\"n/d\"", Some("n/d")),
            ("|oken token=\"n/d\"", Some("n/d")),
            ("xx Token token=\"n/d\" trailing", Some("n/d")),
            ("TTtoken token=\"n/d\"", Some("n/d")),
            ("Token token=\"a\" and \"b\"", Some("a\" and \"b")),
            ("oken token=\" Token token=\"x\"", Some("x")),
            ("Token token=\"\"", Some("")),
            ("Token token=\"n/d", None),
            ("Token token=\"", None),
            ("Token token=n/d", None),
            ("Token  token=\"n/d\"", None),
            ("TOKEN token=\"n/d\"", None),
            ("Bearer n/d", None),
            ("foo", None),
            ("", None),
        ] {
            assert_eq!(presented(header), key, "{header}");
        }
    }
}
