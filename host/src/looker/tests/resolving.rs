//! From a tile or a look to the query that is posted.

use std::collections::BTreeMap;

use super::posted;
use super::stand_in::{Reply, StandIn};
use crate::looker::{Chart, LookerError, Overrides, Source, Terms};

const DASHBOARD: &str = r#"{"id":"17","title":"Shop","query_timezone":"Europe/Rome","folder":{"name":"F"},
 "dashboard_filters":[
  {"name":"Date","title":"Period","type":"date_filter","default_value":"6 months"},
  {"name":"Region","type":"string_filter","default_value":""},
  {"name":"Other","type":"string_filter","default_value":"x"}],
 "dashboard_elements":[
  {"id":"1","type":"vis","title":"Orders","query":{"id":"9","can":{},"model":"shop","view":"orders",
    "fields":["orders.month", "orders.count"],"filters":{"orders.paid":"yes"},"limit":"500",
    "dynamic_fields":"[{\"value_format\":\"0.10\"}]","vis_config":{"type":"a","n":1.50},
    "filter_config":{"x":[]},"client_id":"abc","query_timezone":"","share_url":"https://x/y"},
   "result_maker":{"vis_config":{"type":"shown","big":9007199254740993},"filterables":[
    {"listen":[{"dashboard_filter_name":"Date","field":"orders.created"}]},
    {"listen":[{"dashboard_filter_name":"Region","field":"users.region"}]}]}},
  {"id":"2","type":"vis","look_id":"45","look":{"id":"45","title":"Of a look"},
   "result_maker":{"filterables":[{"listen":[{"dashboard_filter_name":"Date","field":"orders.created"}]}]}},
  {"id":"3","type":"vis","title":"Stored","query_id":"88"},
  {"id":"4","type":"text","body_text":"Hello"},
  {"id":"5","type":"vis","title":"Merged","merge_result_id":"m1"},
  {"id":"8","type":"vis","title":"Empty"},
  {"id":"6","type":"vis","title":"Deleted","deleted":true,"query_id":"88"}]}"#;

const LOOK: &str = r#"{"id":"45","title":"Weekly","query":{"id":"8","model":"shop","view":"orders",
 "fields":["orders.count"],"filters":{"orders.paid":"yes"},"vis_config":{"type":"single"}}}"#;

async fn shop() -> StandIn {
    StandIn::start(|seen| {
        let text = match seen.call.as_str() {
            "GET /api/4.0/dashboards/17" => DASHBOARD,
            "GET /api/4.0/looks/45" => LOOK,
            "GET /api/4.0/queries/88" => {
                r#"{"id":"88","model":"shop","view":"users","fields":["users.count"]}"#
            }
            _ => return None,
        };
        Some(Reply::Raw(200, text))
    })
    .await
}

fn tile(tile_id: &str) -> Source {
    Source::Tile {
        dashboard_id: "17".to_owned(),
        tile_id: tile_id.to_owned(),
    }
}

fn over(filters: &[(&str, &str)]) -> Overrides {
    let filters = filters
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Overrides {
        filters: filters.collect(),
        time_zone: None,
    }
}

async fn resolve(source: &Source, overrides: &Overrides) -> Result<Chart, LookerError> {
    shop().await.connect().resolve_now(source, overrides).await
}

