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
