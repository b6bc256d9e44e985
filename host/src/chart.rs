//! Charts on a live Looker: found, run once for all who want them, and read with their extractor.
//!
//! [`Charts::locate`] asks Looker what the chart's query is just now, [`Charts::fetch`] runs it (or
//! shares a run: [`share`]), and a [`Live`] chart is what an extractor then reads as often as needed.

mod error;
mod live;
mod share;

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::catalog::{Catalog, Choice, Version};
use crate::clock::SharedClock;
use crate::connection::Connections;
use crate::id::ConnectionId;
use crate::looker::{
    Chart, Deadline, Doing, Fetched, Looker, LookerError, Overrides, PickedUp, Run, Source, Terms,
};

use crate::sample::kept::Kept;

pub use crate::looker::Queue;
pub use error::ChartError;
pub use live::Live;
pub use share::Fresh;

use share::Shared;

/// Reads charts on live Lookers.
pub struct Charts {
    connections: Arc<Connections>,
    catalog: Arc<Catalog>,
    clock: SharedClock,
    shared: Shared,
}

/// Which chart, and as what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Through which connection.
    pub connection: ConnectionId,
    /// Where it stands.
    pub source: Source,
    /// Values of the dashboard's filters in place of its own.
    pub filters: BTreeMap<String, String>,
    /// The zone that "today" is meant in.
    pub time_zone: Option<String>,
    /// What the tile was called when it was linked; by it one of a LookML dashboard is found again
    /// whose id a deploy has changed.
    pub called: Option<Called>,
    /// Where it was found last, if that was elsewhere.
    pub found: Option<Source>,
}

/// What outlives the id of a tile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Called {
    /// Its title.
    pub title: String,
    /// Its name in LookML.
    pub lookml_link_id: Option<String>,
}

/// A chart whose query is known.
#[derive(Clone)]
pub struct Located {
    connection: ConnectionId,
    looker: Arc<Looker>,
    /// One time for all that is asked for this chart: the connection's timeout.
    deadline: Deadline,
    /// The chart.
    pub chart: Chart,
}

impl Charts {
    /// Reads charts through these connections with these extractors.
    #[must_use]
    pub fn new(
        connections: Arc<Connections>,
        catalog: Arc<Catalog>,
        clock: SharedClock,
    ) -> Arc<Self> {
        Arc::new(Self {
            connections,
            catalog,
            clock,
            shared: Shared::default(),
        })
    }

    /// What key results read last, to try versions on.
    #[must_use]
    pub fn kept(&self) -> &Arc<Kept> {
        self.catalog.kept()
    }

    /// The connections that it reads through.
    #[must_use]
    pub fn connections(&self) -> &Arc<Connections> {
        &self.connections
    }

    /// Asks Looker for the chart and its query as they are, or were at the time that `fresh` names.
    ///
    /// # Errors
    ///
    /// When the connection, the chart or a filter is not there, or Looker does not answer.
    pub async fn locate(&self, wanted: &Wanted, fresh: Fresh) -> Result<Located, ChartError> {
        let looker = self.connections.looker(&wanted.connection).await?;
        let deadline = looker.deadline();
        let since = fresh.since();
        let terms = Terms { deadline, since };
        let overrides = Overrides {
            filters: wanted.filters.clone(),
            time_zone: wanted.time_zone.clone(),
        };
        let place = wanted.found.as_ref().unwrap_or(&wanted.source);
        let resolved = looker.resolve(place, &overrides, terms).await;
        let lost = match (&resolved, &wanted.called) {
            (Err(LookerError::NotFound { .. }), Some(called)) => Some(called),
            // A deploy may give the id of one tile to another.
            (Ok(chart), Some(called)) => Some(called).filter(|called| {
                called.lookml_link_id.is_some() && called.lookml_link_id != chart.lookml_link_id
            }),
            _ => None,
        };
        let chart = match lost {
            None => resolved?,
            Some(called) => {
                let link = called.lookml_link_id.as_deref();
                let title = &called.title;
                let found = looker.find_again(&wanted.source, link, title, terms);
                let Some(source) = found.await? else {
                    let what = wanted.source.to_string();
                    let lost = resolved.err();
                    return Err(lost.unwrap_or(LookerError::NotFound { what }).into());
                };
                looker.resolve(&source, &overrides, terms).await?
            }
        };
        Ok(Located {
            connection: wanted.connection.clone(),
            looker,
            deadline,
            chart,
        })
    }

    /// [`Charts::locate`] for what is recorded: every filter that was asked for has to be one that
    /// the chart listens to. A number that a filter does not change is not the number asked for.
    ///
    /// # Errors
    ///
    /// [`ChartError::NotListening`] besides.
    pub async fn locate_all_of(
        &self,
        wanted: &Wanted,
        fresh: Fresh,
    ) -> Result<Located, ChartError> {
        let located = self.locate(wanted, fresh).await?;
        match located.chart.ignored.first() {
            None => Ok(located),
            Some(name) => Err(ChartError::NotListening { name: name.clone() }),
        }
    }

