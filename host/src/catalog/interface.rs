//! Which world of the contract a component targets, and if none, what differs, in words.

use wasmparser::{Parser, Payload};
use wit_parser::{InterfaceId, Resolve, WorldId};

use crate::sandbox::World;

use super::contract::{PACKAGE, RELEASES, Release, exported, imported, spoken};
use super::difference::{self, Interface};

/// Interfaces that a component may import. `types` has no functions: some languages import it to
/// name its types.
const GRANTED: [&str; 4] = ["log", "types", LIGHT[0], LIGHT[1]];
/// Of these, what makes its world a light one.
const LIGHT: [&str; 2] = ["lines", "zones"];

/// What is wrong with a component's interface.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Mismatch {
    /// It wants something that no extractor gets.
    Import(String),
    /// It is not an extractor of a version that we know.
    Interface(String),
}

/// The names that a component imports and exports, those of nested components left out.
#[derive(Debug, Default)]
pub(super) struct Names {
    pub imports: Vec<String>,
    pub exports: Vec<String>,
}

impl Names {
    /// Our package in the version that the first of its names has.
    pub fn contract(&self) -> Option<String> {
        let (_, version) = self
            .exports
            .iter()
            .chain(&self.imports)
            .find_map(|it| ours(it))?;
        Some(format!("{PACKAGE}@{version}"))
    }
}

/// Which release of the contract a component is built against, and as what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Target {
    /// The release.
    pub contract: &'static str,
    /// Its world, with or without a manual.
    pub world: World,
    /// Whether it has a manual.
    pub documented: bool,
}

/// Finds what `wasm`, a valid component, targets.
pub(super) fn target(wasm: &[u8]) -> Result<Target, Mismatch> {
    let interface = |text: String| Err(Mismatch::Interface(text));
    let names = names(wasm).map_err(|error| Mismatch::Interface(error.to_string()))?;
    let foreign = names.imports.iter().find(|import| ours(import).is_none());
    if let Some(import) = foreign {
        return Err(Mismatch::Import(import.clone()));
    }
    let spoken = spoken();
    let offered: Vec<(&str, &str)> = names.exports.iter().filter_map(|it| ours(it)).collect();
    let all = offered.iter().copied();
    let all = all.chain(names.imports.iter().filter_map(|it| ours(it)));
    let is_unknown = |(_, version): &(&str, &str)| !RELEASES.contains(version);
    if let Some((_, version)) = all.into_iter().find(is_unknown) {
        return interface(format!(
            "it is built against {PACKAGE}@{version}, and this server speaks {spoken}; build it against one of \
             these (wit/), or upload it to a server that speaks {version}"
        ));
    }
    let ungranted =
        |import: &&String| ours(import).is_none_or(|(name, _)| !GRANTED.contains(&name));
    if let Some(import) = names.imports.iter().find(ungranted) {
        return Err(Mismatch::Import(import.clone()));
    }
    let version_of = |interface: &str| {
        let found = offered.iter().find(|(name, _)| *name == interface);
        found.map(|(_, version)| *version)
    };
    let (world, version) = match (version_of("chart"), version_of("events")) {
        (Some(version), None) => (World::ChartExtractor, version),
        (None, Some(version)) => (World::EventMapper, version),
        (Some(_), Some(_)) => {
            return interface(
                "it exports both `chart` and `events`; make two extractors of it".into(),
            );
        }
        (None, None) => {
            return interface(format!(
                "it exports neither {PACKAGE}/chart nor {PACKAGE}/events of {spoken} but {}; build it against \
                 one of wit/",
                if names.exports.is_empty() {
                    "nothing".into()
                } else {
                    names.exports.join(", ")
                },
            ));
        }
    };
    let documented = version_of("manual").is_some();
    let mut imported = names.imports.iter().filter_map(|it| ours(it));
    let light = imported.find(|(name, _)| LIGHT.contains(name));
    let lost = || Mismatch::Interface(format!("this server has lost its contract {version}"));
    let release = Release::of(version).ok_or_else(lost)?;
    let id = release.world(world, documented, light.is_some());
    let id = id.ok_or_else(|| {
        let lacks = if documented && release.world(world, true, false).is_none() {
            "manual"
        } else {
            light.map_or("such world", |(name, _)| name)
        };
        Mismatch::Interface(format!(
            "{PACKAGE}@{version} has no `{lacks}`; build all of it against one release"
        ))
    })?;
    wit_component::targets(&release.resolve, id, wasm).map_err(|error| {
        // The first difference in words where it is one of ours to name, else what the check says.
        let told = told(release, id, world, wasm).unwrap_or_else(|| error.root_cause().to_string());
        Mismatch::Interface(format!(
            "it does not fit the world `{}` of {PACKAGE}@{version}: {told}; build it against wit/{version}",
            release.resolve.worlds.get(id).map_or(world.as_str(), |world| &world.name),
        ))
    })?;
    Ok(Target {
        contract: release.version,
        world,
        documented,
    })
}

