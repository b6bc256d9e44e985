//! Cells: values, and how they are shown.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::decimal::Decimal;
use crate::evaluate::{Cell, Member};
use crate::model::{Field, Timeframe};

/// The value of a cell by itself.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub enum Bare {
    /// None.
    Null,
    /// A number.
    Number(Decimal),
    /// A text.
    Text(String),
    /// A member of a dimension.
    Member(Member),
}

impl From<&Cell> for Bare {
    fn from(cell: &Cell) -> Self {
        match cell {
            Cell::Absent | Cell::Null => Self::Null,
            Cell::Number(number) => Self::Number(*number),
            Cell::Text(text) => Self::Text(text.clone()),
        }
    }
}

/// A cell with what Looker says beside its value.
#[derive(Debug, Clone, Serialize)]
pub struct Full {
    value: Bare,
    #[serde(skip_serializing_if = "Option::is_none")]
    rendered: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    html: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    filterable_value: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sort_value: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    links: Option<Value>,
}

impl Full {
    /// A cell of a measure or calculation.
    pub fn measured(cell: &Cell, format: Option<&str>, is_calculation: bool) -> Self {
        let rendered = match cell {
            Cell::Number(_) | Cell::Text(_) => Some(shown(cell, format)),
            // As Looker has it: a calculation's null is rendered as that word.
            Cell::Absent | Cell::Null => is_calculation.then(|| "null".to_owned()),
        };
        Self {
            rendered,
            ..Self::bare(Bare::from(cell))
        }
    }

    /// A total of a measure, which comes with its text as HTML.
    pub fn total(cell: &Cell, format: Option<&str>) -> Self {
        let html = (!matches!(cell, Cell::Null | Cell::Absent)).then(|| shown(cell, format));
        Self {
            html,
            ..Self::bare(Bare::from(cell))
        }
    }

    /// A cell of a dimension.
    pub fn member(member: &Member, field: Field) -> Self {
        let sort_value = match member {
            Member::Ranked(rank, _) => Some(rank.to_string()),
            _ => None,
        };
        let filterable_value = match (member, field.timeframe()) {
            (Member::Null, _) => Some("EMPTY".to_owned()),
            (Member::Text(text), Some(Timeframe::Week)) => Some(format!("{text} for 7 days")),
            (Member::Text(text), Some(Timeframe::Quarter)) => {
                Some(format!("{text}-01 for 3 months"))
            }
            _ => None,
        };
        Self {
            filterable_value,
            sort_value,
            ..Self::bare(Bare::Member(member.clone()))
        }
    }

    /// The cell with links to drill down by.
    pub fn with_links(mut self, links: Value) -> Self {
        self.links = Some(links);
        self
    }

    /// A value and no word about it.
    pub fn of(value: Bare) -> Self {
        Self::bare(value)
    }

    fn bare(value: Bare) -> Self {
        Self {
            value,
            rendered: None,
            html: None,
            filterable_value: None,
            sort_value: None,
            links: None,
        }
    }
}

/// A cell as people see it.
pub fn shown(cell: &Cell, format: Option<&str>) -> String {
    match cell {
        Cell::Absent | Cell::Null => String::new(),
        Cell::Text(text) => text.clone(),
        Cell::Number(number) => formatted(*number, format),
    }
}

fn formatted(number: Decimal, format: Option<&str>) -> String {
    let Some(format) = format else {
        let text = number.to_string();
        let places = text
            .split_once('.')
            .map_or(0, |(_, rest)| rest.len().min(2));
        return number.grouped(u32::try_from(places).unwrap_or(0), 0);
    };
    let quoted = format.contains("\"%\"");
    let places = format.split_once('.').map_or(0, |(_, rest)| {
        rest.chars().take_while(|next| *next == '0').count()
    });
    let shift = if format.contains('%') && !quoted {
        2
    } else {
        0
    };
    let text = number.grouped(u32::try_from(places).unwrap_or(0), shift);
    let currency = if format.starts_with('$') { "$" } else { "" };
    let percent = if format.contains('%') { "%" } else { "" };
    match text.strip_prefix('-') {
        Some(text) => format!("-{currency}{text}{percent}"),
        None => format!("{currency}{text}{percent}"),
    }
}

/// An object whose keys stand in the order they were put in.
#[derive(Debug, Clone)]
pub struct Ordered<T>(pub Vec<(String, T)>);

impl<T> Default for Ordered<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Serialize> Serialize for Ordered<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

/// What stands under a field in a row: one cell, or one per pivoted column.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub enum Slot<T> {
    /// One cell.
    Flat(T),
    /// A cell per column, by its key.
    Pivoted(Ordered<T>),
    /// The same below the names of the pivots.
    Named(Ordered<Ordered<T>>),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_shown_by_their_format() {
        for (number, format, expected) in [
            ("1234567", None, "1,234,567"),
            ("23670.999996", None, "23,671.00"),
            ("23670.999996", Some("$#,##0.00"), "$23,671.00"),
            ("-5", Some("$#,##0.00"), "-$5.00"),
            ("0.814097", Some("#,##0.0%"), "81.4%"),
            ("98.126", Some("0.00\"%\""), "98.13%"),
            ("1999.5", Some("#,##0"), "2,000"),
        ] {
            let number = Cell::Number(number.parse().unwrap());
            assert_eq!(shown(&number, format), expected);
        }
    }
}
