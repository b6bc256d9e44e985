//! Files and folders that are still there after the power was cut.
//!
//! A file is durable when its content *and* the folder entry that names it have been synced, and
//! a folder when its parent has been.

use std::fs::{DirBuilder, File};
use std::io::{self, Write as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;

use super::StoreError;

/// Makes a folder and those above it that are missing, each readable by its owner only.
pub(super) fn create_dir(dir: &Path) -> Result<(), StoreError> {
    if dir.is_dir() {
        return Ok(());
    }
    let parent = parent_of(dir);
    create_dir(parent)?;
    match DirBuilder::new().mode(0o700).create(dir) {
        // Somebody else may have made it just now, and not have synced it yet.
        Err(e) if e.kind() != io::ErrorKind::AlreadyExists => {
            Err(StoreError::io("create the folder", dir)(e))
        }
        _ => sync_dir(parent),
    }
}

/// Makes the entries of a folder durable.
pub(super) fn sync_dir(dir: &Path) -> Result<(), StoreError> {
    File::open(dir)
        .and_then(|file| file.sync_all())
        .map_err(StoreError::io("sync the folder", dir))
}

/// Puts a file in place at once and durably: nobody ever sees it half written. `staging` is a
/// folder on the same file system. The file is readable by its owner only.
pub fn write_file(staging: &Path, path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let mut file =
        tempfile::NamedTempFile::new_in(staging).map_err(StoreError::io("write in", staging))?;
    file.write_all(bytes)
        .and_then(|()| file.as_file().sync_all())
        .map_err(StoreError::io("write", path))?;
    file.persist(path)
        .map_err(|e| StoreError::io("write", path)(e.error))?;
    sync_dir(parent_of(path))
}

/// The folder a path stands in. A bare name stands in the current folder.
pub(super) fn parent_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent.as_os_str().is_empty() => Path::new("."),
        Some(parent) => parent,
        None => path,
    }
}
