//! A result on its way in: judged, hashed and written to a file as its bytes come, so that however
//! large it is it costs no more memory than its judge needs, and nothing is made of it before all of
//! it is known to be whole.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::store::{Digest, SpoolDir, SpoolFile, StoreError};

use super::room::{Room, Share};
use super::scan::{ScanError, Scanned, Scanner};

/// How many bytes are worked on at a time.
const BLOCK: usize = 512 << 10;

/// Why a result was not taken.
#[derive(Debug, thiserror::Error)]
pub enum ReceiveError {
    /// It is no whole result.
    #[error(transparent)]
    Scan(#[from] ScanError),
    /// Looker tells of errors in it.
    #[error("Looker's query failed, so nothing was done: {message}")]
    Looker {
        /// What Looker says.
        message: String,
    },
    /// There is too much of it for one chart.
    #[error(
        "the result has more than {} MiB, so nothing was read; show fewer rows or columns in Looker",
        Document::LARGEST >> 20
    )]
    TooLarge,
    /// It cannot be written down.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A worker of ours failed; a defect.
    #[error("a worker failed while the result was received")]
    Worker(#[source] tokio::task::JoinError),
    /// There is no room for it just now.
    #[error(
        "the server is taking in as much as it may at a time, so nothing was done; run the schedule again"
    )]
    Full,
    /// More was pushed after an error.
    #[error("the result was refused before")]
    Over,
}

/// Looks at a result while it comes in.
pub trait Judge: Default + Send + 'static {
    /// What it has found out when all of it has come.
    type Found: Send;

    /// Takes the bytes that come next.
    ///
    /// # Errors
    ///
    /// As soon as it is known that they will not be taken.
    fn push(&mut self, bytes: &[u8]) -> Result<(), ReceiveError>;

    /// How much memory it holds, in bytes.
    fn holds(&self) -> usize {
        0
    }

    /// Judges the whole.
    ///
    /// # Errors
    ///
    /// When it is not whole, or not what is wanted.
    fn finish(self) -> Result<Self::Found, ReceiveError>;
}

/// Rows of which events are made: the result has to be sound before any of them is.
impl Judge for Scanner {
    type Found = Scanned;

    fn push(&mut self, bytes: &[u8]) -> Result<(), ReceiveError> {
        Ok(Self::push(self, bytes)?)
    }

    fn holds(&self) -> usize {
        Self::holds(self)
    }

    fn finish(self) -> Result<Scanned, ReceiveError> {
        // An answer with errors and without rows is told by its errors.
        if let Some(head) = self.head() {
            complaint(&head).map_or(Ok(()), Err)?;
        }
        Ok(Self::finish(self)?)
    }
}

/// A chart's result: whether it is sound is for its extractor to say, only its size is limited.
#[derive(Debug, Default)]
pub struct Document {
    bytes: u64,
}

impl Document {
    /// The most bytes, as of a result that is fetched from Looker.
    pub const LARGEST: u64 = 32 << 20;
}

impl Judge for Document {
    type Found = ();

    fn push(&mut self, bytes: &[u8]) -> Result<(), ReceiveError> {
        self.bytes += bytes.len() as u64;
        if self.bytes > Self::LARGEST {
            return Err(ReceiveError::TooLarge);
        }
        Ok(())
    }

    fn finish(self) -> Result<(), ReceiveError> {
        Ok(())
    }
}

/// A result on its way in.
#[derive(Debug)]
pub struct Receiving<J = Scanner> {
    /// Away while a block is worked on.
    work: Option<Box<Work<J>>>,
    block: Vec<u8>,
    share: Share,
}

#[derive(Debug)]
struct Work<J> {
    judge: J,
    hasher: Sha256,
    file: SpoolFile,
}

/// A whole result, on disk.
#[derive(Debug)]
pub struct Received<F = Scanned> {
    pub(super) judged: F,
    pub(super) file: SpoolFile,
    pub(super) digest: Digest,
}

