//! An event mapper of a test's own: one event for each cell of a pivot, whatever the pivot has.

use lensmount_sdk::about::about;
use lensmount_sdk::events::{
    About, Batch, Control, Event, Failure, Guest, Kind, Rejection, Requirement, Run,
};
use serde_json::{Map, Value, json};

/// The tag of the field that says whose events they are.
const USER_ID: &str = "user_id";

/// The extractor.
pub struct Cells;

lensmount_sdk::export_events!(Cells);

impl Guest for Cells {
    fn describe() -> About {
        about(
            "cells",
            env!("CARGO_PKG_VERSION"),
            "Cells",
            "Tracks each cell of a pivot.",
        )
    }

    fn requirements() -> Vec<Requirement> {
        vec![Requirement::AllTags(vec![USER_ID.into()])]
    }

    fn form() -> Vec<Control> {
        vec![Control::text("event", "Event", "What the events are called.").required(true)]
    }

    fn convert(run: Run, rows: Vec<u8>) -> Result<Batch, Failure> {
        let settings = run.settings.iter();
        let mut event = settings.filter(|(name, _)| name == "event");
        let event = event.next().map_or("", |(_, event)| event);
        if event.is_empty() {
            return Err(Failure::bad_selection(
                "event",
                "Say what the events are called.",
            ));
        }
        let unread = |error| Failure::malformed(format!("the result cannot be read: {error}"));
        let head: Value = serde_json::from_slice(&run.head).map_err(unread)?;
        let rows: Vec<Map<String, Value>> = serde_json::from_slice(&rows).map_err(unread)?;
        let user = tagged(&head).ok_or_else(|| Failure::no_data("No field is tagged user_id."))?;
        let mut batch = Batch {
            events: Vec::new(),
            rejected: Vec::new(),
        };
        for (row, number) in rows.iter().zip(0..) {
            match row.get(user).and_then(|cell| cell["value"].as_str()) {
                Some(id) => batch.events.extend(cells(row, id, event, number)),
                None => batch.rejected.push(Rejection {
                    row: number,
                    reason: "no user id".into(),
                }),
            }
        }
        Ok(batch)
    }
}

/// The dimension that holds the user's id.
fn tagged(head: &Value) -> Option<&str> {
    let mut dimensions = head["fields"]["dimensions"].as_array()?.iter();
    let tagged = dimensions.find(|field| {
        let tags = field["tags"].as_array();
        tags.is_some_and(|tags| tags.iter().any(|tag| tag == USER_ID))
    });
    tagged?["name"].as_str()
}

/// The events of a row: a cell of a pivot stands in an object by the pivot's keys, another one in an
/// object with a value.
fn cells(row: &Map<String, Value>, user: &str, event: &str, number: u32) -> Vec<Event> {
    let pivoted = row.iter().filter(|(_, cell)| cell.get("value").is_none());
    let cells = pivoted.flat_map(|(field, cell)| {
        let cells = cell.as_object().into_iter().flatten();
        cells.map(move |(key, cell)| json!({"pivot": key, "field": field, "value": cell["value"]}))
    });
    let track = |properties: Value| Event {
        kind: Kind::Track,
        user_id: Some(user.into()),
        anonymous_id: None,
        identity_key: None,
        group_id: None,
        name: Some(event.into()),
        traits: properties.to_string().into_bytes(),
        timestamp: None,
        extra: None,
        row: number,
    };
    cells.map(track).collect()
}
