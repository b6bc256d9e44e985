//! A run, written short.

use lensmount_sdk::chart::Failure;
use lensmount_sdk::events::mapping::Mapping;
use lensmount_sdk::events::tags::RUDDER;
use lensmount_sdk::events::{Batch, Kind, Run};

/// A run of a head, with the choices given.
pub fn run(head: &str, choices: &[(&str, &str)]) -> Run {
    let choices = choices.iter();
    Run {
        head: head.as_bytes().to_vec(),
        query: b"{}".to_vec(),
        settings: choices
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        context: Vec::new(),
    }
}

/// The same run, with this `vis_config`.
pub fn with_vis(mut run: Run, vis_config: &str) -> Run {
    run.query = format!(r#"{{"vis_config":{vis_config}}}"#).into_bytes();
    run
}

/// Maps rows.
pub fn convert(kind: Kind, run: &Run, rows: &str) -> Result<Batch, Failure> {
    Mapping { kind, tags: RUDDER }.convert(run, rows.as_bytes())
}

/// The traits of the only event of the only row.
pub fn traits(run: &Run, row: &str) -> String {
    let batch = convert(Kind::Identify, run, &format!("[{row}]")).unwrap();
    assert_eq!(batch.rejected, [], "{row}");
    let [event] = batch.events.as_slice() else {
        panic!("{} events", batch.events.len())
    };
    String::from_utf8(event.traits.clone()).unwrap()
}
