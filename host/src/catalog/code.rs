//! Compiled code, kept so that a restart does not compile.
//!
//! The code is a blob, so it is read back only if it has the digest that was recorded when we wrote
//! it; anything else is compiled anew. It is a cache: losing it costs time, nothing more.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use crate::sandbox::{Compiled, Sandbox};
use crate::store::{BlobSpace, Change, Digest, Expected, Kind, Store, StoreError};

/// Which blob is the code of a component, for one build of the engine.
#[derive(Serialize, Deserialize)]
struct CodeRecord {
    component: Digest,
    code: Digest,
}

/// The code of a component, if it is here, is ours and fits this build.
pub(super) async fn load(
    store: &dyn Store,
    sandbox: &Sandbox,
    digest: &Digest,
) -> Option<Compiled> {
    let document = store.get(Kind::Code, &key(sandbox, digest)).await.ok()??;
    let record: CodeRecord = serde_json::from_slice(&document.body).ok()?;
    match store.blob(BlobSpace::Compiled, &record.code).await {
        Ok(Some(code)) => sandbox.revive(&code),
        Ok(None) => None,
        Err(error) => {
            tracing::warn!(%error, %digest, "kept code is not what was written; compiling again");
            None
        }
    }
}

/// Keeps the code of a component. A failure is logged: the server works without.
pub(super) async fn keep(
    store: &dyn Store,
    sandbox: &Sandbox,
    compiled: &Compiled,
    digest: &Digest,
) {
    if let Err(error) = try_keep(store, sandbox, compiled, digest).await {
        tracing::warn!(%error, %digest, "compiled code could not be kept; the next start compiles again");
    }
}

async fn try_keep(
    store: &dyn Store,
    sandbox: &Sandbox,
    compiled: &Compiled,
    digest: &Digest,
) -> anyhow::Result<()> {
    let code = compiled.code()?;
    let code = store.put_blob(BlobSpace::Compiled, code.into()).await?;
    let body = serde_json::to_vec(&CodeRecord {
        component: *digest,
        code,
    })?;
    store
        .commit(Change::new().put(Kind::Code, key(sandbox, digest), Expected::Any, body))
        .await?;
    Ok(())
}

/// Forgets the code of a component that is gone. Best effort: a start sweeps.
pub(super) async fn forget(store: &dyn Store, sandbox: &Sandbox, digest: &Digest) {
    let key = key(sandbox, digest);
    let forgotten = async {
        if let Some(document) = store.get(Kind::Code, &key).await? {
            store
                .commit(Change::new().delete(Kind::Code, key.as_str(), Expected::Any))
                .await?;
            if let Ok(record) = serde_json::from_slice::<CodeRecord>(&document.body) {
                store.delete_blob(BlobSpace::Compiled, &record.code).await?;
            }
        }
        Ok::<(), StoreError>(())
    };
    if let Err(error) = forgotten.await {
        tracing::warn!(%error, %digest, "compiled code that nothing needs stays until the next start");
    }
}

/// Forgets code of components that are gone and code of other builds of the engine.
pub(super) async fn sweep(
    store: &dyn Store,
    sandbox: &Sandbox,
    components: &HashSet<Digest>,
) -> Result<(), StoreError> {
    let build = sandbox.code_key();
    let mut kept = HashSet::new();
    for document in super::open::all(store, Kind::Code).await? {
        match serde_json::from_slice::<CodeRecord>(&document.body) {
            Ok(record)
                if components.contains(&record.component) && document.key.ends_with(&build) =>
            {
                kept.insert(record.code);
            }
            _ => {
                store
                    .commit(Change::new().delete(Kind::Code, document.key, Expected::Any))
                    .await?;
            }
        }
    }
    for code in store.list_blobs(BlobSpace::Compiled).await? {
        if !kept.contains(&code) {
            store.delete_blob(BlobSpace::Compiled, &code).await?;
        }
    }
    Ok(())
}

fn key(sandbox: &Sandbox, digest: &Digest) -> String {
    format!("{}-{}", digest.to_hex(), sandbox.code_key())
}
