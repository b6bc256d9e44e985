//! Finding dashboards and looks.

use serde_json::{Value, json};

use super::stand_in::{Reply, StandIn};
use crate::looker::{Find, Kind, LookerError, Match};

const SEARCH: &str = "GET /api/4.0/dashboards/search";
const LOOKML: &str = "GET /api/4.0/dashboards/lookml/search";
const LOOKS: &str = "GET /api/4.0/looks/search";

fn find(title: &str, match_: Match) -> Find {
    let title = (!title.is_empty()).then(|| title.to_owned());
    Find {
        title,
        match_,
        limit: 50,
        offset: 0,
    }
}

fn parameter(query: &str, name: &str) -> Option<String> {
    let mut pairs = url::form_urlencoded::parse(query.as_bytes());
    pairs
        .find(|(known, _)| known == name)
        .map(|(_, value)| value.into_owned())
}

/// Three hundred dashboards and one in LookML. It answers a title with all: what does not fit is
/// the client's to take out, as after a wildcard.
async fn library() -> StandIn {
    StandIn::start(|seen| {
        let number =
            |name| parameter(&seen.query, name).and_then(|text| text.parse::<usize>().ok());
        let items: Vec<Value> = match seen.call.as_str() {
            SEARCH => (1..=300)
                .map(|id| match id {
                    20 => json!({"id": "20", "title": "Q3_sales", "folder": {"name": "A"}}),
                    21 => json!({"id": "21", "title": "Q3-sales"}),
                    250 => json!({"id": 250, "title": "q3_SALES", "folder": {"name": "B"}}),
                    id => json!({"id": id.to_string(), "title": format!("Dashboard {id}")}),
                })
                .skip(number("offset").unwrap_or(0))
                .take(number("limit").unwrap_or(usize::MAX))
                .collect(),
            // As a server does that knows no paging.
            LOOKML => vec![json!({"id": "shop::q3_sales", "title": "Q3_Sales"})],
            "GET /api/4.0/dashboards/17" => {
                return Some(Reply::Json(200, json!({"id": "17", "title": "Pasted"})));
            }
            "GET /api/4.0/dashboards/shop%3A%3Aq3_sales" => {
                return Some(Reply::Json(
                    200,
                    json!({"id": "shop::q3_sales", "title": "Q3_Sales"}),
                ));
            }
            _ => return None,
        };
        Some(Reply::Json(200, Value::Array(items)))
    })
    .await
}

async fn ids(server: &StandIn, find: &Find) -> Vec<String> {
    let found = server.connect().dashboards(find).await.unwrap();
    found.into_iter().map(|item| item.id).collect()
}

#[tokio::test]
async fn a_complete_title_finds_all_that_have_it_and_no_other() {
    let server = library().await;
    let found = server
        .connect()
        .dashboards(&find(" q3_sales ", Match::Complete))
        .await
        .unwrap();
    let told: Vec<_> = found
        .iter()
        .map(|item| (item.id.as_str(), item.folder.as_deref(), item.kind))
        .collect();
    assert_eq!(
        told,
        [
            ("20", Some("A"), Kind::User),
            ("250", Some("B"), Kind::User),
            ("shop::q3_sales", None, Kind::Lookml),
        ]
    );
    let calls = server.calls();
    let asked = calls.iter().find(|seen| seen.call == SEARCH).unwrap();
    assert_eq!(
        parameter(&asked.query, "title").as_deref(),
        Some("q3_sales")
    );
    assert_eq!(parameter(&asked.query, "deleted").as_deref(), Some("false"));
}

#[tokio::test]
async fn a_part_is_asked_for_with_wildcards_and_looked_for_again() {
    let server = library().await;
    assert_eq!(
        ids(&server, &find("3_s", Match::Part)).await,
        ["20", "250", "shop::q3_sales"]
    );
    let calls = server.calls();
    let asked = calls.iter().find(|seen| seen.call == SEARCH).unwrap();
    assert_eq!(parameter(&asked.query, "title").as_deref(), Some("%3_s%"));
}

#[tokio::test]
async fn pages_go_on_from_one_kind_to_the_other() {
    let server = library().await;
    let page = |offset, limit| Find {
        title: None,
        match_: Match::Part,
        limit,
        offset,
    };
    assert_eq!(ids(&server, &page(0, 2)).await, ["1", "2"]);
    assert_eq!(
        ids(&server, &page(298, 5)).await,
        ["299", "300", "shop::q3_sales"]
    );
    assert_eq!(ids(&server, &page(301, 5)).await, [] as [&str; 0]);
    assert_eq!(
        ids(&server, &page(usize::MAX, usize::MAX)).await,
        [] as [&str; 0]
    );
}

