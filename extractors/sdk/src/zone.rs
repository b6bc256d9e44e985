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
    changes: u32,
    /// The last change, in seconds since the epoch; from there on the rule holds.
    last: i64,
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
        last: i64,
        rule: Option<TimeZone>,
    },
}

impl Zone {
    /// UTC.
    pub const UTC: Zone = Zone(Known::Utc);

    /// What clocks in the zone show at an instant.
    pub fn local(&self, instant: Timestamp) -> DateTime {
        match &self.0 {
            Known::Utc => Offset::UTC.to_datetime(instant),
            Known::Listed {
                last,
                rule: Some(rule),
                ..
            } if instant.as_second() >= *last => rule.to_datetime(instant),
            Known::Listed { changes, .. } => offset(changes, instant).to_datetime(instant),
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
        changes: CHANGES.get(usize::try_from(entry.changes).ok()?..)?,
        last: entry.last,
        rule,
    }))
}

fn piece(text: &'static str, (from, length): (u16, u8)) -> &'static str {
    let from = usize::from(from);
    text.get(from..from + usize::from(length))
        .unwrap_or_default()
}

/// The offset at an instant, before the rule holds or where there is none. A table that ends too
/// early stands for UTC, which no packed zone does.
fn offset(changes: &[u8], instant: Timestamp) -> Offset {
    walk(changes, instant.as_second()).unwrap_or(Offset::UTC)
}

fn walk(packed: &[u8], instant: i64) -> Option<Offset> {
    let (count, rest) = packed.split_first()?;
    let (offsets, rest) = rest.split_at_checked(usize::from(*count) * 4)?;
    let (changes, mut rest) = rest.split_first_chunk::<2>()?;
    let mut offset = 0_u8;
    let mut at = None;
    for _ in 0..u16::from_le_bytes(*changes) {
        let next = match at {
            None => {
                let first;
                (first, rest) = rest.split_first_chunk::<8>()?;
                i64::from_le_bytes(*first)
            }
            Some(at) => {
                let distance;
                (distance, rest) = number(rest)?;
                let seconds = if distance & 1 == 0 { 3600 } else { 1 };
                at + (distance >> 1) * seconds
            }
        };
        if instant < next {
            break;
        }
        at = Some(next);
        let place;
        (place, rest) = rest.split_first()?;
        offset = *place;
    }
    let (offsets, _) = offsets.as_chunks::<4>();
    Offset::from_seconds(i32::from_le_bytes(*offsets.get(usize::from(offset))?)).ok()
}

/// A number in groups of seven bits, and what follows it.
fn number(packed: &[u8]) -> Option<(i64, &[u8])> {
    let mut number = 0;
    for (group, byte) in packed.iter().enumerate().take(9) {
        number |= i64::from(byte & 0x7f) << (7 * group);
        if byte & 0x80 == 0 {
            return Some((number, packed.get(group + 1..)?));
        }
    }
    None
}
