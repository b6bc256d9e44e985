//! From a source to the query that it shows.

use serde_json::value::RawValue;

use super::ask::{Ask, segment};
use super::chart::{Chart, Overrides};
use super::connection::Looker;
use super::content::Kind;
use super::deadline::Deadline;
use super::error::LookerError;
use super::filters::{self, Applied};
use super::known_tile;
use super::query::{self, Object, raw};
use super::source::Source;
use super::tile::{self, Origin};
use super::wire;

/// A chart but for its query.
struct Frame {
    source: Source,
    title: String,
    dashboard_title: Option<String>,
    vis_config: Option<Box<RawValue>>,
    lookml_link_id: Option<String>,
}

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
    ) -> Result<Chart, LookerError> {
        let deadline = self.api.deadline();
        match source {
            Source::Tile {
                dashboard_id,
                tile_id,
            } => {
                self.resolve_tile(dashboard_id, tile_id, overrides, deadline)
                    .await
            }
            Source::Look { look_id } => self.resolve_look(look_id, overrides, deadline).await,
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
    ) -> Result<Option<Source>, LookerError> {
        let Source::Tile { dashboard_id, .. } = lost else {
            return Ok(None);
        };
        if Kind::of(dashboard_id) != Kind::Lookml {
            return Ok(None);
        }
        let dashboard = self
            .dashboard_whole(dashboard_id, self.api.deadline())
            .await?;
        let elements = dashboard.dashboard_elements.unwrap_or_default();
        let found = known_tile::find_again(&elements, lookml_link_id, title);
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
        deadline: Deadline,
    ) -> Result<Chart, LookerError> {
        let dashboard = self.dashboard_whole(dashboard_id, deadline).await?;
        let values = filters::values(
            dashboard.dashboard_filters.as_deref().unwrap_or(&[]),
            overrides,
        )?;
        let source = Source::Tile {
            dashboard_id: dashboard_id.to_owned(),
            tile_id: tile_id.to_owned(),
        };
        let elements = dashboard.dashboard_elements.unwrap_or_default();
        let element =
            known_tile::find(&elements, tile_id).ok_or_else(|| LookerError::NotFound {
                what: source.to_string(),
            })?;
        let mut query = match tile::origin(element) {
            Some(Ok(origin)) => self.query_at(origin, &source, deadline).await?,
            Some(Err(why)) => return Err(LookerError::Unsupported { why }),
            None => {
                let why = format!("{source} shows no data: it is text, a button or the like");
                return Err(LookerError::Unsupported { why });
            }
        };
        let maker = element.result_maker.as_ref();
        let filterables = maker
            .and_then(|maker| maker.filterables.as_deref())
            .unwrap_or(&[]);
        let applied = filters::listen(&mut query, filterables, &values, overrides)
            .map_err(LookerError::malformed(format!("the query of {source}")))?;
        let frame = Frame {
            source,
            title: tile::title(element),
            dashboard_title: dashboard.title,
            vis_config: tile::vis_config(element),
            lookml_link_id: element.lookml_link_id.clone(),
        };
        let zone = dashboard.query_timezone.as_deref();
        frame.around(query, applied, overrides.time_zone.as_deref(), zone)
    }

    async fn resolve_look(
        &self,
        look_id: &str,
        overrides: &Overrides,
        deadline: Deadline,
    ) -> Result<Chart, LookerError> {
        let source = Source::Look {
            look_id: look_id.to_owned(),
        };
        let look = self.look_whole(look_id, deadline).await?;
        let mut query = query_of(look.query, &source)?;
        let applied = filters::by_field(&mut query, overrides)?;
        let frame = Frame {
            title: look.title.unwrap_or_else(|| "Untitled".to_owned()),
            source,
            dashboard_title: None,
            vis_config: None,
            lookml_link_id: None,
        };
        frame.around(query, applied, overrides.time_zone.as_deref(), None)
    }

    async fn query_at(
        &self,
        origin: Origin<'_>,
        source: &Source,
        deadline: Deadline,
    ) -> Result<Object, LookerError> {
        match origin {
            Origin::Here(query) => Object::parse(query.get())
                .map_err(LookerError::malformed(format!("the query of {source}"))),
            Origin::Query(id) => {
                let what = format!("query {id}");
                let Some(id) = segment(id) else {
                    return Err(LookerError::NotFound { what });
                };
                self.api
                    .read(&Ask::get(format!("/queries/{id}"), what), deadline)
                    .await
            }
            Origin::Look(id) => query_of(self.look_whole(id, deadline).await?.query, source),
        }
    }

    pub(super) async fn look_whole(
        &self,
        id: &str,
        deadline: Deadline,
    ) -> Result<wire::Look, LookerError> {
        let gone = || LookerError::NotFound {
            what: format!("look {id}"),
        };
        let path = segment(id).ok_or_else(gone)?;
        let ask = Ask::get(format!("/looks/{path}"), format!("look {id}"));
        let found: wire::Look = self.api.read(&ask, deadline).await?;
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
    Object::parse(query.get()).map_err(LookerError::malformed(format!("the query of {source}")))
}

impl Frame {
    /// The chart, with its query in the form that is posted.
    fn around(
        self,
        query: Object,
        applied: Applied,
        pinned: Option<&str>,
        of_dashboard: Option<&str>,
    ) -> Result<Chart, LookerError> {
        let what = format!("the query of {}", self.source);
        let mut query = query.into_new();
        zone(&mut query, pinned, of_dashboard).map_err(LookerError::malformed(&what))?;
        let post = query.text().map_err(LookerError::malformed(&what))?;
        let vis_config = self.vis_config.or_else(|| tile::vis_config_of(&post));
        if let Some(config) = &vis_config {
            query.set("vis_config", config.clone());
        }
        Ok(Chart {
            source: self.source,
            title: self.title,
            dashboard_title: self.dashboard_title,
            chart_type: vis_config.as_deref().and_then(tile::chart_type),
            query: query.text().map_err(LookerError::malformed(&what))?,
            identity: query::identity(&post),
            post,
            filters: applied.values,
            ignored: applied.ignored,
            lookml_link_id: self.lookml_link_id,
        })
    }
}

/// Sets the time zone: the pinned one, else the query's own, else the dashboard's. Without any
/// Looker takes that of the API user, who need not live where the readers do.
fn zone(
    query: &mut Object,
    pinned: Option<&str>,
    of_dashboard: Option<&str>,
) -> serde_json::Result<()> {
    let told = |zone: &&str| !zone.is_empty();
    let own = matches!(query.get("query_timezone"), Some(zone) if zone != "null" && zone != "\"\"");
    let zone = match pinned.filter(told) {
        Some(zone) => Some(zone),
        None if own => None,
        None => of_dashboard.filter(told),
    };
    if let Some(zone) = zone {
        query.set("query_timezone", raw(zone)?);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pinned_zone_comes_first_then_the_querys_then_the_dashboards() {
        let cases = [
            (
                r#"{"query_timezone":"UTC"}"#,
                Some("Asia/Tokyo"),
                Some("Europe/Rome"),
                Some("\"Asia/Tokyo\""),
            ),
            (
                r#"{"query_timezone":"UTC"}"#,
                None,
                Some("Europe/Rome"),
                Some("\"UTC\""),
            ),
            (
                r#"{"query_timezone":null}"#,
                None,
                Some("Europe/Rome"),
                Some("\"Europe/Rome\""),
            ),
            (
                r#"{"query_timezone":""}"#,
                Some(""),
                Some("Europe/Rome"),
                Some("\"Europe/Rome\""),
            ),
            (r#"{}"#, None, Some("Europe/Rome"), Some("\"Europe/Rome\"")),
            (r#"{}"#, None, Some(""), None),
            (r#"{}"#, None, None, None),
        ];
        for (text, pinned, of_dashboard, expected) in cases {
            let mut query = Object::parse(text).unwrap();
            zone(&mut query, pinned, of_dashboard).unwrap();
            assert_eq!(
                query.get("query_timezone"),
                expected,
                "{text} {pinned:?} {of_dashboard:?}"
            );
        }
    }
}
