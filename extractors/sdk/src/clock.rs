//! What time it is for a result, by the clock of the zone that its times are in.

use std::cell::OnceCell;

use jiff::Timestamp;
use jiff::civil::DateTime;

use crate::chart::{Failure, Note};
use crate::document::Document;
use crate::failure::shown;
use crate::stamp;
use crate::vis::Query;
use crate::zone::{self, Zone};

/// The clock of a result. Nothing is looked up before it is asked for.
#[derive(Debug)]
pub struct Clock<'a> {
    now: Option<&'a str>,
    ran_at: Option<String>,
    zones: Vec<String>,
    found: OnceCell<(Zone, Option<Note>)>,
}

impl<'a> Clock<'a> {
    /// The clock of a document: the context's `now`, else when Looker computed the result; in the
    /// result's zone, else the query's, else the context's, else UTC.
    pub fn new(
        document: &Document<'_>,
        query: &Query<'_>,
        context: &'a [(String, String)],
    ) -> Self {
        let said = |name: &str| {
            let attribute = context
                .iter()
                .find(|(key, value)| key == name && !value.is_empty());
            attribute.map(|(_, value)| value.as_str())
        };
        let zones = [
            document.timezone.as_deref(),
            query.timezone.as_deref(),
            said("time-zone"),
        ];
        Self {
            now: said("now"),
            ran_at: document.ran_at.as_deref().map(str::to_owned),
            zones: zones.into_iter().flatten().map(str::to_owned).collect(),
            found: OnceCell::new(),
        }
    }

    fn found(&self) -> &(Zone, Option<Note>) {
        self.found.get_or_init(|| {
            let mut unknown: Option<&str> = None;
            for name in &self.zones {
                match zone::find(name) {
                    Some(zone) => {
                        return (zone, unknown.map(|unknown| unknown_zone(unknown, name)));
                    }
                    None => unknown = unknown.or(Some(name)),
                }
            }
            (
                Zone::UTC,
                unknown.map(|unknown| unknown_zone(unknown, "UTC")),
            )
        })
    }

    /// The zone of the result's times.
    pub fn zone(&self) -> &Zone {
        &self.found().0
    }

    /// A note where the zone had to be guessed; none as long as nobody asked for the zone.
    pub fn note(&self) -> Option<Note> {
        self.found.get()?.1.clone()
    }

    /// What a clock in a zone shows; none where neither the context nor the result says.
    pub fn now(&self, zone: &Zone) -> Result<Option<DateTime>, Failure> {
        let instant = match self.now {
            Some(now) => Some(instant(now).ok_or_else(|| {
                Failure::other(
                    "bad-context",
                    format!(
                        "The context's `now` is {}, which is no RFC 3339 time. Give one like `2017-07-28T02:25:19Z`.",
                        shown(now)
                    ),
                )
            })?),
            None => match self.ran_at.as_deref() {
                None | Some("") => None,
                // Without it a forecast would pass for the latest number.
                Some(ran_at) => Some(instant(ran_at).ok_or_else(|| {
                    Failure::malformed(format!(
                        "The result's `ran_at` is {}, which is no RFC 3339 time, so nothing tells what is in the future. Give `now` in the context, or ask Looker for the result again.",
                        shown(ran_at)
                    ))
                })?),
            },
        };
        Ok(instant.map(|instant| zone.local(instant)))
    }
}

fn instant(text: &str) -> Option<Timestamp> {
    stamp::parse(text)?.instant()
}

fn unknown_zone(name: &str, instead: &str) -> Note {
    Note::new(
        "unknown-time-zone",
        format!(
            "There is no time zone {}; {} is used, so a period may seem to end hours early or late.",
            shown(name),
            shown(instead)
        ),
    )
}
