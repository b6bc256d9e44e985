//! Time zones. Guests have no files, and rules that they carried would lie in memory that is wiped
//! after every call: the host is asked for them, and natively `jiff`.
//!
//! [`Zone::local`] is all that is asked of a zone: what its clocks show at an instant.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;

use crate::words::{self, Words};

/// A zone.
#[derive(Clone, Copy, Debug)]
pub struct Zone(Known);

#[derive(Clone, Copy, Debug)]
enum Known {
    Utc,
    Named(Words),
}

impl Zone {
    /// UTC.
    pub const UTC: Zone = Zone(Known::Utc);

    /// What clocks in the zone show at an instant; UTC at one that nobody has rules for.
    pub fn local(&self, instant: Timestamp) -> DateTime {
        let Known::Named(name) = self.0 else {
            return Offset::UTC.to_datetime(instant);
        };
        // Half a second before a change is before it, on the other side of the epoch too.
        let second = instant.as_second() - i64::from(instant.subsec_nanosecond() < 0);
        offset(name, second)
            .unwrap_or(Offset::UTC)
            .to_datetime(instant)
    }
}

/// A zone by its IANA name, in any case; none where there is no such zone.
pub fn find(name: &str) -> Option<Zone> {
    const UTC: [&str; 5] = ["UTC", "Etc/UTC", "GMT", "Etc/GMT", "Z"];
    if UTC.iter().any(|utc| utc.eq_ignore_ascii_case(name)) {
        return Some(Zone::UTC);
    }
    // Zeros would be taken for the name's end.
    let name = words::of(name.as_bytes()).filter(|_| !name.contains('\0'))?;
    offset(name, 0)?;
    Some(Zone(Known::Named(name)))
}

/// How far a zone's clocks are ahead of UTC; none where it is not known.
#[cfg(target_arch = "wasm32")]
fn offset([first, second, third, fourth]: Words, instant: i64) -> Option<Offset> {
    use crate::bindings::chart_extractor::lensmount::extractor::zones;
    Offset::from_seconds(zones::offset(first, second, third, fourth, instant)).ok()
}

#[cfg(not(target_arch = "wasm32"))]
fn offset(name: Words, instant: i64) -> Option<Offset> {
    let bytes = name.map(u64::to_le_bytes);
    let name = bytes.as_flattened().split(|byte| *byte == 0).next()?;
    // Not the machine's own: a test must not depend on it.
    static ZONES: std::sync::LazyLock<jiff::tz::TimeZoneDatabase> =
        std::sync::LazyLock::new(jiff::tz::TimeZoneDatabase::bundled);
    let zone = ZONES.get(str::from_utf8(name).ok()?).ok();
    let zone = zone.filter(|zone| !zone.is_unknown())?;
    Some(zone.to_offset(Timestamp::from_second(instant).ok()?))
}
