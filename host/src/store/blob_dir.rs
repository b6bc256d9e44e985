//! Blobs as files, named by their content: `<root>/<space>/sha256/ab/<64 hex digits>`.
//!
//! All calls block; they belong on a thread that may. There is no lock: files only ever appear
//! complete and under the one name their content has, so that two writers cannot disagree.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::{BlobSpace, Digest, StoreError, durable};

#[derive(Debug, Clone)]
pub(super) struct BlobDir {
    root: PathBuf,
}

impl BlobDir {
    /// Blobs under `root`, which need not exist for reading.
    pub fn at(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// Makes the folders and removes what a crash left half written. Only the holder of the
    /// store's lock may do this.
    pub fn prepare(&self) -> Result<(), StoreError> {
        self.remove_staging()?;
        durable::create_dir(&self.staging())?;
        for space in BlobSpace::ALL {
            durable::create_dir(&self.space(space))?;
        }
        Ok(())
    }

    /// Removes the folder in which files are written before they get their name.
    pub fn remove_staging(&self) -> Result<(), StoreError> {
        let staging = self.staging();
        match fs::remove_dir_all(&staging) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => {
                Err(StoreError::io("empty", &staging)(e))
            }
            _ => Ok(()),
        }
    }

    /// Keeps bytes durably under their digest.
    pub fn put(&self, space: BlobSpace, bytes: &[u8]) -> Result<Digest, StoreError> {
        let digest = Digest::of(bytes);
        let path = self.path(space, &digest);
        let shard = durable::parent_of(&path);
        durable::create_dir(shard)?;
        // A copy that is there and whole needs no writing; a damaged one is replaced.
        if matches!(self.get(space, &digest), Ok(Some(_))) {
            durable::sync_dir(shard)?;
        } else {
            durable::write_file(&self.staging(), &path, bytes)?;
        }
        // The shard may have been made by another writer that has not synced it yet.
        durable::sync_dir(&self.space(space))?;
        Ok(digest)
    }

    /// The bytes kept under a digest, verified.
    pub fn get(&self, space: BlobSpace, digest: &Digest) -> Result<Option<Vec<u8>>, StoreError> {
        let path = self.path(space, digest);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(StoreError::io("read", &path)(e)),
        };
        let found = Digest::of(&bytes);
        if found != *digest {
            let reason = format!("its content in {} has the digest {found}", path.display());
            return Err(StoreError::corrupt(
                format!("the blob {space} {digest}"),
                reason,
            ));
        }
        Ok(Some(bytes))
    }

    /// Removes the bytes kept under a digest, if there are any.
    pub fn delete(&self, space: BlobSpace, digest: &Digest) -> Result<(), StoreError> {
        let path = self.path(space, digest);
        match fs::remove_file(&path) {
            Ok(()) => durable::sync_dir(durable::parent_of(&path)),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(e) => Err(StoreError::io("remove", &path)(e)),
        }
    }

    /// The digests of a space, ascending. Files whose names are not digests are not blobs.
    pub fn list(&self, space: BlobSpace) -> Result<Vec<Digest>, StoreError> {
        let mut digests = Vec::new();
        for shard in entries(&self.space(space))? {
            if !shard.is_dir() {
                continue;
            }
            let names = entries(&shard)?;
            let names = names.iter().filter_map(|path| path.file_name()?.to_str());
            digests.extend(names.filter_map(Digest::from_hex));
        }
        digests.sort_unstable();
        Ok(digests)
    }

    fn staging(&self) -> PathBuf {
        self.root.join("tmp")
    }

    fn space(&self, space: BlobSpace) -> PathBuf {
        self.root.join(space.as_str()).join("sha256")
    }

    fn path(&self, space: BlobSpace, digest: &Digest) -> PathBuf {
        let hex = digest.to_hex();
        self.space(space).join(&hex[..2]).join(hex)
    }
}

fn entries(dir: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(StoreError::io("list", dir)(e)),
    };
    entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()
        .map_err(StoreError::io("list", dir))
}
