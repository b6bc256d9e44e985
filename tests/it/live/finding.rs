//! What is hard to find or to run is found by its title, linked, and read; the number is the one that
//! Looker gives to the query itself.

use crate::harness::client::Client;
use crate::harness::world::{SELDOM, World, encoded, text};
use serde_json::{Value, json};

/// One chart that is to be found.
#[derive(Clone)]
struct Case {
    what: &'static str,
    /// The title that is searched for, and whether it is all of it.
    title: &'static str,
    how: &'static str,
    /// The ids of all dashboards that it finds. The tile is looked for on each.
    found: &'static [&'static str],
    tile: &'static str,
    /// Values in place of the dashboard's own.
    filters: Value,
    /// The field that is read, and the query's own filters by dashboard.
    field: &'static str,
    asks: &'static [&'static [(&'static str, &'static str)]],
}

/// What the small dashboards ask for.
const YEAR: (&str, &str) = ("orders.created_date", "12 months");
const EMEA: &[(&str, &str)] = &[YEAR, ("orders.region", "EMEA")];
const APAC: &[(&str, &str)] = &[YEAR, ("orders.region", "APAC")];
const AMERICAS: &[(&str, &str)] = &[YEAR, ("orders.region", "Americas")];

/// Titles with all that a search could stumble over, and dashboards and tiles of every kind.
fn cases() -> Vec<Case> {
    let months = Case {
        what: "",
        title: "",
        how: "complete",
        found: &[],
        tile: "Orders by month",
        filters: json!({}),
        field: "orders.count",
        asks: &[&[YEAR]],
    };
    let quoted = "Customers \"at risk\" & O'Brien's list";
    vec![
        Case { what: "an underscore", title: "Q3_sales", found: &["7"], ..months.clone() },
        Case { what: "its like without one", title: "q3-SALES", found: &["8"], asks: &[EMEA], ..months.clone() },
        Case { what: "an underscore in part", title: "3_s", how: "part", found: &["7"], ..months.clone() },
        Case { what: "a per cent sign", title: "100% uptime", found: &["9"], asks: &[APAC], ..months.clone() },
        Case { what: "a per cent sign in part", title: "0% u", how: "part", found: &["9"], asks: &[APAC], ..months.clone() },
        Case { what: "quotes of both kinds", title: quoted, found: &["10"], asks: &[AMERICAS], ..months.clone() },
        Case { what: "quotes in part", title: "\"at risk\" & O'B", how: "part", found: &["10"], asks: &[AMERICAS], ..months.clone() },
        Case { what: "emoji and dashes", title: "🚀 Launch – größer, schneller", found: &["11"], ..months.clone() },
        Case { what: "emoji alone", title: "🚀", how: "part", found: &["11"], ..months.clone() },
        Case {
            what: "a title used three times",
            title: "Weekly review",
            found: &["12", "13", "14"],
            asks: &[EMEA, APAC, AMERICAS],
            ..months.clone()
        },
        Case { what: "nothing but a wildcard", title: "%", how: "complete", found: &[], ..months.clone() },
        Case { what: "a wildcard in place of a sign", title: "Q3%sales", found: &[], ..months.clone() },
        Case { what: "one in the bin", title: "Old numbers", found: &[], ..months.clone() },
        Case {
            what: "filters of the dashboard",
            title: "Filters of every kind",
            found: &["4"],
            tile: "Orders, all filters",
            asks: &[&[("orders.created_date", "last 12 months"), ("orders.region", "EMEA,APAC"), ("orders.count", ">=5")]],
            ..months.clone()
        },
        Case {
            what: "filters in place of the dashboard's",
            title: "Filters of every kind",
            found: &["4"],
            tile: "Orders, all filters",
            filters: json!({"Date range": "3 months", "Region": "APAC"}),
            asks: &[&[("orders.created_date", "3 months"), ("orders.region", "APAC"), ("orders.count", ">=5")]],
            ..months.clone()
        },
        Case {
            what: "a tile that shows a look",
            title: "Odd tiles",
            found: &["5"],
            tile: "A look with a title of its own",
            field: "orders.total_revenue",
            // The dashboard's period takes the place of the look's own, which is this year.
            asks: &[&[YEAR]],
            ..months.clone()
        },
        Case {
            what: "a tile that shows a look, with a filter",
            title: "Odd tiles",
            found: &["5"],
            tile: "A look with a title of its own",
            filters: json!({"Period": "2 months"}),
            field: "orders.total_revenue",
            asks: &[&[("orders.created_date", "2 months")]],
            ..months.clone()
        },
        Case { what: "a merged tile", title: "Odd tiles", found: &["5"], tile: "Orders beside visits", ..months.clone() },
        Case {
            what: "a merged tile with filters",
            title: "Filters of every kind",
            found: &["4"],
            tile: "Orders and visits by month",
            filters: json!({"Region": "APAC"}),
            asks: &[&[("orders.created_date", "last 12 months"), ("orders.region", "APAC")]],
            ..months.clone()
        },
        Case {
            what: "a dashboard written in LookML",
            title: "business pulse",
            found: &["shop::business_pulse"],
            tile: "Revenue",
            field: "orders.total_revenue",
            asks: &[&[("orders.created_date", "3 months")]],
            ..months.clone()
        },
        Case {
            what: "a dashboard written in LookML, in part and with a filter",
            title: "ness pul",
            how: "part",
            found: &["shop::business_pulse"],
            tile: "Revenue",
            filters: json!({"Period": "2 months"}),
            field: "orders.total_revenue",
            asks: &[&[("orders.created_date", "2 months")]],
        },
    ]
}

