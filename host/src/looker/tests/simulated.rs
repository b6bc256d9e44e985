//! Against the simulator: what Looker is like, from its content to its faults.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;

use futures_util::future::join_all;
use looker_sim::Config;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::{CLIENT_ID, CLIENT_SECRET, connect, posted, settings};
use crate::looker::{
    Chart, Deadline, Fetched, Find, Kind, Looker, LookerError, Match, Overrides, PickedUp, Run,
    Settings, Source, Work,
};

mod merged;
mod running;

/// A simulated Looker, with its switches.
struct Sim {
    url: String,
}

impl Sim {
    async fn start() -> Self {
        // The tests' own calls need a TLS provider too, whichever test comes first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0)))
            .await
            .unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let mut config = Config::new(CLIENT_ID, CLIENT_SECRET);
        config.now = Some("2026-03-15T10:00:00Z".parse().unwrap());
        tokio::spawn(looker_sim::serve(listener, config, std::future::pending()));
        Self { url }
    }

    async fn faults(&self, faults: Value) {
        let answer = reqwest::Client::new()
            .post(format!("{}/_faults", self.url))
            .json(&faults)
            .send()
            .await;
        assert!(answer.unwrap().status().is_success(), "{faults}");
    }

    async fn log(&self) -> Value {
        let answer = reqwest::get(format!("{}/_log", self.url)).await.unwrap();
        answer.json().await.unwrap()
    }

    fn settings(&self) -> Settings {
        settings(&self.url)
    }

    fn connect(&self) -> std::sync::Arc<Looker> {
        connect(self.settings())
    }
}

fn tile(dashboard_id: &str, tile_id: &str) -> Source {
    Source::Tile {
        dashboard_id: dashboard_id.to_owned(),
        tile_id: tile_id.to_owned(),
    }
}

fn look(look_id: &str) -> Source {
    Source::Look {
        look_id: look_id.to_owned(),
    }
}

fn over(name: &str, value: &str) -> Overrides {
    Overrides {
        filters: [(name.to_owned(), value.to_owned())].into(),
        time_zone: None,
    }
}

async fn run(looker: &Looker, chart: &Chart) -> Result<Fetched, LookerError> {
    looker.run(chart, &Run::default()).await
}

/// The result of a source, as JSON.
async fn result(looker: &Looker, source: &Source, overrides: &Overrides) -> Value {
    let chart = looker.resolve_now(source, overrides).await.unwrap();
    serde_json::from_slice(&run(looker, &chart).await.unwrap().body).unwrap()
}

/// The first row's value of a field.
fn first(result: &Value, field: &str) -> i64 {
    result["data"][0][field]["value"]
        .as_i64()
        .unwrap_or_else(|| panic!("{result}"))
}

/// The tile with a title on a dashboard.
async fn titled(looker: &Looker, dashboard_id: &str, title: &str) -> Source {
    let dashboard = looker.dashboard(dashboard_id).await.unwrap();
    let tile = dashboard.tiles.into_iter().find(|tile| tile.title == title);
    tile.unwrap_or_else(|| panic!("no tile {title}")).source
}

fn find(title: &str, match_: Match) -> Find {
    Find {
        title: Some(title.to_owned()),
        match_,
        limit: 50,
        offset: 0,
    }
}

#[tokio::test]
async fn it_says_who_we_are() {
    let sim = Sim::start().await;
    let identity = sim.connect().identify().await.unwrap();
    assert_eq!(identity.name.as_deref(), Some("Ada Admin"));
    assert_eq!(identity.release.as_deref(), Some("26.12.3"));
    assert_eq!(identity.api_url, sim.url);
    let mut wrong = sim.settings();
    wrong.client_secret = "wrong".into();
    let error = connect(wrong).identify().await.unwrap_err();
    assert_eq!(error.code(), "looker-refused");
}

