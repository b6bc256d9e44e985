//! `lensmount_reading`: results that Looker pushes move key results, as polls do.

use crate::harness::client::Client;
use crate::harness::hub::{looker, message, outcome};
use crate::harness::looker::{CLIENT_ID, CLIENT_SECRET};
use crate::harness::source::{Serving, Source};
use crate::harness::world::{SELDOM, World, text};
use serde_json::{Value, json};

const ACTION: &str = "/hub/actions/lensmount_reading";
const TITLE: &str = "Orders";

/// A world whose Looker has a key of the hub, and a key result that is linked to a look.
struct Pushing {
    world: World,
    hub: Client,
    looks: Client,
    look: String,
    id: String,
}

impl Pushing {
    fn new() -> Self {
        let world = World::new();
        let key = world.client.post("/v1/hub/keys", &json!({"name": "Looker"})).expect(201);
        let hub = looker(&world.server, key["key"].as_str().expect("a key"));
        let looks = Client::new(&world.looker.address().to_string(), None);
        let form = format!("client_id={CLIENT_ID}&client_secret={CLIENT_SECRET}").into_bytes();
        let login = looks.send("POST", "/api/4.0/login", Some("application/x-www-form-urlencoded"), form).expect(200);
        let looks = looks.with("Authorization", format!("token {}", text(&login["access_token"])));
        let found = world.looks().into_iter().find(|look| look["title"] == "Orders by month").expect("the look");
        let chart = world.with_defaults(&found["source"]);
        let made = json!({
            "title": TITLE, "start": 0, "target": 1_000_000,
            "integration": {"enabled": true, "cron": SELDOM, "connection_id": chart["connection_id"], "source": chart["source"], "selection": chart["selection"]},
        });
        let id = text(&world.client.post("/v1/key-results", &made).expect(201)["id"]);
        world.until(&id, "its first slot is read", |it| it["last_reading"].is_object());
        let look = text(&found["source"]["look_id"]);
        Self { world, hub, looks, look, id }
    }

    /// The look's result as Looker computes it now, to the byte.
    fn result(&self) -> String {
        let answer = self.looks.get(&format!("/api/4.0/looks/{}/run/json_detail?cache=false", self.look));
        assert_eq!(answer.status, 200, "{answer}");
        answer.text()
    }

    /// The look's result ten minutes later.
    fn later(&self) -> String {
        self.world.looker.advance(600);
        self.result()
    }

    /// What a schedule of the look sends.
    fn order(&self, result: &str) -> Value {
        let look = self.looks.get(&format!("/api/4.0/looks/{}", self.look)).expect(200);
        json!({
            "type": "query",
            "scheduled_plan": {"scheduled_plan_id": 5, "title": "Hourly", "type": "Look", "query": look["query"]},
            "attachment": {"mimetype": "application/json", "extension": "json", "data": result},
            "data": {}, "form_params": {"key_result": self.id},
        })
    }

    fn send(&self, order: &Value) -> Value {
        outcome(&self.hub.post(&format!("{ACTION}/execute"), order))
    }

    fn key_result(&self) -> Value {
        self.world.key_result(&self.id)
    }
}

/// The code of what is said last of the newest reading.
fn last_note(key_result: &Value) -> &str {
    let notes = key_result["last_reading"]["notes"].as_array().and_then(|notes| notes.last());
    notes.and_then(|note| note["code"].as_str()).unwrap_or_default()
}

#[test]
fn a_pushed_result_moves_its_key_result_without_a_query_of_ours() {
    let pushing = Pushing::new();
    let before = pushing.key_result();
    let result = pushing.later();
    let asked = pushing.world.looker.runs();
    let told = pushing.send(&pushing.order(&result));
    assert_eq!(told["success"], true, "{told}");
    assert_eq!(pushing.world.looker.runs(), asked, "Looker is asked to run nothing");
    let (now, reading) = (pushing.key_result(), pushing.key_result()["last_reading"].clone());
    assert!(text(&reading["origin"]).starts_with("push:run_"), "{reading}");
    assert_ne!(reading["ran_at"], before["last_reading"]["ran_at"], "{reading}");
    assert_eq!((&reading["notes"], &now["last_failure"]), (&before["last_reading"]["notes"], &Value::Null));
    assert_eq!((&now["current"], &reading["extractor"]), (&reading["value"], &before["last_reading"]["extractor"]));
    let said = format!("Key result \"{TITLE}\": {} at {} (", text(&reading["value"]), text(&reading["at"]));
    assert!(message(&told).starts_with(&said), "{told} instead of {said}");
    let integration = &now["integration"];
    let chart =
        json!({"connection_id": integration["connection_id"], "source": integration["source"], "selection": integration["selection"]});
    let polled = pushing.world.client.post("/v1/charts/read", &chart).expect(200);
    for same in ["value", "at", "label"] {
        assert_eq!(reading[same], polled[same], "a poll reads the same {same}");
    }
    assert_eq!(now["next_due"], before["next_due"], "its schedule goes on as before");
    let audit = pushing.world.client.items("/v1/audit");
    assert!(audit.iter().any(|it| it["action"] == "key-result.push"), "{audit:?}");
}

