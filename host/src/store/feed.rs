//! The feed: what happened, for those who listen.
//!
//! Entries are kept for as long as a listener may be away for moments, not for ever: the newest
//! [`FEED_LENGTH`] of them or a few more. They are a hint; the truth is in documents and readings.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;

/// How many entries the feed keeps at least.
pub const FEED_LENGTH: usize = 10_000;

/// The place of an entry in the feed, written `version-index`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FeedPlace {
    /// The version of the change that told it.
    pub version: u64,
    /// Which of the change's entries it is.
    pub index: u32,
}

impl fmt::Display for FeedPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.version, self.index)
    }
}

/// A text that is no place in a feed.
#[derive(Debug, Clone, thiserror::Error)]
#[error(
    "{text:?} is no place in the feed; one reads like \"1234-0\" and comes from an entry of it"
)]
pub struct InvalidFeedPlace {
    text: String,
}

impl FromStr for FeedPlace {
    type Err = InvalidFeedPlace;

    fn from_str(text: &str) -> Result<Self, InvalidFeedPlace> {
        let place = text.split_once('-').and_then(|(version, index)| {
            Some(Self {
                version: version.parse().ok()?,
                index: index.parse().ok()?,
            })
        });
        // Only the one spelling is taken, so that equal places are equal as text as well.
        place
            .filter(|place| place.to_string() == text)
            .ok_or_else(|| InvalidFeedPlace {
                text: text.chars().take(100).collect(),
            })
    }
}

/// An entry of the feed.
#[derive(Clone, PartialEq, Eq)]
pub struct FeedEntry {
    /// Its place.
    pub place: FeedPlace,
    /// When it was told, by the store's clock, in whole microseconds.
    pub at: Timestamp,
    /// What it is about, such as `reading`.
    pub topic: String,
    /// The JSON text of what is told, byte for byte as it was written.
    pub body: Vec<u8>,
}

impl fmt::Debug for FeedEntry {
    // As with documents, the body stays out of logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FeedEntry")
            .field("place", &self.place)
            .field("at", &self.at)
            .field("topic", &self.topic)
            .field("body", &format_args!("{} bytes", self.body.len()))
            .finish()
    }
}

/// What the feed still holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FeedEdges {
    /// Its oldest entry.
    pub oldest: FeedPlace,
    /// Its newest entry.
    pub newest: FeedPlace,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_written_and_read_in_one_spelling_and_ordered_by_its_numbers() {
        let place = FeedPlace {
            version: 1234,
            index: 7,
        };
        assert_eq!(place.to_string(), "1234-7");
        assert_eq!("1234-7".parse::<FeedPlace>().unwrap(), place);
        for wrong in [
            "",
            "-",
            "12",
            "12-",
            "-3",
            "+1-2",
            "01-2",
            "1-2-3",
            "1-4294967296",
            "a-b",
        ] {
            assert!(wrong.parse::<FeedPlace>().is_err(), "{wrong}");
        }
        let of = |text: &str| text.parse::<FeedPlace>().unwrap();
        assert!(of("9-0") < of("10-0") && of("10-9") < of("10-10"));
    }
}
