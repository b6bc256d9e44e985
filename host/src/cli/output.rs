//! Tables for people, JSON for programs.

use std::io::{IsTerminal, Write};

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
            .map(|cell| width_of(cell))
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..header.len()).map(width).collect();
    let line = |cells: &Vec<String>| {
        let cells: Vec<String> = cells
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell}{}", " ".repeat(width - width_of(cell))))
            .collect();
        cells.join("  ").trim_end().to_owned()
    };
    lines.into_iter().map(line).collect::<Vec<_>>().join("\n")
}

/// How wide a cell is shown: what paints it takes no room.
fn width_of(cell: &str) -> usize {
    let plain = cell
        .strip_prefix(RED)
        .and_then(|cell| cell.strip_suffix(PLAIN));
    plain.unwrap_or(cell).chars().count()
}

const RED: &str = "\u{1b}[31m";
const PLAIN: &str = "\u{1b}[0m";

/// A cell that should be seen, in red where somebody looks at it who has nothing against colour.
pub(super) fn red(text: &str) -> String {
    let is_plain = std::env::var_os("NO_COLOR").is_some_and(|it| !it.is_empty());
    if is_plain || !std::io::stdout().is_terminal() {
        return text.to_owned();
    }
    format!("{RED}{text}{PLAIN}")
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
        let painted = [vec![format!("{RED}tide{PLAIN}"), "1.0.0".into()]];
        assert_eq!(
            table(&["extractor", "version"], &painted),
            format!("EXTRACTOR  VERSION\n{RED}tide{PLAIN}       1.0.0")
        );
    }
}
