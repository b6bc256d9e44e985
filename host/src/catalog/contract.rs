//! The releases of the contract that this server speaks, each as its WIT says.
//!
//! They live side by side: an extractor targets one of them, and is called by it. Within 1.x what a
//! release adds is optional (`wit/README.md`), so that the host's calls are the same for all.

use std::sync::LazyLock;

use wit_parser::{InterfaceId, Resolve, WorldId, WorldItem, WorldKey};

use crate::sandbox::World;

/// The package that imports and exports are named after, without the version.
pub(super) const PACKAGE: &str = "lensmount:extractor";
/// Its releases, the oldest first.
pub(super) const RELEASES: [&str; 3] = ["1.0.0", "1.1.0", "1.2.0"];

const WITS: [&str; RELEASES.len()] = [
    include_str!("../../../wit/1.0.0/extractor.wit"),
    include_str!("../../../wit/1.1.0/extractor.wit"),
    include_str!("../../../wit/1.2.0/extractor.wit"),
];

/// A release, parsed.
pub(super) struct Release {
    /// Its version.
    pub version: &'static str,
    pub resolve: Resolve,
    package: wit_parser::PackageId,
}

impl Release {
    /// A release by its version.
    pub fn of(version: &str) -> Option<&'static Self> {
        let at = RELEASES.iter().position(|it| *it == version)?;
        PARSED[at].as_ref()
    }

    /// The world of an extractor, with a manual or without, and light or not; none where this release
    /// has no such world.
    pub fn world(&self, world: World, documented: bool, light: bool) -> Option<WorldId> {
        let documented = if documented { "documented-" } else { "" };
        let light = if light { "light-" } else { "" };
        let name = format!("{documented}{light}{world}");
        let main = [self.package];
        self.resolve.select_world(&main, Some(&name)).ok()
    }
}

/// The releases of the contract that this server speaks, as packages: `lensmount:extractor@1.0.0`.
#[must_use]
pub fn contracts() -> Vec<String> {
    RELEASES
        .map(|version| format!("{PACKAGE}@{version}"))
        .to_vec()
}

/// What this server says that it speaks: `1.0.0, 1.1.0 and 1.2.0`.
pub(super) fn spoken() -> String {
    let [earlier @ .., last] = &RELEASES;
    format!("{} and {last}", earlier.join(", "))
}

/// The interface of a world that goes by this name, among what it exports.
pub(super) fn exported(resolve: &Resolve, world: WorldId, name: &str) -> Option<InterfaceId> {
    find(resolve, &resolve.worlds.get(world)?.exports, name)
}

/// The interface of a world that goes by this name, among what it imports.
pub(super) fn imported(resolve: &Resolve, world: WorldId, name: &str) -> Option<InterfaceId> {
    find(resolve, &resolve.worlds.get(world)?.imports, name)
}

fn find<'a>(
    resolve: &Resolve,
    items: impl IntoIterator<Item = (&'a WorldKey, &'a WorldItem)>,
    name: &str,
) -> Option<InterfaceId> {
    items.into_iter().find_map(|(key, item)| match item {
        WorldItem::Interface { id, .. } if named(resolve, key) == Some(name) => Some(*id),
        _ => None,
    })
}

fn named<'a>(resolve: &'a Resolve, key: &'a WorldKey) -> Option<&'a str> {
    match key {
        WorldKey::Name(name) => Some(name),
        WorldKey::Interface(id) => resolve.interfaces.get(*id)?.name.as_deref(),
    }
}

/// None where a release of ours does not parse, which a test would have told.
static PARSED: LazyLock<[Option<Release>; RELEASES.len()]> = LazyLock::new(|| {
    let mut at = 0;
    WITS.map(|wit| {
        let version = RELEASES[at];
        at += 1;
        let mut resolve = Resolve::default();
        let package = resolve.push_str("extractor.wit", wit).ok()?;
        Some(Release {
            version,
            resolve,
            package,
        })
    })
});

#[cfg(test)]
mod tests {
    use super::*;

    const WORLDS: [World; 2] = [World::ChartExtractor, World::EventMapper];

    #[test]
    fn every_release_parses_has_its_worlds_and_calls_itself_by_its_folder() {
        for version in RELEASES {
            let release = Release::of(version).expect(version);
            let name = &release.resolve.packages[release.package].name;
            assert_eq!(name.to_string(), format!("{PACKAGE}@{version}"));
            let has = [(false, false), (true, false), (false, true), (true, true)].map(
                |(documented, light)| {
                    WORLDS.map(|world| release.world(world, documented, light).is_some())
                },
            );
            let since = |first: &str| [version >= first; 2];
            let expected = [
                since("1.0.0"),
                since("1.1.0"),
                since("1.2.0"),
                since("1.2.0"),
            ];
            assert_eq!(has, expected, "{version}");
        }
    }

    #[test]
    fn every_release_takes_what_the_one_before_took() {
        for pair in RELEASES.windows(2) {
            let mut resolve = Resolve::default();
            let [before, after] = [pair[0], pair[1]].map(|version| {
                let at = RELEASES.iter().position(|it| *it == version).expect("it");
                resolve.push_str("extractor.wit", WITS[at]).expect("parses")
            });
            for (name, world) in resolve.packages[before].worlds.clone() {
                let same = resolve.packages[after].worlds[&name];
                wit_component::semver_check(resolve.clone(), world, same)
                    .unwrap_or_else(|error| panic!("{name} {} → {}: {error:#}", pair[0], pair[1]));
            }
        }
    }

    #[test]
    fn a_light_world_takes_what_the_one_that_is_not_takes() {
        let mut resolve = Resolve::default();
        let package = resolve.push_str("extractor.wit", WITS[2]).expect("parses");
        let mut checked = 0;
        for (name, light) in resolve.packages[package].worlds.clone() {
            let Some((kind, what)) = name.split_once("light-") else {
                continue;
            };
            let plain = resolve.packages[package].worlds[&format!("{kind}{what}")];
            wit_component::semver_check(resolve.clone(), plain, light)
                .unwrap_or_else(|error| panic!("{name}: {error:#}"));
            checked += 1;
        }
        assert_eq!(checked, 4);
    }

    #[test]
    fn a_release_that_changes_a_type_or_asks_for_more_is_not_compatible() {
        for (what, by) in [
            ("summary: string,", "summary: option<string>,"),
            (
                "chart-types: func() -> list<string>;",
                "chart-types: func() -> list<string>;\n    more: func();",
            ),
        ] {
            let next = WITS[0].replace("@1.0.0;", "@1.9.0;").replacen(what, by, 1);
            let mut resolve = Resolve::default();
            let [before, after] = [WITS[0], &next].map(|wit| {
                let package = resolve.push_str("extractor.wit", wit).expect("parses");
                let world = resolve.select_world(&[package], Some("chart-extractor"));
                world.expect("a world")
            });
            let checked = wit_component::semver_check(resolve, before, after);
            assert!(checked.is_err(), "{by}");
        }
    }
}
