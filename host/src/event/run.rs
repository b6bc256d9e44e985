//! Runs: rows in, events out, each row accounted for.
//!
//! [`Runs::begin`] makes a run durable: its result is on disk and its id, which all message ids are
//! derived from, stands in the store. From then on it goes its way whether anybody waits or not:
//! `mapping` makes segments of the rows, `sending` brings them to the destination. A server that dies
//! goes on where it was; what it makes anew is the same to the byte.

use std::collections::HashSet;
use std::sync::Arc;

use hmac::{Hmac, Mac as _};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};
use tokio::sync::{Semaphore, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use crate::access::By;
use crate::catalog::Catalog;
use crate::clock::SharedClock;
use crate::egress::Targets;
use crate::id::RunId;
use crate::metrics::RunCounts;
use crate::record as records;
use crate::sandbox::events;
use crate::secret::Sealer;
use crate::store::{BlobSpace, Change, Expected, Kind, SharedStore, SpoolDir, StoreError};

use super::backlog::Unmapped;
use super::data_plane::{DataPlane, server_url};
use super::destination::Destinations;
use super::error::RunError;
use super::message::Anonymous;
use super::news::{self, Turn};
use super::pauses::Pauses;
use super::receive::{Judge, ReceiveError, Received, Receiving};
use super::record::{Address, Delivery, Mapped, Plan, RunRecord, Segment};
use super::resend::{Known, Request};
use super::room::Room;
use super::scan::Scanned;
use super::told::{Run, told};

/// The most bytes of what is asked for, as it is kept: the first rejections have to fit beside it into
/// the 64 KiB of a record.
const MOST_SAID: usize = 24 << 10;
/// What is kept in memory of a result whose turn to be mapped has not come.
const SMALL_HEAD: usize = 64 << 10;

/// A run to be begun.
#[derive(Debug)]
pub struct Order {
    /// The event mapper.
    pub action: String,
    /// The schedule that it comes from.
    pub plan: Plan,
    /// Looker's Query object as JSON; `{}` when there is none.
    pub query: Vec<u8>,
    /// What the mapper's form was filled in with.
    pub settings: Vec<(String, String)>,
    /// What neither result nor query say.
    pub context: Vec<(String, String)>,
    /// The named destination that the rest stands for, if there is one.
    pub destination: Option<String>,
    /// The data plane, with or without `/v1/batch`.
    pub server_url: String,
    /// What it knows us by.
    pub write_key: SecretString,
    /// The result.
    pub received: Received,
}

/// A run that was begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Started {
    /// Its id.
    pub id: RunId,
    /// It had been begun before, by the same request.
    pub repeated: bool,
}

/// All runs.
pub struct Runs {
    pub(super) store: SharedStore,
    pub(super) catalog: Arc<Catalog>,
    pub(super) sealer: Arc<Sealer>,
    pub(super) spool: SpoolDir,
    pub(super) clock: SharedClock,
    pub(super) data_plane: DataPlane,
    /// Calls of mappers that are under way, over all runs, in the order in which they asked.
    pub(super) calls: Arc<Semaphore>,
    /// Runs that are mapped at a time: each takes some memory, and none waits for a destination.
    pub(super) turns: Semaphore,
    pub(super) identities: Identities,
    pub(super) pauses: Pauses,
    pub(super) destinations: Arc<Destinations>,
    room: Room,
    pub(super) unmapped: Unmapped,
    pub(super) counts: RunCounts,
    pub(super) mapping: TaskTracker,
    pub(super) stop: CancellationToken,
}

/// Derives anonymous ids with a secret of the installation's own.
pub(super) struct Identities(Hmac<Sha256>);

impl Anonymous for Identities {
    fn id(&self, identity_key: &str) -> Uuid {
        let mut mac = self.0.clone();
        mac.update(b"anonymous\0");
        mac.update(identity_key.as_bytes());
        let digest = mac.finalize().into_bytes();
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest[..16]);
        uuid::Builder::from_custom_bytes(bytes).into_uuid()
    }
}

