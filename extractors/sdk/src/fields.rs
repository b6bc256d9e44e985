//! The fields of a result, list by list.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::field::{Field, FieldSeed, Role};
use crate::json::keys;

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
        self.all().find(|field| field.name == name)
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

keys! {
    /// The lists of fields that are read.
    ListKey {
        Measures = "measures",
        Dimensions = "dimensions",
        Calculations = "table_calculations",
        Pivots = "pivots",
    }
}

/// Reads the `fields` object.
pub(crate) struct FieldsSeed;

impl<'de> DeserializeSeed<'de> for FieldsSeed {
    type Value = Fields<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for FieldsSeed {
    type Value = Fields<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("`fields` to be an object of lists")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut fields = Fields::default();
        while let Some(key) = map.next_key::<ListKey>()? {
            match key {
                ListKey::Measures => {
                    fields.measures = map.next_value_seed(ListSeed(Role::Measure))?
                }
                ListKey::Dimensions => {
                    fields.dimensions = map.next_value_seed(ListSeed(Role::Dimension))?;
                }
                ListKey::Calculations => {
                    fields.calculations = map.next_value_seed(ListSeed(Role::Calculation))?;
                }
                ListKey::Pivots => fields.pivots = map.next_value_seed(ListSeed(Role::Pivot))?,
                ListKey::Other => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        let Fields {
            dimensions, pivots, ..
        } = &mut fields;
        dimensions.retain(|field| pivots.iter().all(|pivot| pivot.name != field.name));
        Ok(fields)
    }
}

/// Reads one list of fields; `null` is an empty one.
struct ListSeed(Role);

impl<'de> DeserializeSeed<'de> for ListSeed {
    type Value = Vec<Field<'de>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ListSeed {
    type Value = Vec<Field<'de>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of fields")
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Vec::new())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut fields = Vec::new();
        while let Some(field) = list.next_element_seed(FieldSeed(self.0))? {
            fields.push(field);
        }
        Ok(fields)
    }
}