#[test]
fn what_is_hard_to_find_is_found_linked_and_read() {
    let world = World::new();
    let token = login(&world);
    for case in cases() {
        let what = case.what;
        let path = format!("/v1/connections/{}/dashboards?title={}&match={}", world.connection, encoded(case.title), case.how);
        let found = world.client.items(&path);
        let ids: Vec<String> = found.iter().map(|it| text(&it["id"])).collect();
        assert_eq!(ids, case.found, "{what}");
        let folders: std::collections::BTreeSet<String> = found.iter().map(|it| it["folder"].to_string()).collect();
        assert_eq!(folders.len(), found.len(), "{what}: their folders tell them apart: {found:?}");
        for (dashboard, asks) in found.iter().zip(case.asks) {
            let tiles = world.tiles(dashboard);
            let tile = tiles.iter().find(|tile| tile["title"] == case.tile).unwrap_or_else(|| panic!("{what}: {tiles:?}"));
            let mut chart = world.chart(&tile["source"]);
            chart["filters"] = case.filters.clone();
            let outline = world.client.post("/v1/charts/outline", &chart).expect(200);
            chart["selection"] = crate::harness::world::defaults(&outline);
            let id = world.link(&chart, json!({"cron": SELDOM}));
            let read = world.until(&id, &format!("{what}: a value"), |it| it["current"].is_string() || it["last_failure"].is_object());
            assert!(read["last_failure"].is_null(), "{what}: {read}");
            let (value, expected) = (text(&read["current"]), asked(&world, &token, case.field, asks));
            assert!(expected.contains(&value), "{what}: {value} is none of {expected:?}: {read}");
        }
    }
}

/// A session of our own with the Looker.
fn login(world: &World) -> String {
    use crate::harness::looker::{CLIENT_ID, CLIENT_SECRET};
    let form = format!("client_id={CLIENT_ID}&client_secret={CLIENT_SECRET}");
    let looker = Client::new(&world.looker.address().to_string(), None);
    let answer = looker.send("POST", "/api/4.0/login", Some("application/x-www-form-urlencoded"), form.into_bytes());
    text(&answer.expect(200)["access_token"])
}

/// What Looker itself answers to a query: the field's one number, or that of each month.
fn asked(world: &World, token: &str, field: &str, filters: &[(&str, &str)]) -> Vec<String> {
    let looker = Client::new(&world.looker.address().to_string(), Some(token));
    let filters: Value =
        filters.iter().map(|(name, value)| ((*name).to_string(), Value::from(*value))).collect::<serde_json::Map<_, _>>().into();
    let rows = |fields: Value| {
        let query = json!({"model": "shop", "view": "orders", "fields": fields, "filters": filters, "limit": "500"});
        looker.post("/api/4.0/queries/run/json", &query).expect(200).as_array().cloned().expect("rows")
    };
    let by_month = rows(json!(["orders.created_month", field]));
    rows(json!([field])).iter().chain(&by_month).map(|row| row[field].to_string()).collect()
}