impl Identities {
    /// With this secret.
    pub fn new(secret: &SecretString) -> Self {
        // A digest fits the key's size whatever the secret's is, so that there is no other case.
        let mut key = hmac::digest::Key::<Hmac<Sha256>>::default();
        let digest = Sha256::digest(secret.expose_secret().as_bytes());
        key[..digest.len()].copy_from_slice(&digest);
        Self(Hmac::new(&key))
    }

    /// What tells destinations apart without telling their keys.
    pub(super) fn address(&self, server_url: &str, write_key: &SecretString) -> String {
        let mut mac = self.0.clone();
        mac.update(b"destination\0");
        mac.update(server_url.as_bytes());
        mac.update(b"\0");
        mac.update(write_key.expose_secret().as_bytes());
        hex::encode(&mac.finalize().into_bytes()[..16])
    }
}

/// Parts that runs are put together of.
pub struct Parts {
    /// Where they are kept.
    pub store: SharedStore,
    /// The mappers.
    pub catalog: Arc<Catalog>,
    /// Seals write keys.
    pub sealer: Arc<Sealer>,
    /// Where events can be sent by name.
    pub destinations: Arc<Destinations>,
    /// Addresses that may be called.
    pub targets: Arc<Targets>,
    /// The time.
    pub clock: SharedClock,
    /// Where results are until they are mapped.
    pub spool: SpoolDir,
    /// The installation's own secret, which anonymous ids are derived with.
    pub identity_secret: SecretString,
    /// What is counted of runs.
    pub counts: RunCounts,
    /// Ends mapping and sending.
    pub stop: CancellationToken,
}

impl Runs {
    /// Runs in this store. Those that a server before has left are gone on with by
    /// [`Runs::resume`].
    ///
    /// # Errors
    ///
    /// When no HTTP client can be made on this machine.
    pub fn new(parts: Parts) -> Result<Arc<Self>, RunError> {
        let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        Ok(Arc::new(Self {
            data_plane: DataPlane::new(
                parts.targets,
                Arc::clone(&parts.clock),
                parts.counts.clone(),
            )?,
            identities: Identities::new(&parts.identity_secret),
            store: parts.store,
            catalog: parts.catalog,
            sealer: parts.sealer,
            spool: parts.spool,
            clock: parts.clock,
            calls: Arc::new(Semaphore::new(cores * 2)),
            turns: Semaphore::new(cores * 2),
            pauses: Pauses::default(),
            destinations: parts.destinations,
            room: Room::default(),
            unmapped: Unmapped::default(),
            counts: parts.counts,
            mapping: TaskTracker::new(),
            stop: parts.stop,
        }))
    }

    /// Takes in a result, for a run that is to be begun or for whatever else its judge is for.
    ///
    /// # Errors
    ///
    /// When it cannot be written down.
    pub fn receive<J: Judge>(&self) -> Result<Receiving<J>, ReceiveError> {
        Receiving::into_dir(&self.spool, &self.room)
    }

