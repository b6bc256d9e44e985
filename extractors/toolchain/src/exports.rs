//! What a guest's module offers, as far as its host has a use for it.
//!
//! Beside each function that gives back something on the heap, bindings export one that frees it
//! (`cabi_post_…`). A host that keeps instances calls it; ours makes an instance for a call and then
//! wipes its memory as a whole. It would look up all of these functions for every instance, and call
//! one of them, for nothing: together half a microsecond of each call.

use wasm_encoder::{ExportKind, ExportSection, Module, RawSection};
use wasmparser::{BinaryReaderError, ExternalKind, Parser, Payload};

/// What the component model's bindings call the functions that free what another gave back.
const FREES: &str = "cabi_post_";

/// The module without the functions that free what a call gave back.
pub(crate) fn without_frees(module: &[u8]) -> Result<Vec<u8>, BinaryReaderError> {
    let mut kept = Module::new();
    for payload in Parser::new(0).parse_all(module) {
        let payload = payload?;
        if let Payload::ExportSection(exports) = payload {
            kept.section(&section(exports)?);
        } else if let Some((id, range)) = payload.as_section() {
            let data = module.get(range).unwrap_or_default();
            kept.section(&RawSection { id, data });
        }
    }
    Ok(kept.finish())
}

fn section(
    exports: wasmparser::ExportSectionReader<'_>,
) -> Result<ExportSection, BinaryReaderError> {
    let mut section = ExportSection::new();
    for export in exports {
        let export = export?;
        let kind = match export.kind {
            ExternalKind::Func | ExternalKind::FuncExact if export.name.starts_with(FREES) => {
                continue;
            }
            ExternalKind::Func | ExternalKind::FuncExact => ExportKind::Func,
            ExternalKind::Table => ExportKind::Table,
            ExternalKind::Memory => ExportKind::Memory,
            ExternalKind::Global => ExportKind::Global,
            ExternalKind::Tag => ExportKind::Tag,
        };
        section.export(export.name, kind, export.index);
    }
    Ok(section)
}

#[cfg(test)]
mod tests {
    use wasm_encoder::{
        CodeSection, CustomSection, ExportKind, ExportSection, Function, FunctionSection, Module,
        TypeSection,
    };

    use super::without_frees;

    /// A module of one function that is exported under these names, with a section of its own.
    fn module(names: &[&str]) -> Vec<u8> {
        let (mut types, mut functions) = (TypeSection::new(), FunctionSection::new());
        types.ty().function([], []);
        functions.function(0);
        let mut exports = ExportSection::new();
        for name in names {
            exports.export(name, ExportKind::Func, 0);
        }
        let (mut code, mut body) = (CodeSection::new(), Function::new([]));
        body.instructions().end();
        code.function(&body);
        let mut module = Module::new();
        module
            .section(&types)
            .section(&functions)
            .section(&exports)
            .section(&code);
        let custom = CustomSection {
            name: "own".into(),
            data: (&[1, 2, 3]).into(),
        };
        module.section(&custom);
        module.finish()
    }

    #[test]
    fn only_what_frees_is_gone() {
        let all = [
            "read",
            "cabi_post_read",
            "cabi_realloc",
            "a/b#cabi_post_c",
            "cabi_post_a/b#c",
        ];
        let kept = ["read", "cabi_realloc", "a/b#cabi_post_c"];
        assert_eq!(without_frees(&module(&all)).unwrap(), module(&kept));
        assert_eq!(without_frees(&module(&kept)).unwrap(), module(&kept));
    }

    #[test]
    fn what_is_no_module_is_refused() {
        assert!(without_frees(b"\0asm").is_err());
        assert!(without_frees(&module(&["read"])[..40]).is_err());
    }
}
