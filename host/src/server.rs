//! The server as a whole: opened on a folder, run on a listener until it is told to stop.

mod prompt;

use std::future::Future;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use ipnet::IpNet;
use jiff::SignedDuration;
use secrecy::SecretString;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::access::{Access, AccessError};
use crate::catalog::{self, Catalog, CatalogError, Publishers, canary, folder};
use crate::chart::Charts;
use crate::clock::{SharedClock, SystemClock};
use crate::connection::Connections;
use crate::egress::Targets;
use crate::event::destination::Destinations;
use crate::event::{self, RunError, Runs};
use crate::http::{self, Api, Parts};
use crate::hub::{Downloads, Hub, HubKeys, Manner, Secrets};
use crate::keyresult::{KeyResults, scheduler};
use crate::metrics::Metrics;
use crate::once;
use crate::record::RecordError;
use crate::sample::kept::{self, Kept, KeptError};
use crate::sandbox::{Compiler, Limits, Sandbox, SandboxError};
use crate::secret::{
    KeyMismatch, MasterKey, MasterKeyError, OwnSecretError, Sealer, own_secret, same_key,
};
use crate::store::sled::SledStore;
use crate::store::{SharedStore, SpoolDir, StoreError};
use crate::webhook::{Outbox, WebhookError, Webhooks, sender};

use prompt::Prompt;

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
    /// Who compiles extractors.
    pub compiler: Compiler,
    /// A folder that extractors are dropped into, if there is one.
    pub extractors: Option<PathBuf>,
    /// Who may publish extractors for it.
    pub publishers: Publishers,
    /// How many results are kept of each extractor to try its versions on.
    pub keep_results: usize,
    /// Requests per second and token.
    pub rate: NonZeroU32,
    /// Where the key that seals secrets comes from.
    pub master_key: MasterKeySource,
    /// Addresses that may be called although they are private, loopback or link-local.
    pub private_targets: Vec<IpNet>,
    /// The shortest interval that a key result may be read in.
    pub shortest_interval: SignedDuration,
    /// How the Action Hub is met.
    pub hub: HubOptions,
}

/// How the Action Hub is met.
#[derive(Debug, Clone, Default)]
pub struct HubOptions {
    /// What keys are made with; without it, a secret of the installation's own.
    pub secret: Option<SecretString>,
    /// What keys were made with before, which are good still.
    pub old_secrets: Vec<SecretString>,
    /// Refuses keys that were not made here.
    pub named_keys_only: bool,
    /// Where any are named, rows are fetched from these hosts and from connections' only.
    pub download_hosts: Vec<String>,
    /// The rest of it.
    pub manner: Manner,
}

/// Where the master key comes from.
#[derive(Debug, Clone, Default)]
pub enum MasterKeySource {
    /// A file in the data folder, made if there is none.
    #[default]
    DataFolder,
    /// 64 hex digits.
    Text(SecretString),
    /// A file of 64 hex digits.
    File(PathBuf),
}

impl MasterKeySource {
    fn key(&self, data: &Path) -> Result<MasterKey, MasterKeyError> {
        match self {
            Self::DataFolder => MasterKey::in_folder(data),
            Self::Text(text) => MasterKey::from_hex(text),
            Self::File(path) => MasterKey::from_file(path),
        }
    }
}

impl Options {
    /// A server on `data` with the defaults of everything else.
    #[must_use]
    pub fn on(data: PathBuf) -> Self {
        Self {
            data,
            admin_token: None,
            limits: Limits::default(),
            compiler: Compiler::default(),
            extractors: None,
            publishers: Publishers::default(),
            keep_results: kept::DEFAULT.into(),
            rate: DEFAULT_RATE,
            master_key: MasterKeySource::default(),
            private_targets: Vec::new(),
            shortest_interval: DEFAULT_SHORTEST,
            hub: HubOptions::default(),
        }
    }
}

/// Requests per second and token, unless an operator says otherwise.
pub const DEFAULT_RATE: NonZeroU32 = NonZeroU32::new(2_000).expect("not zero");

/// The shortest interval that a key result may be read in, unless an operator says otherwise.
pub const DEFAULT_SHORTEST: SignedDuration = SignedDuration::from_secs(10);

