//! Pages of long answers.

use axum::Json;
use axum::http::{HeaderValue, Uri, header};
use axum::response::{IntoResponse, Response};
use serde_json::Value;

/// The part of `all` that `limit` and `offset` name. With a limit it says how many there are, and
/// where the pages before and after are.
pub fn page(
    all: Vec<Value>,
    limit: Option<usize>,
    offset: usize,
    base: &str,
    uri: &Uri,
) -> Response {
    let total = all.len();
    let Some(limit) = limit.filter(|limit| *limit > 0) else {
        return Json(all.into_iter().skip(offset).collect::<Vec<_>>()).into_response();
    };
    let links = links(limit, offset, total).into_iter();
    let links: Vec<_> = links
        .map(|(rel, offset)| format!("<{base}{}>; rel=\"{rel}\"", at(uri, limit, offset)))
        .collect();
    let items: Vec<_> = all.into_iter().skip(offset).take(limit).collect();
    let mut response = Json(items).into_response();
    let headers = response.headers_mut();
    headers.insert("x-total-count", HeaderValue::from(total));
    if let Ok(links) = HeaderValue::from_str(&links.join(", ")) {
        headers.insert(header::LINK, links);
    }
    response
}

fn links(limit: usize, offset: usize, total: usize) -> Vec<(&'static str, usize)> {
    let mut links = vec![("first", 0)];
    if offset > 0 {
        links.push(("prev", offset.saturating_sub(limit)));
    }
    if offset.saturating_add(limit) < total {
        links.push(("next", offset + limit));
    }
    links.push(("last", total.saturating_sub(1) / limit * limit));
    links
}

/// The same call for another page.
fn at(uri: &Uri, limit: usize, offset: usize) -> String {
    let kept = uri.query().unwrap_or_default().split('&').filter(|part| {
        let name = part.split('=').next().unwrap_or_default();
        !matches!(name, "limit" | "offset" | "")
    });
    let mut parts: Vec<_> = kept.map(str::to_owned).collect();
    parts.push(format!("limit={limit}"));
    parts.push(format!("offset={offset}"));
    format!("{}?{}", uri.path(), parts.join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_name_their_neighbours() {
        for (limit, offset, total, expected) in [
            (2, 0, 5, &[("first", 0), ("next", 2), ("last", 4)][..]),
            (
                2,
                2,
                5,
                &[("first", 0), ("prev", 0), ("next", 4), ("last", 4)],
            ),
            (2, 4, 5, &[("first", 0), ("prev", 2), ("last", 4)]),
            (9, 0, 5, &[("first", 0), ("last", 0)]),
            (9, 0, 0, &[("first", 0), ("last", 0)]),
        ] {
            assert_eq!(
                links(limit, offset, total),
                expected,
                "{limit} from {offset} of {total}"
            );
        }
    }
}
