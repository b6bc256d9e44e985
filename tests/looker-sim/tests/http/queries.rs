use serde_json::json;

use super::client::Sim;

#[tokio::test]
async fn equal_bodies_are_one_query() {
    let sim = Sim::start().await;
    let body = json!({"model": "shop", "view": "orders", "fields": ["orders.count"], "limit": "500", "filters": {"orders.region": "EMEA"}});
    let query = sim.post("/queries", body.clone()).await.json();
    assert_eq!(sim.post("/queries", body).await.json(), query);
    assert_eq!(sim.json(&format!("/queries/{}", query["id"].as_str().expect("an id"))).await, query);
    assert_eq!(sim.json(&format!("/queries/slug/{}", query["slug"].as_str().expect("a slug"))).await, query);
    let shared = query["expanded_share_url"].as_str().expect("an address");
    assert_eq!(shared, format!("{}/explore/shop/orders?fields=orders.count&f[orders.region]=EMEA", sim.base));
    assert!(query["share_url"].as_str().expect("an address").starts_with(&format!("{}/x/", sim.base)));
    assert_eq!(sim.get("/queries/999999").await.status, 404);
}

#[tokio::test]
async fn a_query_of_a_dashboard_posted_back_is_that_query() {
    let sim = Sim::start().await;
    let tile = sim.json("/dashboard_elements/101").await;
    let mut query = tile["query"].clone();
    for key in ["id", "can", "slug", "share_url", "expanded_share_url", "url", "has_table_calculations"] {
        query.as_object_mut().expect("an object").remove(key);
    }
    query["client_id"] = json!(null);
    assert_eq!(sim.post("/queries", query).await.json()["id"], tile["query_id"]);
}

#[tokio::test]
async fn a_query_without_model_or_view_is_not_valid() {
    let sim = Sim::start().await;
    for (body, field) in [
        (json!({"view": "orders"}), "model"),
        (json!({"model": "shop"}), "view"),
        (json!({"model": "shop", "view": " "}), "view"),
        (json!({"model": "shop", "view": "orders", "fields": "orders.count"}), "body"),
    ] {
        for path in ["/queries", "/queries/run/json_detail"] {
            let refused = sim.post(path, body.clone()).await;
            assert_eq!(refused.status, 422, "{body}");
            let words = refused.json();
            assert_eq!((&words["message"], &words["errors"][0]["field"]), (&json!("Validation Failed"), &json!(field)), "{body}");
        }
    }
}