    /// Begins a run. When this returns, all its rows are on disk and will be accounted for.
    ///
    /// # Errors
    ///
    /// When its mapper does not take the query or the settings, or the destination is not sound.
    pub async fn begin(self: &Arc<Self>, order: Order, by: &By) -> Result<Started, RunError> {
        let server_url = server_url(&order.server_url)?;
        self.data_plane.targets.check_literal(&server_url)?;
        let server_url = String::from(server_url);
        let now = self.clock.now();
        let version = self.catalog.version(&order.action, None)?;
        let key = self.identities.address(&server_url, &order.write_key);
        let request = request(&order, &key);
        let mut seen = match request.known(self.store.as_ref(), now).await? {
            Known::Again(id) => return Ok(self.again(id, by.clone()).await),
            Known::New(seen) => seen,
        };
        let settings: Vec<(&str, &str)> = pairs(&order.settings);
        let context: Vec<(&str, &str)> = pairs(&order.context);
        let run = events::Run {
            head: &order.received.judged.head,
            query: &order.query,
            settings: &settings,
            context: &context,
        };
        self.catalog.judge(&version, run).await?;
        let id = RunId::fresh(self.clock.as_ref());
        let place = format!("run/{id}/write_key");
        let Received {
            judged: scanned,
            mut file,
            digest,
        } = order.received;
        let mut record = RunRecord {
            action: order.action,
            version: version.record.version.clone(),
            plan: order.plan,
            address: Address {
                key,
                server_url,
                write_key: self.sealer.seal(&place, &order.write_key)?,
            },
            destination: order.destination,
            settings: order.settings,
            context: order.context,
            begun_at: now,
            rows: scanned.rows,
            bytes: scanned.bytes,
            result: digest,
            spool: None,
            mapped: Mapped::default(),
        };
        // What is noted of the mapping later stands in the same record.
        let bytes = records::body(&record)?.len();
        if bytes > MOST_SAID {
            let most = MOST_SAID;
            return Err(RunError::TooMuchSaid { bytes, most });
        }
        let (runs, audit) = (Arc::clone(self), by.entry("run.begin", format!("run:{id}")));
        let query = order.query;
        // A task of its own: a caller who hangs up must not leave a run that nobody maps.
        let begun = tokio::spawn(async move {
            let kept = tokio::task::spawn_blocking(move || {
                file.append(&query)?;
                file.keep()
            });
            let spool = kept.await.map_err(RunError::Worker)??;
            record.spool = Some(spool.clone());
            loop {
                let change = begin_change(&record, &id)?.audited(audit.clone());
                let change = request.noted(change, seen, &id, now)?;
                match runs.store.commit(change).await {
                    Ok(_) => break,
                    // Of two equal requests at once the other one was first.
                    Err(StoreError::Stale { .. }) => {
                        match request.known(runs.store.as_ref(), now).await? {
                            Known::Again(id) => {
                                runs.forget_file(spool).await;
                                return Ok(Started { id, repeated: true });
                            }
                            Known::New(anew) => seen = anew,
                        }
                    }
                    Err(error) => {
                        // What nobody knows of is not kept; what may have been kept after all is
                        // left for the next start to look at.
                        if !matches!(error, StoreError::InDoubt { .. }) {
                            runs.forget_file(spool).await;
                        }
                        return Err(error.into());
                    }
                }
            }
            runs.counts.received(scanned.rows);
            // A run may wait for its turn, and what is large is found in its file again.
            let scanned = Some(scanned).filter(|scanned| scanned.head.len() <= SMALL_HEAD);
            runs.go_on(id.clone(), scanned);
            Ok(Started {
                id,
                repeated: false,
            })
        });
        begun.await.map_err(RunError::Worker)?
    }

    /// Goes on with what a server before has left, and removes files that no run knows. To be done
    /// before anything is begun. What cannot be read is told and left alone.
    pub async fn resume(self: &Arc<Self>) {
        match self.unmapped().await {
            Ok((runs, spools)) => {
                // Bodies are made again by those that are gone on with, so they go first.
                if let Err(error) = self.forget_bodies().await {
                    tracing::error!(%error, "bodies that nobody needs are left");
                }
                let left = self.spool.names().unwrap_or_default();
                for name in left.into_iter().filter(|name| !spools.contains(name)) {
                    self.forget_file(name).await;
                }
                for id in runs {
                    tracing::info!(run = %id, "a run is gone on with");
                    self.go_on(id, None);
                }
            }
            Err(error) => tracing::error!(
                error = &error as &dyn std::error::Error,
                "runs that were begun are left to the next start"
            ),
        }
    }