#[tokio::test]
async fn dashboards_are_found_whatever_their_titles_hold() {
    let sim = Sim::start().await;
    let looker = sim.connect();
    let cases: [(&str, Match, &[&str]); 10] = [
        ("Q3_sales", Match::Complete, &["7"]),
        ("q3-SALES", Match::Complete, &["8"]),
        ("3_s", Match::Part, &["7"]),
        ("100% uptime", Match::Complete, &["9"]),
        ("0% up", Match::Part, &["9"]),
        (
            "Customers \"at risk\" & O'Brien's list",
            Match::Complete,
            &["10"],
        ),
        ("🚀 Launch – größer, schneller", Match::Complete, &["11"]),
        ("Weekly review", Match::Complete, &["12", "13", "14"]),
        ("Business pulse", Match::Complete, &["shop::business_pulse"]),
        ("Old numbers", Match::Complete, &[]),
    ];
    for (title, match_, expected) in cases {
        let found = looker.dashboards(&find(title, match_)).await.unwrap();
        let ids: Vec<&str> = found.iter().map(|item| item.id.as_str()).collect();
        assert_eq!(ids, expected, "{title}");
    }
    let weekly = looker
        .dashboards(&find("Weekly review", Match::Complete))
        .await
        .unwrap();
    let folders: BTreeSet<_> = weekly.iter().map(|item| item.folder.clone()).collect();
    assert_eq!(folders.len(), 3, "{weekly:?}");
    for link in ["15", "https://x/dashboards/15"] {
        assert!(
            looker
                .dashboards(&find(link, Match::Complete))
                .await
                .unwrap()
                .is_empty(),
            "{link}"
        );
    }
}

