//! Over the OpenAPI document: nothing under /v1 without a token, nothing changed without a trace.

use crate::harness::client::{Answer, Client};
use crate::harness::guests::{gauge, gauge_2};
use crate::harness::hub::users;
use crate::harness::receiver::{Receiver, Reply};
use crate::harness::server::{Place, Server, shared};
use crate::harness::until;
use crate::harness::world::{PATIENCE, SELDOM, World};
use serde_json::{Value, json};

/// What anybody may ask. Paths under `/hub` are not in the document: they are Looker's own, with keys of
/// their own, and `hub/keys.rs` walks them.
const PUBLIC: &[&str] = &["/livez", "/readyz", "/version", "/openapi.json", "/docs", "/problems"];

/// POST operations that change nothing.
const READING: &[&str] = &[
    "/v1/extractors/{name}/outline",
    "/v1/extractors/{name}/read",
    "/v1/extractors/{name}/series",
    "/v1/extractors/{name}/convert",
    "/v1/extractors/{name}/versions/{version}/dry-run",
    "/v1/charts/outline",
    "/v1/charts/read",
    "/v1/charts/series",
    "/v1/charts/verify",
    "/v1/connections/{id}/test",
];

/// Method, path, and a request that changes something.
type Change = (&'static str, &'static str, fn(&Client) -> Answer);

/// The version is whatever it is.
fn any(client: &Client) -> Client {
    client.clone().with("If-Match", "*")
}

/// The id of the only thing in a list.
fn only(client: &Client, list: &str) -> String {
    let items = client.get(list).expect(200);
    items["items"][0]["id"].as_str().unwrap_or_else(|| panic!("{list}: {items}")).to_string()
}

/// A destination to be made.
fn destination(name: &str) -> Value {
    json!({"name": name, "kind": "rudderstack", "server_url": "https://data.example", "write_key": "k"})
}

/// A key result on the only connection there is.
fn linked(client: &Client) -> String {
    let chart = crate::harness::world::with_number(client, &only(client, "/v1/connections"));
    let mut integration = chart;
    integration["enabled"] = true.into();
    let body = json!({"title": "Walked", "start": 0, "target": 1, "integration": integration});
    client.post("/v1/key-results", &body).expect(201)["id"].as_str().expect("an id").to_string()
}

/// A run of one row, sent to a data plane that answers with a status; its id.
fn pushed(client: &Client, user: &str, status: u16) -> String {
    let plane = Receiver::start();
    plane.always(Some(Reply::Status(status)));
    let key = client.post("/v1/hub/keys", &json!({"name": format!("Looker of {user}")})).expect(201)["key"].clone();
    let looker = client.stranger().with("Authorization", format!("Token token=\"{}\"", key.as_str().expect("a key")));
    let request = json!({
        "type": "query",
        "attachment": {"mimetype": "application/json", "extension": "json", "data": users(&[user])},
        "data": {"rudder_write_key": "key", "rudder_server_url": format!("http://127.0.0.1:{}", plane.port())},
    });
    assert_eq!(looker.post("/hub/actions/rudder_event/execute", &request).status, 200);
    let runs = client.items("/v1/runs");
    runs.last().expect("a run")["id"].as_str().expect("an id").to_string()
}