impl Received {
    /// How many rows it has.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.judged.rows
    }
}

impl<F> Received<F> {
    /// Of all its bytes.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.digest
    }
}

impl Received<()> {
    /// Its bytes, back in memory. The file goes.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub async fn bytes(self) -> Result<Bytes, ReceiveError> {
        let read = tokio::task::spawn_blocking(move || self.file.read_all());
        Ok(read.await.map_err(ReceiveError::Worker)??.into())
    }
}

impl<J: Judge> Receiving<J> {
    /// Receives into a new file of this folder, in a share of this room.
    ///
    /// # Errors
    ///
    /// When the file cannot be made, or there is no room.
    pub fn into_dir(dir: &SpoolDir, room: &Room) -> Result<Self, ReceiveError> {
        let share = room.share(BLOCK).ok_or(ReceiveError::Full)?;
        let work = Work {
            judge: J::default(),
            hasher: Sha256::new(),
            file: dir.create()?,
        };
        Ok(Self {
            work: Some(Box::new(work)),
            block: Vec::with_capacity(BLOCK),
            share,
        })
    }

    /// Takes the bytes that come next.
    ///
    /// # Errors
    ///
    /// As soon as it is known that this is no result.
    pub async fn push(&mut self, mut bytes: &[u8]) -> Result<(), ReceiveError> {
        while !bytes.is_empty() {
            let room = BLOCK - self.block.len();
            let (now, later) = bytes.split_at(room.min(bytes.len()));
            self.block.extend_from_slice(now);
            bytes = later;
            if self.block.len() == BLOCK {
                self.work_on().await?;
            }
        }
        Ok(())
    }

    /// The whole result. Whatever has not come by now is missing.
    ///
    /// # Errors
    ///
    /// When it is not whole, or Looker tells of errors in it.
    pub async fn finish(mut self) -> Result<Received<J::Found>, ReceiveError> {
        self.work_on().await?;
        let work = *self.work.take().ok_or(ReceiveError::Over)?;
        Ok(Received {
            judged: work.judge.finish()?,
            file: work.file,
            digest: Digest::from_bytes(work.hasher.finalize().into()),
        })
    }

    /// Works on what has come, away from the threads that others wait for.
    async fn work_on(&mut self) -> Result<(), ReceiveError> {
        let mut work = self.work.take().ok_or(ReceiveError::Over)?;
        let block = std::mem::take(&mut self.block);
        let task = tokio::task::spawn_blocking(move || {
            work.judge.push(&block)?;
            work.hasher.update(&block);
            work.file.append(&block)?;
            Ok::<_, ReceiveError>((work, block))
        });
        let (work, mut block) = task.await.map_err(ReceiveError::Worker)??;
        if !self.share.grow_to(BLOCK + work.judge.holds()) {
            return Err(ReceiveError::Full);
        }
        block.clear();
        (self.work, self.block) = (Some(work), block);
        Ok(())
    }
}

/// The two notes that Looker puts among the errors although the rows are sound.
const DEVELOPMENT_MODE: &str = "Note: This query contains derived tables with";

