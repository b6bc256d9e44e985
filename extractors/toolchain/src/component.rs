//! A guest, built: from the compiler's module, or another language's component, to a component with
//! its name on it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};

use wasm_encoder::{ComponentSection, CustomSection};
use wasm_metadata::{AddMetadata, AddMetadataField};
use wit_component::ComponentEncoder;

use crate::error::ToolchainError;
use crate::exports::without_frees;
use crate::workspace::Package;

/// A component that a host can load.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Component {
    /// The name of its package; what the extractor calls itself is for its host to ask.
    pub name: String,
    /// The version of its package.
    pub version: String,
    /// What to load.
    pub wasm: Vec<u8>,
}

impl Component {
    /// Wraps a module. Its name and version are written into the component as well, where
    /// `wasm-tools metadata show` finds them.
    pub(crate) fn from_module(package: &Package, module: &[u8]) -> Result<Self, ToolchainError> {
        let wasm = encode(package, module).map_err(|source| ToolchainError::NotAComponent {
            package: package.name.clone(),
            source,
        })?;
        Ok(Self {
            name: package.name.clone(),
            version: package.version.clone(),
            wasm,
        })
    }

    /// A component that was made by another language's tools, with its project's name and version
    /// written into it.
    ///
    /// # Errors
    ///
    /// Where it is no component.
    pub fn named(name: &str, version: &str, made: &[u8]) -> Result<Self, ToolchainError> {
        let wasm = label(name, version, made).map_err(|source| ToolchainError::NotAComponent {
            package: name.to_owned(),
            source,
        })?;
        Ok(Self {
            name: name.to_owned(),
            version: version.to_owned(),
            wasm,
        })
    }

    /// Writes `<name>.wasm` into a folder, whole or not at all. A file that is the same already is
    /// left alone, so that its time of change is one.
    ///
    /// # Errors
    ///
    /// Where the folder cannot be written to.
    pub fn write_to(&self, folder: &Path) -> Result<PathBuf, ToolchainError> {
        // Threads and processes may write the same component at once, each to its own file first.
        static WRITTEN: AtomicU32 = AtomicU32::new(0);

        let path = folder.join(format!("{}.wasm", self.name));
        if fs::read(&path).is_ok_and(|there| there == self.wasm) {
            return Ok(path);
        }
        let count = WRITTEN.fetch_add(1, Ordering::Relaxed);
        let partial = folder.join(format!(".{}.{}-{count}", self.name, process::id()));
        fs::create_dir_all(folder)
            .and_then(|()| fs::write(&partial, &self.wasm))
            .and_then(|()| fs::rename(&partial, &path))
            .map_err(|source| ToolchainError::File {
                path: path.clone(),
                source,
            })?;
        Ok(path)
    }
}

type Cause = Box<dyn std::error::Error + Send + Sync>;

fn encode(package: &Package, module: &[u8]) -> Result<Vec<u8>, Cause> {
    let component = ComponentEncoder::default()
        .validate(true)
        .module(&without_frees(module)?)?
        .encode()?;
    label(&package.name, &package.version, &component)
}

fn label(name: &str, version: &str, component: &[u8]) -> Result<Vec<u8>, Cause> {
    let mut metadata = AddMetadata::default();
    metadata.name = AddMetadataField::Set(name.to_owned());
    let mut wasm = metadata.to_wasm(component)?;
    let version = CustomSection {
        name: "version".into(),
        data: version.as_bytes().into(),
    };
    version.append_to_component(&mut wasm);
    Ok(wasm)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use wasm_encoder::{EntityType, ImportSection, Module, TypeSection};

    use super::Component;
    use crate::error::ErrorChain;
    use crate::workspace::Package;

    fn package() -> Package {
        Package {
            name: "tally".into(),
            version: "2.3.4".into(),
            folder: "/w/tally".into(),
        }
    }

    #[test]
    fn an_import_outside_the_world_is_named() {
        let (mut types, mut imports) = (TypeSection::new(), ImportSection::new());
        types.ty().function([], []);
        imports.import("env", "open_file", EntityType::Function(0));
        let mut module = Module::new();
        module.section(&types).section(&imports);

        let error = Component::from_module(&package(), &module.finish()).unwrap_err();
        let text = ErrorChain(&error).to_string();
        assert!(
            text.starts_with("`tally` was compiled but is no component"),
            "{text}"
        );
        assert!(text.contains("env"), "{text}");
    }

    #[test]
    fn a_component_carries_name_and_version() {
        let component = Component::from_module(&package(), &Module::new().finish()).unwrap();
        let has = |text: &str| {
            component
                .wasm
                .windows(text.len())
                .any(|part| part == text.as_bytes())
        };
        assert!(has("tally"));
        assert!(component.wasm.ends_with(b"\x07version2.3.4"));
    }

    #[test]
    fn writing_the_same_again_leaves_the_file_alone() {
        let folder =
            std::env::temp_dir().join(format!("lensmount-component-{}", std::process::id()));
        let mut component = Component {
            name: "tally".into(),
            version: "1.0.0".into(),
            wasm: vec![1],
        };
        let path = component.write_to(&folder).unwrap();
        let long_ago = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1);
        let file = fs::File::options().write(true).open(&path).unwrap();
        file.set_modified(long_ago).unwrap();
        component.write_to(&folder).unwrap();
        assert_eq!(path.metadata().unwrap().modified().unwrap(), long_ago);

        component.wasm = vec![2];
        component.write_to(&folder).unwrap();
        assert_eq!(fs::read(&path).unwrap(), [2]);
        let files = fs::read_dir(&folder).unwrap().count();
        fs::remove_dir_all(&folder).unwrap();
        assert_eq!(files, 1);
    }
}