    /// The extractor for a chart: the one that is asked for, else the one that reads its type.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub fn reader(
        &self,
        chart_type: Option<&str>,
        asked: Option<&str>,
    ) -> Result<Arc<Version>, ChartError> {
        if let Some(name) = asked {
            return Ok(self.catalog.version(name, None)?);
        }
        let Some(chart_type) = chart_type else {
            return Err(ChartError::NoType);
        };
        match self.catalog.reads(chart_type) {
            Choice::Reads(version) => Ok(version),
            Choice::None => Err(ChartError::NoReader {
                chart_type: chart_type.to_owned(),
                readers: self.readers(),
            }),
        }
    }

    /// The version that reads for a caller who would have this one: one on trial, if it is the
    /// caller's turn.
    #[must_use]
    pub fn turn(&self, version: Arc<Version>, caller: &str) -> Arc<Version> {
        self.catalog.turn(version, caller)
    }

    /// The chart with its result, within the time that began when it was located. `queue` says how
    /// waiting for a place to run in counts.
    ///
    /// # Errors
    ///
    /// When Looker does not answer with a result in time, or was not asked because other queries had
    /// all places.
    pub async fn fetch(
        &self,
        located: &Located,
        fresh: Fresh,
        queue: Queue,
    ) -> Result<Arc<Live>, ChartError> {
        let key = (located.connection.clone(), located.chart.identity.clone());
        let run = Run {
            deadline: Some(located.deadline),
            cache: fresh.takes_cached(),
            queue,
            ..Run::default()
        };
        let fetched = self
            .shared
            .run(key, &located.looker, fresh, &self.clock, &run, || {
                let (looker, chart, run) = (
                    Arc::clone(&located.looker),
                    located.chart.clone(),
                    run.clone(),
                );
                async move { looker.run(&chart, &run).await }
            })
            .await?;
        Ok(self.live(located, fetched))
    }

    /// The result of a query that was not done in time, if it is by now.
    ///
    /// # Errors
    ///
    /// When Looker does not answer.
    pub async fn pick_up(&self, located: &Located, task: &str) -> Result<Picked, ChartError> {
        Ok(
            match located.looker.pick_up(task, located.deadline).await? {
                PickedUp::Done(fetched) => Picked::Done(self.live(located, Arc::new(fetched))),
                PickedUp::Running => Picked::Running,
                PickedUp::Gone => Picked::Gone,
            },
        )
    }

    /// A chart with a result that came by itself.
    #[must_use]
    pub fn pushed(&self, chart: Chart, body: Bytes, explore_url: Option<String>) -> Arc<Live> {
        let fetched = Arc::new(Fetched {
            body,
            explore_url,
            query_id: String::new(),
            task_id: None,
        });
        let (catalog, now) = (Arc::clone(&self.catalog), self.clock.now());
        Arc::new(Live::new(chart, fetched, catalog, now))
    }

    fn live(&self, located: &Located, fetched: Arc<Fetched>) -> Arc<Live> {
        Arc::new(Live::new(
            located.chart.clone(),
            fetched,
            Arc::clone(&self.catalog),
            self.clock.now(),
        ))
    }

    /// Which extractor reads a tile of this type, or why none does; for lists of tiles.
    #[must_use]
    pub fn judged(&self, chart_type: Option<&str>) -> (Option<String>, String) {
        match self.reader(chart_type, None) {
            Ok(version) => (
                Some(version.name.clone()),
                format!(
                    "charts of type {} are read by extractor {}",
                    chart_type.unwrap_or_default(),
                    version.name
                ),
            ),
            Err(error) => (None, error.to_string()),
        }
    }

    /// The names of the extractors that read charts.
    fn readers(&self) -> Vec<String> {
        let active = self.catalog.active();
        let charts = active
            .iter()
            .filter(|version| version.record.world == crate::sandbox::World::ChartExtractor);
        charts.map(|version| version.name.clone()).collect()
    }
}

/// What became of a query that was not done in time.
pub enum Picked {
    /// It is done.
    Done(Arc<Live>),
    /// It runs still.
    Running,
    /// Looker knows it no longer.
    Gone,
}

/// Whether Looker was not asked, because other queries of ours had all places of the connection.
#[must_use]
pub fn was_queueing(error: &ChartError) -> bool {
    matches!(error, ChartError::Looker(error) if matches!(error.as_ref(), LookerError::Busy { .. }))
}

/// Whether another read's run of the same query had not ended when our time was over: that run goes on,
/// and its own read says what came of it.
#[must_use]
pub fn was_sharing(error: &ChartError) -> bool {
    let ChartError::Looker(error) = error else {
        return false;
    };
    matches!(
        error.as_ref(),
        LookerError::Timeout {
            doing: Doing::Sharing,
            ..
        }
    )
}

/// The task that goes on at Looker although we have stopped waiting, where an error means that.
#[must_use]
pub fn left_running(error: &ChartError) -> Option<&str> {
    match error {
        ChartError::Looker(error) => match error.as_ref() {
            LookerError::Timeout { task_id, .. } => task_id.as_deref(),
            _ => None,
        },
        _ => None,
    }
}
