//! Looks.

use futures_util::future::join_all;
use serde::Serialize;
use utoipa::ToSchema;

use super::ask::{Ask, segment};
use super::connection::Looker;
use super::content::{Find, Search, Titled, page};
use super::deadline::Deadline;
use super::error::LookerError;
use super::link::{is_link, look_id_in};
use super::recent::Terms;
use super::tile;
use super::wire;

/// How many looks are asked after at a time.
const SIDE_BY_SIDE: usize = 8;

/// A look as lists show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct LookSummary {
    /// Its id.
    #[schema(example = "45")]
    pub id: String,
    /// Its title.
    pub title: String,
    /// The folder's name.
    pub folder: Option<String>,
    /// `vis_config.type`.
    pub chart_type: Option<String>,
}

impl Titled for LookSummary {
    fn id(&self) -> &str {
        &self.id
    }

    fn title(&self) -> &str {
        &self.title
    }
}

impl LookSummary {
    /// A look without an id is none that could be read.
    fn of(look: wire::Look) -> Option<Self> {
        let config = look
            .query
            .as_deref()
            .and_then(|query| tile::vis_config_of(query.get()));
        Some(Self {
            id: look.id?.0,
            title: look.title.unwrap_or_else(|| "Untitled".to_owned()),
            folder: look.folder.and_then(|folder| folder.name),
            chart_type: config.as_deref().and_then(tile::chart_type),
        })
    }
}

impl Looker {
    /// Finds looks by title, by a pasted URL or by id.
    ///
    /// # Errors
    ///
    /// What Looker or the way to it answered.
    pub async fn looks(&self, find: &Find) -> Result<Vec<LookSummary>, LookerError> {
        let deadline = self.api.deadline();
        let wanted = find.offset.saturating_add(find.limit);
        let mut found = Vec::new();
        if let Some(title) = find.title() {
            if let Some(id) = look_id_in(title) {
                match self.look_whole(&id, Terms::now(deadline)).await {
                    Ok(look) => found.extend(LookSummary::of(look)),
                    Err(LookerError::NotFound { .. }) => {}
                    Err(error) => return Err(error),
                }
            }
            if is_link(title) {
                return Ok(page(found, find));
            }
        }
        let search = Search {
            path: "/looks/search",
            what: "list of looks",
            fields: "id,title,folder(name)",
        };
        self.search(&search, find, wanted, &mut found, LookSummary::of, deadline)
            .await?;
        let mut found = page(found, find);
        for some in found.chunks_mut(SIDE_BY_SIDE) {
            join_all(some.iter_mut().map(|look| self.complete(look, deadline))).await;
        }
        Ok(found)
    }

    /// Adds the chart type: a search answers with looks but not with their queries. Without one
    /// a look is told all the same.
    async fn complete(&self, look: &mut LookSummary, deadline: Deadline) {
        let Some(id) = segment(&look.id).filter(|_| look.chart_type.is_none()) else {
            return;
        };
        let ask = Ask::get(format!("/looks/{id}"), format!("look {id}"))
            .with("fields", "id,query(vis_config)");
        if let Ok(whole) = self.api.read::<wire::Look>(&ask, deadline).await {
            look.chart_type = LookSummary::of(whole).and_then(|whole| whole.chart_type);
        }
    }
}
