//! Tells RudderStack what people did: one call for each row, by the tags of its fields.

use lensmount_sdk::about::about;
use lensmount_sdk::events::mapping::Mapping;
use lensmount_sdk::events::tags::RUDDER;
use lensmount_sdk::events::{About, Batch, Control, Failure, Guest, Kind, Requirement, Run};

/// The event mapper.
pub struct RudderTrack;

const MAPPING: Mapping = Mapping {
    kind: Kind::Track,
    tags: RUDDER,
};

impl Guest for RudderTrack {
    fn describe() -> About {
        about(
            "rudder_track",
            env!("CARGO_PKG_VERSION"),
            "Rudder Track",
            "Tracks what your RudderStack users did: one track call for each row.",
        )
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

lensmount_sdk::export_events!(RudderTrack);
