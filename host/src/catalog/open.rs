//! Opening the catalog: what the store has, and what this server brings.

use std::collections::HashSet;
use std::sync::Arc;

use bytes::Bytes;
use semver::Version as Semver;

use crate::sandbox::{Identity, Lens};
use crate::store::{BlobSpace, Digest, Document, Format, Kind, Store, StoreError};

use super::builtin::{BUILT_IN, BuiltIn};
use super::check::Report;
use super::code;
use super::error::CatalogError;
use super::examine;
use super::live::{Catalog, Parts, Version};
use super::record::{Active, ExtractorRecord, FORMAT, Origin, VersionRecord};
use crate::access::By;

impl Catalog {
    /// Reads every extractor from the store, adds the built-in versions that it does not have yet,
    /// and removes what a crash may have left behind.
    ///
    /// # Errors
    ///
    /// When the store fails, holds a record of a newer server, or a built-in is unsound.
    pub async fn open(parts: Parts) -> Result<Arc<Self>, CatalogError> {
        Self::open_with(parts, BUILT_IN).await
    }

    /// [`Catalog::open`] of a server that brings other extractors.
    pub(super) async fn open_with(
        parts: Parts,
        built_in: &'static [BuiltIn],
    ) -> Result<Arc<Self>, CatalogError> {
        let brought = built_in
            .iter()
            .map(|built_in| Digest::of(built_in.wasm))
            .collect();
        let catalog = Arc::new(Self::empty(parts, brought));
        for document in all(catalog.store.as_ref(), Kind::Extractor).await? {
            catalog.apply(document.version, &parse(&document)?);
        }
        for built_in in built_in {
            catalog.bring(built_in).await?;
        }
        catalog.sweep().await?;
        Ok(catalog)
    }

    /// Adds a built-in version if it is new here. It becomes active on a first start, and at an
    /// upgrade where an unpinned built-in was active; else it is staged.
    async fn bring(self: &Arc<Self>, built_in: &BuiltIn) -> Result<(), CatalogError> {
        let wasm = Bytes::from_static(built_in.wasm);
        if self.holding(Digest::of(&wasm)).is_some() {
            // Put back at each start, so that a lost blob of ours mends itself.
            self.store.put_blob(BlobSpace::Component, wasm).await?;
            return Ok(());
        }
        tracing::info!(
            extractor = built_in.name,
            version = built_in.version,
            "a built-in is new here"
        );
        let mut report = Report::default();
        let (built, described) = examine::pass(&self.sandbox, wasm, &mut report).await?;
        let lens = Arc::clone(&described.lens);
        let version = self
            .admit(built, described, Origin::BuiltIn, &mut report)
            .await?;
        let name = lens.identity().name.clone();
        let by = By::server();
        let number = version.version.clone();
        self.change(&name, by, "extractor.built-in", &number, move |record| {
            let fresh = record.versions.is_empty();
            let mut version = version.clone();
            if record.version(&version.version).is_some() {
                version.version = rebuilt(&version);
            }
            let takes_over = fresh || follows(record, &version.version);
            let number = version.version.clone();
            record.versions.push(version);
            if takes_over {
                record.activate(Active {
                    version: number,
                    pinned: false,
                });
            }
            record.forget_rebuilds();
            Ok(())
        })
        .await?;
        self.warm(&name, lens);
        Ok(())
    }

    /// Blobs are written before the document that names them, so a crash may leave some unnamed.
    async fn sweep(&self) -> Result<(), CatalogError> {
        let named: HashSet<Digest> = self
            .list()
            .iter()
            .flat_map(|record| &record.versions)
            .map(|version| version.digest)
            .collect();
        for digest in self.store.list_blobs(BlobSpace::Component).await? {
            if !named.contains(&digest) {
                tracing::info!(%digest, "a component that no extractor names is removed");
                self.store
                    .delete_blob(BlobSpace::Component, &digest)
                    .await?;
            }
        }
        code::sweep(self.store.as_ref(), &self.sandbox, &named).await?;
        Ok(())
    }

    /// The code of a version, loaded at its first call or before it is activated.
    pub(super) async fn lens(&self, version: &Version) -> Result<Arc<Lens>, CatalogError> {
        version
            .lens
            .get_or_try_init(|| self.load(version))
            .await
            .cloned()
    }

