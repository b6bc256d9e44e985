//! Which properties the rows of a run get, told from its head once.

use crate::events::form::Settings;
use crate::events::head::{Head, Listed};
use crate::events::row::Cell;
use crate::events::value::{self, Empties};
use crate::failure::shown;
use crate::json;
use crate::scan::Fault;

/// The property that the email goes by, whatever its field is called.
const EMAIL: &str = "email";

/// The properties of a run, in their order.
#[derive(Clone, Debug)]
pub struct Plan<'h> {
    properties: Vec<Property<'h>>,
    ids: Vec<&'h str>,
    empties: Empties,
}

#[derive(Clone, Debug)]
struct Property<'h> {
    name: String,
    /// The key as it is written, with the comma before it and the colon after.
    lead: Vec<u8>,
    field: &'h Listed<'h>,
    /// Which of the row's cells.
    place: usize,
    /// Whether the value is passed on whatever it is.
    raw: bool,
    /// Whether its cells may stand by pivot.
    pivotable: bool,
}

/// Why a row has no properties.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unwritten {
    /// The row cannot be mapped, for a person.
    Row(String),
    /// The rows are not JSON.
    Fault(Fault),
}

impl<'h> Plan<'h> {
    /// Every field that is neither tagged nor hidden under its name, in the head's order, and the
    /// email where its field stands. Of two that are called the same in full, the last one counts,
    /// where the first one stood.
    pub fn new(
        head: &'h Head<'h>,
        email: Option<usize>,
        hidden: &[impl AsRef<str>],
        settings: &Settings<'_>,
    ) -> Self {
        let fields = || head.fields.iter().enumerate();
        let plain: Vec<_> = fields()
            .filter(|(_, field)| {
                !field.tags.any() && hidden.iter().all(|name| name.as_ref() != field.name)
            })
            .collect();
        let listed: Vec<_> = plain.iter().map(|(_, field)| *field).collect();
        let taken = email.map(|_| EMAIL);
        let names = settings.names.of(&listed, taken.as_slice());
        let mut named = plain
            .iter()
            .map(|(place, _)| *place)
            .zip(names.iter().map(|name| &**name))
            .peekable();

        let mut properties: Vec<Property<'h>> = Vec::with_capacity(plain.len() + 1);
        for (place, field) in fields() {
            let (name, raw) = match named.next_if(|(named, _)| *named == place) {
                Some((_, name)) => (name, false),
                None if email == Some(place) => (EMAIL, true),
                None => continue,
            };
            let property = Property {
                name: name.to_owned(),
                lead: format!(",{}:", json::quoted(name)).into_bytes(),
                field,
                place,
                raw,
                pivotable: head.pivoted && !field.dimension && !raw,
            };
            match properties.iter_mut().find(|known| known.name == name) {
                Some(known) => *known = property,
                None => properties.push(property),
            }
        }
        let tagged = head.fields.iter().filter(|field| field.tags.any());
        Self {
            properties,
            ids: tagged.map(|field| &*field.name).collect(),
            empties: settings.empties,
        }
    }

    /// Writes the properties of a row as a JSON object. A field that the row lacks is left out.
    pub fn write(&self, cells: &[Cell<'_>], out: &mut Vec<u8>) -> Result<(), Unwritten> {
        out.clear();
        for property in &self.properties {
            let mut cell = cells.get(property.place).copied().unwrap_or(Cell::Missing);
            if property.pivotable
                && self.empties == Empties::AsTheyAre
                && let Cell::Flat { value, whole } = cell
                && value::is_cell(value)
            {
                cell = Cell::Pivoted(whole);
            }
            match cell {
                Cell::Missing => {}
                Cell::Flat { value, .. } => {
                    out.extend_from_slice(&property.lead);
                    if property.raw {
                        out.extend_from_slice(value.bytes());
                    } else {
                        value::flat(out, value, self.empties);
                    }
                }
                Cell::Pivoted(_) if property.raw => {}
                Cell::Pivoted(cells) => {
                    out.extend_from_slice(&property.lead);
                    value::pivoted(out, cells, self.empties, &self.ids)
                        .map_err(Unwritten::Fault)?;
                }
                Cell::Unlike(_) => {
                    return Err(Unwritten::Row(format!(
                        "What stands under {} is no cell of `json_detail`, an object with `value`",
                        shown(&property.field.name)
                    )));
                }
            }
        }
        match out.first_mut() {
            Some(comma) => *comma = b'{',
            None => out.push(b'{'),
        }
        out.push(b'}');
        Ok(())
    }
}
