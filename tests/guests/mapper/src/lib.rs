//! An event mapper in a few lines: a row with an email identifies a person, another is rejected, and one
//! whose email is `trap` ends the call.

use lensmount_sdk::about::about;
use lensmount_sdk::events::{
    About, Batch, Control, Event, Failure, Guest, Kind, Rejection, Requirement, Run,
};
use serde_json::Value;

/// The extractor.
pub struct People;

lensmount_sdk::export_events!(People);

impl Guest for People {
    fn describe() -> About {
        about(
            "mapper",
            env!("CARGO_PKG_VERSION"),
            "Mapper",
            "Identifies people by their email.",
        )
    }

    fn requirements() -> Vec<Requirement> {
        vec![Requirement::AnyTag(vec!["email".into()])]
    }

    fn form() -> Vec<Control> {
        vec![Control::text(
            "source",
            "Source",
            "Where these people come from.",
        )]
    }

    fn convert(run: Run, rows: Vec<u8>) -> Result<Batch, Failure> {
        let source = run.settings.iter().find(|(name, _)| name == "source");
        let source = source.map_or("", |(_, source)| source);
        let rows: Vec<Value> = serde_json::from_slice(&rows)
            .map_err(|error| Failure::malformed(format!("the rows cannot be read: {error}")))?;
        let mut batch = Batch {
            events: Vec::new(),
            rejected: Vec::new(),
        };
        for (row, number) in rows.iter().zip(0_u32..) {
            match row["users.email"]["value"].as_str() {
                Some("trap") => std::process::abort(),
                Some(email) => batch.events.push(identify(email, source, number)),
                None => batch.rejected.push(Rejection {
                    row: number,
                    reason: "no email".into(),
                }),
            }
        }
        Ok(batch)
    }
}

fn identify(email: &str, source: &str, row: u32) -> Event {
    let traits = serde_json::json!({"email": email, "source": source});
    Event {
        kind: Kind::Identify,
        user_id: None,
        anonymous_id: None,
        identity_key: Some(email.into()),
        group_id: None,
        name: None,
        traits: traits.to_string().into_bytes(),
        timestamp: None,
        extra: None,
        row,
    }
}
