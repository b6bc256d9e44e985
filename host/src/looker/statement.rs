//! Tiles whose query is written in SQL.
//!
//! Looker runs such a query only while the caller waits: there is no task to ask after, to pick up
//! later or to kill, no parameter for its cache, and nothing of the dashboard goes into the SQL. So
//! the result of a run that is not done in time is lost, a pinned time zone changes nothing, and a tile
//! that says that it listens to a filter is refused. What was sent goes on at Looker whether or not
//! somebody waits: it keeps its place until Looker answers, for a bounded time.

use std::sync::Arc;

use super::ask::{Ask, LARGEST_RESULT, segment};
use super::chart::{Chart, Work};
use super::connection::Looker;
use super::deadline::Deadline;
use super::error::{Doing, LookerError};
use super::filters::Applied;
use super::frame::{Frame, Setting};
use super::query::Object;
use super::recent::Terms;
use super::run::{Fetched, Run, link};
use super::wire;

impl Looker {
    /// The chart of a tile whose query is written in SQL.
    pub(super) async fn statement(
        &self,
        slug: &str,
        mut frame: Frame,
        setting: &Setting<'_>,
        terms: Terms,
    ) -> Result<Chart, LookerError> {
        let listening = setting.filterables.iter();
        if let Some(name) = listening.flat_map(|one| one.heard(setting.values)).next() {
            let why = format!(
                "the tile's query is written in SQL, and the filter {name:?} that it listens to \
                 cannot be put into that; build the tile from an Explore instead"
            );
            return Err(LookerError::Unsupported { why });
        }
        let found = self.sql_query(slug, terms).await?;
        frame.vis_config = frame.vis_config.or(found.vis_config);
        let work = Work::Statement {
            slug: slug.to_owned(),
            explore_url: found.explore_url.as_deref().and_then(link),
        };
        let applied = Applied {
            ignored: setting.overrides.filters.keys().cloned().collect(),
            ..Applied::default()
        };
        frame.chart(Object::default(), work, applied)
    }

    /// What Looker says of a query written in SQL.
    pub(super) async fn sql_query(
        &self,
        slug: &str,
        terms: Terms,
    ) -> Result<wire::SqlQuery, LookerError> {
        let ask = Ask::get(path(slug, "")?, what(slug));
        self.api.look_up(ask, terms).await
    }

    /// Runs a query written in SQL, and waits for its result. If the time is over first or the caller
    /// goes away, Looker's answer is waited for all the same, because the place is taken until then.
    pub(super) async fn run_statement(
        &self,
        slug: &str,
        explore_url: Option<&str>,
        run: &Run,
        deadline: Deadline,
    ) -> Result<Fetched, LookerError> {
        let (place, deadline) = self.place(run, deadline).await?;
        let ask = Ask {
            method: reqwest::Method::POST,
            doing: Doing::RunningSql,
            cap: LARGEST_RESULT,
            repeatable: false,
            ..Ask::get(path(slug, "/run/json_detail")?, what(slug))
        };
        let (api, longest) = (Arc::clone(&self.api), self.places.left_for());
        let running = tokio::spawn(async move {
            let answer = api.call_late(&ask, deadline, longest).await;
            drop(place);
            answer
        });
        let ran = deadline.bound(Doing::RunningSql, running).await?;
        // It does not panic, and nobody ends it but the end of the runtime.
        let answer = ran.map_err(|_| deadline.over(Doing::RunningSql))??;
        Ok(Fetched {
            body: answer.body,
            explore_url: explore_url.map(str::to_owned),
            query_id: slug.to_owned(),
            task_id: None,
        })
    }
}

fn what(slug: &str) -> String {
    format!("SQL query {slug}")
}

fn path(slug: &str, below: &str) -> Result<String, LookerError> {
    let slug = segment(slug).ok_or_else(|| LookerError::NotFound { what: what(slug) })?;
    Ok(format!("/sql_queries/{slug}{below}"))
}
