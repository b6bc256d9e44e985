//! From a source to the query that it shows.

use serde_json::value::RawValue;

use super::ask::{Ask, segment};
use super::chart::{Chart, Overrides};
use super::connection::Looker;
use super::content::Kind;
use super::error::LookerError;
use super::filters;
use super::frame::{Frame, Setting, Zones};
use super::known_tile;
use super::query::Object;
use super::recent::Terms;
use super::source::Source;
use super::tile::{self, Origin};
use super::wire;

impl Looker {
    /// The query that a source shows, with its dashboard's filters and what is overridden of them.
    ///
    /// # Errors
    ///
    /// [`LookerError::NotFound`], [`LookerError::Unsupported`], [`LookerError::NoSuchFilter`], or
    /// what the way to Looker answered.
    pub async fn resolve(
        &self,
        source: &Source,
        overrides: &Overrides,
        terms: Terms,
    ) -> Result<Chart, LookerError> {
        match source {
            Source::Tile {
                dashboard_id,
                tile_id,
            } => {
                self.resolve_tile(dashboard_id, tile_id, overrides, terms)
                    .await
            }
            Source::Look { look_id } => self.resolve_look(look_id, overrides, terms).await,
        }
    }

    /// The tile of a LookML dashboard that a deploy has given another id, by what was kept beside
    /// the lost one. None for other sources: there an id that is gone is a tile that is gone.
    ///
    /// # Errors
    ///
    /// [`LookerError::NotFound`] when the dashboard is gone, or what the way to Looker answered.
    pub async fn find_again(
        &self,
        lost: &Source,
        lookml_link_id: Option<&str>,
        title: &str,
        terms: Terms,
    ) -> Result<Option<Source>, LookerError> {
        let Source::Tile { dashboard_id, .. } = lost else {
            return Ok(None);
        };
        if Kind::of(dashboard_id) != Kind::Lookml {
            return Ok(None);
        }
        let dashboard = self.dashboard_whole(dashboard_id, terms).await?;
        let elements = dashboard.dashboard_elements.as_deref().unwrap_or_default();
        let found = known_tile::find_again(elements, lookml_link_id, title);
        Ok(found.map(|element| Source::Tile {
            dashboard_id: dashboard_id.clone(),
            tile_id: element.id.0.clone(),
        }))
    }

    async fn resolve_tile(
        &self,
        dashboard_id: &str,
        tile_id: &str,
        overrides: &Overrides,
        terms: Terms,
    ) -> Result<Chart, LookerError> {
        let dashboard = self.dashboard_whole(dashboard_id, terms).await?;
        let values = filters::values(
            dashboard.dashboard_filters.as_deref().unwrap_or(&[]),
            overrides,
        )?;
        let source = Source::Tile {
            dashboard_id: dashboard_id.to_owned(),
            tile_id: tile_id.to_owned(),
        };
        let elements = dashboard.dashboard_elements.as_deref().unwrap_or_default();
        let element = known_tile::find(elements, tile_id).ok_or_else(|| LookerError::NotFound {
            what: source.to_string(),
        })?;
        let origin = match tile::origin(element) {
            Some(Ok(origin)) => origin,
            Some(Err(why)) => return Err(LookerError::Unsupported { why }),
            None => {
                let why = format!("{source} shows no data: it is text, a button or the like");
                return Err(LookerError::Unsupported { why });
            }
        };
        // Where it stands now, which need not be where it was asked for.
        let source = Source::Tile {
            dashboard_id: dashboard_id.to_owned(),
            tile_id: element.id.0.clone(),
        };
        let frame = Frame {
            source,
            title: tile::title(element),
            dashboard_title: dashboard.title.clone(),
            vis_config: tile::vis_config(element),
            lookml_link_id: element.lookml_link_id.clone(),
        };
        let maker = element.result_maker.as_ref();
        let setting = Setting {
            filterables: maker
                .and_then(|maker| maker.filterables.as_deref())
                .unwrap_or(&[]),
            values: &values,
            overrides,
            zones: Zones {
                pinned: overrides.time_zone.as_deref(),
                of_dashboard: dashboard.query_timezone.as_deref(),
            },
        };
        match origin {
            Origin::Merge(id) => {
                let merged = self.merge(id, maker, terms).await?;
                merged.in_place(frame, &setting)
            }
            Origin::Statement(slug) => self.statement(slug, frame, &setting, terms).await,
            Origin::Here(query) => {
                let query = parsed(query, &frame.source)?;
                frame.with_filters(query, &setting)
            }
            Origin::Query(id) => {
                let query = self.stored("/queries", id, terms).await?;
                frame.with_filters(query, &setting)
            }
            Origin::Look(id) => {
                let query = query_of(self.look_whole(id, terms).await?.query, &frame.source)?;
                frame.with_filters(query, &setting)
            }
        }
    }

    async fn resolve_look(
        &self,
        look_id: &str,
        overrides: &Overrides,
        terms: Terms,
    ) -> Result<Chart, LookerError> {
        let source = Source::Look {
            look_id: look_id.to_owned(),
        };
        let look = self.look_whole(look_id, terms).await?;
        let mut query = query_of(look.query, &source)?;
        let applied = filters::by_field(&mut query, overrides)?;
        let frame = Frame {
            title: look.title.unwrap_or_else(|| "Untitled".to_owned()),
            source,
            dashboard_title: None,
            vis_config: None,
            lookml_link_id: None,
        };
        let zones = Zones {
            pinned: overrides.time_zone.as_deref(),
            of_dashboard: None,
        };
        frame.around(query, applied, zones)
    }

    /// A stored query, whole.
    pub(super) async fn stored(
        &self,
        below: &str,
        id: &str,
        terms: Terms,
    ) -> Result<Object, LookerError> {
        let what = format!("query {id}");
        let Some(id) = segment(id) else {
            return Err(LookerError::NotFound { what });
        };
        let ask = Ask::get(format!("{below}/{id}"), what);
        self.api.look_up(ask, terms).await
    }

    pub(super) async fn look_whole(
        &self,
        id: &str,
        terms: Terms,
    ) -> Result<wire::Look, LookerError> {
        let gone = || LookerError::NotFound {
            what: format!("look {id}"),
        };
        let path = segment(id).ok_or_else(gone)?;
        let ask = Ask::get(format!("/looks/{path}"), format!("look {id}"));
        let found: wire::Look = self.api.look_up(ask, terms).await?;
        if found.deleted == Some(true) {
            Err(gone())
        } else {
            Ok(found)
        }
    }
}

fn query_of(query: Option<Box<RawValue>>, source: &Source) -> Result<Object, LookerError> {
    let Some(query) = query else {
        let why = format!(
            "{source} has no query; it may have been made by an older Looker: save it anew"
        );
        return Err(LookerError::Unsupported { why });
    };
    parsed(&query, source)
}

fn parsed(query: &RawValue, source: &Source) -> Result<Object, LookerError> {
    Object::parse(query.get()).map_err(LookerError::malformed(format!("the query of {source}")))
}