    /// Remembers code that is loaded already.
    pub(super) fn warm(&self, name: &str, lens: Arc<Lens>) {
        let Identity {
            version, digest, ..
        } = lens.identity();
        match self.version(name, Some(version)) {
            // Somebody may have called it in between; theirs is as good.
            Ok(version) if version.record.digest == *digest => {
                let lens = lens.within(Arc::clone(&version.share));
                drop(version.lens.set(Arc::new(lens)));
            }
            // A rebuild goes by another number than it gives itself: it is loaded when it is called.
            _ => {}
        }
    }

    /// The bytes of a version.
    pub(super) async fn component(&self, version: &Version) -> Result<Bytes, CatalogError> {
        let digest = &version.record.digest;
        match self.store.blob(BlobSpace::Component, digest).await {
            Ok(Some(wasm)) => Ok(wasm),
            Ok(None) | Err(StoreError::Corrupt { .. }) => Err(version.damaged()),
            Err(error) => Err(error.into()),
        }
    }

    async fn load(&self, version: &Version) -> Result<Arc<Lens>, CatalogError> {
        let digest = version.record.digest;
        let wasm = self.component(version).await?;
        let compiled = match code::load(self.store.as_ref(), &self.sandbox, &digest).await {
            Some(compiled) => compiled,
            None => {
                let compiled = self.sandbox.compiled(wasm).await;
                let compiled = compiled.map_err(|error| {
                    tracing::error!(%error, %digest, "a stored component does not compile");
                    version.damaged()
                })?;
                code::keep(self.store.as_ref(), &self.sandbox, &compiled, &digest).await;
                compiled
            }
        };
        Lens::link(
            &self.sandbox,
            &compiled,
            version.record.world,
            version.identity(),
        )
        .map(|lens| Arc::new(lens.within(Arc::clone(&version.share))))
        .map_err(|source| CatalogError::Load {
            name: version.name.clone(),
            source,
        })
    }
}

impl Version {
    fn damaged(&self) -> CatalogError {
        CatalogError::Damaged {
            name: self.name.clone(),
            version: self.record.version.clone(),
        }
    }
}

/// Whether `candidate`, a built-in, takes over from what is active: an unpinned built-in that is not
/// newer. The same number with other bytes is what this server was built with, so it does.
fn follows(record: &ExtractorRecord, candidate: &str) -> bool {
    let Some(active) = record.active.as_ref().filter(|active| !active.pinned) else {
        return false;
    };
    let built_in = record
        .version(&active.version)
        .is_some_and(|version| version.origin == Origin::BuiltIn);
    let not_older = match (Semver::parse(candidate), Semver::parse(&active.version)) {
        (Ok(candidate), Ok(active)) => candidate.cmp_precedence(&active).is_ge(),
        _ => false,
    };
    built_in && not_older
}

/// The number of a built-in whose own number is taken by other bytes, because versions never change:
/// the same with the digest's first digits as build metadata.
fn rebuilt(version: &VersionRecord) -> String {
    let digits: String = version.digest.to_hex().chars().take(8).collect();
    let joint = if version.version.contains('+') {
        '.'
    } else {
        '+'
    };
    format!("{}{joint}{digits}", version.version)
}

/// Every document of a kind.
pub(super) async fn all(store: &dyn Store, kind: Kind) -> Result<Vec<Document>, StoreError> {
    let mut found: Vec<Document> = Vec::new();
    loop {
        let page = store
            .list(
                kind,
                found.last().map(|document| document.key.as_str()),
                200,
            )
            .await?;
        if page.is_empty() {
            return Ok(found);
        }
        found.extend(page);
    }
}

/// Reads a record, refusing what a newer server wrote.
pub(super) fn parse(document: &Document) -> Result<ExtractorRecord, CatalogError> {
    let unreadable = |source| CatalogError::Record {
        name: document.key.clone(),
        source,
    };
    let format = Format::of(&document.body).map_err(unreadable)?;
    if format > FORMAT {
        return Err(CatalogError::Newer {
            name: document.key.clone(),
            format,
        });
    }
    serde_json::from_slice(&document.body).map_err(unreadable)
}
