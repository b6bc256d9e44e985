use serde_json::{Value, json};

use super::client::Sim;

fn ids(found: &Value) -> Vec<String> {
    let found = found.as_array().expect("an array");
    found.iter().map(|item| item["id"].as_str().expect("ids are texts").to_owned()).collect()
}

#[tokio::test]
async fn a_title_is_a_pattern_for_the_whole_of_it() {
    let sim = Sim::start().await;
    for (title, expected) in [
        ("Sales overview", &["1"][..]),
        ("sales OVERVIEW", &["1"]),
        ("Sales", &[]),
        ("%25sales%25", &["1", "7", "8"]),
        ("Q3_sales", &["7", "8"]),
        ("100%25 uptime", &["9"]),
        ("Weekly review", &["12", "13", "14"]),
        ("%22at risk%22", &[]),
        ("%25%22at risk%22 %26 O'Brien%25", &["10"]),
        ("%F0%9F%9A%80%25", &["11"]),
        // Written in LookML: only another search finds it.
        ("Business pulse", &[]),
        ("Old numbers", &[]),
    ] {
        let found = sim.json(&format!("/dashboards/search?title={title}&fields=id")).await;
        assert_eq!(ids(&found), expected, "{title}");
    }
    assert_eq!(ids(&sim.json("/dashboards/search?title=Old numbers&deleted=true").await), ["15"]);
    assert_eq!(ids(&sim.json("/dashboards/lookml/search?title=business%25").await), ["shop::business_pulse"]);
    assert_eq!(ids(&sim.json("/looks/search?title=100%25 of visits").await), ["4"]);
    // What a search does not know it ignores.
    assert_eq!(ids(&sim.json("/dashboards/search?titel=nothing&title=Forecast").await), ["6"]);
    assert_eq!(ids(&sim.json("/dashboards/search?title=Weekly review&folder_id=3").await), ["13"]);
}

#[tokio::test]
async fn pages_say_how_many_there_are_and_where_the_next_is() {
    let sim = Sim::start().await;
    let all = sim.get("/dashboards/search?fields=id").await;
    assert!(all.headers.get("link").is_none() && all.headers.get("x-total-count").is_none());
    let (mut path, mut seen) = ("/api/4.0/dashboards/search?fields=id&limit=4&sorts=id+desc".to_owned(), Vec::new());
    loop {
        let page = sim.get(&path).await;
        assert_eq!(page.headers["x-total-count"], "15");
        seen.extend(ids(&page.json()));
        let links = page.headers["link"].to_str().expect("text").to_owned();
        let Some(next) = links.split(", ").find(|link| link.ends_with("rel=\"next\"")) else {
            break;
        };
        let url = next.split(['<', '>']).nth(1).expect("an address");
        path = url.strip_prefix(&sim.base).expect("an address of its own").to_owned();
    }
    let mut expected = ids(&all.json());
    expected.sort();
    expected.reverse();
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn answers_hold_only_the_fields_asked_for() {
    let sim = Sim::start().await;
    let fields =
        "id,folder(name),dashboard_elements(id,result_maker(vis_config,filterables(listen(dashboard_filter_name)),query(id,model,view)))";
    let dashboard = sim.json(&format!("/dashboards/shop%3A%3Abusiness_pulse?fields={fields}")).await;
    let keys = |value: &Value| value.as_object().expect("an object").keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(&dashboard), ["dashboard_elements", "folder", "id"]);
    assert_eq!(dashboard["folder"], json!({"name": "LookML Dashboards"}));
    let maker = &dashboard["dashboard_elements"][0]["result_maker"];
    assert_eq!(keys(&maker["query"]), ["id", "model", "view"]);
    assert_eq!(maker["filterables"], json!([{"listen": [{"dashboard_filter_name": "Period"}]}]));
    assert_eq!(maker["vis_config"]["type"], "looker_line");
}

#[tokio::test]
async fn a_dashboard_is_found_by_id_by_slug_and_by_its_name_in_lookml() {
    let sim = Sim::start().await;
    let by_id = sim.json("/dashboards/1").await;
    let slug = by_id["slug"].as_str().expect("a slug");
    assert_eq!(sim.json(&format!("/dashboards/{slug}")).await["id"], "1");
    for id in ["shop::business_pulse", "shop%3A%3Abusiness_pulse"] {
        let found = sim.json(&format!("/dashboards/{id}")).await;
        assert_eq!(found["lookml_link_id"], "shop::business_pulse");
        let tile = &found["dashboard_elements"][0];
        assert_eq!((&tile["id"], &tile["lookml_link_id"]), (&json!("shop::business_pulse::orders_by_week"), &json!("orders_by_week")));
    }
    let all = sim.json("/dashboards").await;
    assert!(ids(&all).contains(&"shop::business_pulse".to_owned()) && all[0]["dashboard_elements"].is_null());
    assert_eq!(sim.json("/folders/2").await["name"], "Sales");
}

#[tokio::test]
async fn tiles_hold_what_their_kind_holds() {
    let sim = Sim::start().await;
    let tiles = sim.json("/dashboards/5/dashboard_elements").await;
    let tile = |id: &str| {
        let all = tiles.as_array().expect("an array");
        all.iter().find(|tile| tile["id"] == id).cloned().unwrap_or_else(|| panic!("no tile {id}"))
    };
    let (text, button) = (tile("501"), tile("502"));
    assert_eq!((&text["type"], &text["title"], &text["title_text"]), (&json!("text"), &json!(null), &json!("How to read this page")));
    assert_eq!((&button["type"], &button["query"], &button["result_maker"]), (&json!("button"), &json!(null), &json!(null)));
    let linked = tile("503");
    assert_eq!((&linked["look_id"], &linked["query"], &linked["title"]), (&json!("1"), &json!(null), &json!(null)));
    assert_eq!(linked["look"]["query"]["id"], linked["result_maker"]["query"]["id"]);
    let merged = tile("505");
    assert_eq!(
        (&merged["merge_result_id"], &merged["query"], &merged["result_maker"]["query_id"]),
        (&json!("m1"), &json!(null), &json!(null))
    );
    assert_eq!(tile("507")["result_maker"]["sql_query_id"], "ordersbymonth");
    assert_eq!(sim.json("/dashboard_elements/503").await, linked);
}

#[tokio::test]
async fn filters_are_listened_to_by_name() {
    let sim = Sim::start().await;
    let filters = sim.json("/dashboards/4/dashboard_filters?fields=name,type,default_value").await;
    assert_eq!(
        filters,
        json!([
            {"name": "Date range", "type": "date_filter", "default_value": "last 12 months"},
            {"name": "Region", "type": "string_filter", "default_value": "EMEA,APAC"},
            {"name": "Channel", "type": "field_filter", "default_value": ""},
            {"name": "Least orders", "type": "number_filter", "default_value": ">=5"},
        ])
    );
    let several = sim.json("/dashboard_elements/405").await;
    let names: Vec<_> =
        several["result_maker"]["filterables"].as_array().expect("an array").iter().map(|one| one["name"].clone()).collect();
    assert_eq!(names, ["orders", "visits"]);
}
