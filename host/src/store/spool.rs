//! Files that are written once, front to back, and read while they are needed: what is too large to
//! be held in memory until it has been worked on.
//!
//! They belong to this machine. A file that was not [kept](SpoolFile::keep) goes with its owner; one
//! that was is removed by name. All calls block; they belong on a thread that may.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use uuid::Uuid;

use super::{StoreError, durable};

/// How much space has to be left on the disk, in bytes: others need it more.
const RESERVE: u64 = 256 << 20;

/// The folder that such files are in.
#[derive(Debug, Clone)]
pub struct SpoolDir {
    root: PathBuf,
}

impl SpoolDir {
    /// The folder `root`, which is made if it is missing.
    ///
    /// # Errors
    ///
    /// When it cannot be made.
    pub fn open(root: impl Into<PathBuf>) -> Result<Self, StoreError> {
        let root = root.into();
        durable::create_dir(&root)?;
        Ok(Self { root })
    }

    /// A new file, empty.
    ///
    /// # Errors
    ///
    /// When it cannot be made.
    pub fn create(&self) -> Result<SpoolFile, StoreError> {
        let name = Uuid::now_v7().simple().to_string();
        let path = self.root.join(&name);
        let file = File::options().write(true).create_new(true).open(&path);
        let file = file.map_err(StoreError::io("make", &path))?;
        Ok(SpoolFile {
            file,
            name,
            bytes: 0,
            dir: self.clone(),
            kept: false,
        })
    }

    /// Opens a file that was kept.
    ///
    /// # Errors
    ///
    /// When it is not there.
    pub fn read(&self, name: &str) -> Result<Spooled, StoreError> {
        let path = self.path(name);
        let file = File::open(&path).map_err(StoreError::io("open", &path))?;
        Ok(Spooled { file, path })
    }

    /// Removes a file. It is no error when it is gone.
    ///
    /// # Errors
    ///
    /// When it cannot be removed.
    pub fn remove(&self, name: &str) -> Result<(), StoreError> {
        let path = self.path(name);
        match fs::remove_file(&path) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => {
                Err(StoreError::io("remove", &path)(e))
            }
            _ => Ok(()),
        }
    }

    /// The names of all files. At start, those that nobody knows are what a crash has left.
    ///
    /// # Errors
    ///
    /// When the folder cannot be read.
    pub fn names(&self) -> Result<Vec<String>, StoreError> {
        let entries = fs::read_dir(&self.root).map_err(StoreError::io("list", &self.root))?;
        let names = entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
        names
            .collect::<io::Result<_>>()
            .map_err(StoreError::io("list", &self.root))
    }

    // Names come from records of ours, and still must not lead elsewhere.
    fn path(&self, name: &str) -> PathBuf {
        let plain = Path::new(name).file_name().unwrap_or_default();
        self.root.join(plain)
    }
}

/// A file that is being written. It is removed when this is dropped, unless it was kept.
#[derive(Debug)]
pub struct SpoolFile {
    file: File,
    name: String,
    bytes: u64,
    dir: SpoolDir,
    kept: bool,
}

impl SpoolFile {
    /// Adds bytes at the end.
    ///
    /// # Errors
    ///
    /// When they cannot be written, or the disk is nearly full.
    pub fn append(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        // Looked at now and then: it costs a call each time.
        if self.bytes >> 24 != (self.bytes + bytes.len() as u64) >> 24 || self.bytes == 0 {
            self.check_space()?;
        }
        self.file
            .write_all(bytes)
            .map_err(StoreError::io("write", &self.dir.path(&self.name)))?;
        self.bytes += bytes.len() as u64;
        Ok(())
    }

    /// Makes it durable and lets it stay until it is removed by the name in the answer.
    ///
    /// # Errors
    ///
    /// When it cannot be synced.
    pub fn keep(mut self) -> Result<String, StoreError> {
        let path = self.dir.path(&self.name);
        self.file
            .sync_all()
            .map_err(StoreError::io("sync", &path))?;
        durable::sync_dir(&self.dir.root)?;
        self.kept = true;
        Ok(self.name.clone())
    }

    /// All that was written. The file is removed.
    ///
    /// # Errors
    ///
    /// When it cannot be read back.
    pub fn read_all(self) -> Result<Vec<u8>, StoreError> {
        let path = self.dir.path(&self.name);
        fs::read(&path).map_err(StoreError::io("read", &path))
    }

    fn check_space(&self) -> Result<(), StoreError> {
        let stat = rustix::fs::statvfs(&self.dir.root)
            .map_err(|e| StoreError::io("ask for the free space of", &self.dir.root)(e.into()))?;
        let free = stat.f_bavail.saturating_mul(stat.f_frsize);
        if free < RESERVE {
            return Err(StoreError::unavailable(format!(
                "the disk under {} has {} MiB left, which is too little to receive a result; make room",
                self.dir.root.display(),
                free >> 20
            )));
        }
        Ok(())
    }
}

impl Drop for SpoolFile {
    fn drop(&mut self) {
        if self.kept {
            return;
        }
        if let Err(error) = self.dir.remove(&self.name) {
            tracing::warn!(%error, "a file that nobody needs is left for the next start");
        }
    }
}

/// A file that was kept, open for reading at any place.
#[derive(Debug)]
pub struct Spooled {
    file: File,
    path: PathBuf,
}

impl Spooled {
    /// Reads exactly as many bytes as fit into `bytes` from `at` on.
    ///
    /// # Errors
    ///
    /// When there are not as many.
    pub fn read_at(&self, at: u64, bytes: &mut [u8]) -> Result<(), StoreError> {
        self.file
            .read_exact_at(bytes, at)
            .map_err(StoreError::io("read", &self.path))
    }

    /// How many bytes it has.
    ///
    /// # Errors
    ///
    /// When that cannot be found out.
    pub fn size(&self) -> Result<u64, StoreError> {
        let metadata = self.file.metadata();
        Ok(metadata.map_err(StoreError::io("read", &self.path))?.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_goes_with_its_owner_unless_it_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let dir = SpoolDir::open(folder.path().join("spool")).unwrap();
        let mut file = dir.create().unwrap();
        file.append(b"one").unwrap();
        drop(file);
        assert_eq!(dir.names().unwrap(), Vec::<String>::new());
        let mut file = dir.create().unwrap();
        file.append(b"one ").unwrap();
        file.append(b"two").unwrap();
        let name = file.keep().unwrap();
        assert_eq!(dir.names().unwrap(), std::slice::from_ref(&name));
        let read = dir.read(&name).unwrap();
        let mut bytes = [0; 3];
        read.read_at(4, &mut bytes).unwrap();
        assert_eq!((&bytes, read.size().unwrap()), (b"two", 7));
        assert!(read.read_at(5, &mut bytes).is_err());
        dir.remove(&name).unwrap();
        dir.remove(&name).unwrap();
        assert!(dir.read(&name).is_err());
    }

    #[test]
    fn a_name_leads_nowhere_else() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("other"), "x").unwrap();
        let dir = SpoolDir::open(folder.path().join("spool")).unwrap();
        dir.remove("../other").unwrap();
        assert!(dir.read("../other").is_err());
        assert!(folder.path().join("other").exists());
    }
}
