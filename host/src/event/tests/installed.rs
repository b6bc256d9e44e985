//! All that makes runs, on a folder of its own.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::access::By;
use crate::catalog::{self, Catalog, Publishers};
use crate::clock::SystemClock;
use crate::egress::Targets;
use crate::event::destination::Destinations;
use crate::event::{Order, Parts, Plan, ReceiveError, Receiving, Run, Runs, Started};
use crate::metrics::RunCounts;
use crate::sample::kept::Kept;
use crate::sandbox::{Limits, Sandbox};
use crate::secret::{MasterKey, Sealer};
use crate::store::sled::SledStore;
use crate::store::{SharedStore, SpoolDir};

/// How long things may take that happen by themselves.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

/// An installation on a folder.
pub(super) struct Installed {
    pub runs: Arc<Runs>,
    pub store: SharedStore,
    pub spool: SpoolDir,
    pub stop: CancellationToken,
    pub folder: tempfile::TempDir,
}

impl Installed {
    pub async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self::on(folder).await
    }

    pub async fn on(folder: tempfile::TempDir) -> Self {
        let clock = Arc::new(SystemClock);
        let store = SledStore::open(folder.path(), clock.clone()).unwrap();
        let store: SharedStore = Arc::new(store);
        let sandbox = Arc::new(Sandbox::new(Limits::default()).unwrap());
        let key = MasterKey::from_hex(&"ab".repeat(32).into()).unwrap();
        let sealer = Arc::new(Sealer::new(&key));
        let kept = Kept::open(Arc::clone(&store), Arc::clone(&sealer), clock.clone(), 0);
        let kept = kept.await.unwrap();
        let catalog = Catalog::open(catalog::Parts {
            store: Arc::clone(&store),
            sandbox,
            clock: clock.clone(),
            kept,
            publishers: Publishers::default(),
        });
        let catalog = catalog.await.unwrap();
        let (stop, spool) = (
            CancellationToken::new(),
            SpoolDir::open(folder.path().join("spool")).unwrap(),
        );
        let targets = Arc::new(Targets::new(vec!["127.0.0.0/8".parse().unwrap()]));
        let destinations = Destinations::new(
            Arc::clone(&store),
            Arc::clone(&sealer),
            Arc::clone(&targets),
            clock.clone(),
        );
        let runs = Runs::new(Parts {
            store: Arc::clone(&store),
            catalog,
            sealer,
            destinations,
            targets,
            clock,
            spool: spool.clone(),
            identity_secret: "secret".to_owned().into(),
            counts: RunCounts::default(),
            stop: stop.clone(),
        });
        Self {
            runs: runs.unwrap(),
            store,
            spool,
            stop,
            folder,
        }
    }

    pub fn send(&self) -> tokio::task::JoinHandle<()> {
        tokio::spawn(crate::event::sending::run(Arc::clone(&self.runs)))
    }

    pub async fn order(
        &self,
        action: &str,
        document: &str,
        plane: SocketAddr,
    ) -> Result<Order, ReceiveError> {
        let mut receiving: Receiving = self.runs.receive()?;
        receiving.push(document.as_bytes()).await?;
        Ok(Order {
            action: action.to_owned(),
            plan: Plan {
                id: Some("7".to_owned()),
                title: Some("Plan".to_owned()),
            },
            query: b"{}".to_vec(),
            settings: vec![("event".to_owned(), "Bought".to_owned())],
            context: Vec::new(),
            destination: None,
            server_url: format!("http://{plane}/v1/batch"),
            write_key: "key".to_owned().into(),
            received: receiving.finish().await?,
        })
    }

    pub async fn begin(&self, action: &str, document: &str, plane: SocketAddr) -> Started {
        let order = self.order(action, document, plane).await.unwrap();
        self.runs.begin(order, &By::server()).await.unwrap()
    }

    pub async fn until(&self, id: &str, what: &str, wanted: impl Fn(&Run) -> bool) -> Run {
        let mut changed = self.runs.changed();
        let waited = tokio::time::timeout(PATIENCE, async {
            loop {
                changed.mark_unchanged();
                let run = self.runs.get(id).await.unwrap();
                if wanted(&run) {
                    return run;
                }
                let _ = tokio::time::timeout(Duration::from_secs(1), changed.changed()).await;
            }
        });
        match waited.await {
            Ok(run) => run,
            Err(_) => panic!("{what}: not in time: {:?}", self.runs.get(id).await),
        }
    }

    pub async fn done(&self, id: &str) -> Run {
        self.until(id, "done", |run| run.state == "done").await
    }
}
