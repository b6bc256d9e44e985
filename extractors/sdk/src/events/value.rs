//! How a cell is written into an event: its value byte for byte, save what is empty or pivoted.

use crate::events::row::Cell;
use crate::json::{Kind, Token};
use crate::scan::{Fault, Scan};

/// What becomes of empty values and of pivots.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Empties {
    /// As RudderStack's own action does: 0, false, null and "" become `[]`, and pivots a list of
    /// objects with one member each.
    #[default]
    Compatible,
    /// Each value as Looker has it, and pivots an object.
    AsTheyAre,
}

/// Whether JavaScript takes a value for false. A number is zero if all its digits are.
pub fn is_empty(value: Token<'_>) -> bool {
    match value.bytes() {
        [b'"', rest @ ..] => rest.len() == 1,
        [b'n' | b'f', ..] => true,
        [b'-', b'0', rest @ ..] | [b'0', rest @ ..] => rest
            .iter()
            .take_while(|byte| !matches!(byte, b'e' | b'E'))
            .all(|byte| matches!(byte, b'0' | b'.')),
        _ => false,
    }
}

/// Writes what stands in a flat cell.
pub fn flat(out: &mut Vec<u8>, value: Token<'_>, empties: Empties) {
    if empties == Empties::Compatible && is_empty(value) {
        out.extend_from_slice(b"[]");
    } else {
        out.extend_from_slice(value.bytes());
    }
}

/// Whether the value of what looks like a flat cell is a cell itself: then a pivot is called
/// "value", and the whole is a pivoted field's.
pub fn is_cell(value: Token<'_>) -> bool {
    value.kind() == Kind::Object
        && matches!(
            Cell::read(&mut Scan::new(value.raw())),
            Ok(Cell::Flat { .. })
        )
}

/// Writes the cells of a pivoted field, in their order and with their values as they are. A pivot
/// without a cell is left out; so is one called like a field in `ids`, where it is compatible.
pub fn pivoted(
    out: &mut Vec<u8>,
    cells: Token<'_>,
    empties: Empties,
    ids: &[&str],
) -> Result<(), Fault> {
    let (open, close, apart): (_, _, &[u8]) = match empties {
        Empties::Compatible => (b'[', b']', b"},{"),
        Empties::AsTheyAre => (b'{', b'}', b","),
    };
    out.push(open);
    let mut first = true;
    Scan::new(cells.raw()).members(|scan, key| {
        let cell = Cell::read(scan)?;
        let Some(value) = cell.value() else {
            return Ok(());
        };
        if empties == Empties::Compatible && ids.iter().any(|id| key.is(id)) {
            return Ok(());
        }
        match (first, empties) {
            (true, Empties::Compatible) => out.push(b'{'),
            (true, Empties::AsTheyAre) => {}
            (false, _) => out.extend_from_slice(apart),
        }
        first = false;
        out.extend_from_slice(key.raw().as_bytes());
        out.push(b':');
        out.extend_from_slice(value.bytes());
        Ok::<_, Fault>(())
    })?;
    if empties == Empties::Compatible && !first {
        out.push(b'}');
    }
    out.push(close);
    Ok(())
}