#[test]
fn the_same_result_counts_once_and_an_older_one_not_at_all() {
    let pushing = Pushing::new();
    let (older, newer) = (pushing.later(), pushing.later());
    assert_eq!(pushing.send(&pushing.order(&newer))["success"], true);
    let (moved, readings) = (pushing.key_result(), pushing.world.readings(&pushing.id));
    let again = pushing.send(&pushing.order(&newer));
    assert!(again["success"] == true && message(&again).contains("not counted twice"), "{again}");
    let late = pushing.send(&pushing.order(&older));
    assert!(late["success"] == true && message(&late).contains("a reading that Looker computed later"), "{late}");
    let mut empty: Value = serde_json::from_str(&older).expect("JSON");
    empty["data"] = json!([]);
    let unreadable = pushing.send(&pushing.order(&empty.to_string()));
    assert_eq!(unreadable["success"], false, "{unreadable}");
    let now = pushing.key_result();
    assert_eq!((&now["last_reading"], &now["last_failure"]), (&moved["last_reading"], &Value::Null), "{unreadable}");
    assert_eq!(pushing.world.readings(&pushing.id), readings);
    // What is read off it is said by the link.
    let mut link = now["integration"].clone();
    let link = json!({
        "enabled": true, "cron": SELDOM, "connection_id": link["connection_id"].take(), "source": link["source"].take(),
        "selection": {"x": "orders.created_month", "y": "orders.count", "at": "2026-10"},
    });
    pushing.world.client.clone().with("If-Match", "*").put(&format!("/v1/key-results/{}/integration", pushing.id), &link).expect(200);
    pushing.world.until(&pushing.id, "it is read under its new link", |it| it["last_reading"]["at"] == "2026-10");
    let told = pushing.send(&pushing.order(&newer));
    assert!(message(&told).contains(" at 2026-10 ("), "{told}");
}

#[test]
fn a_result_of_another_query_is_refused_by_what_is_different() {
    let pushing = Pushing::new();
    let (before, result) = (pushing.key_result(), pushing.later());
    for (member, value, what) in [
        ("model", json!("another"), "model"),
        ("view", json!("another"), "explore"),
        ("filters", json!({"orders.created_date": "7 days"}), "filters"),
        ("pivots", json!(["orders.created_month"]), "pivots"),
        ("dynamic_fields", json!("[{\"table_calculation\":\"x\",\"expression\":\"1\"}]"), "calculated fields"),
    ] {
        let mut order = pushing.order(&result);
        order["scheduled_plan"]["query"][member] = value;
        let told = pushing.send(&order);
        assert_eq!(told["success"], false, "{told}");
        let said =
            format!("other-query: the pushed result is not of the chart that the key result is linked to: its query has other {what}");
        assert!(message(&told).starts_with(&said), "{told}");
        assert_eq!(pushing.key_result(), before, "it changes nothing");
    }
    let mut order = pushing.order(&result);
    order["scheduled_plan"]["query"]["fields"] = json!(["orders.created_month", "orders.count", "orders.total_revenue"]);
    let told = pushing.send(&order);
    assert!(told["success"] == true && message(&told).contains("other fields than the linked chart"), "{told}");
    assert_eq!(last_note(&pushing.key_result()), "other-query");
}

#[test]
fn a_result_whose_query_nobody_can_compare_is_read_with_a_note() {
    let pushing = Pushing::new();
    let mut order = pushing.order(&pushing.later());
    order["scheduled_plan"]["query"] = Value::Null;
    let told = pushing.send(&order);
    assert!(told["success"] == true && message(&told).contains("nothing says whether"), "{told}");
    assert_eq!(last_note(&pushing.key_result()), "query-unknown");
    let order = pushing.order(&pushing.later());
    let Pushing { world, hub, id, .. } = pushing;
    let World { looker, server, client, place, .. } = world;
    drop(looker);
    let told = outcome(&hub.post(&format!("{ACTION}/execute"), &order));
    assert!(told["success"] == true && message(&told).contains("Looker did not say what the linked chart is"), "{told}");
    let now = client.get(&format!("/v1/key-results/{id}")).expect(200);
    assert_eq!(last_note(&now), "query-unknown");
    assert_eq!(now["current"], now["last_reading"]["value"]);
    drop((server, place));
}

