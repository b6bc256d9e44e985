//! What has become of the content since: tiles and looks that are gone or drawn otherwise, fields that
//! have another name, numbers that stand still.
//!
//! The content itself never changes; edits are laid over what is shown of it.

use std::collections::BTreeMap;
use std::sync::Mutex;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use crate::lock::lock;

/// What is edited.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Edits {
    /// Tiles, by id.
    tiles: BTreeMap<String, Edit>,
    /// Looks, by id.
    looks: BTreeMap<String, Edit>,
    /// Fields that have another name: the one before and the one now.
    rename: BTreeMap<String, String>,
    /// Whether numbers stand still, although time goes on.
    still: bool,
}

/// What has become of a tile or a look.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Edit {
    /// It is not there any more.
    gone: bool,
    /// It is drawn as this.
    chart_type: Option<String>,
    /// It has this id, as after a deploy of LookML.
    id: Option<String>,
}

/// The edits that hold, and the moment at which numbers stand still if they do.
#[derive(Debug, Default)]
pub struct Edited(Mutex<(Edits, Option<Timestamp>)>);

impl Edited {
    /// Puts edits in the place of all others. Numbers that are to stand still stand where they were
    /// at `now`, or before that where they stood still already.
    pub fn replace(&self, edits: Edits, now: Timestamp) {
        let mut held = lock(&self.0);
        let since = held.1.unwrap_or(now);
        *held = (edits.clone(), edits.still.then_some(since));
    }

    /// The edits, if there are any that change what is shown.
    pub fn shown(&self) -> Option<Edits> {
        let edits = lock(&self.0).0.clone();
        let none = edits.tiles.is_empty() && edits.looks.is_empty() && edits.rename.is_empty();
        (!none).then_some(edits)
    }

    /// The moment that numbers are of, when it is `now`.
    pub fn moment(&self, now: Timestamp) -> Timestamp {
        lock(&self.0).1.unwrap_or(now)
    }
}

impl Edits {
    /// What the answer to `path` has become; none where it is of something that is gone.
    pub fn over(&self, path: &str, mut answer: Value) -> Option<Value> {
        let parts: Vec<&str> = path.split('/').skip_while(|part| *part != "4.0").collect();
        match parts.get(1..).unwrap_or_default() {
            ["dashboard_elements", _] => over(&self.tiles, answer),
            ["dashboards", _, "dashboard_elements"] => Some(all(&self.tiles, answer)),
            ["dashboards", ..] => {
                match &mut answer {
                    Value::Array(dashboards) => {
                        dashboards.iter_mut().for_each(|it| self.tiles_of(it));
                    }
                    one => self.tiles_of(one),
                }
                Some(answer)
            }
            ["looks", "search"] => Some(all(&self.looks, answer)),
            ["looks", _] => over(&self.looks, answer),
            _ => Some(answer),
        }
    }

    fn tiles_of(&self, dashboard: &mut Value) {
        if let Some(tiles) = dashboard.get_mut("dashboard_elements") {
            *tiles = all(&self.tiles, tiles.take());
        }
    }

    /// A text as it is sent: fields go by the names that they have now.
    pub fn sent(&self, text: &str) -> String {
        let mut sent = text.to_owned();
        for (before, now) in &self.rename {
            sent = renamed(&sent, before, now);
        }
        sent
    }

    /// A text as it was received: fields go by the names that they had.
    pub fn received(&self, text: &str) -> String {
        let mut received = text.to_owned();
        for (before, now) in &self.rename {
            received = renamed(&received, now, before);
        }
        received
    }
}

/// Items with what has become of each.
fn all(edits: &BTreeMap<String, Edit>, items: Value) -> Value {
    match items {
        Value::Array(items) => items
            .into_iter()
            .filter_map(|item| over(edits, item))
            .collect(),
        other => other,
    }
}

fn over(edits: &BTreeMap<String, Edit>, mut item: Value) -> Option<Value> {
    let Some(edit) = item["id"].as_str().and_then(|id| edits.get(id)) else {
        return Some(item);
    };
    if edit.gone {
        return None;
    }
    if let Some(chart_type) = &edit.chart_type {
        for place in ["/query", "/result_maker", "/result_maker/query"] {
            let config = item.pointer_mut(&format!("{place}/vis_config"));
            if let Some(Value::Object(config)) = config {
                config.insert("type".to_owned(), chart_type.as_str().into());
            }
        }
    }
    if let Some(id) = &edit.id {
        item["id"] = id.as_str().into();
    }
    Some(item)
}

/// `text` with another name for a field, where it stands by itself and not within a longer name.
fn renamed(text: &str, from: &str, to: &str) -> String {
    let within = |sign: char| sign.is_ascii_alphanumeric() || sign == '_' || sign == '.';
    let mut renamed = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(from).filter(|_| !from.is_empty()) {
        let (before, found) = rest.split_at(at);
        let after = &found[from.len()..];
        renamed.push_str(before);
        let whole = !renamed.ends_with(within) && !after.starts_with(within);
        renamed.push_str(if whole { to } else { from });
        rest = after;
    }
    renamed.push_str(rest);
    renamed
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_name_is_changed_where_it_stands_by_itself() {
        for (text, expected) in [
            (r#""a.b""#, r#""a.c""#),
            ("a.b desc", "a.c desc"),
            ("a.bb", "a.bb"),
            ("aa.b", "aa.b"),
            ("a.b,a.b", "a.c,a.c"),
            ("${a.b}", "${a.c}"),
            ("", ""),
        ] {
            assert_eq!(renamed(text, "a.b", "a.c"), expected, "{text}");
        }
    }

    #[test]
    fn edits_are_laid_over_tiles_wherever_they_are_shown() {
        let edits: Edits = serde_json::from_value(json!({
            "tiles": {"1": {"gone": true}, "2": {"chart_type": "pie", "id": "3"}},
            "looks": {"1": {"gone": true}},
        }))
        .unwrap();
        let tiles =
            json!([{"id": "1"}, {"id": "2", "query": {"id": "1", "vis_config": {"type": "bar"}}}]);
        let expected = json!([{"id": "3", "query": {"id": "1", "vis_config": {"type": "pie"}}}]);
        let whole = json!({"id": "1", "dashboard_elements": tiles});
        let shown = json!({"id": "1", "dashboard_elements": expected});
        for (path, before, after) in [
            ("/api/4.0/dashboards/1", whole.clone(), Some(shown.clone())),
            (
                "/api/4.0/dashboards/search",
                json!([whole]),
                Some(json!([shown])),
            ),
            (
                "/api/4.0/dashboards/1/dashboard_elements",
                tiles,
                Some(expected),
            ),
            ("/api/4.0/dashboard_elements/1", json!({"id": "1"}), None),
            ("/api/4.0/looks/1", json!({"id": "1"}), None),
            (
                "/api/4.0/queries/1",
                json!({"id": "1"}),
                Some(json!({"id": "1"})),
            ),
        ] {
            assert_eq!(edits.over(path, before), after, "{path}");
        }
    }
}