#[tokio::test]
async fn a_pasted_link_or_id_is_that_dashboard() {
    let server = library().await;
    for pasted in ["https://looker.example.com/dashboards/17?Region=EMEA", "17"] {
        assert_eq!(
            ids(&server, &find(pasted, Match::Complete)).await,
            ["17"],
            "{pasted}"
        );
    }
    for pasted in ["shop::q3_sales", "https://x/dashboards/shop::q3_sales"] {
        assert_eq!(
            ids(&server, &find(pasted, Match::Complete)).await,
            ["shop::q3_sales"]
        );
    }
    // A number can be a title as well, and a link to what is not there is nothing else.
    assert_eq!(
        ids(&server, &find("250", Match::Part)).await,
        [] as [&str; 0]
    );
    assert_eq!(
        ids(&server, &find("Dashboard 25", Match::Complete)).await,
        ["25"]
    );
    assert_eq!(
        ids(&server, &find("https://x/dashboards/999", Match::Part)).await,
        [] as [&str; 0]
    );
    assert_eq!(
        ids(&server, &find("https://x/looks/45", Match::Part)).await,
        [] as [&str; 0]
    );
}

#[tokio::test]
async fn a_dashboard_that_is_not_there_is_told_by_its_id() {
    let server = library().await;
    for id in ["999", "", "..", "a/b"] {
        let error = server.connect().dashboard(id).await.unwrap_err();
        assert!(
            matches!(error, LookerError::NotFound { .. }),
            "{id}: {error:?}"
        );
        assert!(
            error.to_string().contains(&format!("dashboard {id}")),
            "{error}"
        );
    }
}

#[tokio::test]
async fn looks_are_found_by_title_by_link_and_by_id() {
    // It answers a title with all, as after a wildcard, and looks without their queries.
    let server = StandIn::start(|seen| {
        let whole = |id: &str, title: &str| {
            json!({"id": id, "title": title, "folder": {"name": "Shop"},
                "query": {"vis_config": {"type": "custom::kind"}}})
        };
        let offset = parameter(&seen.query, "offset").unwrap_or_default();
        match seen.call.as_str() {
            LOOKS if offset == "0" => Some(Reply::Json(
                200,
                json!([
                    {"id": "45", "title": "Q3_orders", "folder": {"name": "Shop"}},
                    {"id": 46, "title": "q3_ORDERS", "folder": {"name": "Attic"}},
                    {"id": "47", "title": "Q3-orders"},
                    {"id": "48", "title": "45"},
                    {"id": "49", "title": null, "query": null},
                    {"title": "?"},
                ]),
            )),
            LOOKS => Some(Reply::Json(200, json!([]))),
            "GET /api/4.0/looks/45" => Some(Reply::Json(200, whole("45", "Q3_orders"))),
            _ => None,
        }
    })
    .await;
    let looker = server.connect();
    let ids = async |title, match_| -> Vec<String> {
        let found = looker.looks(&find(title, match_)).await.unwrap();
        found.into_iter().map(|look| look.id).collect()
    };
    // What repeats is told apart by its folder.
    let found = looker
        .looks(&find(" q3_orders ", Match::Complete))
        .await
        .unwrap();
    let told: Vec<_> = found
        .iter()
        .map(|look| (look.id.as_str(), look.folder.as_deref()))
        .collect();
    assert_eq!(told, [("45", Some("Shop")), ("46", Some("Attic"))]);
    assert_eq!(found[0].chart_type.as_deref(), Some("custom::kind"));
    let calls = server.calls();
    let asked = calls.iter().find(|seen| seen.call == LOOKS).unwrap();
    assert_eq!(
        parameter(&asked.query, "title").as_deref(),
        Some("q3_orders")
    );
    assert_eq!(ids("3_o", Match::Part).await, ["45", "46"]);
    // A number may be an id and a title.
    assert_eq!(ids("45", Match::Complete).await, ["45", "48"]);
    assert_eq!(ids("https://x/looks/45", Match::Part).await, ["45"]);
    assert!(ids("https://x/looks/99", Match::Part).await.is_empty());
    let page = Find {
        offset: 3,
        limit: 1,
        ..find("", Match::Complete)
    };
    assert_eq!(looker.looks(&page).await.unwrap()[0].id, "48");
}

#[tokio::test]
async fn a_search_goes_on_to_the_last_page_however_many_there_are() {
    let server = StandIn::start(|seen| {
        let number = |name| -> Option<usize> { parameter(&seen.query, name)?.parse().ok() };
        let items = match seen.call.as_str() {
            SEARCH | LOOKS => (1..=10_500)
                .skip(number("offset").unwrap_or(0))
                .take(number("limit").unwrap_or(0))
                .map(|id| json!({"id": id.to_string(), "title": format!("Number {id}")}))
                .collect(),
            LOOKML => Vec::new(),
            _ => return None,
        };
        Some(Reply::Json(200, Value::Array(items)))
    })
    .await;
    let last = find("Number 10500", Match::Complete);
    assert_eq!(ids(&server, &last).await, ["10500"]);
    let looks = server.connect().looks(&last).await.unwrap();
    assert_eq!(looks[0].id, "10500");
}
