//! The made-up content: folders, dashboards, looks.

use std::sync::Arc;

use crate::query::{Queries, Stored};

pub use self::folder::{FOLDERS, Folder};
pub use show::{dashboard, element, folder, look};

mod board;
mod draft;
mod folder;
mod look;
mod show;

mod business_pulse;
mod every_filter;
mod forecast;
mod odd_tiles;
mod payments;
mod pivots;
mod sales;
mod titles;

/// All content. It never changes.
#[derive(Debug)]
pub struct Content {
    /// Dashboards, LookML ones too.
    pub dashboards: Vec<Dashboard>,
    /// Looks.
    pub looks: Vec<Look>,
    /// Queries that merge others.
    pub merges: Vec<Merge>,
    /// Queries written in SQL.
    pub statements: Vec<Statement>,
}

/// A dashboard.
#[derive(Debug)]
pub struct Dashboard {
    /// Its id; `model::name` if it is written in LookML.
    pub id: String,
    /// Its title.
    pub title: &'static str,
    /// What it is about.
    pub description: &'static str,
    /// Where it lies.
    pub folder: &'static Folder,
    /// Its short name in URLs.
    pub slug: String,
    /// Whether it is in the bin.
    pub deleted: bool,
    /// The zone its days begin in.
    pub zone: Option<&'static str>,
    /// Its filters.
    pub filters: Vec<Filter>,
    /// Its tiles.
    pub tiles: Vec<Tile>,
}

impl Dashboard {
    /// Whether it is written in LookML.
    pub fn is_lookml(&self) -> bool {
        self.id.contains("::")
    }
}

/// A filter of a dashboard.
#[derive(Debug)]
pub struct Filter {
    /// Its id.
    pub id: String,
    /// Its name, which tiles listen to.
    pub name: &'static str,
    /// Its type.
    pub kind: &'static str,
    /// What it is set to unless somebody says otherwise.
    pub default_value: &'static str,
    /// The field it is about, if it is about one.
    pub field: Option<&'static str>,
}

/// A tile.
#[derive(Debug)]
pub struct Tile {
    /// Its id.
    pub id: String,
    /// Its title, if it was given one.
    pub title: Option<&'static str>,
    /// What it holds.
    pub holds: Holds,
    /// Which filters it listens to, per query.
    pub listens: Vec<Listens>,
    /// Its name in LookML.
    pub lookml_link_id: Option<String>,
}

/// What a tile holds.
#[derive(Debug)]
pub enum Holds {
    /// A query of its own.
    Query(Arc<Stored>),
    /// The look of this id.
    Look(&'static str),
    /// The merged query of this id.
    Merge(&'static str),
    /// The statement of this short name.
    Statement(&'static str),
    /// Words.
    Text(&'static str),
    /// A button with this label.
    Button(&'static str),
}

/// Which filters the query of this name listens to, and with which of its fields.
#[derive(Debug, Clone)]
pub struct Listens {
    /// The explore of the query.
    pub explore: &'static str,
    /// Its name, among several of a tile.
    pub name: &'static str,
    /// Filter names and fields.
    pub to: Vec<(&'static str, &'static str)>,
}

/// A look.
#[derive(Debug)]
pub struct Look {
    /// Its id.
    pub id: &'static str,
    /// Its title.
    pub title: &'static str,
    /// Where it lies.
    pub folder: &'static Folder,
    /// What it asks.
    pub stored: Arc<Stored>,
    /// Whether it is in the bin.
    pub deleted: bool,
}

/// Queries that are joined.
#[derive(Debug)]
pub struct Merge {
    /// Its id.
    pub id: &'static str,
    /// The first is the one that others are joined to.
    pub sources: Vec<Source>,
    /// Table calculations over all of them.
    pub dynamic_fields: Option<&'static str>,
    /// How it is drawn.
    pub chart: &'static str,
}

/// One of the queries of a merge.
#[derive(Debug)]
pub struct Source {
    /// Its name.
    pub name: &'static str,
    /// What it asks.
    pub stored: Arc<Stored>,
    /// Its field, and that of the first query which it has to equal.
    pub joined: Option<(&'static str, &'static str)>,
}

/// A query written in SQL.
#[derive(Debug)]
pub struct Statement {
    /// Its short name.
    pub slug: &'static str,
    /// The SQL.
    pub sql: &'static str,
    /// What it comes to.
    pub stored: Arc<Stored>,
    /// What its columns are called.
    pub columns: &'static [&'static str],
}

impl Content {
    /// The dashboard of this id or short name.
    pub fn dashboard(&self, id: &str) -> Option<&Dashboard> {
        self.dashboards
            .iter()
            .find(|dashboard| dashboard.id == id || dashboard.slug == id)
    }

    /// The look of this id.
    pub fn look(&self, id: &str) -> Option<&Look> {
        self.looks.iter().find(|look| look.id == id)
    }

    /// The tile of this id, and its dashboard.
    pub fn tile(&self, id: &str) -> Option<(&Dashboard, &Tile)> {
        let mut tiles = self
            .dashboards
            .iter()
            .flat_map(|dashboard| dashboard.tiles.iter().map(move |tile| (dashboard, tile)));
        tiles.find(|(_, tile)| tile.id == id)
    }
}

/// All content, its queries put among the others.
pub fn content(queries: &Queries) -> Content {
    let looks = look::looks(queries);
    let mut dashboards = vec![
        sales::dashboard(queries),
        payments::dashboard(queries),
        pivots::dashboard(queries),
        every_filter::dashboard(queries),
        odd_tiles::dashboard(queries),
        forecast::dashboard(queries),
    ];
    dashboards.extend(titles::dashboards(queries));
    dashboards.push(business_pulse::dashboard(queries));
    Content {
        dashboards,
        looks,
        merges: odd_tiles::merges(queries),
        statements: odd_tiles::statements(queries),
    }
}
