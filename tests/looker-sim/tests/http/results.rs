use serde_json::{Value, json};

use super::client::Sim;

fn months() -> Value {
    json!({
        "model": "shop", "view": "orders", "fields": ["orders.created_month", "orders.count"],
        "filters": {"orders.created_date": "3 months"},
    })
}

#[tokio::test]
async fn a_flat_result_has_rows_fields_and_what_it_was_made_of() {
    let sim = Sim::start().await;
    let result = sim.run(months()).await;
    for (key, expected) in [
        ("status", json!("complete")),
        ("from_cache", json!(false)),
        ("expired", json!(false)),
        ("ran_at", json!("2026-05-13T12:00:00+00:00")),
        ("timezone", json!("UTC")),
        ("result_source", json!("query")),
        ("has_totals", json!(false)),
        ("has_row_totals", json!(false)),
        ("number_format", json!("1,234.56")),
        ("added_params", json!({"sorts": ["orders.created_month desc"]})),
        ("explore", json!({"name": "orders", "label": "Orders", "description": null})),
    ] {
        assert_eq!(result[key], expected, "{key}");
    }
    assert!(result["runtime"].is_string());
    for absent in ["pivots", "truncated", "totals_data", "errors", "columns_truncated"] {
        assert!(result.get(absent).is_none(), "{absent}");
    }
    let month = &result["fields"]["dimensions"][0];
    for (key, expected) in [
        ("name", json!("orders.created_month")),
        ("label", json!("Orders Created Month")),
        ("label_short", json!("Created Month")),
        ("type", json!("date_month")),
        ("category", json!("dimension")),
        ("is_timeframe", json!(true)),
        ("time_interval", json!({"name": "month", "count": 1})),
        ("sorted", json!({"sort_index": 0, "desc": true, "pivot_index": 0})),
    ] {
        assert_eq!(month[key], expected, "{key}");
    }
    assert_eq!(result["applied_filters"]["orders.created_date"]["value"], "3 months");
    assert_eq!(result["applied_filters"]["orders.created_date"]["field"]["type"], "date_date");
    assert_eq!(result["data"][0]["orders.created_month"], json!({"value": "2026-05"}));
    assert!(result["data"][0]["orders.count"]["value"].is_u64());
    assert!(result["data"][0]["orders.count"].get("links").is_none());
}

#[tokio::test]
async fn numbers_are_written_digit_by_digit() {
    let sim = Sim::start().await;
    let body = json!({
        "model": "shop", "view": "orders", "filters": {"orders.created_date": "2025-03"},
        "fields": ["orders.count", "orders.complete_count", "orders.total_revenue", "orders.completion_rate", "orders.completion_percent"],
    });
    let answer = sim.post("/queries/run/json", body).await;
    let row = answer.text.trim_matches(['[', ']', '{', '}']).to_owned();
    let text = |name: &str| {
        let start = row.find(&format!("\"{name}\":")).expect("the field") + name.len() + 3;
        row[start..].split(',').next().expect("a value").to_owned()
    };
    let (count, complete): (u128, u128) =
        (text("orders.count").parse().expect("whole"), text("orders.complete_count").parse().expect("whole"));
    assert_eq!(text("orders.total_revenue").split('.').nth(1).map(str::len), Some(2));
    let digits = format!("{:016}", complete * 10_u128.pow(16) / count);
    assert_eq!(text("orders.completion_rate"), format!("0.{}", digits.trim_end_matches('0')));
    assert!(text("orders.completion_percent").starts_with(&format!("{}.", &digits[..2])));
}

