//! Queries: what they are made of, and those that there are.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::lock::lock;
use text::{text, whole};

mod text;

/// What a query asks, as it is sent and received. Unknown keys are ignored, as Looker does.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Query {
    /// The model.
    #[serde(default)]
    pub model: Option<String>,
    /// The explore.
    #[serde(default)]
    pub view: Option<String>,
    /// Fields, in order.
    #[serde(default)]
    pub fields: Option<Vec<String>>,
    /// Those of them that are pivoted.
    #[serde(default)]
    pub pivots: Option<Vec<String>>,
    /// Those of them whose gaps are filled.
    #[serde(default)]
    pub fill_fields: Option<Vec<String>>,
    /// Filter expressions by field.
    #[serde(default)]
    pub filters: Option<BTreeMap<String, String>>,
    /// A filter over several fields; carried, not evaluated.
    #[serde(default)]
    pub filter_expression: Option<String>,
    /// Fields to sort by, with `desc` and the index of a pivot.
    #[serde(default)]
    pub sorts: Option<Vec<String>>,
    /// Most rows; `-1` for all.
    #[serde(default, deserialize_with = "text")]
    pub limit: Option<String>,
    /// Most pivoted columns.
    #[serde(default, deserialize_with = "text")]
    pub column_limit: Option<String>,
    /// Whether columns are totalled.
    #[serde(default, deserialize_with = "whole")]
    pub total: Option<bool>,
    /// Where rows are totalled: `right` or nowhere.
    #[serde(default, deserialize_with = "text")]
    pub row_total: Option<String>,
    /// Fields to subtotal by; carried, not evaluated.
    #[serde(default)]
    pub subtotals: Option<Vec<String>>,
    /// How it is drawn.
    #[serde(default)]
    pub vis_config: Option<Value>,
    /// What the page of filters shows; wins over `filters` there.
    #[serde(default)]
    pub filter_config: Option<Value>,
    /// Table calculations, as a text of JSON.
    #[serde(default)]
    pub dynamic_fields: Option<String>,
    /// The zone that days begin in.
    #[serde(default)]
    pub query_timezone: Option<String>,
    /// What the browser calls it.
    #[serde(default)]
    pub client_id: Option<String>,
}

impl Query {
    /// A digest of what it asks: equal queries share it. What the browser calls it does not count.
    pub fn digest(&self) -> String {
        let asked = Self {
            client_id: None,
            filter_config: None,
            ..self.clone()
        };
        let text = serde_json::to_string(&asked).unwrap_or_default();
        hex::encode(Sha256::digest(text))
    }

    /// The filters that say something, by field.
    pub fn asked_filters(&self) -> impl Iterator<Item = (&str, &str)> {
        let filters = self.filters.iter().flatten();
        filters
            .map(|(field, expression)| (field.as_str(), expression.as_str()))
            .filter(|(_, expression)| !expression.trim().is_empty())
    }
}

/// A query with its name.
#[derive(Debug)]
pub struct Stored {
    /// Its id.
    pub id: String,
    /// Its short name in URLs.
    pub slug: String,
    /// What it asks.
    pub query: Query,
}

impl Stored {
    /// The query as Looker shows it; `base` is where its pages are.
    pub fn shown(&self, base: &str) -> Value {
        let mut shown = serde_json::to_value(&self.query).unwrap_or_default();
        let Query {
            model,
            view,
            fields,
            filters,
            ..
        } = &self.query;
        let (model, view) = (
            model.as_deref().unwrap_or(""),
            view.as_deref().unwrap_or(""),
        );
        let mut url = format!(
            "/explore/{model}/{view}?fields={}",
            fields
                .iter()
                .flatten()
                .cloned()
                .collect::<Vec<_>>()
                .join(",")
        );
        for (field, value) in filters.iter().flatten() {
            url.push_str(&format!("&f[{field}]={}", escaped(value)));
        }
        let calculated = self.query.dynamic_fields.as_deref();
        shown["id"] = json!(self.id);
        shown["slug"] = json!(self.slug);
        if self.query.client_id.is_none() {
            shown["client_id"] = json!(self.slug);
        }
        shown["share_url"] = json!(format!("{base}/x/{}", self.slug));
        shown["expanded_share_url"] = json!(format!("{base}{url}"));
        shown["url"] = json!(url);
        shown["has_table_calculations"] =
            json!(calculated.is_some_and(|text| text.contains("table_calculation")));
        shown["can"] = json!({"run": true, "see_results": true, "explore": true});
        shown
    }
}

fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                escaped.push(byte.into());
            }
            b' ' => escaped.push('+'),
            other => escaped.push_str(&format!("%{other:02X}")),
        }
    }
    escaped
}

/// All queries. They are never changed and never deleted.
#[derive(Debug, Default)]
pub struct Queries(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    by_id: BTreeMap<String, Arc<Stored>>,
    by_digest: HashMap<String, Arc<Stored>>,
    by_slug: HashMap<String, Arc<Stored>>,
}

/// Where the ids of queries begin, as if there had been others.
const FIRST_ID: usize = 101;

impl Queries {
    /// The query that asks this, old or new.
    pub fn put(&self, query: Query) -> Arc<Stored> {
        let digest = query.digest();
        let mut known = lock(&self.0);
        if let Some(stored) = known.by_digest.get(&digest) {
            return Arc::clone(stored);
        }
        let stored = Arc::new(Stored {
            id: (FIRST_ID + known.by_id.len()).to_string(),
            slug: digest[..22].to_owned(),
            query,
        });
        known.by_id.insert(stored.id.clone(), Arc::clone(&stored));
        known
            .by_slug
            .insert(stored.slug.clone(), Arc::clone(&stored));
        known.by_digest.insert(digest, Arc::clone(&stored));
        stored
    }

    /// The query of this id.
    pub fn get(&self, id: &str) -> Option<Arc<Stored>> {
        lock(&self.0).by_id.get(id).cloned()
    }

    /// The query of this short name.
    pub fn by_slug(&self, slug: &str) -> Option<Arc<Stored>> {
        lock(&self.0).by_slug.get(slug).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(body: Value) -> Query {
        serde_json::from_value(body).unwrap()
    }

    #[test]
    fn equal_bodies_are_one_query() {
        let queries = Queries::default();
        let body =
            json!({"model": "shop", "view": "orders", "fields": ["orders.count"], "limit": "500"});
        let first = queries.put(query(body.clone()));
        let mut named = body.clone();
        named["client_id"] = json!("abc");
        named["never_heard_of"] = json!(1);
        assert_eq!(queries.put(query(named)).id, first.id);
        let mut other = body;
        other["limit"] = json!("20");
        assert_ne!(queries.put(query(other)).id, first.id);
        assert_eq!(queries.by_slug(&first.slug).unwrap().id, first.id);
    }

    #[test]
    fn limits_are_texts_however_they_come() {
        let query =
            query(json!({"limit": 20, "column_limit": "5", "total": "true", "row_total": "right"}));
        assert_eq!(query.limit.as_deref(), Some("20"));
        assert_eq!(query.column_limit.as_deref(), Some("5"));
        assert_eq!(query.total, Some(true));
    }
}
