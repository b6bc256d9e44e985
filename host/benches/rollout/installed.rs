//! A catalog on a folder, as a server has it.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use lensmount::access::By;
use lensmount::catalog::{self, Catalog, Given, Publishers, Version};
use lensmount::clock::{SharedClock, SystemClock};
use lensmount::sample::kept::Kept;
use lensmount::sandbox::{Limits, Sandbox};
use lensmount::secret::{MasterKey, Sealer};
use lensmount::store::SharedStore;
use lensmount::store::sled::SledStore;

use super::guests::{Card, SOUND, hostile};

/// A catalog, and the store that it is in.
pub struct Installed {
    pub store: SharedStore,
    pub catalog: Arc<Catalog>,
}

impl Installed {
    pub async fn open(folder: &Path) -> anyhow::Result<Self> {
        let clock: SharedClock = Arc::new(SystemClock);
        let store: SharedStore = Arc::new(SledStore::open(folder, Arc::clone(&clock))?);
        let sealer = Arc::new(Sealer::new(&MasterKey::in_folder(folder)?));
        let kept = Kept::open(Arc::clone(&store), sealer, Arc::clone(&clock), 0).await?;
        let catalog = Catalog::open(catalog::Parts {
            store: Arc::clone(&store),
            sandbox: Arc::new(Sandbox::new(Limits::default())?),
            clock,
            kept,
            publishers: Publishers::default(),
        });
        Ok(Self {
            catalog: catalog.await?,
            store,
        })
    }

    /// Uploads a version of an extractor of this name.
    pub async fn upload(&self, name: &str, version: &str) -> anyhow::Result<()> {
        let wasm = hostile(Card {
            name,
            version,
            ..SOUND
        });
        self.catalog.upload(Bytes::from(wasm), by()).await?;
        Ok(())
    }
}

/// Reads a number with a version.
pub async fn read(catalog: &Catalog, version: &Version) -> anyhow::Result<()> {
    let given = Given {
        result: b"{}",
        query: b"{}",
        chosen: &[("do", "")],
        context: &[],
    };
    catalog.read(version, given).await?;
    Ok(())
}

/// Who does it all.
pub fn by() -> By {
    By::server()
}