#[tokio::test]
async fn a_pivoted_result_has_keys_totals_and_what_they_stand_for() {
    let sim = Sim::start().await;
    let result = sim
        .run(json!({
            "model": "shop", "view": "orders", "fields": ["orders.region", "orders.created_week", "orders.count", "orders.completion_rate"],
            "pivots": ["orders.created_week"], "filters": {"orders.created_date": "2 weeks"}, "sorts": ["orders.created_week", "orders.region"],
            "total": true, "row_total": "right",
            "dynamic_fields": "[{\"table_calculation\":\"share\",\"label\":\"Share\",\"expression\":\"${orders.count}\",\"value_format_name\":\"percent_1\"}]",
        }))
        .await;
    let pivots = result["pivots"].as_array().expect("pivots");
    let keys: Vec<_> = pivots.iter().map(|pivot| pivot["key"].as_str().expect("a key")).collect();
    assert_eq!(keys, ["2026-05-04", "2026-05-11", "$$$_row_total_$$$"]);
    assert_eq!(pivots[0]["data"], json!({"orders.created_week": "2026-05-04"}));
    assert_eq!(pivots[0]["metadata"]["orders.created_week"]["filterable_value"], "2026-05-04 for 7 days");
    assert_eq!((&pivots[2]["data"], &pivots[2]["is_total"]), (&json!({"orders.created_week": null}), &json!(true)));
    let row = &result["data"][0];
    assert_eq!(row["orders.region"]["value"], "APAC");
    let of = |key: &str| row["orders.count"][key]["value"].as_u64().expect("a number");
    assert_eq!(of("2026-05-04") + of("2026-05-11"), of("$$$_row_total_$$$"));
    // Calculations have no total.
    assert!(row["share"].get("$$$_row_total_$$$").is_none() && row["share"]["2026-05-04"]["rendered"].is_string());
    assert_eq!((&result["has_totals"], &result["has_row_totals"]), (&json!(true), &json!(true)));
    let total = &result["totals_data"]["orders.count"]["2026-05-04"];
    assert!(total["value"].is_u64() && total["html"].is_string() && total.get("rendered").is_none());
}

#[tokio::test]
async fn a_pivot_with_a_place_of_its_own_joins_it_to_the_key() {
    let sim = Sim::start().await;
    let tile = sim.json("/dashboard_elements/306").await;
    let result = sim.run(tile["query"].clone()).await;
    let keys: Vec<_> = result["pivots"].as_array().expect("pivots").iter().map(|pivot| pivot["key"].clone()).collect();
    assert_eq!((&keys[0], &keys[6]), (&json!("Monday|FIELD|0"), &json!("Sunday|FIELD|6")));
    let two = sim.json("/dashboard_elements/305").await;
    let result = sim.run(two["query"].clone()).await;
    assert_eq!(result["pivots"][0]["key"], "APAC|FIELD|cancelled");
}

#[tokio::test]
async fn calculations_come_only_when_asked_for_and_links_too() {
    let sim = Sim::start().await;
    let tile = sim.json("/dashboard_elements/205").await;
    let query = tile["query"].clone();
    let with = sim.run(query.clone()).await;
    assert_eq!(with["fields"]["table_calculations"][0]["name"], "change");
    let last = with["data"].as_array().expect("rows").last().expect("a row").clone();
    assert_eq!(last["change"], json!({"value": null, "rendered": "null"}));
    let without = sim.post("/queries/run/json_detail?generate_drill_links=true", query).await.json();
    assert!(without["data"][0].get("change").is_none());
    assert!(without["data"][0]["orders.count"]["links"][0]["url"].is_string());
}

#[tokio::test]
async fn a_cut_result_says_so_and_limits_may_be_overridden() {
    let sim = Sim::start().await;
    let cut = sim.post("/queries/run/json_detail?limit=2", months()).await.json();
    assert_eq!((cut["data"].as_array().map(Vec::len), &cut["truncated"]), (Some(2), &json!(true)));
}

#[tokio::test]
async fn failures_are_answers_too() {
    let sim = Sim::start().await;
    let broken = json!({"model": "shop", "view": "orders_broken", "fields": ["orders.count"]});
    let detail = sim.run(broken.clone()).await;
    assert_eq!((&detail["data"], detail["errors"][0]["sql_error_loc"]["line"].as_u64()), (&json!([]), Some(1)));
    assert!(detail["errors"][0]["message_details"].as_str().expect("words").contains("doesn't exist"));
    let rows = sim.post("/queries/run/json", broken.clone()).await.json();
    assert!(rows[0]["looker_error"].is_string());
    let grid = sim.post("/queries/run/json_bi", broken.clone()).await.json();
    assert!(grid["rows"][0]["looker_error"].is_string());
    assert_eq!(sim.post("/queries/run/csv", broken).await.status, 400);
    let unknown = sim.run(json!({"model": "shop", "view": "nothing", "fields": ["orders.count"]})).await;
    assert_eq!(unknown["errors"][0]["message"], "View Not Found");
    assert_eq!(sim.post("/queries/run/png", months()).await.status, 422);
}

#[tokio::test]
async fn a_note_on_development_mode_comes_with_rows() {
    let sim = Sim::start().await;
    let tile = sim.json("/dashboard_elements/510").await;
    let result = sim.run(tile["query"].clone()).await;
    assert_eq!(
        result["errors"][0]["message"],
        "Note: This query contains derived tables with Development Mode filters. Query results in Production Mode might be different."
    );
    assert_eq!(result["data"].as_array().map(Vec::len), Some(6));
}