    /// The runs that are not mapped, and all files that runs know.
    async fn unmapped(&self) -> Result<(Vec<RunId>, HashSet<String>), RunError> {
        const PAGE: usize = 200;
        let (mut runs, mut spools) = (Vec::new(), HashSet::new());
        let mut after: Option<String> = None;
        loop {
            let page = self.store.list(Kind::Run, after.as_deref(), PAGE).await?;
            let Some(last) = page.last() else {
                return Ok((runs, spools));
            };
            after = Some(last.key.clone());
            for document in page {
                let key = document.key.clone();
                match records::parse::<RunRecord>(document) {
                    Ok(run) => {
                        let Some(spool) = run.record.spool else {
                            continue;
                        };
                        spools.insert(spool);
                        runs.extend(key.parse::<RunId>());
                    }
                    Err(error) => tracing::error!(run = key, %error, "a run cannot be read"),
                }
            }
        }
    }

    /// Removes bodies that no segment knows: a crash has left them, and they are made again.
    async fn forget_bodies(&self) -> Result<(), RunError> {
        const PAGE: usize = 500;
        let (mut known, mut after) = (HashSet::new(), None::<String>);
        loop {
            let page =
                records::list::<Segment>(self.store.as_ref(), after.as_deref(), PAGE).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.key.clone());
            known.extend(page.into_iter().map(|segment| segment.record.body));
        }
        for body in self.store.list_blobs(BlobSpace::Outbox).await? {
            if !known.contains(&body) {
                self.store.delete_blob(BlobSpace::Outbox, &body).await?;
            }
        }
        Ok(())
    }

    /// Maps a run, whoever waits for that.
    fn go_on(self: &Arc<Self>, id: RunId, scanned: Option<Scanned>) {
        let (runs, mapping) = (Arc::clone(self), self.unmapped.mapping(id.as_str()));
        self.mapping.spawn(async move {
            runs.map(&id, scanned).await;
            drop(mapping);
        });
    }

    pub(super) async fn forget_file(&self, name: String) {
        let spool = self.spool.clone();
        let removed = tokio::task::spawn_blocking(move || spool.remove(&name)).await;
        if !matches!(removed, Ok(Ok(()))) {
            tracing::warn!("a file that nobody needs is left for the next start");
        }
    }

    /// A run as it is now.
    ///
    /// # Errors
    ///
    /// [`RunError::NotFound`].
    pub async fn get(&self, id: &str) -> Result<Run, RunError> {
        // In this order: what is delivered was made before, so it is never more than was made.
        let delivery = records::get::<Delivery>(self.store.as_ref(), id).await?;
        let run = records::get::<RunRecord>(self.store.as_ref(), id).await?;
        let run = run.ok_or_else(|| RunError::NotFound { id: id.to_owned() })?;
        Ok(told(run, delivery))
    }

    /// A page of runs, the oldest first.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn list(&self, after: Option<&str>, limit: usize) -> Result<Vec<Run>, RunError> {
        let found = records::list::<RunRecord>(self.store.as_ref(), after, limit).await?;
        let mut runs = Vec::with_capacity(found.len());
        for run in found {
            match self.get(&run.key).await {
                Ok(run) => runs.push(run),
                // It was forgotten just now.
                Err(RunError::NotFound { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(runs)
    }

    /// Changes with everything that is written, and so whenever a run gets on.
    #[must_use]
    pub fn changed(&self) -> watch::Receiver<u64> {
        self.store.changed()
    }
}

pub(super) fn pairs(given: &[(String, String)]) -> Vec<(&str, &str)> {
    given
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect()
}

/// The change that makes a run known.
fn begin_change(record: &RunRecord, id: &RunId) -> Result<Change, RunError> {
    let (body, none) = (records::body(record)?, Delivery::default());
    let change = Change::new().put(Kind::Run, id.as_str(), Expected::Absent, body);
    Ok(news::tell(
        change,
        &[Turn::Begun],
        id.as_str(),
        record,
        &none,
    )?)
}

/// What makes two requests the same: action, schedule, destination, settings and every byte of the
/// result.
fn request(order: &Order, address: &str) -> Request {
    Request::of(&serde_json::json!([
        order.action,
        order.plan.id,
        address,
        order.settings,
        order.received.digest.to_hex(),
    ]))
}
