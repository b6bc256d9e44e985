//! The fields of a result, list by list.

use crate::field::{Field, Part, Role};
use crate::shape::Shape;
use crate::walk::{Walk, Wrong};

/// The fields of a result in Looker's order. Rows may hold cells of fields that are not among
/// them (Looker removes hidden ones from some answers): those are not there.
#[derive(Clone, Debug, Default)]
pub struct Fields<'a> {
    /// `fields.measures`
    pub measures: Vec<Field<'a>>,
    /// `fields.dimensions`, save those that head the columns.
    pub dimensions: Vec<Field<'a>>,
    /// `fields.table_calculations`
    pub calculations: Vec<Field<'a>>,
    /// `fields.pivots`
    pub pivots: Vec<Field<'a>>,
}

impl<'a> Fields<'a> {
    /// Every field.
    pub fn all(&self) -> impl Iterator<Item = &Field<'a>> {
        self.dimensions
            .iter()
            .chain(&self.pivots)
            .chain(&self.measures)
            .chain(&self.calculations)
    }

    /// The field of that name.
    pub fn find(&self, name: &str) -> Option<&Field<'a>> {
        self.all().find(|field| field.is_called(name))
    }

    /// What the chart counts among the measures: measures first, then calculations.
    pub fn measure_like(&self) -> impl Iterator<Item = &Field<'a>> {
        self.measures
            .iter()
            .chain(&self.calculations)
            .filter(|field| field.is_measure_like())
    }

    /// What the chart counts among the dimensions: dimensions first, then calculations.
    pub fn dimension_like(&self) -> impl Iterator<Item = &Field<'a>> {
        self.dimensions
            .iter()
            .chain(&self.calculations)
            .filter(|field| field.is_dimension_like())
    }
}

impl<'a> Fields<'a> {
    /// Reads the `fields` object.
    pub(crate) fn read(walk: &mut Walk<'a>) -> Result<Self, Wrong> {
        let mut fields = Fields::default();
        // What fields look like: Looker writes the same of each, whichever list it stands in.
        let mut shape = Shape::default();
        walk.lone_object(
            || "`fields` is no object of lists".to_owned(),
            |walk, name| {
                let role = name.is(|name| match name {
                    b"measures" => Some(Role::Measure),
                    b"dimensions" => Some(Role::Dimension),
                    b"table_calculations" => Some(Role::Calculation),
                    b"pivots" => Some(Role::Pivot),
                    _ => None,
                });
                let Some(role) = role else {
                    return walk.skip();
                };
                let list = list(walk, &mut shape, role)?;
                match role {
                    Role::Measure => fields.measures = list,
                    Role::Dimension => fields.dimensions = list,
                    Role::Calculation => fields.calculations = list,
                    Role::Pivot => fields.pivots = list,
                }
                Ok(())
            },
        )?;
        let Fields {
            dimensions, pivots, ..
        } = &mut fields;
        dimensions.retain(|field| pivots.iter().all(|pivot| pivot.name != field.name));
        Ok(fields)
    }
}

/// Reads one list of fields; `null` is an empty one.
fn list<'a>(
    walk: &mut Walk<'a>,
    shape: &mut Shape<'a, Option<Part>>,
    role: Role,
) -> Result<Vec<Field<'a>>, Wrong> {
    let mut fields = Vec::new();
    if walk.takes_null()? {
        return Ok(fields);
    }
    walk.list(
        || "a list in `fields` is no list of fields".to_owned(),
        |walk| {
            fields.push(Field::read(walk, shape, role)?);
            Ok(())
        },
    )?;
    Ok(fields)
}
