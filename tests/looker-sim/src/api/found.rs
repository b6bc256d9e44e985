//! What searches share: their conditions, their order and their pages.

use std::collections::HashMap;

use axum::http::Uri;
use axum::response::Response;
use serde_json::Value;

use crate::fields::only;
use crate::like::like;
use crate::page::page;

/// Conditions that are patterns, and the key that each is about.
const PATTERNS: [&str; 4] = ["title", "description", "slug", "id"];

/// What of `all` a search finds, in order, as a page of answers. What it does not know it ignores.
pub fn found(all: Vec<Value>, asked: &HashMap<String, String>, base: &str, uri: &Uri) -> Response {
    let any = asked.get("filter_or").is_some_and(|text| text == "true");
    let deleted = asked.get("deleted").is_some_and(|text| text == "true");
    let mut found: Vec<_> = all
        .into_iter()
        .filter(|item| {
            item["deleted"].as_bool().unwrap_or(false) == deleted && holds(item, asked, any)
        })
        .collect();
    sort(&mut found, asked.get("sorts").map_or("", String::as_str));
    let fields = asked.get("fields").map(String::as_str);
    let found = found.into_iter().map(|item| only(item, fields)).collect();
    let number = |name: &str| asked.get(name).and_then(|text| text.parse().ok());
    page(
        found,
        number("limit"),
        number("offset").unwrap_or(0),
        base,
        uri,
    )
}

fn holds(item: &Value, asked: &HashMap<String, String>, any: bool) -> bool {
    let mut holding = Vec::new();
    for name in PATTERNS {
        if let Some(pattern) = asked.get(name).filter(|pattern| !pattern.is_empty()) {
            holding.push(like(item[name].as_str().unwrap_or_default(), pattern));
        }
    }
    if let Some(folder) = asked.get("folder_id").filter(|folder| !folder.is_empty()) {
        holding.push(item["folder"]["id"].as_str() == Some(folder));
    }
    if any && !holding.is_empty() {
        holding.into_iter().any(|holds| holds)
    } else {
        holding.into_iter().all(|holds| holds)
    }
}

fn sort(items: &mut [Value], sorts: &str) {
    let keys: Vec<_> = sorts
        .split(',')
        .filter(|sort| !sort.trim().is_empty())
        .collect();
    items.sort_by(|a, b| {
        let mut orders = keys.iter().map(|sort| {
            let mut words = sort.split_whitespace();
            let name = words.next().unwrap_or_default();
            let order = a[name].as_str().cmp(&b[name].as_str());
            if words.any(|word| word.eq_ignore_ascii_case("desc")) {
                order.reverse()
            } else {
                order
            }
        });
        orders
            .find(|order| order.is_ne())
            .unwrap_or(std::cmp::Ordering::Equal)
    });
}