/// The first function or type of a component that is not as the world has it.
fn told(release: &Release, id: WorldId, world: World, wasm: &[u8]) -> Option<String> {
    let wit_parser::decoding::DecodedWasm::Component(resolve, own) =
        wit_parser::decoding::decode(wasm).ok()?
    else {
        return None;
    };
    let pair = |find: fn(&Resolve, WorldId, &str) -> Option<InterfaceId>, name| {
        let interface = |resolve, world| {
            let id = find(resolve, world, name)?;
            Some(Interface { resolve, id })
        };
        Some((interface(&release.resolve, id)?, interface(&resolve, own)?))
    };
    let asked = GRANTED.into_iter().find_map(|name| {
        let (given, asks) = pair(imported, name)?;
        let difference = difference::beyond(given, asks)?;
        Some(format!("of the `{name}` that it imports: {difference}"))
    });
    let exports = match world {
        World::ChartExtractor => ["chart", "manual"],
        World::EventMapper => ["events", "manual"],
    };
    let mut exports = exports.into_iter();
    asked.or_else(|| {
        exports.find_map(|name| {
            let (wanted, has) = pair(exported, name)?;
            let difference = difference::lacking(wanted, has)?;
            Some(format!("of its `{name}`: {difference}"))
        })
    })
}

/// The interface of our package that a name stands for, and the version of the package.
fn ours(name: &str) -> Option<(&str, &str)> {
    let name = name.strip_prefix(PACKAGE)?.strip_prefix('/')?;
    name.split_once('@')
}

pub(super) fn names(wasm: &[u8]) -> wasmparser::Result<Names> {
    let (mut names, mut depth) = (Names::default(), 0_usize);
    for payload in Parser::new(0).parse_all(wasm) {
        match payload? {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::ComponentImportSection(section) if depth == 0 => {
                for import in section {
                    names.imports.push(import?.name.name.to_owned());
                }
            }
            Payload::ComponentExportSection(section) if depth == 0 => {
                for export in section {
                    names.exports.push(export?.name.name.to_owned());
                }
            }
            _ => {}
        }
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_import_that_no_extractor_gets_is_named() {
        let wasm =
            wat::parse_str(r#"(component (import "wasi:clocks/wall-clock@0.2.0" (instance)))"#)
                .expect("wat");
        assert_eq!(
            target(&wasm),
            Err(Mismatch::Import("wasi:clocks/wall-clock@0.2.0".into()))
        );
    }

    #[test]
    fn what_a_release_does_not_have_yet_is_named() {
        let imports = |name: &str| format!(r#"(import "lensmount:extractor/{name}" (instance))"#);
        let exports = |name: &str| {
            format!(
                r#"(instance $i-{name}) (export "lensmount:extractor/{name}@1.0.0" (instance $i-{name}))"#
            )
        };
        let lines = imports("lines@1.0.0");
        for (parts, lacks) in [
            (lines.clone() + &exports("chart"), "`lines`"),
            (imports("zones@1.0.0") + &exports("events"), "`zones`"),
            (lines + &exports("chart") + &exports("manual"), "`manual`"),
        ] {
            let wasm = wat::parse_str(format!("(component {parts})")).expect("wat");
            let Err(Mismatch::Interface(text)) = target(&wasm) else {
                panic!("it targets a world")
            };
            assert!(text.contains(&format!("1.0.0 has no {lacks}")), "{text}");
        }
    }

    #[test]
    fn a_function_that_is_asked_for_otherwise_than_it_is_given_is_named() {
        let chart = |release: &str| {
            format!(r#"(instance $i) (export "lensmount:extractor/chart@{release}" (instance $i))"#)
        };
        for (release, import, function, told) in [
            (
                "1.0.0",
                "log",
                r#""flush" (func)"#,
                "of the `log` that it imports: there is no function `flush`;",
            ),
            (
                "1.2.0",
                "zones",
                r#""offset" (func (param "zone" string) (result s32))"#,
                "of the `zones` that it imports: in the function `offset`, the parameters are (zone) and should be (first, second, third, fourth, instant);",
            ),
        ] {
            let import = format!(
                r#"(import "lensmount:extractor/{import}@{release}" (instance (export {function})))"#
            );
            let wasm = format!("(component {import} {})", chart(release));
            let wasm = wat::parse_str(wasm).expect("wat");
            let Err(Mismatch::Interface(text)) = target(&wasm) else {
                panic!("it targets a world")
            };
            assert!(text.contains(told), "{text}");
        }
    }

    #[test]
    fn a_component_that_exports_nothing_says_what_it_should() {
        let wasm = wat::parse_str("(component)").expect("wat");
        let Err(Mismatch::Interface(text)) = target(&wasm) else {
            panic!("it targets a world")
        };
        assert!(
            text.contains("lensmount:extractor/chart nor") && text.contains("nothing"),
            "{text}"
        );
    }
}
