//! A run as it is told: what was asked for, how far it is, and what became of each row.

use jiff::Timestamp;
use serde::Serialize;

use crate::record::Stored;

use super::record::{Delivery, Mapped, Rejected, RunRecord};

/// A run as it is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Run {
    /// Its id.
    pub id: String,
    /// The event mapper.
    pub action: String,
    /// Its version.
    pub version: String,
    /// Looker's id of the schedule; null where somebody sent the rows by hand.
    pub plan_id: Option<String>,
    /// The schedule's title.
    pub plan_title: Option<String>,
    /// Where its events go.
    pub server_url: String,
    /// `mapping`, `sending`, or `done`.
    pub state: &'static str,
    /// When it was begun.
    #[schema(value_type = String, format = DateTime)]
    pub begun_at: Timestamp,
    /// When all its rows were mapped; null while they are not.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub mapped_at: Option<Timestamp>,
    /// When nothing of it waited any more; null while something does.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub done_at: Option<Timestamp>,
    /// When it was written to last.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
    /// Rows of the result.
    pub rows: u64,
    /// Rows that are mapped.
    pub mapped: u64,
    /// Events made of them.
    pub events: u64,
    /// Events that the destination has taken.
    pub delivered: u64,
    /// Events that wait to be sent.
    pub waiting: u64,
    /// Rows and events that could not be mapped.
    pub rejected: u64,
    /// The first of them, with their reasons.
    pub rejections: Vec<Reason>,
    /// Events that the destination has refused for good.
    pub dead: u64,
    /// Why, for the first of them.
    pub dead_letters: Vec<Reason>,
    /// Events larger than the 32 KiB that the destination's documentation allows. They are sent.
    pub oversized: u64,
    /// Why the newest request to the destination did not go through; null once one has.
    pub last_error: Option<String>,
}

/// Why a row or an event did not go out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Reason {
    /// The row's number, the first being 1; null where it is not known.
    pub row: Option<u64>,
    /// Why.
    pub reason: String,
}

impl From<Rejected> for Reason {
    fn from(rejected: Rejected) -> Self {
        Self {
            row: rejected.row,
            reason: rejected.reason,
        }
    }
}

/// A run out of what is kept of it.
pub(super) fn told(run: Stored<RunRecord>, delivery: Option<Stored<Delivery>>) -> Run {
    let delivery = delivery.map(|it| it.record).unwrap_or_default();
    let (record, mapped) = (run.record.clone(), run.record.mapped);
    let (state, waiting) = standing(&mapped, &delivery);
    Run {
        id: run.key,
        action: record.action,
        version: record.version,
        plan_id: record.plan.id,
        plan_title: record.plan.title,
        server_url: record.address.server_url,
        state,
        begun_at: record.begun_at,
        mapped_at: mapped.done_at,
        done_at: mapped
            .done_at
            .filter(|_| state == "done")
            .map(|mapped| delivery.at.map_or(mapped, |at| at.max(mapped))),
        updated_at: delivery
            .at
            .map_or(run.updated_at, |at| at.max(run.updated_at)),
        rows: record.rows,
        mapped: mapped.rows,
        events: mapped.messages,
        delivered: delivery.delivered,
        waiting,
        rejected: mapped.rejected,
        rejections: mapped.first.into_iter().map(Reason::from).collect(),
        dead: delivery.dead,
        dead_letters: delivery.first.into_iter().map(Reason::from).collect(),
        oversized: mapped.oversized,
        last_error: delivery.last_error,
    }
}

/// `mapping`, `sending`, or `done`, and how many events wait to be sent.
pub(super) fn standing(mapped: &Mapped, delivery: &Delivery) -> (&'static str, u64) {
    let waiting = mapped
        .messages
        .saturating_sub(delivery.delivered + delivery.dead);
    let state = match (mapped.done_at, waiting) {
        (None, _) => "mapping",
        (Some(_), 0) => "done",
        (Some(_), _) => "sending",
    };
    (state, waiting)
}
