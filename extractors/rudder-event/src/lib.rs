//! Tells RudderStack who people are: one call for each row, by the tags of its fields.

use lensmount_sdk::about::about;
use lensmount_sdk::events::mapping::Mapping;
use lensmount_sdk::events::tags::RUDDER;
use lensmount_sdk::events::{About, Batch, Control, Failure, Guest, Kind, Requirement, Run};

/// The event mapper.
pub struct RudderEvent;

const MAPPING: Mapping = Mapping {
    kind: Kind::Identify,
    tags: RUDDER,
};

impl Guest for RudderEvent {
    fn describe() -> About {
        let about = about(
            "rudder_event",
            env!("CARGO_PKG_VERSION"),
            "Rudder Identify",
            "Adds traits to your RudderStack users: one identify call for each row.",
        );
        About {
            // Offered to earlier Lookers than other actions are, as it has always been.
            attributes: vec![("looker-since".to_owned(), "4.20.0".to_owned())],
            ..about
        }
    }

    fn requirements() -> Vec<Requirement> {
        MAPPING.requirements()
    }

    fn form() -> Vec<Control> {
        MAPPING.form()
    }

    fn convert(run: Run, rows: Vec<u8>) -> Result<Batch, Failure> {
        MAPPING.convert(&run, &rows)
    }
}

lensmount_sdk::export_events!(RudderEvent);
