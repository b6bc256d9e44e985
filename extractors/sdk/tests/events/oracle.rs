//! The same rules on trees of values: slow, short, and read side by side with the facts.

use serde_json::{Map, Value, json};

/// What is chosen and hidden.
#[derive(Clone, Debug)]
pub struct Choices {
    pub as_they_are: bool,
    pub names: &'static str,
    pub require_user_id: bool,
    pub hidden: Vec<String>,
}

/// What becomes of one row.
#[derive(Clone, Debug, PartialEq)]
pub struct Mapped {
    pub user: Option<String>,
    pub anonymous: Option<String>,
    pub key: Option<String>,
    pub group: Option<String>,
    pub traits: Value,
}

/// Fields in the order of their lists.
fn fields(head: &Value) -> Vec<&Value> {
    [
        "dimensions",
        "measures",
        "filters",
        "parameters",
        "table_calculations",
    ]
    .iter()
    .flat_map(|list| head["fields"][list].as_array().into_iter().flatten())
    .collect()
}

fn tagged(field: &Value, tag: &str) -> bool {
    field["tags"]
        .as_array()
        .is_some_and(|tags| tags.iter().any(|known| known == tag))
}

const TAGS: [&str; 4] = ["user_id", "rudder_anonymous_id", "email", "rudder_group_id"];

fn first<'h>(head: &'h Value, tag: &str) -> Option<&'h str> {
    fields(head)
        .into_iter()
        .find(|field| tagged(field, tag))
        .and_then(|field| field["name"].as_str())
}

/// Whether any of the fields says who a row is about.
pub fn says_who(head: &Value, choices: &Choices) -> bool {
    let any = TAGS.iter().any(|tag| first(head, tag).is_some());
    any && (!choices.require_user_id || first(head, "user_id").is_some())
}

/// An id: `Err` where it is none that could be.
fn id(row: &Value, field: Option<&str>) -> Result<Option<String>, ()> {
    let Some(cell) = field
        .and_then(|field| row.get(field))
        .filter(|cell| !cell.is_null())
    else {
        return Ok(None);
    };
    match cell.get("value") {
        Some(Value::Null) => Ok(None),
        Some(Value::Number(number)) => Ok(Some(match number.as_f64() {
            Some(float) if number.is_f64() => float.to_string(),
            _ => number.to_string(),
        })),
        Some(Value::String(text)) => Ok(Some(text.clone()).filter(|text| !text.trim().is_empty())),
        _ => Err(()),
    }
}

fn truthy(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(flag) => *flag,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(_) | Value::Object(_) => true,
    }
}

fn property(cell: &Value, ids: &[&str], pivotable: bool, choices: &Choices) -> Value {
    let value = cell.get("value");
    let is_pivot = value.is_none()
        || (choices.as_they_are
            && pivotable
            && value.is_some_and(|value| value.get("value").is_some()));
    if !is_pivot {
        let value = value.cloned().unwrap_or_default();
        return if choices.as_they_are || truthy(&value) {
            value
        } else {
            json!([])
        };
    }
    let inner = cell
        .as_object()
        .into_iter()
        .flatten()
        .filter_map(|(key, cell)| Some((key, cell.get("value")?)));
    if choices.as_they_are {
        return inner
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect::<Map<_, _>>()
            .into();
    }
    inner
        .filter(|(key, _)| !ids.contains(&key.as_str()))
        .map(|(key, value)| json!({key: value}))
        .collect::<Vec<_>>()
        .into()
}

/// What the properties of these fields are called.
fn names(fields: &[&Value], email: bool, choice: &str) -> Vec<String> {
    let full = |field: &Value| field["name"].as_str().unwrap().to_owned();
    let mut names: Vec<String> = fields
        .iter()
        .map(|field| {
            let text = |key: &str| {
                field[key]
                    .as_str()
                    .filter(|text| !text.is_empty())
                    .map(str::to_owned)
            };
            match choice {
                "label" => text("label"),
                "label-short" => text("label_short").or_else(|| text("label")),
                "column" => full(field)
                    .rsplit_once('.')
                    .map(|(_, column)| column.to_owned())
                    .filter(|name| !name.is_empty()),
                _ => None,
            }
            .unwrap_or_else(|| full(field))
        })
        .collect();
    for _ in 0..fields.len() {
        let before = names.clone();
        for (name, field) in names.iter_mut().zip(fields) {
            let uses = before.iter().filter(|other| *other == name).count()
                + usize::from(email && name == "email");
            if uses > 1 {
                *name = full(field);
            }
        }
    }
    names
}

