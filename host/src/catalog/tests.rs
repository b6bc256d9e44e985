//! What a server upgrade does to extractors: the one thing that cannot be seen over HTTP with one
//! server. The guests are those of the tests over the public door.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use lensmount_toolchain::{Toolchain, Workspace};

use super::builtin::BuiltIn;
use super::{Active, Catalog, CatalogError, Parts, Publishers, State};
use crate::access::By;
use crate::clock::SystemClock;
use crate::sample::kept::Kept;
use crate::sandbox::{Limits, Sandbox};
use crate::secret::{MasterKey, Sealer};
use crate::store::SharedStore;
use crate::store::sled::SledStore;

const NAME: &str = "gauge";

/// Versions 1.0.0 and 2.0.0 of the same extractor.
fn versions() -> &'static [BuiltIn; 2] {
    static BUILT: OnceLock<[BuiltIn; 2]> = OnceLock::new();
    BUILT.get_or_init(|| {
        let workspace =
            Workspace::around(Path::new(env!("CARGO_MANIFEST_DIR"))).expect("a workspace");
        let toolchain = Toolchain::find().expect("a compiler; run `make setup`");
        let mut guests = toolchain
            .guests(&workspace, "tests/guests")
            .expect("guests");
        guests.retain(|guest| guest.name.starts_with(NAME));
        let mut built = toolchain.build(&workspace, &guests).expect("components");
        built.sort_by(|a, b| a.version.cmp(&b.version));
        let [first, second] = <[_; 2]>::try_from(built).expect("two versions");
        [("1.0.0", first), ("2.0.0", second)].map(|(version, component)| BuiltIn {
            name: NAME,
            version,
            wasm: component.wasm.leak(),
        })
    })
}

fn by() -> By {
    By {
        actor: "test".into(),
        request_id: None,
    }
}

/// An installation that servers come and go on.
struct Installation {
    store: SharedStore,
    sandbox: Arc<Sandbox>,
    _folder: tempfile::TempDir,
}

impl Installation {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let store = SledStore::open(folder.path(), Arc::new(SystemClock)).expect("a store");
        Self {
            store: Arc::new(store),
            sandbox: Arc::new(Sandbox::new(Limits::default()).expect("a sandbox")),
            _folder: folder,
        }
    }

    /// Starts a server that brings these.
    async fn start(&self, built_in: &'static [BuiltIn]) -> Arc<Catalog> {
        let (store, sandbox) = (Arc::clone(&self.store), Arc::clone(&self.sandbox));
        let key = MasterKey::from_hex(&"ab".repeat(32).into()).expect("a key");
        let (sealer, clock) = (Arc::new(Sealer::new(&key)), Arc::new(SystemClock));
        let kept = Kept::open(Arc::clone(&store), sealer, clock.clone(), 8);
        let kept = kept.await.expect("what is kept");
        let parts = Parts {
            store,
            sandbox,
            clock,
            kept,
            publishers: Publishers::default(),
        };
        let opened = Catalog::open_with(parts, built_in).await;
        opened.expect("it opens")
    }
}

fn active(catalog: &Catalog) -> Active {
    catalog
        .get(NAME)
        .expect("it is there")
        .active
        .expect("one is active")
}

fn version(version: &str, pinned: bool) -> Active {
    Active {
        version: version.into(),
        pinned,
    }
}

#[tokio::test]
async fn a_newer_built_in_follows_an_unpinned_one() {
    let installation = Installation::new();
    let old = installation.start(&versions()[..1]).await;
    assert_eq!(active(&old), version("1.0.0", false));

    let new = installation.start(&versions()[1..]).await;
    assert_eq!(active(&new), version("2.0.0", false));
    assert_eq!(new.get(NAME).expect("it").state("1.0.0"), State::Retired);
}

#[tokio::test]
async fn a_pinned_version_stays() {
    let installation = Installation::new();
    let old = installation.start(&versions()[..1]).await;
    old.activate(NAME, "1.0.0", true, by())
        .await
        .expect("pinned");

    let new = installation.start(&versions()[1..]).await;
    assert_eq!(active(&new), version("1.0.0", true));
    assert_eq!(new.get(NAME).expect("it").state("2.0.0"), State::Staged);
}

#[tokio::test]
async fn what_was_rolled_back_is_not_rolled_out_again_by_a_restart() {
    let installation = Installation::new();
    installation.start(&versions()[..1]).await;
    let new = installation.start(&versions()[1..]).await;
    new.rollback(NAME, by()).await.expect("rolled back");

    let restarted = installation.start(&versions()[1..]).await;
    assert_eq!(active(&restarted), version("1.0.0", true));
}

#[tokio::test]
async fn an_uploaded_version_is_not_replaced_by_a_built_in() {
    let installation = Installation::new();
    let none = installation.start(&[]).await;
    none.upload(Bytes::from_static(versions()[0].wasm), by())
        .await
        .expect("uploaded");
    none.activate(NAME, "1.0.0", false, by())
        .await
        .expect("active");

    let new = installation.start(&versions()[1..]).await;
    assert_eq!(active(&new), version("1.0.0", false));
    assert_eq!(new.get(NAME).expect("it").state("2.0.0"), State::Staged);
}

#[tokio::test]
async fn an_older_server_does_not_take_over() {
    let installation = Installation::new();
    installation.start(&versions()[1..]).await;

    let old = installation.start(&versions()[..1]).await;
    assert_eq!(active(&old), version("2.0.0", false));
}

#[tokio::test]
async fn what_the_server_brings_cannot_be_deleted() {
    let installation = Installation::new();
    installation.start(&versions()[..1]).await;
    let both = installation.start(versions()).await;
    both.rollback(NAME, by()).await.expect("rolled back");
    let deleted = both.delete(NAME, "2.0.0", by()).await;
    assert!(
        matches!(deleted, Err(CatalogError::BuiltIn { .. })),
        "{deleted:?}"
    );

    // A later server that no longer brings it lets it go.
    let later = installation.start(&versions()[..1]).await;
    later.delete(NAME, "2.0.0", by()).await.expect("deleted");
}
