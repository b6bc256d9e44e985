//! The newest change that was ever acknowledged, in a file beside the database.
//!
//! sled recovers from a shortened file by forgetting its end, silently. So each time changes have
//! become durable, the sequence of the newest is written here, without syncing: the figure can lag
//! behind the database, but never run ahead of it. A database that ends before this figure has
//! lost something that was acknowledged, and is refused when it is opened.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use crate::store::{StoreError, durable};

#[derive(Debug)]
pub(super) struct Acked {
    file: File,
}

impl Acked {
    /// The figure of an existing store; none in a new one.
    pub fn read(dir: &Path) -> Result<Option<u64>, StoreError> {
        let path = path(dir);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(StoreError::io("read", &path)(e)),
        };
        let figure = text.trim().parse();
        figure.map(Some).map_err(|_| {
            StoreError::corrupt(format!("the file {}", path.display()), "it is no number")
        })
    }

    /// Writes the figure durably and keeps the file open for [`Acked::advance`].
    pub fn start(dir: &Path, sequence: u64) -> Result<Self, StoreError> {
        let path = path(dir);
        durable::write_file(dir, &path, line(sequence).as_bytes())?;
        let file = OpenOptions::new().write(true).open(&path);
        Ok(Self {
            file: file.map_err(StoreError::io("open", &path))?,
        })
    }

    /// Notes that everything up to `sequence` is durable in the database.
    pub fn advance(&self, sequence: u64) -> io::Result<()> {
        self.file.write_all_at(line(sequence).as_bytes(), 0)
    }
}

pub(super) fn path(dir: &Path) -> PathBuf {
    dir.join("acked")
}

// Of one length always, so that a figure is overwritten whole and stays within one sector.
fn line(sequence: u64) -> String {
    format!("{sequence:020}\n")
}