/// How often what has been outlived is swept away.
const SWEEP: Duration = Duration::from_secs(3_600);

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
    /// There is no key to seal secrets with.
    #[error("there is no usable master key")]
    MasterKey(#[from] MasterKeyError),
    /// The key is not the one that secrets were sealed with.
    #[error(transparent)]
    OtherKey(#[from] KeyMismatch),
    /// Runs cannot be made.
    #[error("runs of actions cannot be made")]
    Runs(#[from] RunError),
    /// Rows cannot be fetched.
    #[error("no HTTP client can be made on this machine")]
    Downloads(#[from] reqwest::Error),
    /// A secret of its own cannot be read.
    #[error(transparent)]
    OwnSecret(#[from] OwnSecretError),
    /// Its webhooks cannot be read.
    #[error("the webhooks cannot be read")]
    Webhooks(#[from] RecordError),
    /// There is nothing to send notices with.
    #[error("webhooks cannot be told anything")]
    Webhook(#[from] WebhookError),
    /// What is kept to try extractors on cannot be read.
    #[error("what is kept to try extractors on does not open")]
    Kept(#[from] KeptError),
    /// Its extractors cannot be read.
    #[error("the catalog of extractors does not open")]
    Catalog(#[from] CatalogError),
}

/// An open server.
pub struct Server {
    router: Router,
    made_token: Option<SecretString>,
    key_results: Arc<KeyResults>,
    webhooks: Arc<Webhooks>,
    catalog: Arc<Catalog>,
    extractors: Option<PathBuf>,
    runs: Arc<Runs>,
    connections: Arc<Connections>,
    store: SharedStore,
    clock: SharedClock,
    stop: CancellationToken,
}

impl Server {
    /// Opens the store, the sandbox and the catalog. From here on the folder is this process's.
    ///
    /// # Errors
    ///
    /// When one of them does not open; the causes say why and what to do.
    pub async fn open(options: Options) -> Result<Self, ServerError> {
        let clock: SharedClock = Arc::new(SystemClock);
        let (data, its_clock) = (options.data.clone(), Arc::clone(&clock));
        // Opening reads and checks everything there is, which may take a while.
        let opening = tokio::task::spawn_blocking(move || SledStore::open(&data, its_clock));
        let store: SharedStore = Arc::new(opening.await.map_err(ServerError::Worker)??);
        // From here on, whatever is told is also addressed to the webhooks that want it.
        let outbox = Outbox::open(store, Arc::clone(&clock)).await?;
        let store: SharedStore = Arc::clone(&outbox) as SharedStore;
        let admin = options.admin_token.as_ref();
        let access = Access::open(store.as_ref(), clock.as_ref(), admin).await?;
        let sandbox = Sandbox::new(options.limits)?.compiling_by(options.compiler);
        let sandbox = Arc::new(sandbox);
        let sealer = Arc::new(Sealer::new(&options.master_key.key(&options.data)?));
        same_key(store.as_ref(), &sealer).await?;
        let kept = Kept::open(
            Arc::clone(&store),
            Arc::clone(&sealer),
            Arc::clone(&clock),
            options.keep_results,
        )
        .await?;
        let catalog = Catalog::open(catalog::Parts {
            store: Arc::clone(&store),
            sandbox,
            clock: Arc::clone(&clock),
            kept,
            publishers: options.publishers,
        })
        .await?;
        let targets = Arc::new(Targets::new(options.private_targets));
        let metrics = Metrics::default();
        let webhooks = Webhooks::new(
            outbox,
            Arc::clone(&sealer),
            Arc::clone(&targets),
            Arc::clone(&clock),
            metrics.clone(),
        )?;
        let connections = Connections::new(
            Arc::clone(&store),
            Arc::clone(&sealer),
            Arc::clone(&targets),
            Arc::clone(&clock),
        );
        let charts = Charts::new(
            Arc::clone(&connections),
            Arc::clone(&catalog),
            Arc::clone(&clock),
        );
        let key_results = KeyResults::new(
            Arc::clone(&store),
            Arc::clone(&charts),
            Arc::clone(&clock),
            options.shortest_interval,
            metrics.clone(),
        );
        let stop = CancellationToken::new();
        let destinations = Destinations::new(
            Arc::clone(&store),
            Arc::clone(&sealer),
            Arc::clone(&targets),
            Arc::clone(&clock),
        );
        let runs = Runs::new(event::Parts {
            store: Arc::clone(&store),
            catalog: Arc::clone(&catalog),
            sealer: Arc::clone(&sealer),
            destinations: Arc::clone(&destinations),
            targets: Arc::clone(&targets),
            clock: Arc::clone(&clock),
            spool: SpoolDir::open(options.data.join("spool"))?,
            identity_secret: own_secret(store.as_ref(), &sealer, "identities").await?,
            counts: metrics.runs(),
            stop: stop.clone(),
        })?;
        let own = own_secret(store.as_ref(), &sealer, "hub").await?;
        let HubOptions {
            secret,
            old_secrets,
            named_keys_only,
            download_hosts,
            manner,
        } = options.hub;
        // Keys that were made before a secret was given are good still, as long as they are not
        // revoked: nobody else can have made one with a secret that was never told.
        let secrets = Secrets::new(secret.iter().chain(&old_secrets).chain([&own]));
        let hub = Arc::new(Hub {
            keys: HubKeys::new(
                Arc::clone(&store),
                Arc::clone(&clock),
                secrets,
                named_keys_only,
            ),
            catalog: Arc::clone(&catalog),
            destinations,
            runs: Arc::clone(&runs),
            key_results: Arc::clone(&key_results),
            downloads: Downloads::new(
                Arc::clone(&targets),
                Arc::clone(&connections),
                download_hosts,
            )?,
            clock: Arc::clone(&clock),
            manner,
            stop: stop.clone(),
        });
        let made_token = access.make_first(store.as_ref(), clock.as_ref()).await?;
        let api = Api::from(Parts {
            catalog: Arc::clone(&catalog),
            charts,
            key_results: Arc::clone(&key_results),
            webhooks: Arc::clone(&webhooks),
            runs: Arc::clone(&runs),
            hub,
            store: Arc::clone(&store),
            access: Arc::new(access),
            rate: options.rate,
            stop: stop.clone(),
            metrics,
        });
        Ok(Self {
            router: http::router(api),
            made_token,
            key_results,
            webhooks,
            catalog,
            extractors: options.extractors,
            runs,
            connections,
            store,
            clock,
            stop,
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
        // Before anything new comes in, so that it is not taken for a leftover.
        self.runs.resume().await;
        let sweeping = tokio::spawn(sweep(
            self.store,
            Arc::clone(&self.key_results),
            Arc::clone(&self.runs),
            Arc::clone(self.catalog.kept()),
            self.clock,
        ));
        let schedule = tokio::spawn(scheduler::run(self.key_results, self.stop.clone()));
        let telling = tokio::spawn(sender::run(self.webhooks, self.stop.clone()));
        let (catalog, stop) = (Arc::clone(&self.catalog), self.stop.clone());
        let taking = self
            .extractors
            .map(|folder| tokio::spawn(folder::watch(catalog, folder, stop)));
        let trying = tokio::spawn(canary::watch(self.catalog, self.stop.clone()));
        let delivering = tokio::spawn(event::sending::run(self.runs));
        let (stopping, stopped) = tokio::sync::oneshot::channel();
        let stop = self.stop.clone();
        let serving =
            axum::serve(Prompt(listener), self.router).with_graceful_shutdown(async move {
                shutdown.await;
                tracing::info!("stopping: no new requests, and nothing new is read");
                stop.cancel();
                if stopping.send(()).is_err() {
                    tracing::debug!("serving ended by itself");
                }
            });
        let served = tokio::select! {
            served = async { serving.await } => served,
            () = drained(stopped) => {
                tracing::warn!("requests still in flight were dropped");
                Ok(())
            }
        };
        // A listener that failed ends the schedule as well.
        self.stop.cancel();
        sweeping.abort();
        trying.abort();
        if let Some(taking) = taking {
            taking.abort();
        }
        if let Err(error) = schedule.await {
            tracing::error!(%error, "the schedule ended by a fault of ours");
        }
        if let Err(error) = delivering.await {
            tracing::error!(%error, "the sender of events ended by a fault of ours");
        }
        if let Err(error) = telling.await {
            tracing::error!(%error, "the sender of webhooks ended by a fault of ours");
        }
        self.connections.log_out().await;
        served
    }
}

/// Removes what has been outlived, now and every so often.
async fn sweep(
    store: SharedStore,
    key_results: Arc<KeyResults>,
    runs: Arc<Runs>,
    kept: Arc<Kept>,
    clock: SharedClock,
) {
    loop {
        if let Err(error) = once::sweep(store.as_ref(), clock.now()).await {
            tracing::warn!(%error, "what has been outlived is left for later");
        }
        if let Err(error) = key_results.forget_deleted().await {
            tracing::warn!(%error, "histories of deleted key results are left for later");
        }
        if let Err(error) = runs.sweep().await {
            tracing::warn!(%error, "runs that are long done are left for later");
        }
        if let Err(error) = kept.sweep().await {
            tracing::warn!(%error, "results that are of no use any more are left for later");
        }
        tokio::time::sleep(SWEEP).await;
    }
}

/// Done when the time to drain is over, never before stopping has begun.
async fn drained(stopping: tokio::sync::oneshot::Receiver<()>) {
    match stopping.await {
        Ok(()) => tokio::time::sleep(DRAIN).await,
        Err(_) => std::future::pending().await,
    }
}
