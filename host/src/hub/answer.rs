//! What Looker is told of a run: what is true, in a few lines.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;

use crate::catalog::CatalogError;
use crate::event::destination::SERVER_URL;
use crate::event::{Reason, ReceiveError, Run, RunError};
use crate::problem::Problem;
use crate::sandbox::CallError;

/// How many rows are told with their reasons.
const TOLD: usize = 5;
/// The most characters of a reason.
const REASON: usize = 200;

/// An answer as Looker reads it.
#[derive(Debug, Serialize)]
pub(super) struct Answer {
    looker: Outcome,
}

#[derive(Debug, Serialize)]
struct Outcome {
    success: bool,
    message: String,
    refresh_query: bool,
    validation_errors: BTreeMap<String, String>,
}

/// Why nothing was done.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    message: String,
    fields: BTreeMap<String, String>,
}

impl Refusal {
    /// With nothing to say but this.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            fields: BTreeMap::new(),
        }
    }

    /// A field of the form is to blame.
    pub fn field(name: &str, message: &str) -> Self {
        Self {
            message: message.to_owned(),
            fields: BTreeMap::from([(name.to_owned(), message.to_owned())]),
        }
    }

    /// Nobody but this server is to blame.
    pub fn ours(error: &(dyn std::error::Error + 'static)) -> Self {
        tracing::error!(
            error,
            "a request of Looker's failed by a fault of the server"
        );
        Self::new(
            "Lensmount could not take this in, and nothing was done; its log says why. Run the schedule again.",
        )
    }
}

impl From<ReceiveError> for Refusal {
    fn from(error: ReceiveError) -> Self {
        match error {
            ReceiveError::Scan(_)
            | ReceiveError::Looker { .. }
            | ReceiveError::TooLarge
            | ReceiveError::Full => Self::new(error.to_string()),
            ReceiveError::Store(_) | ReceiveError::Worker(_) | ReceiveError::Over => {
                Self::ours(&error)
            }
        }
    }
}

impl From<RunError> for Refusal {
    fn from(error: RunError) -> Self {
        // What a mapper says of a control belongs beside its field.
        if let RunError::Mapper(CatalogError::Call(CallError::Failure(failed))) = &error {
            let failure = &failed.failure;
            let message = &failure.message;
            return match &failure.control {
                Some(control) => Self::field(control, message),
                None => Self::new(message),
            };
        }
        // Whoever reads this has filled in a setting, and knows of no field.
        if let RunError::ServerUrl { .. } = &error {
            return Self::new(format!("Setting \"{}\": {error}.", SERVER_URL.label));
        }
        Self::new(Problem::from(error).detail.clone())
    }
}

impl From<Refusal> for Answer {
    fn from(refusal: Refusal) -> Self {
        Self {
            looker: Outcome {
                success: false,
                message: refusal.message,
                refresh_query: false,
                validation_errors: refusal.fields,
            },
        }
    }
}

impl Answer {
    /// How far a run has come. `repeated` is one that was begun by the same request before.
    pub fn of(run: &Run, repeated: bool) -> Self {
        Self {
            looker: Outcome {
                // What waits is on disk and goes out; what was rejected or refused does not.
                success: run.rejected == 0 && run.dead == 0,
                message: message(run, repeated),
                refresh_query: false,
                validation_errors: BTreeMap::new(),
            },
        }
    }

    /// A success with these words.
    pub fn said(message: String) -> Self {
        Self {
            looker: Outcome {
                success: true,
                message,
                refresh_query: false,
                validation_errors: BTreeMap::new(),
            },
        }
    }

    /// A run that has begun and that nothing more can be said of just now.
    pub fn begun(id: &str) -> Self {
        let message = format!(
            "The rows are kept and their events go out by themselves, but how far that is could not be found out. Look at run {id}."
        );
        Self::said(message)
    }
}

fn message(run: &Run, repeated: bool) -> String {
    let mut text = String::new();
    let mut say = |words: String| {
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(&words);
    };
    if repeated {
        say("The same request came within the last hour; what was delivered then is not sent twice.".to_owned());
    }
    if run.rows == 0 {
        say("There were no rows, so nothing was sent.".to_owned());
    } else {
        let (rows, events) = (counted(run.rows, "row"), counted(run.events, "event"));
        say(format!("{rows}, {events}: {} delivered.", run.delivered));
    }
    if run.mapped < run.rows {
        say(format!(
            "{} of the rows are still to be made events; that goes on by itself.",
            run.rows - run.mapped
        ));
    }
    if run.waiting > 0 {
        let why = run
            .last_error
            .as_deref()
            .map_or(String::new(), |error| format!(" ({})", short(error)));
        say(format!(
            "{} waiting{why}; kept and sent as soon as the destination takes them.",
            run.waiting
        ));
    }
    if run.rejected > 0 {
        let told = reasons(&run.rejections, run.rejected);
        say(format!("{} rejected: {told}.", run.rejected));
    }
    if run.dead > 0 {
        let told = reasons(&run.dead_letters, run.dead);
        say(format!(
            "{} refused by the destination for good: {told}. They are kept and can be sent again with `lensmount run redrive {}`.",
            run.dead, run.id
        ));
    }
    if run.oversized > 0 {
        say(format!(
            "{} larger than the 32 KiB that the destination's documentation allows.",
            run.oversized
        ));
    }
    say(format!("Run {}.", run.id));
    text
}

