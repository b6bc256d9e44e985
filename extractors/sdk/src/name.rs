//! The key of an object's member.

use std::borrow::Cow;

use crate::json::Token;

/// A key, whose quotes and escapes are known to be sound.
#[derive(Clone, Copy)]
pub(crate) struct Name<'a> {
    /// With its quotes.
    raw: &'a [u8],
    escaped: bool,
}

impl<'a> Name<'a> {
    /// A key with its quotes, and whether anything but plain text stands between them.
    pub fn new(raw: &'a [u8], escaped: bool) -> Self {
        Self { raw, escaped }
    }

    /// Its text, escapes decoded; none where it is not UTF-8.
    pub fn text(self) -> Option<Cow<'a, str>> {
        let inner = self.inner()?;
        if self.escaped {
            Token::known(std::str::from_utf8(self.raw).ok()?).string()
        } else {
            std::str::from_utf8(inner).ok().map(Cow::Borrowed)
        }
    }

    /// Runs a comparison on its bytes, escapes decoded.
    #[inline]
    pub fn is<R>(self, compare: impl FnOnce(&[u8]) -> R) -> R {
        if self.escaped {
            return compare(self.text().unwrap_or_default().as_bytes());
        }
        compare(self.inner().unwrap_or_default())
    }

    fn inner(self) -> Option<&'a [u8]> {
        self.raw.get(1..self.raw.len().checked_sub(1)?)
    }
}
