//! The body of a request to a data plane of RudderStack: messages that are sent together.
//!
//! Compressing is the dearest step of a run, so it is done piece by piece beside the mapping, where
//! the messages have just been written and are near at hand; a body puts pieces beside each other.
//! Each is a run of whole DEFLATE blocks that ends at a byte (RFC 1951), so that nothing of it has to
//! be touched again.

use std::io::{Read as _, Write as _};

use crc32fast::Hasher;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use flate2::{Compress, Compression, FlushCompress, Status};
use memchr::memmem;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::message::LARGEST;

const BEGIN: &[u8] = b"{\"batch\":[";
/// A gzip header without a name or a time, of the fastest compression, on an unknown system (RFC
/// 1952, 2.3).
const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 4, 255];
/// More costs more time than the rest of a run, and saves little.
const LEVEL: u32 = 1;

/// Some messages of a body, compressed.
#[derive(Debug, Clone)]
pub struct Piece {
    deflated: Vec<u8>,
    check: Hasher,
    /// Bytes before they were compressed.
    plain: usize,
    /// How many messages it has.
    pub messages: u32,
}

/// Messages on their way into a body.
#[derive(Debug, Default)]
pub struct Batch {
    pieces: Vec<Piece>,
    plain: usize,
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

impl Piece {
    /// Compresses messages with commas between them.
    ///
    /// # Errors
    ///
    /// When there is not enough memory.
    pub fn of(plain: &[u8], messages: u32) -> std::io::Result<Self> {
        let mut check = Hasher::new();
        check.update(plain);
        let mut zip = Compress::new(Compression::new(LEVEL), false);
        let mut deflated = Vec::with_capacity(plain.len() / 4 + 64);
        loop {
            let done = usize::try_from(zip.total_in()).unwrap_or(plain.len());
            let left = plain.get(done..).unwrap_or_default();
            let status = zip.compress_vec(left, &mut deflated, FlushCompress::Sync);
            let status = status.map_err(std::io::Error::other)?;
            // All is out once room is left behind it.
            if deflated.len() < deflated.capacity() || status == Status::StreamEnd {
                break;
            }
            deflated.reserve(deflated.len() / 2 + 64);
        }
        Ok(Self {
            deflated,
            check,
            plain: plain.len(),
            messages,
        })
    }
}

impl Batch {
    /// Whether these messages go into the body as well.
    #[must_use]
    pub fn fits(&self, piece: &Piece) -> bool {
        self.plain + 1 + piece.plain < LARGEST || self.is_empty()
    }

    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.messages == 0
    }

    /// Adds messages.
    pub fn add(&mut self, piece: Piece) {
        self.plain += 1 + piece.plain;
        self.messages += piece.messages;
        self.pieces.push(piece);
    }

    /// The body, sent at this time as far as it knows.
    #[must_use]
    pub fn body(self, sent_at: &str) -> Body {
        let room: usize = self.pieces.iter().map(|it| it.deflated.len() + 8).sum();
        let mut gzip = Gzip::with_room(room + 256);
        gzip.store(BEGIN, false);
        for (number, piece) in self.pieces.iter().enumerate() {
            if number > 0 {
                gzip.store(b",", false);
            }
            gzip.put(piece);
        }
        let end = format!("],\"timestamp\":\"{sent_at}\",\"sentAt\":\"{sent_at}\"}}");
        gzip.store(end.as_bytes(), true);
        Body {
            bytes: gzip.finish(),
            messages: self.messages,
        }
    }
}

/// A gzip member that is put together of pieces.
struct Gzip {
    bytes: Vec<u8>,
    check: Hasher,
    plain: usize,
}

impl Gzip {
    fn with_room(room: usize) -> Self {
        let mut bytes = Vec::with_capacity(room);
        bytes.extend_from_slice(&HEADER);
        let (check, plain) = (Hasher::new(), 0);
        Self {
            bytes,
            check,
            plain,
        }
    }

    /// A few bytes as they are (RFC 1951, 3.2.4); whether they are the last of all.
    fn store(&mut self, plain: &[u8], last: bool) {
        let length = u16::try_from(plain.len()).unwrap_or(u16::MAX);
        self.bytes.push(u8::from(last));
        self.bytes.extend_from_slice(&length.to_le_bytes());
        self.bytes.extend_from_slice(&(!length).to_le_bytes());
        self.bytes.extend_from_slice(plain);
        self.check.update(plain);
        self.plain += plain.len();
    }