fn counted(count: u64, one: &str) -> String {
    match count {
        1 => format!("1 {one}"),
        _ => format!("{count} {one}s"),
    }
}

/// The beginning of a text that may be long, without its last full stop.
pub(super) fn short(text: &str) -> String {
    let mut short: String = text.chars().take(REASON).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short.trim_end_matches('.').to_owned()
}

fn reasons(first: &[Reason], all: u64) -> String {
    let mut text = String::new();
    let told = &first[..first.len().min(TOLD)];
    for (place, reason) in told.iter().enumerate() {
        let joint = if place == 0 { "" } else { "; " };
        // Writing to a string does not fail.
        let _ = match reason.row {
            Some(row) => write!(text, "{joint}row {row}: {}", short(&reason.reason)),
            None => write!(text, "{joint}{}", short(&reason.reason)),
        };
    }
    let more = all.saturating_sub(told.len() as u64);
    if more > 0 {
        let _ = write!(text, "; and {more} more");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run() -> Run {
        Run {
            id: "run_1".into(),
            action: "a".into(),
            version: "1.0.0".into(),
            plan_id: None,
            plan_title: None,
            server_url: "https://example.com/".into(),
            state: "done",
            begun_at: jiff::Timestamp::UNIX_EPOCH,
            mapped_at: None,
            done_at: None,
            updated_at: jiff::Timestamp::UNIX_EPOCH,
            rows: 3,
            mapped: 3,
            events: 3,
            delivered: 3,
            waiting: 0,
            rejected: 0,
            rejections: Vec::new(),
            dead: 0,
            dead_letters: Vec::new(),
            oversized: 0,
            last_error: None,
        }
    }

    fn told(run: &Run) -> (bool, String) {
        let answer = Answer::of(run, false).looker;
        (answer.success, answer.message)
    }

    #[test]
    fn what_is_delivered_is_a_success() {
        assert_eq!(
            told(&run()),
            (true, "3 rows, 3 events: 3 delivered. Run run_1.".into())
        );
        let none = Run { rows: 0, ..run() };
        assert_eq!(
            told(&none),
            (
                true,
                "There were no rows, so nothing was sent. Run run_1.".into()
            )
        );
        let again = Answer::of(&run(), true).looker.message;
        assert!(again.contains("not sent twice"), "{again}");
    }

    #[test]
    fn what_waits_is_said_to_wait() {
        let waits = Run {
            delivered: 1,
            waiting: 2,
            last_error: Some("the data plane answered 503.".into()),
            ..run()
        };
        assert_eq!(
            told(&waits),
            (
                true,
                "3 rows, 3 events: 1 delivered. 2 waiting (the data plane answered 503); kept and sent as soon as the destination takes them. Run run_1.".into()
            )
        );
    }

    #[test]
    fn what_is_lost_is_no_success_and_is_told_by_row() {
        let reason = |row| Reason {
            row: Some(row),
            reason: "no \"groupId\".".into(),
        };
        let rejected = Run {
            events: 1,
            delivered: 1,
            rejected: 2,
            rejections: vec![reason(2), reason(3)],
            ..run()
        };
        assert_eq!(
            told(&rejected),
            (
                false,
                "3 rows, 1 event: 1 delivered. 2 rejected: row 2: no \"groupId\"; row 3: no \"groupId\". Run run_1.".into()
            )
        );
        let dead = Run {
            delivered: 2,
            dead: 1,
            dead_letters: vec![Reason {
                row: None,
                reason: "401".into(),
            }],
            ..run()
        };
        let (success, message) = told(&dead);
        assert!(
            !success && message.contains("1 refused by the destination for good: 401."),
            "{message}"
        );
    }

    #[test]
    fn however_much_is_wrong_the_message_is_short() {
        let reasons: Vec<Reason> = (1..=20)
            .map(|row| Reason {
                row: Some(row),
                reason: "x".repeat(10_000),
            })
            .collect();
        let wrong = Run {
            rows: 1_000_000,
            mapped: 900_000,
            rejected: 10_000,
            rejections: reasons.clone(),
            dead: 9_000,
            dead_letters: reasons,
            waiting: 5,
            last_error: Some("y".repeat(10_000)),
            oversized: 7,
            ..run()
        };
        let (_, message) = told(&wrong);
        assert!(message.len() < 4_000, "{}", message.len());
        assert!(message.contains("and 9995 more"), "{message}");
        assert!(
            message.contains("100000 of the rows are still to be made events"),
            "{message}"
        );
    }
}
