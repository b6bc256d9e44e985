//! One process per folder.
//!
//! sled has a lock of its own, but we tidy up files before sled takes it, and its message does not
//! say who holds it.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use crate::store::StoreError;

/// Holds the folder until it is dropped, or until the process ends in whatever way.
#[derive(Debug)]
pub(super) struct DirLock {
    _file: File,
}

impl DirLock {
    /// Takes the folder, or says who has it. That may take a second.
    pub fn take(dir: &Path) -> Result<Self, StoreError> {
        let path = dir.join("pid");
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(StoreError::io("open", &path))?;
        match wait_for(&file, Duration::from_secs(1)) {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                // The number is a courtesy: when it cannot be read, the refusal stands without it.
                let _ = file.read_to_string(&mut text);
                return Err(StoreError::Locked {
                    dir: dir.to_owned(),
                    pid: text.trim().parse().ok(),
                });
            }
            Err(TryLockError::Error(e)) => return Err(StoreError::io("lock", &path)(e)),
        }
        file.set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| writeln!(file, "{}", std::process::id()))
            .map_err(StoreError::io("write", &path))?;
        Ok(Self { _file: file })
    }
}

/// Takes the lock of a file, and waits so long for somebody who is about to let go of it: a process
/// that was just killed is still there until the kernel has cleared it away, and one that is being
/// started has all our files until it runs its own program.
pub(super) fn wait_for(file: &File, patience: Duration) -> Result<(), TryLockError> {
    let end = Instant::now() + patience;
    loop {
        match file.try_lock() {
            // Nothing tells when a lock is free, so it is asked for again.
            Err(TryLockError::WouldBlock) if Instant::now() < end => {
                thread::sleep(Duration::from_millis(10));
            }
            outcome => return outcome,
        }
    }
}
