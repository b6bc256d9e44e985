//! Components to upload: built once for all tests, by the project's own toolchain.

use lensmount_toolchain::{ErrorChain, Toolchain, ToolchainError, Workspace};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::OnceLock;

type Built = BTreeMap<String, Vec<u8>>;

fn build() -> Result<Built, ToolchainError> {
    let workspace = Workspace::around(Path::new(env!("CARGO_MANIFEST_DIR")))?;
    let toolchain = Toolchain::find()?;
    let packages = toolchain.guests(&workspace, "tests/guests")?;
    let components = toolchain.build(&workspace, &packages)?;
    Ok(components.into_iter().map(|guest| (guest.name, guest.wasm)).collect())
}

/// A build that failed is remembered as well: it would fail again for every test.
fn built() -> &'static Built {
    static BUILT: OnceLock<Result<Built, String>> = OnceLock::new();
    let built = BUILT.get_or_init(|| build().map_err(|error| ErrorChain(&error).to_string()));
    built.as_ref().unwrap_or_else(|error| panic!("{error}"))
}

/// The component of a crate in `tests/guests`, as it was built.
pub fn guest(name: &str) -> Vec<u8> {
    let built = built().get(name);
    built.unwrap_or_else(|| panic!("tests/guests has no `{name}`")).clone()
}

/// The component of a crate in `extractors`: what the server carries as a built-in.
pub fn built_in(name: &str) -> Vec<u8> {
    let built = || {
        let workspace = Workspace::around(Path::new(env!("CARGO_MANIFEST_DIR")))?;
        let toolchain = Toolchain::find()?;
        let packages = toolchain.guests(&workspace, "extractors")?;
        let package: Vec<_> = packages.into_iter().filter(|package| package.name == name).collect();
        toolchain.build(&workspace, &package)
    };
    let built = built().unwrap_or_else(|error| panic!("{}", ErrorChain(&error)));
    built.into_iter().next().unwrap_or_else(|| panic!("extractors has no `{name}`")).wasm
}

/// The gauge, version 1.0.0.
pub fn gauge() -> Vec<u8> {
    guest("gauge")
}

/// The gauge, version 2.0.0. A workspace holds no two crates of one name, so that the crate's name
/// differs from the extractor's; what the build left of it in the component is taken out.
pub fn gauge_2() -> Vec<u8> {
    nameless(guest("gauge-2"))
}

/// How the hostile guest introduces itself.
#[derive(Clone, Copy)]
pub struct Card<'a> {
    pub name: &'a str,
    pub version: &'a str,
    pub title: &'a str,
    pub chart_types: &'a str,
    /// What `describe` does: nothing, `loop`, `trap`, …
    pub describe: &'a str,
}

/// A card that nothing is wrong with.
pub const SOUND: Card<'static> = Card { name: "hostile", version: "1.0.0", title: "Hostile", chart_types: "house_hostile", describe: "" };

/// The hostile guest with a card written over its own.
pub fn hostile(card: Card) -> Vec<u8> {
    const FIRST: &[u8] = b"hostile-card|";
    const ROOM: usize = 200;
    let mut wasm = nameless(guest("hostile"));
    let start = find(&wasm, FIRST).expect("the card stands in the component once") + FIRST.len();
    let Card { name, version, title, chart_types, describe } = card;
    let text = format!("{name}|{version}|{title}|{chart_types}|{describe}|");
    assert!(text.len() <= ROOM, "the card has no room for that");
    wasm[start..start + text.len()].copy_from_slice(text.as_bytes());
    wasm
}

/// The same component without the name and version that the build wrote into its metadata: the
/// section that holds them keeps its length and gets a name that nobody reads.
fn nameless(mut wasm: Vec<u8>) -> Vec<u8> {
    const SECTION: &[u8] = b"\x07version";
    // The last one: the contract has a field of that name, and the section was written after it.
    let place = wasm.windows(SECTION.len()).rposition(|window| window == SECTION);
    if let Some(place) = place {
        wasm[place..place + SECTION.len()].copy_from_slice(b"\x07no-name");
    }
    wasm
}

fn find(bytes: &[u8], part: &[u8]) -> Option<usize> {
    bytes.windows(part.len()).position(|window| window == part)
}

/// A component with one core module more, which is instantiated along with the rest: its memories,
/// tables and start function are there before any function of the contract is called.
pub fn with_module(mut component: Vec<u8>, module: &str) -> Vec<u8> {
    let module = wat::parse_str(module).expect("a module in text form");
    let index = modules(&component);
    section(&mut component, 1, &module);
    let mut instance = vec![1, 0];
    number(&mut instance, index);
    instance.push(0);
    section(&mut component, 2, &instance);
    component
}

/// A component that carries samples: a JSON array.
pub fn carrying(mut component: Vec<u8>, samples: &str) -> Vec<u8> {
    const SECTION: &str = "lensmount-samples";
    let mut content = Vec::new();
    number(&mut content, SECTION.len());
    content.extend(SECTION.as_bytes());
    content.extend(samples.as_bytes());
    section(&mut component, 0, &content);
    component
}

/// The gauge, version 2.0.0, with its eye on the second measure.
pub fn gauge_astray() -> Vec<u8> {
    const FIRST: &[u8] = b"/fields/measures/0/name";
    let mut wasm = gauge_2();
    let start = find(&wasm, FIRST).expect("the place stands in the component");
    wasm[start + b"/fields/measures/".len()] = b'1';
    wasm
}

/// How many core modules stand in a component.
fn modules(component: &[u8]) -> usize {
    const HEADER: usize = 8;
    let (mut at, mut count) = (HEADER, 0);
    while at < component.len() {
        count += usize::from(component[at] == 1);
        let (mut size, mut shift) = (0, 0);
        loop {
            at += 1;
            size |= usize::from(component[at] & 0x7f) << shift;
            shift += 7;
            if component[at] < 0x80 {
                break;
            }
        }
        at += 1 + size;
    }
    count
}

fn section(component: &mut Vec<u8>, kind: u8, content: &[u8]) {
    component.push(kind);
    number(component, content.len());
    component.extend_from_slice(content);
}

/// A number as WebAssembly writes it (LEB128).
fn number(bytes: &mut Vec<u8>, mut value: usize) {
    while value >= 0x80 {
        bytes.push(0x80 | u8::try_from(value & 0x7f).expect("seven bits"));
        value >>= 7;
    }
    bytes.push(u8::try_from(value).expect("seven bits"));
}
