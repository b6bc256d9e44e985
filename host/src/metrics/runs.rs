//! What is counted of runs of actions, and how much of them is not done.

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};

use super::Outcome;

/// What is counted of runs. Clones count together.
#[derive(Clone, Default)]
pub struct RunCounts {
    rows: Counter,
    events: Family<Outcome, Counter>,
    deliveries: Family<Outcome, Counter>,
}

/// What is not done of all runs, at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Backlog {
    /// Runs that are being mapped or have events that wait.
    pub runs: u64,
    /// Events that wait to be sent.
    pub waiting: u64,
    /// For how long the oldest of them has waited; zero where none waits.
    pub oldest: Duration,
}

impl RunCounts {
    /// Counts the rows of a run that was begun.
    pub fn received(&self, rows: u64) {
        self.rows.inc_by(rows);
    }

    /// Counts events that a destination has taken.
    pub fn delivered(&self, events: u64) {
        self.count("delivered", events);
    }

    /// Counts events that a destination has refused for good.
    pub fn refused(&self, events: u64) {
        self.count("refused", events);
    }

    /// Counts rows and events that could not be mapped.
    pub fn rejected(&self, events: u64) {
        self.count("rejected", events);
    }

    /// Counts a request to a destination, by what that made of it.
    pub fn sent(&self, outcome: &'static str) {
        self.deliveries.get_or_create(&Outcome { outcome }).inc();
    }

    fn count(&self, outcome: &'static str, events: u64) {
        if events > 0 {
            let counted = self.events.get_or_create(&Outcome { outcome });
            counted.inc_by(events);
        }
    }

    /// Adds all of it to what is told, and the backlog where that is known.
    pub(super) fn register(&self, registry: &mut Registry, backlog: Option<&Backlog>) {
        registry.register(
            "rows_received",
            "Rows of runs that were begun",
            self.rows.clone(),
        );
        registry.register(
            "events",
            "Events of runs, by whether their destination has delivered or refused them, or whether they could not be mapped and were rejected",
            self.events.clone(),
        );
        registry.register(
            "deliveries",
            "Requests to destinations of events, by whether they were taken, refused for good, unfit as a whole, or found their destination away",
            self.deliveries.clone(),
        );
        let Some(backlog) = backlog else { return };
        registry.register(
            "runs_unfinished",
            "Runs that are being mapped or have events that wait to be sent",
            gauge(backlog.runs),
        );
        registry.register(
            "events_waiting",
            "Events that wait to be sent",
            gauge(backlog.waiting),
        );
        let oldest = Gauge::<f64, AtomicU64>::default();
        oldest.set(backlog.oldest.as_secs_f64());
        registry.register_with_unit(
            "events_oldest_wait",
            "For how long the events that have waited longest have waited",
            Unit::Seconds,
            oldest,
        );
    }
}

fn gauge(value: u64) -> Gauge<u64, AtomicU64> {
    let gauge = Gauge::default();
    gauge.set(value);
    gauge
}
