//! `lensmount extractor inspect`.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Map, Value, json};

use crate::catalog::{Described, Metadata, examine, look_at};
use crate::sandbox::Limits;

use super::super::output::{Output, cell};
use super::component;

/// Say what a component is: its contract, what it imports, and what it says of itself
///
/// Any file may be looked at. One that a server would take is also asked to describe itself, in the
/// sandbox.
#[derive(Debug, Args)]
pub(super) struct Inspect {
    /// The component, a .wasm file
    file: PathBuf,
}

impl Inspect {
    pub async fn run(&self, output: Output) -> anyhow::Result<()> {
        let wasm = component::read(&self.file)?;
        let seen = look_at(&wasm);
        let sandbox = component::sandbox(Limits::default())?;
        let (describe, refused) = match examine(&sandbox, wasm).await?.verdict {
            Ok(described) => (said(&described), Value::Null),
            Err((stage, refused)) => (
                Value::Null,
                json!({"stage": stage.name, "code": refused.code.as_str(), "reason": refused.reason}),
            ),
        };
        let found = json!({
            "size": seen.size,
            "digest": seen.digest.to_string(),
            "contract": seen.contract,
            "world": seen.world,
            "imports": seen.imports,
            "exports": seen.exports,
            "metadata": {
                "name": seen.metadata.name,
                "version": seen.metadata.version,
                "producers": producers(&seen.metadata),
            },
            "describe": describe,
            "refused": refused,
        });
        output.print(&found, &["what", "is"], lines)
    }
}

fn said(described: &Described) -> Value {
    json!({
        "name": described.lens.identity().name,
        "version": described.version,
        "title": described.title,
        "summary": described.summary,
        "chart_types": described.chart_types,
    })
}

/// By kind, as the section has them: `{"language": ["Rust"], "processed-by": ["rustc 1.95.0"]}`.
fn producers(metadata: &Metadata) -> Value {
    let mut kinds = Map::new();
    for (kind, producer) in &metadata.producers {
        let list = kinds.entry(kind).or_insert_with(|| json!([]));
        if let Value::Array(list) = list {
            list.push(producer.as_str().into());
        }
    }
    kinds.into()
}

/// A line for each thing that is known; members of members under both names.
fn lines(found: &Value) -> Vec<Vec<String>> {
    let mut lines = Vec::new();
    below("", found, &mut lines);
    lines
}

fn below(name: &str, value: &Value, lines: &mut Vec<Vec<String>>) {
    match value {
        Value::Object(members) => {
            for (member, value) in members {
                let name = if name.is_empty() {
                    member.clone()
                } else {
                    format!("{name} {member}")
                };
                below(&name, value, lines);
            }
        }
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(cell).collect();
            let items = if items.is_empty() {
                "-".into()
            } else {
                items.join(", ")
            };
            lines.push(vec![name.to_owned(), items]);
        }
        Value::Null if matches!(name, "refused" | "describe") => {}
        value => lines.push(vec![name.to_owned(), cell(value)]),
    }
}