#[tokio::test]
async fn plain_formats_hold_rows_only() {
    let sim = Sim::start().await;
    let rows = sim.post("/queries/run/json", months()).await.json();
    let count = rows[0]["orders.count"].clone();
    assert_eq!(rows[0], json!({"orders.created_month": "2026-05", "orders.count": count}));
    let labelled = sim.post("/queries/run/json_label", months()).await.json();
    assert_eq!(labelled[0], json!({"Orders Created Month": "2026-05", "Orders Count": count}));
    let pivoted = sim.json("/looks/3/run/json").await;
    let regions = pivoted[0]["orders.completion_rate"]["orders.region"].as_object().expect("cells by region");
    assert_eq!(regions.keys().collect::<Vec<_>>(), ["$$$_row_total_$$$", "APAC", "Americas", "EMEA", "Nordics & Baltics"]);
    let csv = sim.post("/queries/run/csv", months()).await;
    assert_eq!(csv.headers["content-type"], "text/csv;charset=UTF-8");
    let lines: Vec<_> = csv.text.lines().collect();
    assert_eq!(lines[..2], ["Orders Created Month,Orders Count".to_owned(), format!("2026-05,{count}")]);
    let formatted = sim.post("/queries/run/json?apply_formatting=true", months()).await.json();
    assert!(formatted[0]["orders.count"].as_str().expect("a text").contains(','));
    let sql = sim.get("/sql_queries/ordersbymonth/run/json_detail").await.json();
    assert_eq!(sql["fields"]["dimensions"][0]["name"], "MONTH");
    assert_eq!(sql["data"][0]["MONTH"], json!({"value": "2025-06-01"}));
}

async fn ask(sim: &Sim, options: &str) -> Value {
    sim.post(&format!("/queries/run/json_detail?{options}"), months()).await.json()
}

#[tokio::test]
async fn the_cache_answers_within_its_hour() {
    let mut sim = Sim::start().await;
    let first = ask(&sim, "cache=true").await;
    sim.post("/_clock", json!({"advance": 600})).await;
    let kept = ask(&sim, "cache=true").await;
    assert_eq!((&first["from_cache"], &kept["from_cache"]), (&json!(false), &json!(true)));
    assert_eq!((&kept["data"], &kept["ran_at"], &kept["id"]), (&first["data"], &first["ran_at"], &first["id"]));
    assert_eq!(ask(&sim, "limit=9").await["from_cache"], false);
    let anew = ask(&sim, "cache=false").await;
    assert_eq!((&anew["from_cache"], &anew["ran_at"]), (&json!(false), &json!("2026-05-13T12:10:00+00:00")));
    assert_ne!(anew["data"], first["data"]);
    sim.post("/_clock", json!({"advance": 3_600})).await;
    // The token has lived as long as the answer.
    sim.login().await;
    let stale = ask(&sim, "cache_only=true").await;
    assert_eq!((&stale["from_cache"], &stale["expired"]), (&json!(true), &json!(true)));
    assert_eq!(ask(&sim, "cache=true").await["from_cache"], false);
    let log = sim.json("/_log").await;
    assert_eq!((&log["runs"], &log["cache_hits"]), (&json!(4), &json!(2)));
}

#[tokio::test]
async fn every_query_of_every_tile_and_look_is_answered() {
    let sim = Sim::start().await;
    let mut queries = Vec::new();
    for dashboard in sim.json("/dashboards?fields=id").await.as_array().expect("dashboards") {
        let id = dashboard["id"].as_str().expect("an id");
        let tiles = sim.json(&format!("/dashboards/{id}/dashboard_elements?fields=id,result_maker(query(id))")).await;
        queries.extend(
            tiles.as_array().expect("tiles").iter().filter_map(|tile| tile["result_maker"]["query"]["id"].as_str().map(str::to_owned)),
        );
    }
    assert!(queries.len() > 45, "{}", queries.len());
    let mut failed = 0;
    for id in queries {
        let result = sim.json(&format!("/queries/{id}/run/json_detail?server_table_calcs=true")).await;
        failed += usize::from(result["errors"][0]["fatal"] == true);
        let bytes = sim.get(&format!("/queries/{id}/run/csv")).await;
        assert_eq!(bytes.status == 200, result["errors"][0]["fatal"] != true, "{id}");
    }
    // One tile is there to fail.
    assert_eq!(failed, 1);
    for id in ["1", "2", "3", "4", "5"] {
        let result = sim.json(&format!("/looks/{id}/run/json_detail")).await;
        assert!(result["data"].as_array().is_some_and(|rows| !rows.is_empty()), "{id}");
    }
}
