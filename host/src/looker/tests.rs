//! The client over HTTP: against the simulator for what Looker is like, and against a scripted
//! stand-in for what only a broken or ill-meaning server does.

mod finding;
mod merging;
mod reach;
mod resolving;
mod running;
mod session;
mod sharing;
mod simulated;
mod stand_in;
mod statement;
mod timing;

use std::sync::Arc;
use std::time::Duration;

use super::{
    Chart, Looker, LookerError, Overrides, PickedUp, ServerUrl, Settings, Source, Terms, Work,
};
use crate::clock::{ManualClock, SystemClock};
use crate::egress::Targets;

const CLIENT_ID: &str = "client";
const CLIENT_SECRET: &str = "canary-of-a-secret";

impl Looker {
    /// [`Looker::resolve`] within the connection's timeout.
    async fn resolve_now(&self, of: &Source, overrides: &Overrides) -> Result<Chart, LookerError> {
        self.resolve(of, overrides, Terms::now(self.deadline()))
            .await
    }

    /// [`Looker::pick_up`] within the connection's timeout.
    async fn pick_up_now(&self, task_id: &str) -> Result<PickedUp, LookerError> {
        self.pick_up(task_id, self.deadline()).await
    }
}

/// Settings for a server at `url`.
fn settings(url: &str) -> Settings {
    Settings {
        server_url: ServerUrl::parse(url).unwrap(),
        client_id: CLIENT_ID.to_owned(),
        client_secret: CLIENT_SECRET.into(),
        timeout: Duration::from_secs(20),
        max_concurrent: Settings::MAX_CONCURRENT,
    }
}

/// Targets that let tests call this machine.
fn loopback() -> Arc<Targets> {
    Arc::new(Targets::new(vec!["127.0.0.0/8".parse().unwrap()]))
}

fn connect(settings: Settings) -> Arc<Looker> {
    Looker::new(settings, loopback(), SystemClock::shared()).unwrap()
}

fn connect_at(settings: Settings, clock: &ManualClock) -> Arc<Looker> {
    Looker::new(settings, loopback(), clock.shared()).unwrap()
}

/// Waits until something holds; fails when it takes too long.
async fn eventually(what: &str, holds: impl Fn() -> bool) {
    let waiting = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let in_time = tokio::time::timeout(Duration::from_secs(10), waiting).await;
    assert!(in_time.is_ok(), "never: {what}");
}

/// The body that a chart of one query is run with.
fn posted(chart: &Chart) -> &str {
    match &chart.work {
        Work::Query(post) => post,
        work => panic!("{work:?}"),
    }
}
