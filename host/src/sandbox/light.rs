//! What light extractors may ask of the host (`lines` and `zones` of contract 1.2.0): everything in
//! numbers, so that no memory of theirs has to be lent for it.

use std::sync::LazyLock;

use jiff::Timestamp;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use wasmtime::component::Linker;

use super::bindings::chart_world::lensmount::extractor::log::Level;
use super::state::State;

/// Thirty-two bytes of text, the first one the lowest of the first word.
type Words = (u64, u64, u64, u64);

/// What `offset` answers where there is no such zone or time.
const UNKNOWN: i32 = i32::MIN;

/// The rules that came with this build. The machine's own would be files to read, and a guest that
/// asks for names there are not would have its folders searched each time.
static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// The zone that was asked for last: one after the other is rare in one call.
#[derive(Default)]
pub(super) struct Light {
    zone: Option<(Words, TimeZone)>,
}

/// Offers both interfaces.
pub(super) fn add_to_linker(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    let mut lines = linker.instance("lensmount:extractor/lines@1.2.0")?;
    lines.func_wrap("put", |mut store, words: Words| {
        let state = store.data_mut();
        let bytes = text(words).into_iter().filter(|byte| *byte != 0);
        let bearable = state.log.put(&state.limits, bytes);
        state.unless_flooded(bearable)
    })?;
    lines.func_wrap("end", |mut store, (level,): (Level,)| {
        let state = store.data_mut();
        let bearable = state.log.end(&state.limits, level);
        state.unless_flooded(bearable)
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

impl Light {
    /// How many seconds a zone's clocks are ahead of UTC.
    fn offset(&mut self, name: Words, instant: i64) -> Option<i32> {
        let instant = Timestamp::from_second(instant).ok()?;
        if self.zone.as_ref().is_none_or(|(known, _)| *known != name) {
            let bytes = text(name);
            // A name with a zero in it is none.
            let text = str::from_utf8(&bytes).ok()?.trim_end_matches('\0');
            let zone = ZONES.get(text).ok().filter(|zone| !zone.is_unknown())?;
            self.zone = Some((name, zone));
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
    fn every_zone_has_a_name_that_fits() {
        let mut light = Light::default();
        let names: Vec<_> = ZONES.available().map(|name| name.to_string()).collect();
        assert!(names.len() > 500, "{}", names.len());
        for name in names {
            assert!(light.offset(words(&name), 0).is_some(), "{name}");
        }
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
            ("Etc/Unknown", 0, None),
            ("Asia/Kathmandu\0", 0, Some(19_800)),
            ("Asia/Kathmandu\0x", 0, None),
            ("Asia/Kathmandu", i64::MAX, None),
        ] {
            assert_eq!(light.offset(words(zone), instant), offset, "{zone}");
        }
    }
}
