//! The same by serde_json alone: objects as lists of members, values as the text they came as.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::summary::{Is, Summary, Written};

/// What is said of a document.
pub enum Said {
    /// It is no JSON.
    Refused(String),
    /// It is JSON, but a text in it has half a surrogate pair and is none, so that it is refused by
    /// whoever looks at that text, and by nobody else.
    NoText(String),
    /// It is JSON, and not of the shape of a result.
    Malformed(String),
    /// It is a result.
    Table(Summary),
}

/// Why there is no table.
enum Not {
    Json(serde_json::Error),
    Shaped(&'static str),
}

impl From<serde_json::Error> for Not {
    fn from(error: serde_json::Error) -> Self {
        Self::Json(error)
    }
}

/// The members of an object, each that stands twice too.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct All;
        impl<'de> Visitor<'de> for All {
            type Value = Members<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(All)
    }
}

impl<'a> Members<'a> {
    fn last(&self, key: &str) -> Option<&'a RawValue> {
        let mut members = self.0.iter().rev();
        members
            .find(|(name, _)| name == key)
            .map(|(_, value)| *value)
    }
}

/// The members of an object; none where it is none.
fn object(value: &RawValue) -> Result<Option<Members<'_>>, Not> {
    if !value.get().starts_with('{') {
        return Ok(None);
    }
    Ok(Some(serde_json::from_str(value.get())?))
}

/// The items of a list; none where it is none.
fn list(value: &RawValue) -> Result<Option<Vec<&RawValue>>, Not> {
    if !value.get().starts_with('[') {
        return Ok(None);
    }
    Ok(Some(serde_json::from_str(value.get())?))
}

fn text(value: &RawValue) -> Result<Option<String>, Not> {
    if !value.get().starts_with('"') {
        return Ok(None);
    }
    Ok(Some(serde_json::from_str(value.get())?))
}

/// Reads a document.
pub fn read(document: &[u8]) -> Said {
    let whole = std::str::from_utf8(document).map_err(|error| error.to_string());
    let whole = whole.and_then(|text| {
        serde_json::from_str::<&RawValue>(text).map_err(|error| error.to_string())
    });
    let whole = match whole {
        Ok(whole) => whole,
        Err(why) => return Said::Refused(why),
    };
    match result(whole) {
        Ok(table) => Said::Table(table),
        Err(Not::Json(error)) => Said::NoText(error.to_string()),
        Err(Not::Shaped(why)) => Said::Malformed(why.to_owned()),
    }
}

fn result(whole: &RawValue) -> Result<Summary, Not> {
    let result = object(whole)?.ok_or(Not::Shaped("no object"))?;
    let mut columns: Option<Vec<(String, bool)>> = None;
    for (key, value) in &result.0 {
        match key.as_str() {
            "fields" if value.get() == "null" => columns = None,
            "fields" => columns = Some(fields(value)?),
            // Rows are read as they come where the fields are known.
            "data" if value.get() != "null" => {
                if let Some(columns) = &columns {
                    rows(value, columns)?;
                }
            }
            _ => {}
        }
    }
    let columns = columns.ok_or(Not::Shaped("no fields"))?;
    let data = result.last("data").filter(|data| data.get() != "null");
    let rows = rows(data.ok_or(Not::Shaped("no data"))?, &columns)?;
    if let Some(pivots) = result
        .last("pivots")
        .filter(|pivots| pivots.get() != "null")
    {
        for pivot in list(pivots)?.ok_or(Not::Shaped("pivots"))? {
            let pivot = object(pivot)?.ok_or(Not::Shaped("a pivot"))?;
            let key = pivot.last("key").ok_or(Not::Shaped("a pivot's key"))?;
            text(key)?.ok_or(Not::Shaped("a pivot's key"))?;
        }
    }
    Ok(Summary { columns, rows })
}

fn fields(value: &RawValue) -> Result<Vec<(String, bool)>, Not> {
    let lists = object(value)?.ok_or(Not::Shaped("fields"))?;
    let mut names: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (key, value) in &lists.0 {
        let known = ["dimensions", "pivots", "measures", "table_calculations"];
        let Some(key) = known.into_iter().find(|known| known == key) else {
            continue;
        };
        let mut list_names = Vec::new();
        if value.get() != "null" {
            for field in list(value)?.ok_or(Not::Shaped("a list of fields"))? {
                let field = object(field)?.ok_or(Not::Shaped("a field"))?;
                let name = field.last("name").ok_or(Not::Shaped("a name"))?;
                let name = text(name)?.filter(|name| !name.is_empty());
                list_names.push(name.ok_or(Not::Shaped("a name"))?);
            }
        }
        names.insert(key, list_names);
    }
    let of = |key| names.get(key).cloned().unwrap_or_default();
    let (pivots, mut dimensions) = (of("pivots"), of("dimensions"));
    dimensions.retain(|name| !pivots.contains(name));
    let mut columns: Vec<(String, bool)> = Vec::new();
    for (names, pivoted) in [
        (dimensions, false),
        (pivots.clone(), !pivots.is_empty()),
        (of("measures"), !pivots.is_empty()),
        (of("table_calculations"), !pivots.is_empty()),
    ] {
        for name in names {
            if columns.iter().all(|(known, _)| *known != name) {
                columns.push((name, pivoted));
            }
        }
    }
    Ok(columns)
}

fn rows(value: &RawValue, columns: &[(String, bool)]) -> Result<Vec<Vec<Is>>, Not> {
    let mut rows = Vec::new();
    for row in list(value)?.ok_or(Not::Shaped("data"))? {
        let row = object(row)?.ok_or(Not::Shaped("a row"))?;
        let mut cells = vec![Is::Absent; columns.len()];
        for (key, value) in &row.0 {
            let place = columns.iter().position(|(name, _)| name == key);
            if let Some(place) = place {
                cells[place] = cell(value, columns[place].1)?;
            }
        }
        rows.push(cells);
    }
    Ok(rows)
}

fn cell(value: &RawValue, pivoted: bool) -> Result<Is, Not> {
    let members = object(value)?.ok_or(Not::Shaped("a cell"))?;
    let flat = written(&members);
    if !pivoted {
        return flat
            .map(Is::Flat)
            .ok_or(Not::Shaped("a cell without a value"));
    }
    if let Some(flat) = flat
        && inner(members.last("value"))?.is_none()
    {
        // Whatever else stands in it is looked into all the same.
        for (_, value) in &members.0 {
            inner(Some(value))?;
        }
        return Ok(Is::Flat(flat));
    }
    let mut values = BTreeMap::new();
    for (key, value) in &members.0 {
        let is_last = matches!(key.as_str(), "value" | "rendered");
        let value = if is_last {
            members.last(key)
        } else {
            Some(*value)
        };
        let value = inner(value)?.ok_or(Not::Shaped("no cell of a pivot"))?;
        values.insert(key.clone(), value);
    }
    Ok(Is::Pivoted(values))
}

/// A cell under the key of a pivot; none where it is anything else.
fn inner(value: Option<&RawValue>) -> Result<Option<Written>, Not> {
    let Some(value) = value else { return Ok(None) };
    Ok(object(value)?.as_ref().and_then(written))
}

fn written(members: &Members<'_>) -> Option<Written> {
    let raw = |value: &RawValue| value.get().to_owned();
    Some((
        raw(members.last("value")?),
        members.last("rendered").map(raw),
    ))
}
