//! What light extractors may ask of the host (`lines` and `zones` of contract 1.2.0): everything in
//! numbers, so that no memory of theirs has to be lent for it.

use std::sync::LazyLock;

use jiff::Timestamp;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use wasmtime::component::Linker;

use super::bindings::chart_world::lensmount::extractor::log::{Host as _, Level};
use super::state::State;
use super::stopped::StopCode;

/// Thirty-two bytes of text, the first one the lowest of the first word.
type Words = (u64, u64, u64, u64);

/// What `offset` answers where there is no such zone or time.
const UNKNOWN: i32 = i32::MIN;

/// The rules that came with this build. The machine's own would be files to read, and a guest that
/// asks for names there are not would have its folders searched each time.
static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// What was asked for last, and the line that is being written.
#[derive(Default)]
pub(super) struct Light {
    line: Vec<u8>,
    zone: Option<(Words, TimeZone)>,
}

/// Offers both interfaces.
pub(super) fn add_to_linker(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    let mut lines = linker.instance("lensmount:extractor/lines@1.2.0")?;
    lines.func_wrap("put", |mut store, words: Words| store.data_mut().put(words))?;
    lines.func_wrap("end", |mut store, (level,): (Level,)| {
        let state = store.data_mut();
        let line = std::mem::take(&mut state.light.line);
        state.write(level, String::from_utf8_lossy(&line).into_owned())
    })?;
    let mut zones = linker.instance("lensmount:extractor/zones@1.2.0")?;
    zones.func_wrap(
        "offset",
        |mut store, (first, second, third, fourth, instant): (u64, u64, u64, u64, i64)| {
            let zone = (first, second, third, fourth);
            let offset = store.data_mut().light.offset(zone, instant);
            Ok((offset.unwrap_or(UNKNOWN),))
        },
    )
}

impl State {
    /// Adds to the line. One that would be a flood by itself ends the call.
    fn put(&mut self, words: Words) -> wasmtime::Result<()> {
        let line = &mut self.light.line;
        line.extend(text(words).into_iter().filter(|byte| *byte != 0));
        if line.len() > self.limits.flood_bytes {
            return Err(self.stop(StopCode::LogLimit));
        }
        Ok(())
    }
}

impl Light {
    /// How many seconds a zone's clocks are ahead of UTC. One zone after the other is rare in one call:
    /// the last one stays at hand.
    fn offset(&mut self, name: Words, instant: i64) -> Option<i32> {
        let instant = Timestamp::from_second(instant).ok()?;
        if self.zone.as_ref().is_none_or(|(known, _)| *known != name) {
            let bytes = text(name);
            let end = bytes.iter().position(|byte| *byte == 0);
            let name_text = str::from_utf8(bytes.get(..end.unwrap_or(bytes.len()))?).ok()?;
            self.zone = Some((name, ZONES.get(name_text).ok()?));
        }
        let (_, zone) = self.zone.as_ref()?;
        Some(zone.to_offset(instant).seconds())
    }
}

fn text((first, second, third, fourth): Words) -> [u8; 32] {
    let mut bytes = [0; 32];
    for (into, word) in bytes
        .chunks_exact_mut(8)
        .zip([first, second, third, fourth])
    {
        into.copy_from_slice(&word.to_le_bytes());
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Words {
        let mut bytes = [0; 32];
        bytes[..text.len()].copy_from_slice(text.as_bytes());
        let (words, _) = bytes.as_chunks();
        let at = |place: usize| u64::from_le_bytes(words[place]);
        (at(0), at(1), at(2), at(3))
    }

    #[test]
    fn clocks_show_the_rules_of_their_zone() {
        let mut light = Light::default();
        for (zone, instant, offset) in [
            ("America/New_York", 1_767_225_600, Some(-18_000)),
            ("America/New_York", 1_782_864_000, Some(-14_400)),
            ("asia/kathmandu", 1_782_864_000, Some(20_700)),
            ("America/Argentina/ComodRivadavia", 0, Some(-10_800)),
            ("Mars/Olympus_Mons", 0, None),
            ("", 0, None),
            ("Asia/Kathmandu", i64::MAX, None),
        ] {
            assert_eq!(light.offset(words(zone), instant), offset, "{zone}");
        }
    }
}
