//! Whether a pushed result is one of the query that a key result is linked to.
//!
//! What Looker pushes is the result of the schedule's query. Rows chosen by other filters, or columns
//! computed in another way, have the same names and other numbers, so such a query is told apart
//! before anything is read.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// How a query that was run is to the one that is linked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Likeness {
    /// The same in all that has a say in the numbers.
    Same,
    /// It shows other columns of the same rows, or cuts days differently: by name.
    Shown(&'static str),
    /// Its numbers are others: by the name of what is different.
    Other(&'static str),
    /// One of them does not say.
    Unknown,
}

/// What has a say in the numbers of a query.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct Query {
    #[serde(deserialize_with = "text")]
    model: String,
    #[serde(deserialize_with = "text")]
    view: String,
    #[serde(deserialize_with = "names")]
    fields: BTreeSet<String>,
    #[serde(deserialize_with = "names")]
    pivots: BTreeSet<String>,
    #[serde(deserialize_with = "filters")]
    filters: BTreeMap<String, String>,
    #[serde(deserialize_with = "text")]
    filter_expression: String,
    #[serde(deserialize_with = "computed")]
    dynamic_fields: Option<Value>,
    #[serde(deserialize_with = "text")]
    query_timezone: String,
}

/// Compares two of Looker's Query objects.
pub(super) fn likeness(ran: &str, linked: &str) -> Likeness {
    let read = |query| serde_json::from_str::<Query>(query).ok();
    let (Some(ran), Some(linked)) = (read(ran), read(linked)) else {
        return Likeness::Unknown;
    };
    if [&ran, &linked]
        .iter()
        .any(|it| it.model.is_empty() || it.view.is_empty())
    {
        return Likeness::Unknown;
    }
    let others = [
        ("model", ran.model != linked.model),
        ("explore", ran.view != linked.view),
        ("filters", ran.filters != linked.filters),
        (
            "filter expression",
            ran.filter_expression != linked.filter_expression,
        ),
        (
            "calculated fields",
            ran.dynamic_fields != linked.dynamic_fields,
        ),
        ("pivots", ran.pivots != linked.pivots),
    ];
    let shown = [
        ("fields", ran.fields != linked.fields),
        ("time zone", ran.query_timezone != linked.query_timezone),
    ];
    let first = |of: &[(&'static str, bool)]| of.iter().find(|(_, is)| *is).map(|(name, _)| *name);
    match (first(&others), first(&shown)) {
        (Some(what), _) => Likeness::Other(what),
        (None, Some(what)) => Likeness::Shown(what),
        (None, None) => Likeness::Same,
    }
}

fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

fn names<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeSet<String>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// Filters without those that are lifted: Looker writes them as empty texts, as null, or not at all.
fn filters<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<String, String>, D::Error> {
    let all = Option::<BTreeMap<String, Option<String>>>::deserialize(deserializer)?;
    let set = all.unwrap_or_default().into_iter();
    Ok(set
        .filter_map(|(name, value)| Some((name, value.filter(|it| !it.trim().is_empty())?)))
        .collect())
}

/// Calculated fields, which Looker keeps as JSON in a text.
fn computed<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    let fields = match Option::<Value>::deserialize(deserializer)? {
        Some(Value::String(text)) if text.trim().is_empty() => None,
        Some(Value::String(text)) => {
            Some(serde_json::from_str(&text).map_err(serde::de::Error::custom)?)
        }
        other => other,
    };
    Ok(fields.filter(|fields| fields.as_array().is_none_or(|all| !all.is_empty())))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn linked() -> Value {
        json!({
            "id": "9", "slug": "s", "model": "shop", "view": "orders",
            "fields": ["orders.month", "orders.count"], "pivots": null, "sorts": ["orders.month desc"],
            "filters": {"orders.status": "complete", "orders.kind": ""}, "limit": "500",
            "dynamic_fields": "[{\"table_calculation\":\"rate\",\"expression\":\"${a}/2\"}]",
            "vis_config": {"type": "house_line"},
        })
    }

    #[test]
    fn what_has_a_say_in_the_numbers_makes_another_query() {
        let cases = [
            ("as it is", json!({}), Likeness::Same),
            (
                "what has no say",
                json!({"limit": "-1", "sorts": [], "slug": "t", "vis_config": null, "id": 3}),
                Likeness::Same,
            ),
            (
                "lifted filters in other words",
                json!({"filters": {"orders.status": "complete", "orders.other": null}}),
                Likeness::Same,
            ),
            (
                "calculated fields as JSON",
                json!({"dynamic_fields": [{"expression": "${a}/2", "table_calculation": "rate"}]}),
                Likeness::Same,
            ),
            (
                "fields in another order",
                json!({"fields": ["orders.count", "orders.month"], "pivots": []}),
                Likeness::Same,
            ),
            (
                "another model",
                json!({"model": "shop2"}),
                Likeness::Other("model"),
            ),
            (
                "another explore",
                json!({"view": "items"}),
                Likeness::Other("explore"),
            ),
            (
                "another filter value",
                json!({"filters": {"orders.status": "open"}}),
                Likeness::Other("filters"),
            ),
            (
                "no filters",
                json!({"filters": null}),
                Likeness::Other("filters"),
            ),
            (
                "another filter expression",
                json!({"filter_expression": "${orders.count} > 1"}),
                Likeness::Other("filter expression"),
            ),
            (
                "another calculation of the same name",
                json!({"dynamic_fields": "[{\"table_calculation\":\"rate\",\"expression\":\"${a}/3\"}]"}),
                Likeness::Other("calculated fields"),
            ),
            (
                "pivots",
                json!({"pivots": ["orders.month"]}),
                Likeness::Other("pivots"),
            ),
            (
                "more fields",
                json!({"fields": ["orders.month", "orders.count", "orders.sum"]}),
                Likeness::Shown("fields"),
            ),
            (
                "another zone",
                json!({"query_timezone": "Europe/Berlin"}),
                Likeness::Shown("time zone"),
            ),
            ("no model", json!({"model": null}), Likeness::Unknown),
            (
                "filters of another shape",
                json!({"filters": [1]}),
                Likeness::Unknown,
            ),
        ];
        for (what, changed, expected) in cases {
            let mut ran = linked();
            for (name, value) in changed.as_object().unwrap() {
                ran[name] = value.clone();
            }
            assert_eq!(
                likeness(&ran.to_string(), &linked().to_string()),
                expected,
                "{what}"
            );
        }
        assert_eq!(likeness("{}", &linked().to_string()), Likeness::Unknown);
        assert_eq!(
            likeness("no JSON", &linked().to_string()),
            Likeness::Unknown
        );
    }
}
