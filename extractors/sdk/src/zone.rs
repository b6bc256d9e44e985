//! Time zones. Guests have no files, so the zones are in the component, packed: they lie in memory
//! that is wiped after every call, and as the IANA database has them (RFC 8536, 230 KB) that would
//! cost more than reading most results.
//!
//! [`Zone::local`] is all that is asked of a zone: what its clocks show at an instant. It agrees with
//! `jiff`'s own reading of the database at every change of every zone (`tests/zones.rs`).

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};

include!(concat!(env!("OUT_DIR"), "/zones.rs"));

/// One name, and where its zone stands.
struct Entry {
    /// From where in `NAMES`, how many bytes.
    name: (u16, u8),
    /// From where in `CHANGES`.
    changes: u16,
    /// From where in `RULES`, how many bytes.
    rule: (u16, u8),
}

/// A zone.
#[derive(Clone, Debug)]
pub struct Zone(Known);

#[derive(Clone, Debug)]
enum Known {
    Utc,
    Listed {
        changes: &'static [u8],
        rule: Option<TimeZone>,
    },
}

impl Zone {
    /// UTC.
    pub const UTC: Zone = Zone(Known::Utc);

    /// What clocks in the zone show at an instant.
    pub fn local(&self, instant: Timestamp) -> DateTime {
        let Known::Listed { changes, rule } = &self.0 else {
            return Offset::UTC.to_datetime(instant);
        };
        // A table that ends too early stands for UTC; `tests/zones.rs` sees to it that none does.
        // Half a second before a change is before it, on the other side of the epoch too.
        let second = instant.as_second() - i64::from(instant.subsec_nanosecond() < 0);
        let (offset, is_last) = walk(changes, second).unwrap_or((Offset::UTC, false));
        match rule {
            Some(rule) if is_last => rule.to_datetime(instant),
            _ => offset.to_datetime(instant),
        }
    }
}

/// A zone by its IANA name, in any case; none where there is no such zone.
pub fn find(name: &str) -> Option<Zone> {
    const UTC: [&str; 5] = ["UTC", "Etc/UTC", "GMT", "Etc/GMT", "Z"];
    if UTC.iter().any(|utc| utc.eq_ignore_ascii_case(name)) {
        return Some(Zone::UTC);
    }
    let lower = |byte: &u8| byte.to_ascii_lowercase();
    let by_name = |entry: &Entry| {
        let known = piece(NAMES, entry.name).bytes();
        known
            .map(|byte| lower(&byte))
            .cmp(name.bytes().map(|byte| lower(&byte)))
    };
    let entry = ENTRIES.get(ENTRIES.binary_search_by(by_name).ok()?)?;
    let rule = match piece(RULES, entry.rule) {
        "" => None,
        rule => Some(TimeZone::posix(rule).ok()?),
    };
    Some(Zone(Known::Listed {
        changes: CHANGES.get(usize::from(entry.changes)..)?,
        rule,
    }))
}

fn piece(text: &'static str, (from, length): (u16, u8)) -> &'static str {
    let from = usize::from(from);
    text.get(from..from + usize::from(length))
        .unwrap_or_default()
}

/// The offset that began with the last change before an instant, and whether none follows, so that
/// the rule holds.
fn walk(packed: &[u8], instant: i64) -> Option<(Offset, bool)> {
    let (count, rest) = packed.split_first()?;
    let (offsets, rest) = rest.split_at_checked(usize::from(*count) * 4)?;
    let (count, mut rest) = rest.split_first_chunk::<2>()?;
    let count = u16::from_le_bytes(*count);
    let (mut place, mut seen) = (0_u8, 0);
    let mut at = 0;
    while seen < count {
        let next;
        if seen == 0 {
            let first;
            (first, rest) = rest.split_first_chunk::<8>()?;
            at = i64::from_le_bytes(*first);
            (next, rest) = rest.split_first().map(|(place, rest)| (*place, rest))?;
        } else {
            let seconds;
            ((next, seconds), rest) = change(rest)?;
            at += i64::from(seconds);
        }
        if instant < at {
            break;
        }
        place = next;
        seen += 1;
    }
    let (offsets, _) = offsets.as_chunks::<4>();
    let offset = i32::from_le_bytes(*offsets.get(usize::from(place))?);
    Some((Offset::from_seconds(offset).ok()?, seen == count))
}

/// Which offset begins and after how many seconds, and what follows.
fn change(packed: &[u8]) -> Option<((u8, u32), &[u8])> {
    let (known, rest) = packed.split_first()?;
    if let Some(pair) = FREQUENT.get(usize::from(*known)) {
        return Some((*pair, rest));
    }
    let (place, rest) = rest.split_first()?;
    let (seconds, rest) = rest.split_first_chunk::<4>()?;
    Some(((*place, u32::from_le_bytes(*seconds)), rest))
}
