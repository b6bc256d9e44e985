//! The spaces that blobs are kept in.

use std::fmt;
use std::str::FromStr;

/// What a blob is for. The same bytes in two spaces are two blobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum BlobSpace {
    /// WebAssembly components as they were uploaded.
    Component,
    /// Native code made from components. It can be made again, so an export leaves it out, and
    /// whoever looks for it must be ready not to find it.
    Compiled,
    /// Answers of Looker kept to try extractors on.
    Sample,
    /// What is still to be sent to a destination.
    Outbox,
}

impl BlobSpace {
    /// Every space.
    pub const ALL: [Self; 4] = [Self::Component, Self::Compiled, Self::Sample, Self::Outbox];

    /// The name under which the space is stored. It never changes.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Component => "component",
            Self::Compiled => "compiled",
            Self::Sample => "sample",
            Self::Outbox => "outbox",
        }
    }

    /// Whether what is kept here can be made again from the rest of the store.
    pub fn is_derived(self) -> bool {
        matches!(self, Self::Compiled)
    }
}

impl fmt::Display for BlobSpace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for BlobSpace {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        Self::ALL
            .into_iter()
            .find(|space| space.as_str() == name)
            .ok_or(())
    }
}
