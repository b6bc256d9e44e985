//! A result on its way in: scanned, hashed and written to a file as its bytes come, so that however
//! large it is it costs no more memory than its head, and nothing of it is mapped before all of it is
//! known to be whole.

use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::store::{Digest, SpoolDir, SpoolFile, StoreError};

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
    #[error("Looker's query failed, so nothing was sent: {message}")]
    Looker {
        /// What Looker says.
        message: String,
    },
    /// It cannot be written down.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A worker of ours failed; a defect.
    #[error("a worker failed while the result was received")]
    Worker(#[source] tokio::task::JoinError),
    /// More was pushed after an error.
    #[error("the result was refused before")]
    Over,
}

/// A result on its way in.
#[derive(Debug)]
pub struct Receiving {
    /// Away while a block is worked on.
    work: Option<Box<Work>>,
    block: Vec<u8>,
}

#[derive(Debug)]
struct Work {
    scanner: Scanner,
    hasher: Sha256,
    file: SpoolFile,
}

/// A whole result, on disk.
#[derive(Debug)]
pub struct Received {
    pub(super) scanned: Scanned,
    pub(super) file: SpoolFile,
    pub(super) digest: Digest,
}

impl Received {
    /// How many rows it has.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.scanned.rows
    }
}

impl Receiving {
    /// Receives into a new file of this folder.
    ///
    /// # Errors
    ///
    /// When the file cannot be made.
    pub fn into_dir(dir: &SpoolDir) -> Result<Self, ReceiveError> {
        let work = Work {
            scanner: Scanner::default(),
            hasher: Sha256::new(),
            file: dir.create()?,
        };
        Ok(Self {
            work: Some(Box::new(work)),
            block: Vec::with_capacity(BLOCK),
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
    pub async fn finish(mut self) -> Result<Received, ReceiveError> {
        self.work_on().await?;
        let work = *self.work.take().ok_or(ReceiveError::Over)?;
        // An answer with errors and without rows is told by its errors.
        if let Some(head) = work.scanner.head() {
            complaint(&head).map_or(Ok(()), Err)?;
        }
        let scanned = work.scanner.finish()?;
        Ok(Received {
            scanned,
            file: work.file,
            digest: Digest::from_bytes(work.hasher.finalize().into()),
        })
    }

    /// Works on what has come, away from the threads that others wait for.
    async fn work_on(&mut self) -> Result<(), ReceiveError> {
        let mut work = self.work.take().ok_or(ReceiveError::Over)?;
        let block = std::mem::take(&mut self.block);
        let task = tokio::task::spawn_blocking(move || {
            work.scanner.push(&block)?;
            work.hasher.update(&block);
            work.file.append(&block)?;
            Ok::<_, ReceiveError>((work, block))
        });
        let (work, mut block) = task.await.map_err(ReceiveError::Worker)??;
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
        errors: Option<Vec<Value>>,
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
    let words = head.errors.unwrap_or_default().into_iter().map(|error| {
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
        let mut receiving = Receiving::into_dir(&dir)?;
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
            (received.rows(), received.scanned.bytes),
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
}