#[test]
fn what_cannot_be_read_fails_by_its_code_and_leaves_the_value() {
    let pushing = Pushing::new();
    let before = pushing.key_result();
    let none =
        r#"{"fields":{"dimensions":[{"name":"orders.created_month","type":"date_month"}],"measures":[{"name":"orders.count"}]},"data":[]}"#;
    for (what, result, code) in [
        ("no JSON", "<html>", "malformed"),
        ("cut short", &pushing.result()[..500], "malformed"),
        ("Looker's error", r#"{"errors":[{"message":"View not found"}],"data":[]}"#, "looker-error"),
        ("no rows", none, "no-data"),
    ] {
        let told = pushing.send(&pushing.order(result));
        assert_eq!(told["success"], false, "{what}: {told}");
        assert!(message(&told).starts_with(&format!("{code}: ")), "{what}: {told}");
        let now = pushing.key_result();
        assert_eq!((&now["current"], &now["last_failure"]["code"]), (&before["current"], &json!(code)), "{what}");
    }
    let result = pushing.later();
    assert_eq!(pushing.send(&pushing.order(&result))["success"], true);
    assert_eq!(pushing.key_result()["last_failure"], Value::Null, "a good result ends it");
}

#[test]
fn a_result_behind_a_url_is_fetched_once_and_one_that_is_too_large_is_refused() {
    let pushing = Pushing::new();
    let source = Source::start(vec![Source::ok(&pushing.later())]);
    let by_url = |url: String| {
        let mut order = pushing.order("");
        order.as_object_mut().expect("an object").remove("attachment");
        order["scheduled_plan"]["download_url"] = json!(url);
        order
    };
    let told = pushing.send(&by_url(source.url()));
    assert_eq!(told["success"], true, "{told}");
    assert_eq!(source.asked().len(), 1);
    let large = Source::start(vec![Source::ok(&" ".repeat((32 << 20) + 1))]);
    let told = pushing.send(&by_url(large.url()));
    assert!(message(&told).starts_with("the result has more than 32 MiB, so nothing was read"), "{told}");
    let gone = Source::start(vec![Serving::Bytes(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_vec())]);
    let told = pushing.send(&by_url(gone.url()));
    assert!(told["success"] == false && message(&told).contains("404"), "{told}");
    let told = pushing.send(&by_url(String::new()));
    assert!(message(&told).contains("must have a download url or an attachment"), "{told}");
    let spool = pushing.world.place.data().join("spool");
    assert_eq!(std::fs::read_dir(spool).expect("a folder").count(), 0, "a result is left behind");
}

#[test]
fn the_form_offers_the_key_results_that_can_be_read() {
    let pushing = Pushing::new();
    let form = || pushing.hub.post(&format!("{ACTION}/form"), &json!({"data": {}})).expect(200);
    let offered = form();
    let field = &offered["fields"][0];
    assert_eq!((&field["name"], &field["type"], &field["required"]), (&json!("key_result"), &json!("select"), &json!(true)));
    assert_eq!(field["options"], json!([{"name": pushing.id, "label": TITLE}]));
    let integration = pushing.key_result()["integration"].clone();
    let chart =
        json!({"connection_id": integration["connection_id"], "source": integration["source"], "selection": integration["selection"]});
    let by_name = |title: &str| {
        let mut made = json!({"title": title, "start": 0, "target": 1, "integration": chart});
        made["integration"]["enabled"] = true.into();
        made["integration"]["every"] = "24h".into();
        text(&pushing.world.client.post("/v1/key-results", &made).expect(201)["id"])
    };
    let (twin, visits) = (by_name(TITLE), by_name("a first"));
    pushing.world.client.post("/v1/key-results", &json!({"title": "By hand", "start": 0, "target": 1})).expect(201);
    let mut labels: Vec<String> = form()["fields"][0]["options"].as_array().expect("options").iter().map(|it| text(&it["label"])).collect();
    assert_eq!(labels.remove(0), "a first");
    labels.sort();
    let mut expected = [format!("{TITLE} ({})", pushing.id), format!("{TITLE} ({twin})")];
    expected.sort();
    assert_eq!(labels, expected, "those of one name are told apart");
    let off = json!({"enabled": false});
    let editor = pushing.world.client.clone().with("If-Match", "*");
    for id in [&pushing.id, &twin, &visits] {
        editor.put(&format!("/v1/key-results/{id}/integration"), &off).expect(200);
    }
    assert!(text(&form()["error"]).starts_with("No key result is linked to a chart yet."));
    let told = pushing.send(&pushing.order(&pushing.result()));
    assert!(text(&told["validation_errors"]["key_result"]).contains("takes no automatic updates"), "{told}");
    editor.delete(&format!("/v1/key-results/{}", pushing.id)).expect(204);
    let told = pushing.send(&pushing.order(&pushing.result()));
    assert!(text(&told["validation_errors"]["key_result"]).contains("no longer there"), "{told}");
    let mut order = pushing.order(&pushing.result());
    for chosen in [json!({}), json!({"key_result": ""})] {
        order["form_params"] = chosen;
        assert!(text(&pushing.send(&order)["validation_errors"]["key_result"]).contains("Choose the key result"));
    }
    order["form_params"] = json!({"key_result": "../../x"});
    assert!(text(&pushing.send(&order)["validation_errors"]["key_result"]).contains("no longer there"));
}

#[test]
fn the_action_is_whole_without_settings() {
    let pushing = Pushing::new();
    let action = pushing.hub.post_empty(ACTION).expect(200);
    assert_eq!((&action["params"], &action["required_fields"]), (&json!([]), &json!([])));
    assert_eq!(action["supported_formats"], json!(["json_detail"]), "the lighter format lacks the time of the run");
    let list = pushing.hub.post_empty("/hub").expect(200);
    assert!(list["integrations"].as_array().expect("a list").contains(&action), "{list}");
}
