//! `/v1/connections/{id}/dashboards` and `/looks`: what there is to link to.

use std::sync::Arc;

use axum::Json as Answer;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::chart::Charts;
use crate::connection::ConnectionError;
use crate::id::ConnectionId;
use crate::looker::{
    Dashboard, DashboardFilter, DashboardSummary, Find, LookSummary, Match, Source, Tile,
};
use crate::problem::Problem;

use super::access::Viewer;
use super::body::{Id, Path, Query};
use super::page::{List, Page};
use super::request::ProblemBody;

/// Which dashboards or looks.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Search {
    /// The title, a pasted URL, or an id; all without it.
    title: Option<String>,
    /// Whether the title is meant whole (`complete`, the default) or in part (`part`).
    #[serde(default, rename = "match")]
    #[param(rename = "match", inline)]
    how: How,
    /// Items on a page, at most 200.
    limit: Option<usize>,
    /// `next_page_token` of the page before.
    page_token: Option<String>,
}

/// How a title is meant.
#[derive(Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum How {
    #[default]
    Complete,
    Part,
}

/// A dashboard with its filters.
#[derive(Serialize, ToSchema)]
pub(super) struct DashboardBody {
    /// What lists show.
    #[serde(flatten)]
    summary: DashboardSummary,
    /// Its filters; a key result may override their values.
    filters: Vec<DashboardFilter>,
}

/// A tile that shows data.
#[derive(Serialize, ToSchema)]
pub(super) struct TileBody {
    /// What `tile_id` takes.
    id: String,
    /// Its title, or the best there is in its place.
    title: String,
    /// As its `vis_config` names it.
    #[schema(example = "tide_table")]
    chart_type: Option<String>,
    /// The extractor that reads it; null where none does.
    extractor: Option<String>,
    /// Why it is read, or is not.
    reason: String,
    /// What a key result is linked to.
    source: Source,
}

/// A look.
#[derive(Serialize, ToSchema)]
pub(super) struct LookBody {
    /// What lists show.
    #[serde(flatten)]
    summary: LookSummary,
    /// The extractor that reads it; null where none does.
    extractor: Option<String>,
    /// Why it is read, or is not.
    reason: String,
    /// What a key result is linked to.
    source: Source,
}

fn tile(charts: &Charts, tile: Tile) -> TileBody {
    let (extractor, reason) = match tile.readable {
        Ok(()) => charts.judged(tile.chart_type.as_deref()),
        Err(reason) => (None, reason),
    };
    TileBody {
        id: tile.id,
        title: tile.title,
        chart_type: tile.chart_type,
        extractor,
        reason,
        source: tile.source,
    }
}

impl Search {
    fn window(&self) -> Result<(usize, usize), Problem> {
        let page_token = self.page_token.clone();
        window(&Page {
            limit: self.limit,
            page_token,
        })
    }

    /// What is asked for, and one more.
    fn find(self, limit: usize, offset: usize) -> Find {
        Find {
            title: self.title,
            match_: match self.how {
                How::Complete => Match::Complete,
                How::Part => Match::Part,
            },
            limit: limit + 1,
            offset,
        }
    }
}

/// Pages of Looker's go by offset, since that is all Looker has.
fn window(page: &Page) -> Result<(usize, usize), Problem> {
    let limit = page.limit()?;
    let offset = page.after()?.map(|text| text.parse()).transpose();
    let offset =
        offset.map_err(|_| Problem::invalid("/page_token", "it is a token of another list"))?;
    Ok((limit, offset.unwrap_or(0)))
}

fn paged<T>(mut items: Vec<T>, limit: usize, offset: usize) -> Answer<List<T>> {
    let more = items.len() > limit;
    items.truncate(limit);
    let next = offset.saturating_add(limit).to_string();
    let next_page_token = more.then(|| super::page::token(&next));
    Answer(List {
        items,
        next_page_token,
    })
}

/// Find dashboards by title, by part of it, by URL or id
///
/// Those made by people, then those written in LookML.
#[utoipa::path(get, path = "/v1/connections/{id}/dashboards", tag = "connections",
    params(("id" = String, Path), Search),
    responses((status = 200, body = List<DashboardSummary>), (status = "4XX", body = ProblemBody), (status = "5XX", body = ProblemBody)))]
