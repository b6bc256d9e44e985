//! A notice: one thing that one webhook is to be told.

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::record::Record;
use crate::store::{Kind, MAX_RECORD_BYTES};

/// The largest data that a notice carries. What is larger would not fit into a document with what
/// stands around it, and must not keep a reading from being stored.
const LARGEST: usize = MAX_RECORD_BYTES - 1024;

/// How long a notice is tried for.
pub(super) const LIFE: SignedDuration = SignedDuration::from_hours(72);

/// The longest that a notice waits because its receiver was away.
const LONGEST_AWAY: SignedDuration = SignedDuration::from_mins(15);

/// How long a notice waits after it did not come through, each time. One that was refused is given
/// up after the last.
const PAUSES: [SignedDuration; 7] = [
    SignedDuration::from_secs(1),
    SignedDuration::from_secs(5),
    SignedDuration::from_mins(1),
    SignedDuration::from_mins(15),
    SignedDuration::from_hours(6),
    SignedDuration::from_hours(12),
    SignedDuration::from_hours(24),
];

/// One thing that one webhook is to be told.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Notice {
    /// What it is about.
    pub topic: String,
    /// When it happened.
    pub at: Timestamp,
    /// What happened; none where it is too large to be kept twice.
    pub data: Option<Box<RawValue>>,
    /// How often it did not come through.
    #[serde(default)]
    pub tries: usize,
    /// How often it was refused, as against not heard.
    #[serde(default)]
    pub refusals: usize,
}

impl Record for Notice {
    const KIND: Kind = Kind::Notice;
    const FORMAT: u32 = 1;
}

impl Notice {
    /// A notice of something that was told to the feed.
    pub fn new(topic: &str, at: Timestamp, body: &[u8]) -> Self {
        let data = std::str::from_utf8(body)
            .ok()
            .filter(|text| text.len() <= LARGEST)
            .and_then(|text| RawValue::from_string(text.to_owned()).ok());
        Self {
            topic: topic.to_owned(),
            at,
            data,
            tries: 0,
            refusals: 0,
        }
    }

    /// What is posted: the same bytes at every try.
    pub fn body(&self) -> serde_json::Result<Bytes> {
        #[derive(Serialize)]
        struct Told<'a> {
            r#type: &'a str,
            timestamp: Timestamp,
            data: &'a Option<Box<RawValue>>,
            #[serde(skip_serializing_if = "Option::is_none")]
            omitted: Option<&'static str>,
        }
        let told = Told {
            r#type: &self.topic,
            timestamp: self.at,
            data: &self.data,
            omitted: self
                .data
                .is_none()
                .then_some("the data is too large for a notice; read it from the API"),
        };
        serde_json::to_vec(&told).map(Bytes::from)
    }

    /// Whether it has been tried for long enough.
    pub fn is_outlived(&self, now: Timestamp) -> bool {
        now.duration_since(self.at) > LIFE
    }

    /// The notice after it was refused once more, and how long it waits; none where that was the
    /// last time.
    pub fn refused(mut self) -> Option<(Self, SignedDuration)> {
        let pause = *PAUSES.get(self.refusals)?;
        self.refusals += 1;
        self.tries += 1;
        Some((self, pause))
    }

    /// The notice after its receiver was away, and how long it waits. It waits even so: what its
    /// receiver stumbles over must not stand in the way of the others.
    pub fn unheard(mut self) -> (Self, SignedDuration) {
        let pause = PAUSES.get(self.tries).copied().unwrap_or(LONGEST_AWAY);
        self.tries += 1;
        (self, pause.min(LONGEST_AWAY))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_says_what_happened_when() {
        let at = "2026-01-02T03:04:05Z".parse().unwrap();
        let notice = Notice::new("reading", at, br#"{"value":"9007199254740993.10"}"#);
        assert_eq!(
            notice.body().unwrap(),
            r#"{"type":"reading","timestamp":"2026-01-02T03:04:05Z","data":{"value":"9007199254740993.10"}}"#
        );
        let large = Notice::new(
            "reading",
            at,
            format!("\"{}\"", "a".repeat(LARGEST)).as_bytes(),
        );
        let told = String::from_utf8(large.body().unwrap().to_vec()).unwrap();
        assert!(
            told.contains("\"data\":null,\"omitted\":\"the data is too large"),
            "{told}"
        );
    }

    #[test]
    fn a_notice_that_is_refused_waits_longer_each_time_and_is_given_up_in_the_end() {
        let at = Timestamp::UNIX_EPOCH;
        let mut notice = Notice::new("reading", at, b"{}");
        // That its receiver was away for an hour does not bring it nearer to being given up.
        for _ in 0..100 {
            let (later, pause) = notice.unheard();
            assert!(pause.is_positive() && pause <= LONGEST_AWAY);
            notice = later;
        }
        let (mut before, mut whole) = (SignedDuration::ZERO, SignedDuration::ZERO);
        for _ in PAUSES {
            let (later, pause) = notice.refused().expect("it is tried again");
            assert!(pause > before);
            (notice, before, whole) = (later, pause, whole + pause);
        }
        assert!(notice.refused().is_none());
        assert!(whole < LIFE);
    }
}
