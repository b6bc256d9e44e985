//! The client of Looker's API 4.0. Nothing else in Lensmount speaks to Looker.
//!
//! A [`Looker`] is one connection: it finds where the API answers, keeps one session for all
//! callers, finds dashboards and looks, makes of a [`Source`] the query that its tile shows
//! ([`Chart`]), and runs that within its time. Merged tiles, which Looker's API cannot run, are joined
//! here ([`Merge`]). What it may call at all is decided by [`Targets`].
//!
//! Queries are carried as the text that Looker sent. Looker's cache goes by every detail of a
//! query, so one that is written anew would find hot data cold; and no number in it passes through
//! a float.

mod api;
mod ask;
mod chart;
mod connection;
mod content;
mod dashboard;
mod deadline;
mod error;
mod filters;
mod frame;
mod identify;
mod known_tile;
mod link;
mod look;
mod merge;
mod pick_up;
mod place;
mod posted;
mod probe;
mod query;
mod recent;
mod resolve;
mod retry;
mod room;
mod run;
mod server_url;
mod session;
mod settings;
mod single_flight;
mod source;
mod statement;
mod task;
mod tile;
mod transport;
mod wire;

#[cfg(test)]
mod tests;

pub use chart::{Chart, Overrides, Work};
pub use connection::Looker;
pub use content::{DashboardSummary, Find, Kind, Match};
pub use dashboard::{Dashboard, DashboardFilter};
pub use deadline::Deadline;
pub use error::{Cause, Doing, LookerError};
pub use identify::Identity;
pub use link::{dashboard_id_in, look_id_in};
pub use look::LookSummary;
pub use merge::Merge;
pub use pick_up::PickedUp;
pub use place::Places;
pub use recent::Terms;
pub use run::{Fetched, Queue, Run};
pub use server_url::{BadServerUrl, ServerUrl};
pub use settings::Settings;
pub use source::Source;
pub use tile::Tile;