pub(super) async fn dashboards(
    _: Viewer,
    State(charts): State<Arc<Charts>>,
    Id(id): Id<ConnectionId>,
    Query(search): Query<Search>,
) -> Result<Answer<List<DashboardSummary>>, Problem> {
    let (limit, offset) = search.window()?;
    let looker = charts.connections().looker(&id).await?;
    let found = looker.dashboards(&search.find(limit, offset)).await;
    Ok(paged(found.map_err(ConnectionError::from)?, limit, offset))
}

/// Show a dashboard with its filters
#[utoipa::path(get, path = "/v1/connections/{id}/dashboards/{dashboard_id}", tag = "connections",
    params(("id" = String, Path), ("dashboard_id" = String, Path)),
    responses((status = 200, body = DashboardBody), (status = "4XX", body = ProblemBody), (status = "5XX", body = ProblemBody)))]
pub(super) async fn dashboard(
    _: Viewer,
    State(charts): State<Arc<Charts>>,
    Id(id): Id<ConnectionId>,
    Path((_connection, dashboard)): Path<(String, String)>,
) -> Result<Answer<DashboardBody>, Problem> {
    let Dashboard {
        id,
        title,
        folder,
        kind,
        filters,
        tiles: _,
    } = whole(&charts, &id, &dashboard).await?;
    let summary = DashboardSummary {
        id,
        title,
        folder,
        kind,
    };
    Ok(Answer(DashboardBody { summary, filters }))
}

/// List the tiles of a dashboard
///
/// Each with the extractor that reads it, or why none does. Text, buttons and other tiles without a
/// query are left out.
#[utoipa::path(get, path = "/v1/connections/{id}/dashboards/{dashboard_id}/tiles", tag = "connections",
    params(("id" = String, Path), ("dashboard_id" = String, Path), Page),
    responses((status = 200, body = List<TileBody>), (status = "4XX", body = ProblemBody), (status = "5XX", body = ProblemBody)))]
pub(super) async fn tiles(
    _: Viewer,
    State(charts): State<Arc<Charts>>,
    Id(id): Id<ConnectionId>,
    Path((_connection, dashboard)): Path<(String, String)>,
    Query(page): Query<Page>,
) -> Result<Answer<List<TileBody>>, Problem> {
    let (limit, offset) = window(&page)?;
    let found = whole(&charts, &id, &dashboard).await?;
    let tiles = found.tiles.into_iter().skip(offset).take(limit + 1);
    let tiles = tiles.map(|it| tile(&charts, it)).collect();
    Ok(paged(tiles, limit, offset))
}

async fn whole(charts: &Charts, id: &ConnectionId, dashboard: &str) -> Result<Dashboard, Problem> {
    let looker = charts.connections().looker(id).await?;
    let found = looker.dashboard(dashboard).await;
    Ok(found.map_err(ConnectionError::from)?)
}

/// Find looks by title, by part of it, by URL or id
///
/// Titles repeat across folders: folder and id tell them apart.
#[utoipa::path(get, path = "/v1/connections/{id}/looks", tag = "connections",
    params(("id" = String, Path), Search),
    responses((status = 200, body = List<LookBody>), (status = "4XX", body = ProblemBody), (status = "5XX", body = ProblemBody)))]
pub(super) async fn looks(
    _: Viewer,
    State(charts): State<Arc<Charts>>,
    Id(id): Id<ConnectionId>,
    Query(search): Query<Search>,
) -> Result<Answer<List<LookBody>>, Problem> {
    let (limit, offset) = search.window()?;
    let looker = charts.connections().looker(&id).await?;
    let found = looker.looks(&search.find(limit, offset)).await;
    let found = found.map_err(ConnectionError::from)?;
    let looks = found.into_iter().map(|summary| {
        let (extractor, reason) = charts.judged(summary.chart_type.as_deref());
        LookBody {
            source: Source::Look {
                look_id: summary.id.clone(),
            },
            summary,
            extractor,
            reason,
        }
    });
    Ok(paged(looks.collect(), limit, offset))
}
