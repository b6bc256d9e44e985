//! The server as a whole: opened on a folder, run on a listener until it is told to stop.

use std::future::Future;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::serve::ListenerExt;
use secrecy::SecretString;
use tokio::net::TcpListener;

use crate::access::{Access, AccessError};
use crate::catalog::{Catalog, CatalogError};
use crate::clock::{SharedClock, SystemClock};
use crate::http::{self, Api};
use crate::sandbox::{Limits, Sandbox, SandboxError};
use crate::store::sled::SledStore;
use crate::store::{SharedStore, StoreError};

/// How long requests in flight may take once the server has been told to stop.
const DRAIN: Duration = Duration::from_secs(10);

/// What a server is opened with.
#[derive(Debug, Clone)]
pub struct Options {
    /// The folder that everything is kept in.
    pub data: PathBuf,
    /// The bootstrap admin token; without it one is made at the first start.
    pub admin_token: Option<SecretString>,
    /// What one call of an extractor may use.
    pub limits: Limits,
    /// Requests per second and token.
    pub rate: NonZeroU32,
}

impl Options {
    /// A server on `data` with the defaults of everything else.
    #[must_use]
    pub fn on(data: PathBuf) -> Self {
        Self {
            data,
            admin_token: None,
            limits: Limits::default(),
            rate: DEFAULT_RATE,
        }
    }
}

/// Requests per second and token, unless an operator says otherwise.
pub const DEFAULT_RATE: NonZeroU32 = NonZeroU32::new(2_000).expect("not zero");

/// The server cannot start.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// Its store does not open.
    #[error("the store does not open")]
    Store(#[from] StoreError),
    /// A worker of ours failed; a defect.
    #[error("a worker failed while the store was opened")]
    Worker(#[source] tokio::task::JoinError),
    /// Its tokens cannot be read.
    #[error("access cannot be set up")]
    Access(#[from] AccessError),
    /// Its sandbox does not start.
    #[error("the sandbox does not start")]
    Sandbox(#[from] SandboxError),
    /// Its extractors cannot be read.
    #[error("the catalog of extractors does not open")]
    Catalog(#[from] CatalogError),
}

/// An open server.
pub struct Server {
    router: Router,
    made_token: Option<SecretString>,
}

impl Server {
    /// Opens the store, the sandbox and the catalog. From here on the folder is this process's.
    ///
    /// # Errors
    ///
    /// When one of them does not open; the causes say why and what to do.
    pub async fn open(options: Options) -> Result<Self, ServerError> {
        let clock: SharedClock = Arc::new(SystemClock);
        let (data, its_clock) = (options.data, Arc::clone(&clock));
        // Opening reads and checks everything there is, which may take a while.
        let opening = tokio::task::spawn_blocking(move || SledStore::open(&data, its_clock));
        let store: SharedStore = Arc::new(opening.await.map_err(ServerError::Worker)??);
        let admin = options.admin_token.as_ref();
        let access = Access::open(store.as_ref(), clock.as_ref(), admin).await?;
        let sandbox = Arc::new(Sandbox::new(options.limits)?);
        let catalog = Catalog::open(Arc::clone(&store), sandbox, Arc::clone(&clock)).await?;
        let made_token = access.make_first(store.as_ref(), clock.as_ref()).await?;
        let api = Api::new(catalog, store, Arc::new(access), options.rate);
        Ok(Self {
            router: http::router(api),
            made_token,
        })
    }

    /// The admin token that was made because there was none. To be shown once.
    #[must_use]
    pub fn made_token(&self) -> Option<&SecretString> {
        self.made_token.as_ref()
    }

    /// Answers requests until `shutdown` is done, then lets those in flight finish for a while.
    ///
    /// # Errors
    ///
    /// When the listener fails.
    pub async fn run(
        self,
        listener: TcpListener,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> std::io::Result<()> {
        // Answers are small and waited for: they must not wait for more to send along.
        let listener = listener.tap_io(|stream| {
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%error, "a connection keeps its delay");
            }
        });
        let (stopping, stopped) = tokio::sync::oneshot::channel();
        let serving = axum::serve(listener, self.router).with_graceful_shutdown(async move {
            shutdown.await;
            tracing::info!("stopping: no new requests");
            if stopping.send(()).is_err() {
                tracing::debug!("serving ended by itself");
            }
        });
        tokio::select! {
            served = async { serving.await } => served,
            () = drained(stopped) => {
                tracing::warn!("requests still in flight were dropped");
                Ok(())
            }
        }
    }
}

/// Done when the time to drain is over, never before stopping has begun.
async fn drained(stopping: tokio::sync::oneshot::Receiver<()>) {
    match stopping.await {
        Ok(()) => tokio::time::sleep(DRAIN).await,
        Err(_) => std::future::pending().await,
    }
}