#[tokio::test]
async fn a_tile_becomes_the_query_that_the_dashboard_shows() {
    let chart = resolve(&tile("1"), &Overrides::default()).await.unwrap();
    assert_eq!(
        posted(&chart),
        concat!(
            r#"{"model":"shop","view":"orders","fields":["orders.month", "orders.count"],"#,
            r#""filters":{"orders.paid":"yes","orders.created":"6 months"},"limit":"500","#,
            r#""dynamic_fields":"[{\"value_format\":\"0.10\"}]","vis_config":{"type":"a","n":1.50},"#,
            r#""filter_config":null,"client_id":null,"query_timezone":"Europe/Rome"}"#
        )
    );
    // The extractor sees what the tile shows; Looker is asked for what the query has.
    let shown = r#""vis_config":{"type":"shown","big":9007199254740993}"#;
    assert_eq!(
        chart.query,
        posted(&chart).replace(r#""vis_config":{"type":"a","n":1.50}"#, shown)
    );
    assert_eq!(chart.chart_type.as_deref(), Some("shown"));
    assert_eq!(
        (chart.title.as_str(), chart.dashboard_title.as_deref()),
        ("Orders", Some("Shop"))
    );
    assert_eq!(
        chart.filters,
        BTreeMap::from([("Date".to_owned(), "6 months".to_owned())])
    );
    assert_eq!(chart.identity.len(), 64);
}

#[tokio::test]
async fn overrides_and_a_pinned_time_zone_change_what_is_posted_and_nothing_else() {
    let plain = resolve(&tile("1"), &Overrides::default()).await.unwrap();
    let mut overrides = over(&[("Date", "3 days"), ("Region", "EMEA")]);
    overrides.time_zone = Some("Asia/Tokyo".to_owned());
    let chart = resolve(&tile("1"), &overrides).await.unwrap();
    assert_eq!(
        posted(&chart),
        posted(&plain)
            .replace(r#""6 months""#, r#""3 days","users.region":"EMEA""#)
            .replace("Europe/Rome", "Asia/Tokyo")
    );
    assert_ne!(chart.identity, plain.identity);
    let again = resolve(&tile("1"), &overrides).await.unwrap();
    assert_eq!(chart.identity, again.identity);
}

#[tokio::test]
async fn an_override_of_a_filter_that_is_not_there_is_refused() {
    let error = resolve(&tile("1"), &over(&[("date", "3 days")]))
        .await
        .unwrap_err();
    assert_eq!(error.code(), "invalid-input");
    assert!(
        error.to_string().contains(r#"["Date", "Other", "Region"]"#),
        "{error}"
    );
    let chart = resolve(&tile("1"), &over(&[("Other", "y")])).await.unwrap();
    assert_eq!(chart.ignored, ["Other"]);
}

#[tokio::test]
async fn a_tile_that_shows_a_look_runs_the_looks_query_with_the_dashboards_filters() {
    let chart = resolve(&tile("2"), &Overrides::default()).await.unwrap();
    assert_eq!(chart.title, "Of a look");
    assert_eq!(chart.chart_type.as_deref(), Some("single"));
    let filters = r#""filters":{"orders.paid":"yes","orders.created":"6 months"}"#;
    assert!(posted(&chart).contains(filters), "{}", posted(&chart));
}

#[tokio::test]
async fn a_tile_with_a_stored_query_gets_it_from_there() {
    let chart = resolve(&tile("3"), &Overrides::default()).await.unwrap();
    assert!(
        posted(&chart).starts_with(r#"{"model":"shop","view":"users""#),
        "{}",
        posted(&chart)
    );
    assert_eq!(chart.chart_type, None);
}

#[tokio::test]
async fn a_look_is_its_query_and_is_overridden_by_field() {
    let look = Source::Look {
        look_id: "45".to_owned(),
    };
    let chart = resolve(&look, &over(&[("orders.paid", "no")]))
        .await
        .unwrap();
    assert!(
        posted(&chart).contains(r#""filters":{"orders.paid":"no"}"#),
        "{}",
        posted(&chart)
    );
    assert_eq!(
        (chart.title.as_str(), chart.dashboard_title),
        ("Weekly", None)
    );
    assert_eq!(
        chart.filters,
        BTreeMap::from([("orders.paid".to_owned(), "no".to_owned())])
    );
    let error = resolve(&look, &over(&[("Region", "x")])).await.unwrap_err();
    assert_eq!(error.code(), "invalid-input");
}

#[tokio::test]
async fn what_cannot_be_read_says_why() {
    let cases = [
        ("4", "unsupported", "shows no data"),
        ("5", "not-found", "merge m1"),
        ("8", "unsupported", "has no query"),
        ("6", "not-found", "tile 6 of dashboard 17"),
        ("7", "not-found", "tile 7 of dashboard 17"),
    ];
    for (tile_id, code, words) in cases {
        let error = resolve(&tile(tile_id), &Overrides::default())
            .await
            .unwrap_err();
        assert_eq!(error.code(), code, "{tile_id}");
        assert!(error.to_string().contains(words), "{tile_id}: {error}");
    }
    let elsewhere = Source::Tile {
        dashboard_id: "18".to_owned(),
        tile_id: "1".to_owned(),
    };
    let error = resolve(&elsewhere, &Overrides::default())
        .await
        .unwrap_err();
    assert!(error.to_string().contains("dashboard 18"), "{error}");
}

#[tokio::test]
async fn a_lost_tile_is_found_again_on_lookml_dashboards_only() {
    let server = StandIn::start(|seen| {
        let text = r#"{"id":"m::d","dashboard_elements":[{"id":"m::d::new","title":"Sales"}]}"#;
        (seen.call == "GET /api/4.0/dashboards/m%3A%3Ad").then_some(Reply::Raw(200, text))
    })
    .await;
    let looker = server.connect();
    let lost = |dashboard_id: &str| Source::Tile {
        dashboard_id: dashboard_id.to_owned(),
        tile_id: "m::d::old".to_owned(),
    };
    let error = looker
        .resolve_now(&lost("m::d"), &Overrides::default())
        .await
        .unwrap_err();
    assert_eq!(error.code(), "not-found");
    let found = looker
        .find_again(
            &lost("m::d"),
            Some("old"),
            "Sales",
            Terms::now(looker.deadline()),
        )
        .await
        .unwrap();
    let new = Source::Tile {
        dashboard_id: "m::d".to_owned(),
        tile_id: "m::d::new".to_owned(),
    };
    assert_eq!(found, Some(new));
    assert_eq!(
        looker
            .find_again(&lost("17"), None, "Sales", Terms::now(looker.deadline()))
            .await
            .unwrap(),
        None
    );
}

#[tokio::test]
async fn a_dashboard_lists_its_filters_and_what_can_be_read() {
    let dashboard = shop().await.connect().dashboard("17").await.unwrap();
    assert_eq!(
        (dashboard.title.as_str(), dashboard.folder.as_deref()),
        ("Shop", Some("F"))
    );
    let filters: Vec<_> = dashboard
        .filters
        .iter()
        .map(|filter| (filter.name.as_str(), filter.title.as_str()))
        .collect();
    assert_eq!(
        filters,
        [("Date", "Period"), ("Region", "Region"), ("Other", "Other")]
    );
    let tiles: Vec<_> = dashboard
        .tiles
        .iter()
        .map(|tile| (tile.id.as_str(), tile.readable.is_ok()))
        .collect();
    assert_eq!(
        tiles,
        [
            ("1", true),
            ("2", true),
            ("3", true),
            ("5", true),
            ("8", false)
        ]
    );
    assert_eq!(dashboard.tiles[0].source, tile("1"));
}