/// What makes a person without ids the same next time, or "{" where that is the row itself.
fn key(head: &Value, row: &Value) -> Option<String> {
    let cell = |field: &str| row.get(field).filter(|cell| !cell.is_null());
    let said = |value: &Value| match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()).filter(|text| !text.trim().is_empty()),
        other => Some(other.to_string()),
    };
    let email = first(head, "email")
        .and_then(|field| cell(field)?.get("value"))
        .filter(|value| !value.is_array() && !value.is_object());
    if let Some(email) = email.and_then(said) {
        return Some(email);
    }
    if first(head, "rudder_anonymous_id").is_some()
        || first(head, "user_id").is_some_and(|field| cell(field).is_none())
    {
        return None;
    }
    let dimensions = head["fields"]["dimensions"]
        .as_array()
        .into_iter()
        .flatten();
    let tagged = fields(head)
        .into_iter()
        .filter(|field| TAGS.iter().any(|tag| tagged(field, tag)));
    let mut told = dimensions
        .chain(tagged)
        .filter_map(|field| cell(field["name"].as_str()?)?.get("value"));
    told.any(|value| said(value).is_some())
        .then(|| "{".to_owned())
}

/// Maps one row of an `identify` or `track`; none where it is rejected.
pub fn map(head: &Value, row: &Value, choices: &Choices) -> Option<Mapped> {
    row.as_object()?;
    let ids: Vec<&str> = fields(head)
        .into_iter()
        .filter(|field| TAGS.iter().any(|tag| tagged(field, tag)))
        .filter_map(|field| field["name"].as_str())
        .collect();
    let user = id(row, first(head, "user_id")).ok()?;
    let anonymous = id(row, first(head, "rudder_anonymous_id")).ok()?;
    let group = id(row, first(head, "rudder_group_id")).ok()?;
    if choices.require_user_id && user.is_none() {
        return None;
    }
    let email = first(head, "email");
    let plain: Vec<&Value> = fields(head)
        .into_iter()
        .filter(|field| {
            let name = field["name"].as_str().unwrap();
            !ids.contains(&name) && !choices.hidden.iter().any(|hidden| hidden == name)
        })
        .collect();
    let names = names(&plain, email.is_some(), choices.names);
    // Of two under one name the last counts.
    let mut called: Map<String, Value> = Map::new();
    for field in fields(head) {
        if let Some(place) = plain
            .iter()
            .position(|known| known["name"] == field["name"])
        {
            called.insert(names[place].clone(), field.clone());
        } else if field["name"].as_str() == email {
            called.insert("email".to_owned(), field.clone());
        }
    }
    let mut traits = Map::new();
    for (name, field) in called {
        let Some(cell) = row
            .get(field["name"].as_str()?)
            .filter(|cell| !cell.is_null())
        else {
            continue;
        };
        cell.as_object()?;
        if field["name"].as_str() == email {
            traits.extend(cell.get("value").map(|value| (name, value.clone())));
            continue;
        }
        let lists = &head["fields"];
        let dimension = lists["dimensions"].as_array()?.contains(&field);
        let pivoted = lists["pivots"]
            .as_array()
            .is_some_and(|pivots| !pivots.is_empty());
        traits.insert(name, property(cell, &ids, pivoted && !dimension, choices));
    }
    let key = match (&user, &anonymous) {
        (None, None) => Some(key(head, row)?),
        _ => None,
    };
    Some(Mapped {
        user,
        anonymous,
        key,
        group,
        traits: traits.into(),
    })
}
