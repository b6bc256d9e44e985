//! Answers that failed, or that come with a note.

use serde_json::{Value, json};

use super::{Fault, Ran};
use crate::evaluate::Problem;
use crate::model::Explore;

/// Looker's own words about a table that is not what production has.
const DEVELOPMENT: &str = "Note: This query contains derived tables with Development Mode filters. Query results in Production Mode might be different.";

/// What went wrong, in words. A note is no failure.
pub fn failure(ran: &Ran, fault: Fault<'_>) -> Option<String> {
    match (&ran.outcome, fault) {
        (_, Some(fault)) => Some(fault.to_owned()),
        (Err(problem), None) => Some(words(problem)),
        (Ok(_), None) => None,
    }
}

fn words(problem: &Problem) -> String {
    match problem {
        Problem::Filter(bad) => format!("Invalid filter: {bad}"),
        other => other.to_string(),
    }
}

/// The `errors` of an answer; none at all when it is fine.
pub fn errors(ran: &Ran, fault: Fault<'_>) -> Option<Value> {
    if let Some(message) = failure(ran, fault) {
        let sql = matches!(ran.outcome, Err(Problem::NoTable)) || fault.is_some();
        let place = sql.then(|| json!({"line": 1, "column": 15, "character": 15}));
        return Some(json!([{
            "message": if sql { "The database returned an error." } else { message.as_str() },
            "message_details": sql.then_some(message.as_str()),
            "params": message,
            "error_pos": place,
            "sql_error_loc": place,
            "level": "error",
            "fatal": true,
        }]));
    }
    match &ran.outcome {
        Ok((plan, _)) if plan.explore == Explore::OrdersDraft => Some(json!([{
            "message": DEVELOPMENT,
            "message_details": null,
            "params": null,
            "error_pos": null,
            "level": "warning",
            "fatal": false,
        }])),
        _ => None,
    }
}

/// The one row of a failed answer in a format without metadata.
pub fn row(ran: &Ran, fault: Fault<'_>) -> Option<Value> {
    failure(ran, fault).map(|message| json!({"looker_error": message}))
}