#[tokio::test]
async fn everything_on_every_dashboard_runs_or_says_why_not() {
    let sim = Sim::start().await;
    let looker = sim.connect();
    let all = Find {
        title: None,
        match_: Match::Part,
        limit: 100,
        offset: 0,
    };
    let dashboards = looker.dashboards(&all).await.unwrap();
    assert!(dashboards.len() > 10 && dashboards.iter().any(|item| item.kind == Kind::Lookml));
    let each = dashboards
        .iter()
        .map(|item| everything_on(&looker, &item.id));
    let all: Vec<_> = join_all(each).await.into_iter().flatten().collect();
    let why: Vec<&String> = all.iter().filter_map(|read| read.as_ref().err()).collect();
    assert!(all.len() - why.len() > 30, "{}", all.len());
    assert_eq!(why.len(), 1, "{why:?}");
    assert!(why[0].contains(r#"{"Per visit"}"#), "{why:?}");
}

/// Runs every tile of a dashboard; of those that cannot be run, why not.
async fn everything_on(looker: &Looker, dashboard_id: &str) -> Vec<Result<(), String>> {
    let tiles = looker.dashboard(dashboard_id).await.unwrap().tiles;
    join_all(tiles.into_iter().map(async |tile| {
        let resolved = looker
            .resolve_now(&tile.source, &Overrides::default())
            .await;
        let chart = match (tile.readable, resolved) {
            (Ok(()), Ok(chart)) => chart,
            (Err(why), Err(LookerError::Unsupported { why: again })) => {
                assert_eq!(why, again);
                return Err(why);
            }
            (readable, resolved) => panic!("{} {readable:?} {resolved:?}", tile.title),
        };
        assert_eq!(
            (chart.title.as_str(), &chart.chart_type),
            (tile.title.as_str(), &tile.chart_type)
        );
        let fetched = run(looker, &chart).await.unwrap();
        let body: Value = serde_json::from_slice(&fetched.body).unwrap();
        assert!(
            body["data"].is_array() && body["fields"].is_object(),
            "{body}"
        );
        assert!(fetched.explore_url.is_some());
        Ok(())
    }))
    .await
}

#[tokio::test]
async fn looks_are_found_and_run() {
    let sim = Sim::start().await;
    let looker = sim.connect();
    let find = |title: Option<&str>, match_| Find {
        title: title.map(str::to_owned),
        match_,
        limit: 50,
        offset: 0,
    };
    let all = find(None, Match::Complete);
    let looks = looker.looks(&all).await.unwrap();
    let ids: BTreeSet<_> = looks.iter().map(|look| look.id.as_str()).collect();
    assert_eq!(ids, BTreeSet::from(["1", "2", "3", "4", "5"]));
    assert!(
        looks
            .iter()
            .all(|look| look.chart_type.is_some() && look.folder.is_some())
    );
    for found in &looks {
        let body = result(&looker, &look(&found.id), &Overrides::default()).await;
        assert!(body["data"].is_array());
    }
    for (title, match_, ids) in [
        ("100% of visits", Match::Complete, &["4"][..]),
        ("100% visits", Match::Complete, &[]),
        ("1__% of visits", Match::Complete, &[]),
        ("% of", Match::Part, &["4"]),
        ("MONTH", Match::Part, &["1", "3"]),
        ("MONTH", Match::Complete, &[]),
    ] {
        let found = looker.looks(&find(Some(title), match_)).await.unwrap();
        let found: Vec<_> = found.iter().map(|look| look.id.as_str()).collect();
        assert_eq!(found, ids, "{title}");
    }
    let error = looker
        .resolve_now(&look("6"), &Overrides::default())
        .await
        .unwrap_err();
    assert_eq!(error.code(), "not-found");
}

#[tokio::test]
async fn a_dashboards_filters_and_their_overrides_change_the_numbers() {
    let sim = Sim::start().await;
    let looker = sim.connect();
    let source = titled(&looker, "4", "Orders, own filter replaced").await;
    let count = async |overrides: &Overrides| {
        first(&result(&looker, &source, overrides).await, "orders.count")
    };
    let chart = looker
        .resolve_now(&source, &Overrides::default())
        .await
        .unwrap();
    assert_eq!(chart.filters["Region"], "EMEA,APAC");
    assert!(
        posted(&chart).contains(r#""orders.region":"EMEA,APAC""#),
        "{}",
        posted(&chart)
    );
    let (both, emea, apac) = (
        count(&Overrides::default()).await,
        count(&over("Region", "EMEA")).await,
        count(&over("Region", "APAC")).await,
    );
    assert_eq!(both, emea + apac);
    assert!(
        count(&over("Region", "")).await > both,
        "an empty value lifts the filter"
    );
    assert!(count(&over("Date range", "last 1 month")).await < both);
    let error = looker
        .resolve_now(&source, &over("Regions", "EMEA"))
        .await
        .unwrap_err();
    assert!(error.to_string().contains("Channel"), "{error}");
}

#[tokio::test]
async fn a_tile_that_shows_a_look_listens_to_the_dashboard() {
    let sim = Sim::start().await;
    let looker = sim.connect();
    let source = titled(&looker, "5", "A look with a title of its own").await;
    let chart = looker
        .resolve_now(&source, &Overrides::default())
        .await
        .unwrap();
    assert!(
        posted(&chart).contains(r#""orders.created_date":"12 months""#),
        "{}",
        posted(&chart)
    );
    let own = looker
        .resolve_now(&look("2"), &Overrides::default())
        .await
        .unwrap();
    assert!(
        posted(&own).contains(r#""orders.created_date":"this year""#),
        "{}",
        posted(&own)
    );
    run(&looker, &chart).await.unwrap();
}

#[tokio::test]
async fn a_lookml_dashboard_is_read_by_what_lookml_calls_its_tiles() {
    let sim = Sim::start().await;
    let looker = sim.connect();
    let dashboard = looker.dashboard("shop::business_pulse").await.unwrap();
    assert_eq!(dashboard.kind, Kind::Lookml);
    let source = tile("shop::business_pulse", "shop::business_pulse::revenue");
    let body = result(&looker, &source, &Overrides::default()).await;
    assert_eq!(body["data"].as_array().map(Vec::len), Some(1));
}
