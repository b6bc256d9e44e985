//! Writes a joined result.

use std::borrow::Cow;
use std::collections::HashSet;

use lensmount_sdk::json::Token;

use super::answer::Role;
use super::part::Part;
use super::refused;
use crate::looker::ask::LARGEST_RESULT;
use crate::looker::error::LookerError;
use crate::looker::query::{Object, raw};

/// A cell where nothing matches.
const NULL: &str = r#"{"value":null}"#;

/// A field of the joined result.
struct Column<'a> {
    part: usize,
    /// What its source calls it.
    own: Cow<'a, str>,
    /// Its name as JSON.
    name: String,
    is_measure: bool,
    about: String,
}

/// The fields of the joined result: the primary query's, then each other's without what it is
/// joined by.
fn columns<'a>(parts: &[Part<'a>]) -> Result<Vec<Column<'a>>, LookerError> {
    let mut taken: HashSet<String> = HashSet::new();
    let mut columns = Vec::new();
    for (nth, part) in parts.iter().enumerate() {
        for field in &part.answer.fields {
            if nth > 0 && part.joins_by(&field.name) {
                continue;
            }
            let mut name = field.name.to_string();
            if nth > 0 && taken.contains(&name) {
                name = format!("q{nth}_{name}");
            }
            if !taken.insert(name.clone()) {
                return Err(refused(format!("two of its fields are called {name:?}")));
            }
            let malformed = || LookerError::malformed(format!("the metadata of {name:?}"));
            let mut about = Object::parse(field.about.raw()).map_err(malformed())?;
            if nth > 0 {
                about.set("name", raw(&name).map_err(malformed())?);
                // The joined rows are in the primary query's order.
                about.remove("sorted");
            }
            columns.push(Column {
                part: nth,
                own: field.name.clone(),
                is_measure: field.role == Role::Measure,
                about: about.text().map_err(malformed())?,
                name: serde_json::to_string(&name).map_err(malformed())?,
            });
        }
    }
    Ok(columns)
}

/// Writes the joined result of parts, of which the first is the primary one.
pub(super) fn write(parts: &[Part<'_>]) -> Result<String, LookerError> {
    let columns = columns(parts)?;
    let mut text = head(parts, &columns)?;
    data(parts, &columns, &mut text)?;
    Ok(text)
}

/// The document up to its rows.
fn head(parts: &[Part<'_>], columns: &[Column<'_>]) -> Result<String, LookerError> {
    let answers = || parts.iter().map(|part| &part.answer);
    let mut text = String::from(r#"{"status":"complete","unordered":true"#);
    let mut member = |name: &str, value: &str| {
        text.push_str(&format!(",\"{name}\":{value}"));
    };
    if answers().all(|answer| answer.from_cache.is_some()) {
        let all = answers().all(|answer| answer.from_cache == Some(true));
        member("from_cache", if all { "true" } else { "false" });
    }
    let moments: Option<Vec<_>> = answers().map(|answer| answer.ran_at).collect();
    if let Some((_, oldest)) = moments.and_then(|all| all.into_iter().min_by_key(|(at, _)| *at)) {
        member("ran_at", oldest.raw());
    }
    if let Some(zone) = answers()
        .next()
        .and_then(|answer| answer.timezone.as_deref())
    {
        let zone = serde_json::to_string(zone);
        member(
            "timezone",
            &zone.map_err(LookerError::malformed("time zone"))?,
        );
    }
    if answers().any(|answer| answer.truncated) {
        member("truncated", "true");
    }
    if let Some(added) = answers().next().and_then(|answer| answer.added_params) {
        member("added_params", added.raw());
    }
    let notes: Vec<_> = answers()
        .flat_map(|answer| &answer.notes)
        .map(|note| note.raw())
        .collect();
    if !notes.is_empty() {
        member("errors", &format!("[{}]", notes.join(",")));
    }
    let list = |measures: bool| {
        let fitting = columns
            .iter()
            .filter(|column| column.is_measure == measures);
        let about: Vec<_> = fitting.map(|column| column.about.as_str()).collect();
        about.join(",")
    };
    let (dimensions, measures) = (list(false), list(true));
    member(
        "fields",
        &format!(
            r#"{{"dimensions":[{dimensions}],"measures":[{measures}],"table_calculations":[],"pivots":[]}}"#
        ),
    );
    Ok(text)
}

/// The rows, and the end of the document.
fn data(parts: &[Part<'_>], columns: &[Column<'_>], text: &mut String) -> Result<(), LookerError> {
    text.push_str(r#","data":["#);
    let primary = parts.iter().take(1);
    let rows = primary.flat_map(|primary| &primary.answer.rows);
    for (nth, row) in rows.enumerate() {
        let rows = parts
            .iter()
            .map(|part| part.beside(row))
            .collect::<Result<Vec<_>, _>>()?;
        text.push_str(if nth == 0 { "{" } else { ",{" });
        let mut comma = "";
        for column in columns {
            let row = rows.get(column.part).copied().flatten();
            let cell = match row {
                Some(row) => row.get(&column.own).map(|cell| Token::raw(*cell)),
                None => Some(NULL),
            };
            // A cell that its source lacks is lacking here.
            if let Some(cell) = cell {
                for piece in [comma, &column.name, ":", cell] {
                    text.push_str(piece);
                }
                comma = ",";
            }
        }
        text.push('}');
        if text.len() > LARGEST_RESULT {
            return Err(LookerError::TooLarge {
                what: "the joined result of the merged tile".to_owned(),
                limit: LARGEST_RESULT,
            });
        }
    }
    text.push_str("]}");
    Ok(())
}
