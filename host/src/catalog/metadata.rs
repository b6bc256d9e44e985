//! What an author's tools wrote into a component beside its code.

use wasmparser::{ComponentName, KnownCustom, Parser, Payload, ProducersSectionReader};

/// The name and version in the component's own metadata, and what it was made with. The name is that
/// of a crate or a file, so it only serves until the extractor has said its own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Metadata {
    /// The component's own name.
    pub name: Option<String>,
    /// What its `version` section says.
    pub version: Option<String>,
    /// Languages and tools, each at most once: `("processed-by", "rustc 1.95.0")`.
    pub producers: Vec<(String, String)>,
}

/// Reads the component's own name and `version` sections, those of nested modules left out. Its
/// producers are those of its modules too: the compiler of a guest knows nothing of components.
pub(super) fn read(wasm: &[u8]) -> Metadata {
    let (mut metadata, mut depth) = (Metadata::default(), 0_usize);
    for payload in Parser::new(0).parse_all(wasm).map_while(Result::ok) {
        match payload {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::CustomSection(section) => match section.as_known() {
                KnownCustom::Producers(producers) => metadata.add(producers),
                KnownCustom::ComponentName(names) if depth == 0 => {
                    metadata.name =
                        names
                            .into_iter()
                            .filter_map(Result::ok)
                            .find_map(|name| match name {
                                ComponentName::Component { name, .. } => Some(name.to_owned()),
                                _ => None,
                            });
                }
                KnownCustom::Unknown if depth == 0 && section.name() == "version" => {
                    metadata.version = std::str::from_utf8(section.data())
                        .ok()
                        .map(ToOwned::to_owned);
                }
                _ => {}
            },
            _ => {}
        }
    }
    metadata
}

impl Metadata {
    fn add(&mut self, producers: ProducersSectionReader<'_>) {
        for field in producers.into_iter().filter_map(Result::ok) {
            for value in field.values.into_iter().filter_map(Result::ok) {
                let producer = format!("{} {}", value.name, value.version);
                let entry = (field.name.to_owned(), producer.trim_end().to_owned());
                if !self.producers.contains(&entry) {
                    self.producers.push(entry);
                }
            }
        }
    }
}