    fn put(&mut self, piece: &Piece) {
        self.bytes.extend_from_slice(&piece.deflated);
        self.check.combine(&piece.check);
        self.plain += piece.plain;
    }

    fn finish(mut self) -> Vec<u8> {
        let plain = u32::try_from(self.plain).unwrap_or(u32::MAX);
        for number in [self.check.finalize(), plain] {
            self.bytes.extend_from_slice(&number.to_le_bytes());
        }
        self.bytes
    }
}

fn zipped(plain: &[u8]) -> std::io::Result<Vec<u8>> {
    let room = Vec::with_capacity(plain.len() / 6);
    let mut zip = GzEncoder::new(room, Compression::new(LEVEL));
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
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn plain(body: &[u8]) -> Value {
        serde_json::from_slice(&unzipped(body).unwrap()).unwrap()
    }

    fn piece(messages: &[&str]) -> Piece {
        let count = u32::try_from(messages.len()).unwrap();
        Piece::of(messages.join(",").as_bytes(), count).unwrap()
    }

    #[test]
    fn a_body_is_a_batch_with_its_times() {
        let mut batch = Batch::default();
        batch.add(piece(&[r#"{"a":1.10}"#]));
        batch.add(piece(&[r#"{"b":2}"#, r#"{"c":3}"#]));
        let body = batch.body("T");
        assert_eq!(body.messages, 3);
        assert_eq!(
            unzipped(&body.bytes).unwrap(),
            br#"{"batch":[{"a":1.10},{"b":2},{"c":3}],"timestamp":"T","sentAt":"T"}"#
        );
        let messages = messages(&body.bytes).unwrap();
        let texts: Vec<&str> = messages.iter().map(|it| it.get()).collect();
        assert_eq!(texts, [r#"{"a":1.10}"#, r#"{"b":2}"#, r#"{"c":3}"#]);
    }

    proptest! {
        // What is put together has to be what any gzip reader takes, whatever is in it.
        #[test]
        fn pieces_beside_each_other_are_one_gzip_member(
            pieces in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..5_000), 1..6),
            again in 1_usize..40,
        ) {
            let pieces: Vec<Vec<u8>> = pieces.iter().map(|it| it.repeat(again)).collect();
            let mut batch = Batch::default();
            for plain in &pieces {
                batch.add(Piece::of(plain, 1).unwrap());
            }
            let mut plain = Vec::new();
            GzDecoder::new(batch.body("T").bytes.as_slice()).read_to_end(&mut plain).unwrap();
            let expected = [BEGIN, &pieces.join(&b','), br#"],"timestamp":"T","sentAt":"T"}"#].concat();
            prop_assert_eq!(plain, expected);
        }
    }

    #[test]
    fn a_body_takes_what_a_request_may_hold() {
        let mut batch = Batch::default();
        let message = format!(r#"{{"a":"{}"}}"#, "x".repeat(1_000_000));
        let message = piece(&[&message]);
        let mut added = 0;
        while batch.fits(&message) {
            batch.add(message.clone());
            added += 1;
        }
        assert_eq!(added, 4);
        let body = unzipped(&batch.body(&"T".repeat(24)).bytes).unwrap();
        assert!(body.len() <= 4_000 * 1024, "{}", body.len());
        let mut alone = Batch::default();
        let largest = Piece::of(&vec![b'1'; LARGEST], 1).unwrap();
        assert!(
            alone.fits(&largest),
            "one that is as large as may be goes alone"
        );
        alone.add(largest);
        let body = unzipped(&alone.body(&"T".repeat(24)).bytes).unwrap();
        assert!(body.len() <= 4_000 * 1024, "{}", body.len());
    }

    #[test]
    fn what_is_sent_later_says_so_and_nothing_else_changes() {
        let mut batch = Batch::default();
        batch.add(piece(&[
            r#"{"traits":{"sentAt":"other"},"originalTimestamp":"old","sentAt":"old"}"#,
        ]));
        let body = batch.body("old");
        let later = plain(&sent_at(&body.bytes, "old", "new").unwrap());
        assert_eq!(
            later,
            json!({"batch": [{"traits": {"sentAt": "other"}, "originalTimestamp": "old", "sentAt": "new"}], "timestamp": "old", "sentAt": "new"})
        );
    }
}
