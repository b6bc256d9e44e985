//! What of a run is told to whoever listens: where it takes a turn, not every step of it. It is told
//! in the change that makes it so.

use serde::Serialize;

use crate::record::RecordError;
use crate::store::{Change, Kind};

use super::record::{Delivery, Mapped, RunRecord};
use super::told::standing;

/// What listeners know it by.
const TOPIC: &str = "delivery";

/// Where a run takes a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Turn {
    /// All its rows are on disk.
    Begun,
    /// All its rows are mapped.
    Mapped,
    /// Its destination is away.
    Away,
    /// Its destination has taken something again.
    Back,
    /// Its destination has refused events for good, the first of them; how many there are in the end
    /// is told when it is done.
    Refused,
    /// What was refused is sent again.
    Redriven,
    /// Nothing of it waits any more.
    Done,
}

/// How far a run is, without what stood in its rows and without where it goes.
#[derive(Serialize)]
struct News<'a> {
    run_id: &'a str,
    change: Turn,
    action: &'a str,
    plan_id: Option<&'a str>,
    state: &'static str,
    rows: u64,
    mapped: u64,
    events: u64,
    delivered: u64,
    waiting: u64,
    rejected: u64,
    dead: u64,
    last_error: Option<&'a str>,
}

/// Adds to a change what it means for a run, which is like this after it.
pub(super) fn tell(
    change: Change,
    turns: &[Turn],
    run: &str,
    record: &RunRecord,
    delivery: &Delivery,
) -> Result<Change, RecordError> {
    let (state, waiting) = standing(&record.mapped, delivery);
    turns.iter().try_fold(change, |change, turn| {
        let news = News {
            run_id: run,
            change: *turn,
            action: &record.action,
            plan_id: record.plan.id.as_deref(),
            state,
            rows: record.rows,
            mapped: record.mapped.rows,
            events: record.mapped.messages,
            delivered: delivery.delivered,
            waiting,
            rejected: record.mapped.rejected,
            dead: delivery.dead,
            last_error: delivery.last_error.as_deref(),
        };
        let body = serde_json::to_vec(&news).map_err(|source| RecordError::Unreadable {
            record: format!("{}/{run}", Kind::Run),
            source,
        })?;
        Ok(change.tell(TOPIC, body))
    })
}

/// The turns that the end of the mapping is.
pub(super) fn mapped(mapped: &Mapped, delivery: &Delivery) -> &'static [Turn] {
    match standing(mapped, delivery) {
        ("done", _) => &[Turn::Mapped, Turn::Done],
        _ => &[Turn::Mapped],
    }
}

/// The turns that a step of the sending is.
pub(super) fn turns(mapped: &Mapped, before: &Delivery, after: &Delivery) -> Vec<Turn> {
    let is_done = |delivery| standing(mapped, delivery).0 == "done";
    let turns = [
        (Turn::Back, before.away && !after.away),
        (Turn::Away, !before.away && after.away),
        (Turn::Refused, before.dead == 0 && after.dead > 0),
        (Turn::Redriven, after.dead < before.dead),
        (Turn::Done, !is_done(before) && is_done(after)),
    ];
    let taken = turns.into_iter().filter(|(_, is_taken)| *is_taken);
    taken.map(|(turn, _)| turn).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delivery(delivered: u64, dead: u64, away: bool) -> Delivery {
        Delivery {
            delivered,
            dead,
            away,
            ..Delivery::default()
        }
    }

    #[test]
    fn a_step_is_news_only_where_the_run_takes_a_turn() {
        let mapped = Mapped {
            messages: 10,
            done_at: Some(jiff::Timestamp::UNIX_EPOCH),
            ..Mapped::default()
        };
        let unmapped = Mapped {
            done_at: None,
            ..mapped.clone()
        };
        for (before, after, news) in [
            ((0, 0, false), (4, 0, false), vec![]),
            ((4, 0, false), (10, 0, false), vec![Turn::Done]),
            ((4, 0, false), (4, 0, true), vec![Turn::Away]),
            ((4, 0, true), (4, 0, true), vec![]),
            ((4, 0, true), (5, 0, false), vec![Turn::Back]),
            ((4, 0, true), (10, 0, false), vec![Turn::Back, Turn::Done]),
            ((4, 0, false), (4, 3, false), vec![Turn::Refused]),
            ((4, 3, false), (4, 5, false), vec![]),
            ((4, 5, false), (4, 6, false), vec![Turn::Done]),
            (
                (0, 0, false),
                (0, 10, false),
                vec![Turn::Refused, Turn::Done],
            ),
            ((4, 6, false), (4, 0, false), vec![Turn::Redriven]),
        ] {
            let of = |(delivered, dead, away)| delivery(delivered, dead, away);
            let (before, after) = (of(before), of(after));
            assert_eq!(
                turns(&mapped, &before, &after),
                news,
                "{before:?} {after:?}"
            );
            let early: Vec<Turn> = news.into_iter().filter(|it| *it != Turn::Done).collect();
            assert_eq!(turns(&unmapped, &before, &after), early);
        }
    }

    #[test]
    fn a_run_is_done_with_its_mapping_where_all_was_delivered_before() {
        let all = Mapped {
            messages: 10,
            done_at: Some(jiff::Timestamp::UNIX_EPOCH),
            ..Mapped::default()
        };
        assert_eq!(
            super::mapped(&all, &delivery(8, 2, false)),
            [Turn::Mapped, Turn::Done]
        );
        assert_eq!(super::mapped(&all, &delivery(9, 0, false)), [Turn::Mapped]);
    }
}