/// Operations that change something, with a request that does. They are sent in this order to a
/// fresh server beside a Looker, and each must leave an audit entry.
const CHANGING: &[Change] = &[
    ("post", "/v1/extractors", |client| client.upload(&gauge())),
    ("post", "/v1/extractors/{name}/versions/{version}/activate", |client| {
        client.upload(&gauge_2()).expect(201);
        client.post_empty("/v1/extractors/gauge/versions/1.0.0/activate").expect(200);
        client.post_empty("/v1/extractors/gauge/versions/2.0.0/activate")
    }),
    ("post", "/v1/extractors/{name}/versions/{version}/canary", |client| {
        client.post("/v1/extractors/gauge/versions/1.0.0/canary", &json!({"percent": 10})).expect(200);
        client.post_empty("/v1/extractors/gauge/rollback").expect(200);
        client.post("/v1/extractors/gauge/versions/1.0.0/canary", &json!({"percent": 20})).expect(200);
        client.post_empty("/v1/extractors/gauge/rollback")
    }),
    ("patch", "/v1/extractors/{name}", |client| client.clone().with("If-Match", "*").patch("/v1/extractors/gauge", &json!({"order": 1}))),
    ("patch", "/v1/extractors/{name}", |client| any(client).patch("/v1/extractors/gauge", &json!({"limits": {"cpu_ms": 900}}))),
    ("post", "/v1/extractors/{name}/rollback", |client| client.post_empty("/v1/extractors/gauge/rollback")),
    ("delete", "/v1/extractors/{name}/samples", |client| client.delete("/v1/extractors/gauge/samples")),
    ("delete", "/v1/extractors/{name}/versions/{version}", |client| client.delete("/v1/extractors/gauge/versions/2.0.0")),
    ("patch", "/v1/connections/{id}", |client| {
        any(client).patch(&format!("/v1/connections/{}", only(client, "/v1/connections")), &json!({"timeout_seconds": 30}))
    }),
    ("post", "/v1/objectives", |client| client.post("/v1/objectives", &json!({"title": "Walk"}))),
    ("patch", "/v1/objectives/{id}", |client| {
        any(client).patch(&format!("/v1/objectives/{}", only(client, "/v1/objectives")), &json!({"owner": "Ada"}))
    }),
    ("delete", "/v1/objectives/{id}", |client| any(client).delete(&format!("/v1/objectives/{}", only(client, "/v1/objectives")))),
    ("post", "/v1/key-results", |client| client.post("/v1/key-results", &json!({"title": "Walk", "start": 0, "target": 1}))),
    ("patch", "/v1/key-results/{id}", |client| {
        any(client).patch(&format!("/v1/key-results/{}", only(client, "/v1/key-results")), &json!({"current": 1}))
    }),
    ("delete", "/v1/key-results/{id}", |client| any(client).delete(&format!("/v1/key-results/{}", only(client, "/v1/key-results")))),
    ("put", "/v1/key-results/{id}/integration", |client| {
        let id = linked(client);
        any(client).put(&format!("/v1/key-results/{id}/integration"), &json!({"enabled": true}))
    }),
    ("post", "/v1/key-results/{id}/refresh", |client| {
        client.post_empty(&format!("/v1/key-results/{}/refresh", only(client, "/v1/key-results")))
    }),
    ("post", "/v1/key-results/{id}/backfill", |client| {
        client.post_empty(&format!("/v1/key-results/{}/backfill", only(client, "/v1/key-results")))
    }),
    ("post", "/v1/connections", |client| {
        client.post("/v1/connections", &json!({"name": "Walk", "server_url": "looker.example", "client_id": "a", "client_secret": "b"}))
    }),
    ("post", "/v1/destinations", |client| client.post("/v1/destinations", &destination("Walk"))),
    ("patch", "/v1/destinations/{id}", |client| {
        any(client).patch(&format!("/v1/destinations/{}", only(client, "/v1/destinations")), &json!({"name": "Walked"}))
    }),
    ("delete", "/v1/destinations/{id}", |client| any(client).delete(&format!("/v1/destinations/{}", only(client, "/v1/destinations")))),
    ("post", "/v1/hub/keys", |client| client.post("/v1/hub/keys", &json!({"name": "Walk"}))),
    ("delete", "/v1/hub/keys/{id}", |client| client.delete(&format!("/v1/hub/keys/{}", only(client, "/v1/hub/keys")))),
    ("post", "/v1/runs/{id}/redrive", |client| {
        let id = pushed(client, "ada", 401);
        client.post_empty(&format!("/v1/runs/{id}/redrive"))
    }),
    ("post", "/v1/webhooks", |client| client.post("/v1/webhooks", &json!({"url": "https://hook.example", "kinds": ["failure"]}))),
    ("post", "/v1/webhooks/{id}/test", |client| client.post_empty(&format!("/v1/webhooks/{}/test", only(client, "/v1/webhooks")))),
    ("delete", "/v1/webhooks/{id}", |client| client.delete(&format!("/v1/webhooks/{}", only(client, "/v1/webhooks")))),
    ("delete", "/v1/connections/{id}", |client| {
        let items = client.get("/v1/connections").expect(200);
        let of_walk = |item: &&Value| item["name"] == "Walk";
        let id = items["items"].as_array().and_then(|items| items.iter().find(of_walk)?["id"].as_str()).expect("made above").to_string();
        any(client).delete(&format!("/v1/connections/{id}"))
    }),
];

/// Every operation of the document: method, path, and whether it asks for a token.
fn operations() -> Vec<(String, String, bool)> {
    let api = shared().stranger().get("/openapi.json").expect(200);
    let mut operations = Vec::new();
    for (path, item) in api["paths"].as_object().expect("paths") {
        for method in ["get", "post", "put", "patch", "delete"] {
            if let Some(operation) = item.get(method) {
                let guarded = [operation, &api].iter().any(|place| place["security"].as_array().is_some_and(|all| !all.is_empty()));
                operations.push((method.to_string(), path.clone(), guarded));
            }
        }
    }
    assert!(operations.iter().all(|(_, path, _)| !path.starts_with("/hub")), "a path that has keys of its own");
    assert!(operations.len() >= 12, "the document lists {} operations", operations.len());
    operations
}

