//! Whether a component is still what the sources say.
//!
//! Tools that snapshot a running engine take seconds and never make the same bytes twice. A component
//! that is built again although nothing changed would be another one for a server, which takes a
//! version only once.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

/// Where it stands which sources were built into which component.
const RECORD: &str = ".built";

/// What is made of sources, or goes into no component.
fn is_source(name: &str) -> bool {
    let made = ["node_modules", "__pycache__"];
    !name.starts_with('.') && !name.ends_with(".wasm") && !made.contains(&name)
}

/// The sources of a project as they were when a build of them began.
pub(super) struct Sources {
    folder: PathBuf,
    digest: String,
}

impl Sources {
    /// Reads all of a project's files.
    pub fn read(folder: &Path) -> io::Result<Self> {
        let mut digest = Sha256::new_with_prefix(env!("CARGO_PKG_VERSION"));
        add(folder, &mut digest)?;
        Ok(Self {
            folder: folder.to_owned(),
            digest: hex::encode(digest.finalize()),
        })
    }

    /// The component that was built of these very sources, if it is still there as it was built.
    pub fn component(&self) -> Option<PathBuf> {
        let record = fs::read_to_string(self.folder.join(RECORD)).ok()?;
        let [sources, component, name] =
            <[&str; 3]>::try_from(record.lines().collect::<Vec<_>>()).ok()?;
        let path = self.folder.join(name);
        let same = sources == self.digest && component == digest_of(&path).ok()?;
        same.then_some(path)
    }

    /// Keeps it that these sources were built into a component, which lies in the same folder.
    pub fn became(&self, component: &Path) -> io::Result<()> {
        let name = component.file_name().unwrap_or_default().to_string_lossy();
        let record = format!("{}\n{}\n{name}\n", self.digest, digest_of(component)?);
        fs::write(self.folder.join(RECORD), record)
    }
}

fn digest_of(path: &Path) -> io::Result<String> {
    Ok(hex::encode(Sha256::digest(fs::read(path)?)))
}

/// Adds the files of a folder, in the order of their names.
fn add(folder: &Path, digest: &mut Sha256) -> io::Result<()> {
    let entries = fs::read_dir(folder)?.collect::<io::Result<Vec<_>>>()?;
    let mut names: Vec<_> = entries.iter().map(fs::DirEntry::file_name).collect();
    names.sort();
    for name in names
        .iter()
        .filter_map(|name| name.to_str())
        .filter(|name| is_source(name))
    {
        let path = folder.join(name);
        // Where a name ends and a file begins has to count, or two projects could look the same.
        digest.update((name.len() as u64).to_le_bytes());
        digest.update(name);
        if path.is_dir() {
            digest.update(b"{");
            add(&path, digest)?;
            digest.update(b"}");
        } else {
            let content = fs::read(&path)?;
            digest.update((content.len() as u64).to_le_bytes());
            digest.update(content);
        }
    }
    Ok(())
}
