//! What the server counts, for those who keep it running.
//!
//! Labels are bounded: routes as they are declared, never paths; stable codes, never messages; names
//! of extractors. Nothing here holds what was read or whose it is.

mod extractors;
mod runs;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use crate::catalog::Catalog;

use extractors::Extractors;
pub use runs::{Backlog, RunCounts};

/// What the server counts. Clones count together.
#[derive(Clone)]
pub struct Metrics {
    requests: Family<Request, Counter>,
    request_time: Family<Route, Histogram, fn() -> Histogram>,
    polls: Family<Outcome, Counter>,
    reads: Family<Outcome, Counter>,
    notices: Family<Outcome, Counter>,
    lateness: Histogram,
    runs: RunCounts,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Request {
    method: String,
    route: String,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Route {
    route: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    outcome: &'static str,
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            requests: Family::default(),
            request_time: Family::new_with_constructor(seconds),
            polls: Family::default(),
            reads: Family::default(),
            notices: Family::default(),
            lateness: seconds(),
            runs: RunCounts::default(),
        }
    }
}

/// From half a millisecond to a minute and more.
fn seconds() -> Histogram {
    Histogram::new([
        0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
        60.0,
    ])
}

impl Metrics {
    /// Counts a request that was answered.
    pub fn answered(&self, method: &str, route: Option<&str>, status: u16, took: Duration) {
        let route = route.unwrap_or("unmatched");
        let request = Request {
            method: method.to_owned(),
            route: route.to_owned(),
            status,
        };
        self.requests.get_or_create(&request).inc();
        let route = Route {
            route: route.to_owned(),
        };
        let took = took.as_secs_f64();
        self.request_time.get_or_create(&route).observe(took);
    }

    /// Counts a poll that was completed, and how late it began.
    pub fn polled(&self, late: Duration) {
        let outcome = Outcome {
            outcome: "completed",
        };
        self.polls.get_or_create(&outcome).inc();
        self.lateness.observe(late.as_secs_f64());
    }

    /// Counts a poll that could not be completed.
    pub fn poll_lost(&self) {
        let outcome = Outcome { outcome: "lost" };
        self.polls.get_or_create(&outcome).inc();
    }

    /// Counts a scheduled or asked-for read by how it ended: `read`, or the code of its failure.
    pub fn read(&self, outcome: &'static str) {
        self.reads.get_or_create(&Outcome { outcome }).inc();
    }

    /// Counts a notice that was posted to a webhook, by what its receiver made of it.
    pub fn notified(&self, outcome: &'static str) {
        self.notices.get_or_create(&Outcome { outcome }).inc();
    }

    /// What is counted of runs of actions.
    #[must_use]
    pub fn runs(&self) -> RunCounts {
        self.runs.clone()
    }

    /// All of it as OpenMetrics text, with the backlog of runs where that is known.
    ///
    /// # Errors
    ///
    /// When it cannot be written, which is a fault of ours.
    pub fn text(
        &self,
        catalog: &Arc<Catalog>,
        backlog: Option<&Backlog>,
    ) -> Result<String, fmt::Error> {
        let mut registry = Registry::with_prefix("lensmount");
        let registered = &mut registry;
        registered.register(
            "requests",
            "Requests answered, by route and status",
            self.requests.clone(),
        );
        registered.register_with_unit(
            "request_time",
            "Time from a request's head to its answer's head",
            Unit::Seconds,
            self.request_time.clone(),
        );
        registered.register(
            "polls",
            "Polls that ran, by whether they could be completed",
            self.polls.clone(),
        );
        registered.register_with_unit(
            "poll_lateness",
            "Time from when a poll was due to when it began",
            Unit::Seconds,
            self.lateness.clone(),
        );
        registered.register(
            "reads",
            "Reads of key results, by outcome: read, or the code of the failure",
            self.reads.clone(),
        );
        registered.register(
            "webhook_notices",
            "Notices posted to webhooks, by whether they were delivered, refused, or found their receiver away or gone",
            self.notices.clone(),
        );
        let compiled = Counter::<u64>::default();
        compiled.inc_by(catalog.sandbox().compiles());
        registered.register(
            "extractors_compiled",
            "Components compiled since the server started; a start from kept code compiles none",
            compiled,
        );
        self.runs.register(registered, backlog);
        registered.register_collector(Box::new(Extractors::of(catalog)));
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &registry)?;
        Ok(text)
    }
}