/// The path with names that exist.
fn filled(path: &str) -> String {
    path.replace("{name}", "timeseries")
        .replace("{version}", "1.0.0")
        .replace("{code}", "no-data")
        .replace("{id}", "kr_0192f0c1a2b37c4d8e5f60718293a4b5")
        .replace("{dashboard_id}", "1")
}

fn is_public(path: &str) -> bool {
    PUBLIC.iter().any(|public| path == *public || path.starts_with(&format!("{public}/")))
}

#[test]
fn every_operation_but_the_public_ones_asks_for_a_token() {
    for (method, path, guarded) in operations() {
        let place = filled(&path);
        assert!(!place.contains('{'), "{path}: this test has no name for a part of it");
        for client in [shared().stranger(), shared().holder("lm_wrong_0123456789abcdef")] {
            let answer = client.send(&method.to_uppercase(), &place, None, Vec::new());
            if is_public(&path) {
                assert_eq!(answer.status, 200, "{answer}");
                assert!(!guarded, "{method} {path} is public, and the document says otherwise");
            } else {
                answer.problem(401, "unauthorized");
                assert!(guarded, "{method} {path} asks for a token, and the document does not say so");
            }
        }
    }
}

#[test]
fn every_call_of_the_issue_is_in_the_document() {
    let listed = operations();
    let expected = CHANGING.iter().map(|(method, path, _)| (*method, *path)).chain(READING.iter().map(|path| ("post", *path))).chain([
        ("get", "/v1/extractors"),
        ("get", "/v1/extractors/{name}"),
        ("get", "/v1/connections"),
        ("get", "/v1/connections/{id}"),
        ("get", "/v1/connections/{id}/dashboards"),
        ("get", "/v1/connections/{id}/dashboards/{dashboard_id}"),
        ("get", "/v1/connections/{id}/dashboards/{dashboard_id}/tiles"),
        ("get", "/v1/connections/{id}/looks"),
        ("get", "/v1/objectives"),
        ("get", "/v1/objectives/{id}"),
        ("get", "/v1/key-results"),
        ("get", "/v1/key-results/{id}"),
        ("get", "/v1/key-results/{id}/readings"),
        ("get", "/v1/destinations"),
        ("get", "/v1/destinations/{id}"),
        ("get", "/v1/hub/keys"),
        ("get", "/v1/runs"),
        ("get", "/v1/runs/{id}"),
        ("get", "/v1/webhooks"),
        ("get", "/v1/webhooks/{id}"),
        ("get", "/v1/changes"),
        ("get", "/v1/audit"),
        ("get", "/livez"),
        ("get", "/readyz"),
        ("get", "/version"),
    ]);
    for (method, path) in expected {
        let there = listed.iter().any(|(known, place, _)| known == method && place == path);
        assert!(there, "{method} {path} is not in the document");
    }
}

#[test]
fn every_operation_that_changes_something_has_a_case_here() {
    for (method, path, _) in operations() {
        let known = method == "get"
            || READING.contains(&path.as_str())
            || CHANGING.iter().any(|(verb, place, _)| method == *verb && path == *place);
        assert!(known, "{method} {path}: say in this file whether it changes anything, and how");
    }
}

/// Whether a GET of the document answers a list: an array, or `items`.
fn is_list(api: &Value, operation: &Value) -> bool {
    let schema = &operation["responses"]["200"]["content"]["application/json"]["schema"];
    let name = schema["$ref"].as_str().and_then(|place| place.strip_prefix("#/components/schemas/"));
    let schema = name.map_or(schema, |name| &api["components"]["schemas"][name]);
    schema["type"] == "array" || schema["properties"].get("items").is_some()
}

/// Every list, and that its operation takes `limit` and `page_token`.
fn lists() -> Vec<String> {
    let api = shared().stranger().get("/openapi.json").expect(200);
    let mut lists = Vec::new();
    for (path, item) in api["paths"].as_object().expect("paths") {
        if !is_list(&api, &item["get"]) {
            continue;
        }
        let parameters = item["get"]["parameters"].as_array().cloned().unwrap_or_default();
        for name in ["limit", "page_token"] {
            assert!(parameters.iter().any(|it| it["name"] == name && it["in"] == "query"), "GET {path} takes no `{name}`");
        }
        lists.push(path.clone());
    }
    lists
}

