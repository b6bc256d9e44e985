//! A dashboard: its filters and its tiles.

use std::sync::Arc;

use futures_util::future::join_all;
use serde::Serialize;
use utoipa::ToSchema;

use super::ask::{Ask, segment};
use super::connection::Looker;
use super::content::Kind;
use super::error::LookerError;
use super::recent::Terms;
use super::tile::{self, Origin, Tile};
use super::wire;

/// How many tiles are asked after at a time.
const SIDE_BY_SIDE: usize = 8;

/// A dashboard with what can be read on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dashboard {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// The folder's name.
    pub folder: Option<String>,
    /// Where it is kept.
    pub kind: Kind,
    /// Its filters, in its own order.
    pub filters: Vec<DashboardFilter>,
    /// Its tiles; text, buttons and the like are left out.
    pub tiles: Vec<Tile>,
}

/// A filter of a dashboard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DashboardFilter {
    /// What overrides call it.
    #[schema(example = "Region")]
    pub name: String,
    /// What people see.
    pub title: String,
    /// Such as `date_filter`.
    #[schema(example = "string_filter")]
    pub kind: Option<String>,
    /// The value that applies unless overridden.
    pub default_value: Option<String>,
}

impl Looker {
    /// A dashboard with its filters and tiles.
    ///
    /// # Errors
    ///
    /// [`LookerError::NotFound`], or what the way to Looker answered.
    pub async fn dashboard(&self, id: &str) -> Result<Dashboard, LookerError> {
        let deadline = self.api.deadline();
        let terms = Terms::now(deadline);
        let found = self.dashboard_whole(id, terms).await?;
        let wire::Id(id) = &found.id;
        let elements = found.dashboard_elements.as_deref().unwrap_or_default();
        let shown: Vec<&wire::Element> = elements
            .iter()
            .filter(|element| element.deleted != Some(true))
            .collect();
        let mut tiles = Vec::with_capacity(shown.len());
        for some in shown.chunks(SIDE_BY_SIDE) {
            let some = some.iter().map(|element| self.tile(id, element, terms));
            tiles.extend(join_all(some).await.into_iter().flatten());
        }
        Ok(Dashboard {
            kind: Kind::of(id),
            title: found.title.clone().unwrap_or_else(|| "Untitled".to_owned()),
            folder: found.folder.as_ref().and_then(|folder| folder.name.clone()),
            filters: found
                .dashboard_filters
                .iter()
                .flatten()
                .filter_map(filter)
                .collect(),
            tiles,
            id: id.clone(),
        })
    }

    /// An element as a tile, with what only the queries behind it tell: of which type its chart is,
    /// and whether a merge can be joined. A tile whose queries cannot be had just now is told all
    /// the same.
    async fn tile(
        &self,
        dashboard_id: &str,
        element: &wire::Element,
        terms: Terms,
    ) -> Option<Tile> {
        let mut tile = Tile::of(dashboard_id, element)?;
        match tile::origin(element)?.ok() {
            Some(Origin::Merge(id)) => {
                let maker = element.result_maker.as_ref();
                match self.merge(id, maker, terms).await {
                    Ok(merged) => tile.chart_type = tile.chart_type.or_else(|| merged.chart_type()),
                    Err(LookerError::Unsupported { why }) => tile.readable = Err(why),
                    Err(_) => {}
                }
            }
            Some(Origin::Statement(slug)) if tile.chart_type.is_none() => {
                let found = self.sql_query(slug, terms).await.ok();
                let config = found.and_then(|found| found.vis_config);
                tile.chart_type = config.as_deref().and_then(tile::chart_type);
            }
            _ => {}
        }
        Some(tile)
    }

    pub(super) async fn dashboard_whole(
        &self,
        id: &str,
        terms: Terms,
    ) -> Result<Arc<wire::Dashboard>, LookerError> {
        let gone = || LookerError::NotFound {
            what: format!("dashboard {id}"),
        };
        let path = segment(id).ok_or_else(gone)?;
        let ask = Ask::get(format!("/dashboards/{path}"), format!("dashboard {id}"));
        let found: Arc<wire::Dashboard> = self
            .api
            .look_up_large(ask, terms, wire::Dashboard::size)
            .await?;
        // Looker still shows by id what lies in its bin.
        if found.deleted == Some(true) {
            Err(gone())
        } else {
            Ok(found)
        }
    }
}

/// A filter without a name cannot be listened to.
fn filter(filter: &wire::Filter) -> Option<DashboardFilter> {
    let name = filter.name.clone()?;
    Some(DashboardFilter {
        title: filter.title.clone().unwrap_or_else(|| name.clone()),
        name,
        kind: filter.kind.clone(),
        default_value: filter.default_value.clone(),
    })
}
