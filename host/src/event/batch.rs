//! The body of a request to a data plane of RudderStack: messages that are sent together.

use std::io::{Read as _, Write as _};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use memchr::memmem;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::message::LARGEST;

const BEGIN: &[u8] = b"{\"batch\":[";

/// Messages on their way into a body.
#[derive(Debug, Default)]
pub struct Batch {
    plain: Vec<u8>,
    messages: u32,
}

/// A body, as it is kept and sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Body {
    /// With gzip around it.
    pub bytes: Vec<u8>,
    /// How many messages it has.
    pub messages: u32,
}

impl Batch {
    /// Whether a message of this size goes into the body as well.
    #[must_use]
    pub fn fits(&self, message: usize) -> bool {
        self.plain.len() + message < LARGEST || self.messages == 0
    }

    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.messages == 0
    }

    /// Adds a message.
    pub fn add(&mut self, message: &[u8]) {
        self.plain
            .extend_from_slice(if self.messages == 0 { BEGIN } else { b"," });
        self.plain.extend_from_slice(message);
        self.messages += 1;
    }

    /// The body, sent at this time as far as it knows.
    ///
    /// # Errors
    ///
    /// When there is not enough memory.
    pub fn body(mut self, sent_at: &str) -> std::io::Result<Body> {
        if self.messages == 0 {
            self.plain.extend_from_slice(BEGIN);
        }
        let end = format!("],\"timestamp\":\"{sent_at}\",\"sentAt\":\"{sent_at}\"}}");
        self.plain.extend_from_slice(end.as_bytes());
        Ok(Body {
            bytes: zipped(&self.plain)?,
            messages: self.messages,
        })
    }
}

/// Level 1: more costs more time than the rest of a run, and saves little.
fn zipped(plain: &[u8]) -> std::io::Result<Vec<u8>> {
    let room = Vec::with_capacity(plain.len() / 6);
    let mut zip = GzEncoder::new(room, Compression::new(1));
    zip.write_all(plain)?;
    zip.finish()
}

fn unzipped(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut plain = Vec::new();
    // What we have written is no larger; what is, is not what we have written.
    GzDecoder::new(bytes)
        .take(LARGEST as u64 * 2)
        .read_to_end(&mut plain)?;
    Ok(plain)
}

/// The messages of a body.
///
/// # Errors
///
/// When it is no body of ours.
pub fn messages(bytes: &[u8]) -> std::io::Result<Vec<Box<RawValue>>> {
    #[derive(Deserialize)]
    struct Told {
        batch: Vec<Box<RawValue>>,
    }
    let told: Told = serde_json::from_slice(&unzipped(bytes)?)?;
    Ok(told.batch)
}

/// The body as it is sent at another time than it was made for. A data plane takes the time between
/// `originalTimestamp` and `sentAt` for the sender's delay, so both have to be true.
///
/// # Errors
///
/// When it is no body of ours.
pub fn sent_at(bytes: &[u8], made: &str, now: &str) -> std::io::Result<Vec<u8>> {
    let plain = unzipped(bytes)?;
    let (old, new) = (
        format!("\"sentAt\":\"{made}\"}}"),
        format!("\"sentAt\":\"{now}\"}}"),
    );
    let (mut told, mut done) = (Vec::with_capacity(plain.len()), 0);
    for place in memmem::find_iter(&plain, old.as_bytes()) {
        told.extend_from_slice(&plain[done..place]);
        told.extend_from_slice(new.as_bytes());
        done = place + old.len();
    }
    told.extend_from_slice(&plain[done..]);
    zipped(&told)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn plain(body: &[u8]) -> Value {
        serde_json::from_slice(&unzipped(body).unwrap()).unwrap()
    }

    #[test]
    fn a_body_is_a_batch_with_its_times() {
        let mut batch = Batch::default();
        batch.add(br#"{"a":1.10}"#);
        batch.add(br#"{"b":2}"#);
        let body = batch.body("T").unwrap();
        assert_eq!(body.messages, 2);
        assert_eq!(
            unzipped(&body.bytes).unwrap(),
            br#"{"batch":[{"a":1.10},{"b":2}],"timestamp":"T","sentAt":"T"}"#
        );
        let messages = messages(&body.bytes).unwrap();
        let texts: Vec<&str> = messages.iter().map(|it| it.get()).collect();
        assert_eq!(texts, [r#"{"a":1.10}"#, r#"{"b":2}"#]);
    }

    #[test]
    fn a_body_takes_what_a_request_may_hold() {
        let mut batch = Batch::default();
        let message = format!(r#"{{"a":"{}"}}"#, "x".repeat(1_000_000));
        let mut added = 0;
        while batch.fits(message.len()) {
            batch.add(message.as_bytes());
            added += 1;
        }
        assert_eq!(added, 4);
        let body = unzipped(&batch.body(&"T".repeat(24)).unwrap().bytes).unwrap();
        assert!(body.len() <= 4_000 * 1024, "{}", body.len());
        let mut alone = Batch::default();
        assert!(
            alone.fits(LARGEST),
            "one that is as large as may be goes alone"
        );
        alone.add(&vec![b'1'; LARGEST]);
        let body = unzipped(&alone.body(&"T".repeat(24)).unwrap().bytes).unwrap();
        assert!(body.len() <= 4_000 * 1024, "{}", body.len());
    }

    #[test]
    fn what_is_sent_later_says_so_and_nothing_else_changes() {
        let mut batch = Batch::default();
        batch.add(br#"{"traits":{"sentAt":"other"},"originalTimestamp":"old","sentAt":"old"}"#);
        let body = batch.body("old").unwrap();
        let later = plain(&sent_at(&body.bytes, "old", "new").unwrap());
        assert_eq!(
            later,
            json!({"batch": [{"traits": {"sentAt": "other"}, "originalTimestamp": "old", "sentAt": "new"}], "timestamp": "old", "sentAt": "new"})
        );
    }
}
