//! The signature of a request, as Standard Webhooks has it: HMAC-SHA256 over `id.timestamp.body`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac as _};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;

use crate::secret::SecretError;

/// How a secret is spelled: this, and base64.
const PREFIX: &str = "whsec_";
const BYTES: usize = 32;

/// What requests are signed with.
pub(super) struct Secret(Hmac<Sha256>, SecretString);

impl Secret {
    /// One that nobody knows yet.
    pub fn fresh() -> Result<Self, SecretError> {
        let mut bytes = [0; BYTES];
        getrandom::fill(&mut bytes)?;
        let text = format!("{PREFIX}{}", STANDARD.encode(bytes));
        Self::read(&text.into()).ok_or(SecretError::Damaged)
    }

    /// Reads a secret in its spelling.
    pub fn read(text: &SecretString) -> Option<Self> {
        let digits = text.expose_secret().strip_prefix(PREFIX)?;
        let bytes = STANDARD
            .decode(digits)
            .ok()
            .filter(|bytes| !bytes.is_empty())?;
        let mac = Hmac::new_from_slice(&bytes).ok()?;
        Some(Self(mac, text.clone()))
    }

    /// The secret in its spelling.
    pub fn text(&self) -> SecretString {
        self.1.clone()
    }

    /// The value of `webhook-signature`. `at` is in seconds since 1970.
    pub fn sign(&self, id: &str, at: i64, body: &[u8]) -> String {
        let mut mac = self.0.clone();
        mac.update(format!("{id}.{at}.").as_bytes());
        mac.update(body);
        format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The worked example of the specification.
    #[test]
    fn a_signature_is_that_of_the_specification() {
        let secret = Secret::read(&"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned().into());
        let signature = secret.expect("a secret").sign(
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            br#"{"test": 2432232314}"#,
        );
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn secrets_are_new_and_read_back() {
        let (one, two) = (Secret::fresh().unwrap(), Secret::fresh().unwrap());
        assert_ne!(one.text().expose_secret(), two.text().expose_secret());
        let again = Secret::read(&one.text()).unwrap();
        assert_eq!(one.sign("a", 1, b"b"), again.sign("a", 1, b"b"));
        for wrong in ["", "whsec_", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_?"] {
            assert!(Secret::read(&wrong.to_owned().into()).is_none(), "{wrong}");
        }
    }
}
