//! Dashboards, written down in few words.

use super::draft::Draft;
use super::{Dashboard, Filter, Folder, Holds, Listens, Tile};
use crate::query::Queries;

/// A dashboard in the making.
#[derive(Debug)]
pub struct Board<'a> {
    queries: &'a Queries,
    dashboard: Dashboard,
}

impl<'a> Board<'a> {
    /// A dashboard without tiles.
    pub fn new(
        queries: &'a Queries,
        id: &str,
        title: &'static str,
        folder: &'static Folder,
    ) -> Self {
        // A slug is 22 characters in Looker; it only has to be the dashboard's own.
        let slug = format!("{:A>22}", id.replace("::", "x").replace('_', ""));
        let dashboard = Dashboard {
            id: id.to_owned(),
            title,
            description: "",
            folder,
            slug,
            deleted: false,
            zone: None,
            filters: Vec::new(),
            tiles: Vec::new(),
        };
        Self { queries, dashboard }
    }

    /// With a word on what it is about.
    pub fn about(mut self, description: &'static str) -> Self {
        self.dashboard.description = description;
        self
    }

    /// In the bin.
    pub fn deleted(mut self) -> Self {
        self.dashboard.deleted = true;
        self
    }

    /// With days that begin in this zone.
    pub fn zone(mut self, zone: &'static str) -> Self {
        self.dashboard.zone = Some(zone);
        self
    }

    /// With a filter.
    pub fn filter(
        mut self,
        name: &'static str,
        kind: &'static str,
        default_value: &'static str,
        field: Option<&'static str>,
    ) -> Self {
        let id = format!("{}{:02}", self.number(), self.dashboard.filters.len() + 1);
        self.dashboard.filters.push(Filter {
            id,
            name,
            kind,
            default_value,
            field,
        });
        self
    }

    /// With a tile that has a query and listens to these filters with these fields.
    pub fn tile(
        self,
        title: &'static str,
        draft: Draft,
        to: &[(&'static str, &'static str)],
    ) -> Self {
        let stored = draft.put(self.queries);
        let explore = match stored.query.view.as_deref() {
            Some("visits") => "visits",
            _ => "orders",
        };
        let listens = Listens {
            explore,
            name: "",
            to: to.to_vec(),
        };
        self.hold(
            Some(title).filter(|title| !title.is_empty()),
            Holds::Query(stored),
            vec![listens],
        )
    }

    /// With a tile that holds something else.
    pub fn hold(
        mut self,
        title: Option<&'static str>,
        holds: Holds,
        listens: Vec<Listens>,
    ) -> Self {
        let number = self.dashboard.tiles.len() + 1;
        let (id, lookml_link_id) = if self.dashboard.is_lookml() {
            let link: String = title.unwrap_or("tile").to_lowercase().replace(' ', "_");
            (format!("{}::{link}", self.dashboard.id), Some(link))
        } else {
            (format!("{}{number:02}", self.number()), None)
        };
        self.dashboard.tiles.push(Tile {
            id,
            title,
            holds,
            listens,
            lookml_link_id,
        });
        self
    }

    /// The dashboard.
    pub fn done(self) -> Dashboard {
        self.dashboard
    }

    /// What ids of its parts begin with.
    fn number(&self) -> &str {
        if self.dashboard.is_lookml() {
            "90"
        } else {
            &self.dashboard.id
        }
    }
}