#[test]
fn every_list_comes_in_pages() {
    let world = World::new();
    let client = &world.client;
    crate::harness::world::connect(client, &world.looker, "Another", json!({}));
    let mut made = Vec::new();
    for title in ["One", "Two", "Three"] {
        client.post("/v1/objectives", &json!({"title": title})).expect(201);
        let key_result = client.post("/v1/key-results", &json!({"title": title, "start": 0, "target": 1})).expect(201);
        made.push(key_result["id"].as_str().expect("an id").to_string());
    }
    for name in ["One", "Two"] {
        client.post("/v1/destinations", &destination(name)).expect(201);
        client.post("/v1/hub/keys", &json!({"name": name})).expect(201);
    }
    for kind in ["reading", "failure"] {
        client.post("/v1/webhooks", &json!({"url": "https://hook.example", "kinds": [kind]})).expect(201);
    }
    for value in 1..=3 {
        any(client).patch(&format!("/v1/key-results/{}", made[0]), &json!({"current": value})).expect(200);
    }
    for user in ["ada", "grace"] {
        pushed(client, user, 200);
    }
    // What two key results read off one chart is kept for its extractor to be tried on.
    let chart = world.some_chart();
    let read = ["One", "Two"].map(|_| {
        let id = world.link(&chart, json!({"cron": SELDOM}));
        client.post_empty(&format!("/v1/key-results/{id}/refresh")).expect(200)["last_reading"]["extractor"]["name"].clone()
    });
    let extractor = read[0].as_str().expect("a name").to_owned();
    let kept = format!("/v1/extractors/{extractor}/samples");
    until("both results are kept", PATIENCE, || (client.items(&kept).len() == 2).then_some(()));
    let lists = lists();
    assert!(lists.len() >= 9, "{lists:?}");
    for path in lists {
        let id = if path.starts_with("/v1/connections") { &world.connection } else { &made[0] };
        let path = path.replace("{id}", id).replace("{dashboard_id}", "1").replace("{name}", &extractor);
        assert!(!path.contains('{'), "{path}: this test has no name for a part of it");
        let whole = client.items(&path);
        assert!(whole.len() >= 2, "{path} has too few items to page: {whole:?}");
        let (mut walked, mut place) = (Vec::new(), format!("{path}?limit=1"));
        loop {
            let page = client.get(&place).expect(200);
            let items = page["items"].as_array().unwrap_or_else(|| panic!("{path}: no items in {page}")).clone();
            assert_eq!(items.len(), 1, "{place}: {page}");
            walked.extend(items);
            assert!(page.get("next_page_token").is_some(), "{path}: {page}");
            let Some(token) = page["next_page_token"].as_str() else { break };
            assert!(walked.len() < whole.len(), "{path} goes on after its last item");
            place = format!("{path}?limit=1&page_token={token}");
        }
        assert_eq!(walked, whole, "{path}");
        for wrong in ["limit=0", "limit=201", "limit=many", "page_token=nonsense", "colour=red"] {
            client.get(&format!("{path}?{wrong}")).problem(400, "invalid-input");
        }
    }
}

fn audit(client: &Client) -> Vec<Value> {
    client.get("/v1/audit").expect(200)["items"].as_array().cloned().unwrap_or_default()
}

#[test]
fn every_change_leaves_an_audit_entry() {
    let world = World::new();
    let client = world.client.clone();
    for (method, path, act) in CHANGING {
        let answer = act(&client);
        assert!((200..300).contains(&answer.status), "{answer}");
        let entries = audit(&client);
        let newest = entries.iter().max_by_key(|entry| entry["seq"].as_u64()).expect("an entry");
        for name in ["at", "actor", "action", "target", "request_id"] {
            assert!(newest[name].as_str().is_some_and(|text| !text.is_empty()), "{method} {path}: no `{name}` in {newest}");
        }
        let kind = path.split('/').nth(2).unwrap_or_default().trim_end_matches('s');
        assert!(newest["target"].as_str().is_some_and(|target| target.starts_with(kind)), "{method} {path}: {newest}");
    }
    let entries = audit(&client);
    let mut numbers: Vec<_> = entries.iter().filter_map(|entry| entry["seq"].as_u64()).collect();
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len(), entries.len(), "two entries have one number");
    assert!(entries.len() >= CHANGING.len(), "{entries:?}");
}

#[test]
fn what_was_refused_changes_nothing_and_leaves_no_entry() {
    let place = Place::new();
    let server = Server::start(&place.data());
    let client = server.admin();
    let before = (client.get("/v1/extractors").text(), audit(&client).len());
    client.upload(b"nonsense").problem(422, "not-a-component");
    client.post_empty("/v1/extractors/timeseries/versions/99.0.0/activate").problem(404, "not-found");
    client.delete("/v1/extractors/nothing/versions/1.0.0").problem(404, "not-found");
    assert_eq!((client.get("/v1/extractors").text(), audit(&client).len()), before);
}
