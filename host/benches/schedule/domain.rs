//! The server without its HTTP: opened on a clock that is set, and filled with key results.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use futures_util::{StreamExt, TryStreamExt, stream};
use jiff::{SignedDuration, Timestamp};
use lensmount::access::By;
use lensmount::catalog::{self, Catalog, Publishers};
use lensmount::chart::Charts;
use lensmount::clock::{ManualClock, SharedClock};
use lensmount::connection::{Connections, Draft as ConnectionDraft};
use lensmount::egress::Targets;
use lensmount::id::{ConnectionId, KeyResultId};
use lensmount::keyresult::{Draft, KeyResults, Link, Missed};
use lensmount::looker::Source;
use lensmount::metrics::Metrics;
use lensmount::sample::kept::{self, Kept};
use lensmount::sandbox::{Limits, Sandbox};
use lensmount::secret::{MasterKey, Sealer};
use lensmount::store::SharedStore;
use lensmount::store::sled::SledStore;

use super::simulator::CLIENT;

/// Key results that are made side by side.
const SIDE_BY_SIDE: usize = 64;

/// The tile with orders by month.
pub const MONTHS: &str = "101";

/// All that reads.
pub struct Domain {
    /// What time it is.
    pub clock: ManualClock,
    /// Where all is kept.
    pub store: SharedStore,
    /// The extractors.
    pub catalog: Arc<Catalog>,
    /// What the server counts.
    pub metrics: Metrics,
    /// What is read.
    pub key_results: Arc<KeyResults>,
    connections: Arc<Connections>,
}

impl Domain {
    /// Opens one on a folder.
    pub async fn open(folder: &Path) -> anyhow::Result<Self> {
        let clock = ManualClock::at(beginning());
        let shared: SharedClock = clock.shared();
        let data = folder.join("data");
        let store: SharedStore = Arc::new(SledStore::open(&data, Arc::clone(&shared))?);
        let sandbox = Arc::new(Sandbox::new(Limits::default())?);
        let sealer = Arc::new(Sealer::new(&MasterKey::in_folder(&data)?));
        let kept = Kept::open(
            Arc::clone(&store),
            Arc::clone(&sealer),
            Arc::clone(&shared),
            kept::DEFAULT.into(),
        );
        let kept = kept.await?;
        let catalog = Catalog::open(catalog::Parts {
            store: Arc::clone(&store),
            sandbox,
            clock: Arc::clone(&shared),
            kept,
            publishers: Publishers::default(),
        });
        let catalog = catalog.await?;
        let connections = Connections::new(
            Arc::clone(&store),
            sealer,
            Arc::new(Targets::new(vec!["127.0.0.1/32".parse()?])),
            Arc::clone(&shared),
        );
        let charts = Charts::new(
            Arc::clone(&connections),
            Arc::clone(&catalog),
            Arc::clone(&shared),
        );
        let metrics = Metrics::default();
        let key_results = KeyResults::new(
            Arc::clone(&store),
            charts,
            shared,
            SignedDuration::from_mins(1),
            metrics.clone(),
        );
        Ok(Self {
            clock,
            store,
            catalog,
            metrics,
            key_results,
            connections,
        })
    }

    /// Connects to Lookers, with so many queries at a time where that is said.
    pub async fn connect(
        &self,
        urls: &[String],
        max_concurrent: Option<u32>,
    ) -> anyhow::Result<Vec<ConnectionId>> {
        let mut made = Vec::new();
        for url in urls {
            let draft = ConnectionDraft {
                name: url.clone(),
                server_url: url.clone(),
                client_id: CLIENT.0.to_owned(),
                client_secret: CLIENT.1.into(),
                timeout_seconds: None,
                max_concurrent,
            };
            let connection = self.connections.create(draft, None, By::server()).await?;
            made.push(connection.key.parse()?);
        }
        Ok(made)
    }

    /// Makes so many key results, each with the link of its number.
    pub async fn link(
        &self,
        key_results: usize,
        link: impl Fn(usize) -> Link,
    ) -> anyhow::Result<Vec<KeyResultId>> {
        let made = stream::iter(0..key_results).map(|number| {
            let link = link(number);
            async move {
                let draft = Draft {
                    title: format!("Key result {number}"),
                    objective: None,
                    owner: None,
                    from: None,
                    to: None,
                    unit: None,
                    start: 0.into(),
                    target: 1_000_000.into(),
                    weight: None,
                };
                let made = self
                    .key_results
                    .create(draft, Some(link), None, By::server());
                anyhow::Ok(made.await?.id)
            }
        });
        made.buffer_unordered(SIDE_BY_SIDE).try_collect().await
    }
}

/// When it begins: after the slots of an hour, so that the next ones are a quarter away.
fn beginning() -> Timestamp {
    Timestamp::constant(1_772_452_860, 0) // 2026-03-02T12:01:00Z
}

/// A chart of its own: a tile that listens to the dashboard's period, each with another period.
pub fn chart(connection: &ConnectionId, number: usize, tile: &str, minutes: usize) -> Link {
    let selection = match tile {
        MONTHS => BTreeMap::from([("y".into(), "orders.count".into())]),
        _ => BTreeMap::new(),
    };
    Link {
        enabled: true,
        connection: connection.clone(),
        source: Source::Tile {
            dashboard_id: "1".into(),
            tile_id: tile.into(),
        },
        extractor: None,
        selection,
        filters: BTreeMap::from([("Period".into(), format!("{} days", 60 + number))]),
        every: Some(format!("{minutes}m")),
        cron: None,
        time_zone: None,
        missed: Missed::Once,
        still_after: None,
    }
}
