//! Tables for people, JSON for programs.

use std::io::Write;

use clap::ValueEnum;
use serde_json::Value;

/// How a command prints what it found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Output {
    /// For people
    #[default]
    Table,
    /// As the API gave it
    Json,
}

impl Output {
    /// Prints `value` as JSON, or as the table that `rows` makes of it.
    pub fn print(
        self,
        value: &Value,
        header: &[&str],
        rows: impl FnOnce(&Value) -> Vec<Vec<String>>,
    ) -> anyhow::Result<()> {
        let text = match self {
            Self::Json => serde_json::to_string_pretty(value)?,
            Self::Table => table(header, &rows(value)),
        };
        writeln!(std::io::stdout(), "{text}")?;
        Ok(())
    }
}

/// Columns as wide as their widest cell.
fn table(header: &[&str], rows: &[Vec<String>]) -> String {
    let header: Vec<String> = header.iter().map(|title| title.to_uppercase()).collect();
    let lines: Vec<&Vec<String>> = std::iter::once(&header).chain(rows).collect();
    let width = |column: usize| {
        lines
            .iter()
            .filter_map(|line| line.get(column))
            .map(|cell| cell.chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..header.len()).map(width).collect();
    let line = |cells: &Vec<String>| {
        let cells: Vec<String> = cells
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:<width$}"))
            .collect();
        cells.join("  ").trim_end().to_owned()
    };
    lines.into_iter().map(line).collect::<Vec<_>>().join("\n")
}

/// A row for each item.
pub(super) fn rows(items: &Value, row: impl Fn(&Value) -> Vec<String>) -> Vec<Vec<String>> {
    items
        .as_array()
        .map_or_else(Vec::new, |items| items.iter().map(row).collect())
}

/// A field as a cell of a table: texts as they are, null as a dash.
pub(super) fn cell(value: &Value) -> String {
    match value {
        Value::Null => "-".into(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up() {
        let rows = [
            vec!["tide".into(), "1.0.0".into()],
            vec!["moon-phase".into(), "-".into()],
        ];
        assert_eq!(
            table(&["name", "version"], &rows),
            "NAME        VERSION\ntide        1.0.0\nmoon-phase  -"
        );
    }
}
