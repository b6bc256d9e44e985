//! Which world of the contract a component targets, and if none, what differs, in words.

use std::sync::LazyLock;

use wasmparser::{Parser, Payload};
use wit_parser::{Resolve, WorldId};

use crate::sandbox::World;

/// The contract itself, as it was released.
const WIT: &str = include_str!("../../../wit/1.0.0/extractor.wit");
/// The package that imports and exports are named after, without the version.
const PACKAGE: &str = "lensmount:extractor/";
/// Interfaces that a component may import. `types` has no functions: some languages import it to
/// name its types.
const GRANTED: [&str; 2] = ["log", "types"];

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
        let package = PACKAGE.trim_end_matches('/');
        self.exports.iter().chain(&self.imports).find_map(|name| {
            let (_, version) = name.strip_prefix(PACKAGE)?.split_once('@')?;
            Some(format!("{package}@{version}"))
        })
    }
}

/// Finds the world that `wasm`, a valid component, targets.
pub(super) fn target(wasm: &[u8]) -> Result<World, Mismatch> {
    let names = names(wasm).map_err(|error| Mismatch::Interface(error.to_string()))?;
    if let Some(import) = names.imports.iter().find(|import| !granted(import)) {
        return Err(Mismatch::Import(import.clone()));
    }
    let offers = |interface: &str| {
        names
            .exports
            .iter()
            .any(|export| ours(export) == Some(interface))
    };
    let world = match (offers("chart"), offers("events")) {
        (true, false) => World::ChartExtractor,
        (false, true) => World::EventMapper,
        (true, true) => {
            return Err(Mismatch::Interface(
                "it exports both `chart` and `events`; make two extractors of it".into(),
            ));
        }
        (false, false) => {
            return Err(Mismatch::Interface(format!(
                "it exports neither {PACKAGE}chart@1.0.0 nor {PACKAGE}events@1.0.0 but {}; build it against wit/1.0.0",
                if names.exports.is_empty() {
                    "nothing".into()
                } else {
                    names.exports.join(", ")
                },
            )));
        }
    };
    let contract = CONTRACT
        .as_ref()
        .map_err(|error| Mismatch::Interface(error.clone()))?;
    let id = contract
        .world(world)
        .ok_or_else(|| Mismatch::Interface(format!("this server lost its world {world}")))?;
    wit_component::targets(&contract.resolve, id, wasm).map_err(|error| {
        Mismatch::Interface(format!(
            "it does not fit the world `{world}` of {PACKAGE}…@1.0.0: {}; build it against wit/1.0.0",
            error.root_cause()
        ))
    })?;
    Ok(world)
}

fn granted(import: &str) -> bool {
    ours(import).is_some_and(|interface| GRANTED.contains(&interface))
}

/// The interface of our package that a name stands for, if its version is one that a host of
/// 1.0.0 serves: any 1.x, by the component model's rules.
fn ours(name: &str) -> Option<&str> {
    let (interface, version) = name.strip_prefix(PACKAGE)?.split_once('@')?;
    let version = semver::Version::parse(version).ok()?;
    (version.major == 1 && version.pre.is_empty()).then_some(interface)
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

struct Contract {
    resolve: Resolve,
    package: wit_parser::PackageId,
}

impl Contract {
    fn world(&self, world: World) -> Option<WorldId> {
        self.resolve
            .select_world(&[self.package], Some(world.as_str()))
            .ok()
    }
}

static CONTRACT: LazyLock<Result<Contract, String>> = LazyLock::new(|| {
    let mut resolve = Resolve::default();
    match resolve.push_str("extractor.wit", WIT) {
        Ok(package) => Ok(Contract { resolve, package }),
        Err(error) => Err(format!(
            "this server's own contract does not parse: {error:#}"
        )),
    }
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_contract_parses_and_has_both_worlds() {
        let contract = CONTRACT.as_ref().expect("wit/1.0.0 parses");
        for world in [World::ChartExtractor, World::EventMapper] {
            assert!(contract.world(world).is_some(), "{world}");
        }
    }

    #[test]
    fn names_of_our_package_match_by_track() {
        let cases = [
            ("lensmount:extractor/log@1.0.0", Some("log")),
            ("lensmount:extractor/log@1.7.2", Some("log")),
            ("lensmount:extractor/log@2.0.0", None),
            ("lensmount:extractor/log@1.1.0-rc.1", None),
            ("lensmount:extractor/log", None),
            ("wasi:cli/environment@0.2.0", None),
        ];
        for (name, interface) in cases {
            assert_eq!(ours(name), interface, "{name}");
        }
    }

    #[test]
    fn an_import_beyond_the_log_is_named() {
        let wasm =
            wat::parse_str(r#"(component (import "wasi:clocks/wall-clock@0.2.0" (instance)))"#)
                .expect("wat");
        assert_eq!(
            target(&wasm),
            Err(Mismatch::Import("wasi:clocks/wall-clock@0.2.0".into()))
        );
    }

    #[test]
    fn a_component_that_exports_nothing_says_what_it_should() {
        let wasm = wat::parse_str("(component)").expect("wat");
        let Err(Mismatch::Interface(text)) = target(&wasm) else {
            panic!("it targets a world")
        };
        assert!(
            text.contains("lensmount:extractor/chart@1.0.0") && text.contains("nothing"),
            "{text}"
        );
    }
}
