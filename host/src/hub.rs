//! Looker's Action Hub: the only place that knows the shapes in which Looker speaks to one.
//!
//! Every active event mapper is an action, and [`reading`] is one more, which moves a key result.
//! Looker asks for the [`list`](mod@list) of actions and for
//! the [`form`](mod@form) of a schedule, and sends the rows of a query to [`execute`](mod@execute) one
//! of them: in its request, taken apart by [`envelope`] as it comes, or as a URL that [`download`]
//! fetches. The rows are on disk before anything is made of them; from there on a run goes its way
//! ([`crate::event`]), and [`answer`] tells Looker how far it came.

mod action;
mod answer;
mod door;
pub mod download;
pub mod envelope;
mod execute;
mod form;
pub mod keys;
mod list;
mod page;
mod reading;
mod take;
mod target;
pub mod token;
pub mod version;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::{get, post};
use tokio_util::sync::CancellationToken;

use crate::catalog::Catalog;
use crate::clock::SharedClock;
use crate::event::Runs;
use crate::event::destination::Destinations;
use crate::keyresult::KeyResults;

pub use download::{DownloadError, Downloads};
pub use keys::{HubKeyError, HubKeyRecord, HubKeys};
pub use reading::NAME as READING;
pub use take::Bounds;
pub use token::Secrets;

/// How the hub is met and how long it waits.
#[derive(Debug, Clone)]
pub struct Manner {
    /// What Looker reaches this server by; without it, by whatever it reached it just now.
    pub public_url: Option<String>,
    /// How long an answer waits for its run.
    pub patience: Duration,
    /// How often a newline is sent while an answer is not ready.
    pub keep_alive: Duration,
    /// How long a request's body may take.
    pub body: Bounds,
}

impl Default for Manner {
    fn default() -> Self {
        Self {
            public_url: None,
            // Looker hangs up after about half an hour.
            patience: Duration::from_secs(25 * 60),
            keep_alive: Duration::from_secs(30),
            body: Bounds::default(),
        }
    }
}

/// The hub.
pub struct Hub {
    /// Who may call.
    pub keys: Arc<HubKeys>,
    /// The mappers, each of which is an action.
    pub catalog: Arc<Catalog>,
    /// Where events can be sent by name.
    pub destinations: Arc<Destinations>,
    /// What is made of rows.
    pub runs: Arc<Runs>,
    /// What is read off results.
    pub key_results: Arc<KeyResults>,
    /// Fetches rows.
    pub downloads: Downloads,
    /// The time.
    pub clock: SharedClock,
    /// How it is met.
    pub manner: Manner,
    /// Answers are given at once when the server stops.
    pub stop: CancellationToken,
}

/// The hub as a service, under `/hub`.
pub fn router(hub: Arc<Hub>) -> Router {
    let list = || post(list::all).get(page::show);
    Router::new()
        .route("/hub", list())
        .route("/hub/", list())
        .route("/hub/status", get(page::status))
        .route("/hub/actions/{name}", post(list::one))
        .route("/hub/actions/{name}/form", post(form::show))
        .route("/hub/actions/{name}/execute", post(execute::execute))
        .with_state(hub)
}