/// What Looker tells of in a head.
fn complaint(head: &[u8]) -> Option<ReceiveError> {
    #[derive(Deserialize)]
    struct Head {
        #[serde(default)]
        errors: Value,
    }
    let head: Head = match serde_json::from_slice(head) {
        Ok(head) => head,
        Err(error) => {
            return Some(ReceiveError::Scan(ScanError::NotJson {
                found: error.to_string(),
                at: 0,
            }));
        }
    };
    let errors = match head.errors {
        Value::Null => Vec::new(),
        Value::Array(errors) => errors,
        one => vec![one],
    };
    let words = errors.into_iter().map(|error| {
        if let Value::String(words) = error {
            return words;
        }
        let text = |name: &str| error.get(name).and_then(Value::as_str).map(str::to_owned);
        let words: Vec<String> = ["message", "message_details"]
            .into_iter()
            .filter_map(text)
            .collect();
        if words.is_empty() {
            error.to_string()
        } else {
            words.join(": ")
        }
    });
    let message = words
        .filter(|words| !words.starts_with(DEVELOPMENT_MODE))
        .collect::<Vec<_>>()
        .join("; ");
    (!message.is_empty()).then(|| ReceiveError::Looker {
        message: message.chars().take(1_000).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn receive(document: &str) -> Result<Received, ReceiveError> {
        let folder = tempfile::tempdir().unwrap();
        let dir = SpoolDir::open(folder.path()).unwrap();
        let mut receiving: Receiving = Receiving::into_dir(&dir, &Room::default())?;
        for part in document.as_bytes().chunks(7) {
            receiving.push(part).await?;
        }
        let received = receiving.finish().await;
        if received.is_err() {
            assert!(
                dir.names().unwrap().is_empty(),
                "a refused result is left behind"
            );
        }
        received
    }

    #[tokio::test]
    async fn a_whole_result_is_known_by_its_bytes() {
        let document = r#"{"fields":{},"data":[{"a":{"value":1}},{"a":{"value":2}}]}"#;
        let received = receive(document).await.unwrap();
        assert_eq!(
            (received.rows(), received.judged.bytes),
            (2, document.len() as u64)
        );
        assert_eq!(received.digest, Digest::of(document.as_bytes()));
        let large = format!(
            r#"{{"data":[{}]}}"#,
            vec![r#"{"a":{"value":"xyz"}}"#; 60_000].join(",")
        );
        let received = receive(&large).await.unwrap();
        assert_eq!(
            (received.rows(), received.digest),
            (60_000, Digest::of(large.as_bytes()))
        );
    }

    #[tokio::test]
    async fn what_looker_calls_an_error_is_one() {
        let broken =
            r#"{"errors":[{"message":"View not found","message_details":"orders"}],"data":[]}"#;
        let error = receive(broken).await.unwrap_err().to_string();
        assert!(error.ends_with("View not found: orders"), "{error}");
        let noted = r#"{"errors":[{"message":"Note: This query contains derived tables with Development Mode filters."}],"data":[]}"#;
        assert_eq!(receive(noted).await.unwrap().rows(), 0);
        assert_eq!(
            receive(r#"{"errors":[],"data":[]}"#).await.unwrap().rows(),
            0
        );
        let alone = r#"{"errors":[{"message":"no such field"}]}"#;
        let error = receive(alone).await.unwrap_err().to_string();
        assert!(error.ends_with("no such field"), "{error}");
        assert!(receive(r#"{"errors":null,"data":[{"#).await.is_err());
        assert!(receive("<html>").await.is_err());
    }
    #[tokio::test]
    async fn a_charts_result_comes_back_byte_for_byte_unless_it_is_too_large() {
        let folder = tempfile::tempdir().unwrap();
        let dir = SpoolDir::open(folder.path()).unwrap();
        let mut receiving: Receiving<Document> =
            Receiving::into_dir(&dir, &Room::default()).unwrap();
        receiving.push(b"no JSON").await.unwrap();
        let received = receiving.finish().await.unwrap();
        assert_eq!(received.digest(), Digest::of(b"no JSON"));
        assert_eq!(&received.bytes().await.unwrap()[..], b"no JSON");
        let mut receiving: Receiving<Document> =
            Receiving::into_dir(&dir, &Room::default()).unwrap();
        let block = vec![b' '; 1 << 20];
        let error = loop {
            if let Err(error) = receiving.push(&block).await {
                break error;
            }
        };
        assert!(matches!(error, ReceiveError::TooLarge), "{error}");
        drop(receiving);
        assert!(dir.names().unwrap().is_empty(), "a file is left behind");
    }
}
