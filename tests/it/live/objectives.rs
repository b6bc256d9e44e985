//! Objectives: as far as their key results are.

use crate::harness::server::{Place, Server};
use crate::harness::world::text;
use serde_json::{Value, json};

#[test]
fn an_objective_is_the_weighted_mean_of_its_key_results() {
    let place = Place::new();
    let server = Server::start(&place.data());
    let client = server.admin();
    let any = client.clone().with("If-Match", "*");
    let objective =
        client.post("/v1/objectives", &json!({"title": "Grow", "owner": "Ada", "from": "2020-01-01", "to": "2020-06-30"})).expect(201);
    let id = text(&objective["id"]);
    let path = format!("/v1/objectives/{id}");
    let progress = || {
        let shown = client.get(&path).expect(200);
        (shown["progress"].clone(), shown["progress_percent"].clone(), shown["measured"].clone(), shown["key_results"].clone())
    };
    assert_eq!(progress(), (Value::Null, Value::Null, 0.into(), 0.into()));
    assert_eq!(objective["expected"], "1");

    let add = |weight: Value, current: Option<&str>| {
        let body = json!({"title": "Part", "start": 0, "target": 100, "weight": weight, "objective_id": id});
        let made = text(&client.post("/v1/key-results", &body).expect(201)["id"]);
        if let Some(current) = current {
            any.patch(&format!("/v1/key-results/{made}"), &json!({"current": current})).expect(200);
        }
        made
    };
    let first = add(json!(1), Some("50"));
    assert_eq!(progress(), ("0.5".into(), "50".into(), 1.into(), 1.into()));
    add(json!(3), Some("10"));
    assert_eq!(progress(), ("0.2".into(), "20".into(), 2.into(), 2.into()));
    // One that is not measured yet has not begun.
    add(json!(4), None);
    assert_eq!(progress(), ("0.1".into(), "10".into(), 2.into(), 3.into()));
    add(json!(0), Some("100"));
    assert_eq!(progress(), ("0.1".into(), "10".into(), 3.into(), 4.into()));
    // Beyond the target counts as it is, and is shown as 100.
    any.patch(&format!("/v1/key-results/{first}"), &json!({"current": 1000})).expect(200);
    assert_eq!(progress(), ("1.2875".into(), "100".into(), 3.into(), 4.into()));

    let listed = client.items(&format!("/v1/key-results?objective_id={id}"));
    assert_eq!(listed.len(), 4);
    assert_eq!(client.items(&format!("/v1/key-results?objective_id={id}&limit=1")), listed);
    any.delete(&path).problem(409, "conflict");
    // Moved elsewhere it counts there no longer.
    any.patch(&format!("/v1/key-results/{first}"), &json!({"objective_id": null})).expect(200);
    assert_eq!(progress().3, 3);
    for it in client.items(&format!("/v1/key-results?objective_id={id}")) {
        any.delete(&format!("/v1/key-results/{}", text(&it["id"]))).expect(204);
    }
    let edited = any.patch(&path, &json!({"title": "Grow more", "owner": null})).expect(200);
    assert_eq!((&edited["title"], &edited["owner"], &edited["from"]), (&"Grow more".into(), &Value::Null, &"2020-01-01".into()));
    any.delete(&path).expect(204);
    client.get(&path).problem(404, "not-found");
}

#[test]
fn what_is_no_objective_is_pointed_at() {
    let place = Place::new();
    let server = Server::start(&place.data());
    let client = server.admin();
    for (body, pointer) in [
        (json!({}), "/title"),
        (json!({"title": " "}), "/title"),
        (json!({"title": "a", "to": "soon"}), "/to"),
        (json!({"title": "a", "from": "2026-02-01", "to": "2026-01-01"}), "/to"),
        (json!({"title": "a", "progress": 1}), "/progress"),
    ] {
        let problem = client.post("/v1/objectives", &body).problem(400, "invalid-input");
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{body}: {problem}");
    }
    client.get("/v1/key-results?objective_id=nothing").problem(400, "invalid-input");
}
