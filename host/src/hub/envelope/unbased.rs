//! Base64, decoded as it comes.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

const ENGINE: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone),
);

/// Decodes base64 with or without padding and line ends, in the usual alphabet or that of URLs.
#[derive(Default)]
pub(super) struct Unbased {
    /// What does not make a group of four yet.
    waiting: Vec<u8>,
    padded: bool,
}

impl Unbased {
    /// Decodes what comes next; none where it is no base64.
    pub fn push(&mut self, text: &[u8], out: &mut Vec<u8>) -> Option<()> {
        for byte in text.iter().filter(|byte| !byte.is_ascii_whitespace()) {
            match byte {
                b'=' => self.padded = true,
                _ if self.padded => return None,
                b'-' => self.waiting.push(b'+'),
                b'_' => self.waiting.push(b'/'),
                byte => self.waiting.push(*byte),
            }
        }
        let whole = self.waiting.len() / 4 * 4;
        ENGINE.decode_vec(&self.waiting[..whole], out).ok()?;
        self.waiting.drain(..whole);
        Some(())
    }

    /// Decodes the rest.
    pub fn finish(&mut self, out: &mut Vec<u8>) -> Option<()> {
        ENGINE.decode_vec(&self.waiting, out).ok()
    }
}
