//! An event mapper whose rows are calls already: what the contract lets a mapper say, said as it stands.

use lensmount_sdk::about::about;
use lensmount_sdk::events::{
    About, Batch, Control, Event, Failure, Guest, Kind, Rejection, Requirement, Run,
};
use serde::Deserialize;
use serde_json::value::RawValue;

/// The extractor.
pub struct Calls;

lensmount_sdk::export_events!(Calls);

#[derive(Deserialize)]
struct Row {
    call: Cell,
}

#[derive(Deserialize)]
struct Cell {
    value: Call,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Call {
    kind: String,
    user_id: Option<String>,
    anonymous_id: Option<String>,
    identity_key: Option<String>,
    group_id: Option<String>,
    name: Option<String>,
    traits: Box<RawValue>,
    timestamp: Option<String>,
    extra: Option<Box<RawValue>>,
}

impl Guest for Calls {
    fn describe() -> About {
        about(
            "calls",
            env!("CARGO_PKG_VERSION"),
            "Calls",
            "Makes the calls that its rows hold.",
        )
    }

    fn requirements() -> Vec<Requirement> {
        Vec::new()
    }

    fn form() -> Vec<Control> {
        Vec::new()
    }

    fn convert(_: Run, rows: Vec<u8>) -> Result<Batch, Failure> {
        let rows: Vec<Row> = serde_json::from_slice(&rows)
            .map_err(|error| Failure::malformed(format!("the rows are no calls: {error}")))?;
        let mut batch = Batch {
            events: Vec::new(),
            rejected: Vec::new(),
        };
        for (Row { call }, row) in rows.into_iter().zip(0_u32..) {
            match kind(&call.value.kind) {
                Some(kind) => batch.events.push(event(kind, call.value, row)),
                None => batch.rejected.push(Rejection {
                    row,
                    reason: "no such call".into(),
                }),
            }
        }
        Ok(batch)
    }
}

fn kind(name: &str) -> Option<Kind> {
    Some(match name {
        "identify" => Kind::Identify,
        "group" => Kind::Group,
        "track" => Kind::Track,
        "page" => Kind::Page,
        "screen" => Kind::Screen,
        "alias" => Kind::Alias,
        _ => return None,
    })
}

fn event(kind: Kind, call: Call, row: u32) -> Event {
    let bytes = |json: Box<RawValue>| json.get().as_bytes().to_vec();
    Event {
        kind,
        user_id: call.user_id,
        anonymous_id: call.anonymous_id,
        identity_key: call.identity_key,
        group_id: call.group_id,
        name: call.name,
        traits: bytes(call.traits),
        timestamp: call.timestamp,
        extra: call.extra.map(bytes),
        row,
    }
}
