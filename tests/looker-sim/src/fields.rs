//! `fields=`: which parts of an answer are wanted, in Looker's nested notation.

use serde_json::{Map, Value};

/// The wanted keys, each with what is wanted below it; nothing below means all of it.
#[derive(Debug, Default, PartialEq, Eq)]
struct Wanted(Vec<(String, Wanted)>);

/// `value` with only what `fields` names. An array is treated item by item. Without `fields`, or
/// with names that do not parse, all of it stays, as Looker ignores what it cannot read.
pub fn only(value: Value, fields: Option<&str>) -> Value {
    match fields.map(str::trim).filter(|fields| !fields.is_empty()) {
        Some(fields) => prune(value, &parse(&mut fields.chars(), 0)),
        None => value,
    }
}

/// No answer is nested deeper; what is asked for below that is read as asked for here.
const DEPTH: u32 = 16;

fn parse(rest: &mut std::str::Chars<'_>, depth: u32) -> Wanted {
    let mut wanted = Wanted::default();
    let mut name = String::new();
    let mut below = Wanted::default();
    let finish = |name: &mut String, below: &mut Wanted, wanted: &mut Wanted| {
        let name = std::mem::take(name).trim().to_owned();
        let below = std::mem::take(below);
        if !name.is_empty() {
            wanted.0.push((name, below));
        }
    };
    while let Some(next) = rest.next() {
        match next {
            ',' => finish(&mut name, &mut below, &mut wanted),
            '(' if depth < DEPTH => below = parse(rest, depth + 1),
            ')' => break,
            other => name.push(other),
        }
    }
    finish(&mut name, &mut below, &mut wanted);
    wanted
}

fn prune(value: Value, wanted: &Wanted) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(|item| prune(item, wanted)).collect(),
        Value::Object(mut object) if !wanted.0.is_empty() => {
            let mut kept = Map::new();
            for (name, below) in &wanted.0 {
                if let Some(value) = object.remove(name) {
                    kept.insert(name.clone(), prune(value, below));
                }
            }
            Value::Object(kept)
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_answer_holds_only_what_was_asked_for() {
        let value = || {
            json!({
                "id": "1", "title": "a",
                "folder": {"id": "2", "name": "b"},
                "tiles": [{"id": "3", "query": {"id": "4", "model": "m"}}, {"id": "5", "query": null}],
            })
        };
        for (fields, expected) in [
            ("id", json!({"id": "1"})),
            (
                "id,folder(name)",
                json!({"id": "1", "folder": {"name": "b"}}),
            ),
            ("folder", json!({"folder": {"id": "2", "name": "b"}})),
            (
                "tiles(id, query(model)), title",
                json!({"tiles": [{"id": "3", "query": {"model": "m"}}, {"id": "5", "query": null}], "title": "a"}),
            ),
            ("nonsense", json!({})),
            ("", value()),
        ] {
            assert_eq!(only(value(), Some(fields)), expected, "{fields}");
        }
        assert_eq!(only(value(), None), value());
        assert_eq!(only(json!([value()]), Some("id")), json!([{"id": "1"}]));
    }
}
