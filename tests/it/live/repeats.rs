//! A create that is sent again makes one thing.

use crate::harness::world::{World, text};
use serde_json::json;

#[test]
fn the_same_key_makes_one_thing() {
    let world = World::new();
    let chart = world.some_chart();
    let mut integration = chart.clone();
    integration["enabled"] = true.into();
    for (path, body) in [
        ("/v1/connections", json!({"name": "Twice", "server_url": "looker.example", "client_id": "a", "client_secret": "b"})),
        ("/v1/objectives", json!({"title": "Twice"})),
        ("/v1/key-results", json!({"title": "Twice", "start": 0, "target": 1})),
        ("/v1/key-results", json!({"title": "Linked twice", "start": 0, "target": 1, "integration": integration})),
    ] {
        let before = world.client.items(path).len();
        let keyed = world.client.clone().with("Idempotency-Key", format!("key of {body}").chars().take(100).collect::<String>());
        let first = keyed.post(path, &body).expect(201);
        let second = keyed.post(path, &body).expect(201);
        assert_eq!(text(&first["id"]), text(&second["id"]), "{path}");
        assert_eq!(world.client.items(path).len(), before + 1, "{path}");
        let mut other = body.clone();
        other[if path.ends_with("connections") { "name" } else { "title" }] = "Other".into();
        keyed.post(path, &other).problem(409, "conflict");
        assert_eq!(world.client.items(path).len(), before + 1, "{path}");
    }
    world.client.clone().with("Idempotency-Key", " ").post("/v1/objectives", &json!({"title": "x"})).problem(400, "invalid-input");
}

#[test]
fn connections_made_at_once_with_one_key_are_one() {
    let world = World::new();
    let keyed = world.client.clone().with("Idempotency-Key", "at-once");
    let body = json!({"name": "One", "server_url": "looker.example", "client_id": "a", "client_secret": "b"});
    let ids: std::collections::BTreeSet<String> = std::thread::scope(|scope| {
        let makers: Vec<_> = (0..8).map(|_| scope.spawn(|| text(&keyed.post("/v1/connections", &body).expect(201)["id"]))).collect();
        makers.into_iter().map(|maker| maker.join().expect("made")).collect()
    });
    assert_eq!(ids.len(), 1);
}

#[test]
fn creates_at_once_with_one_key_make_one_thing() {
    let world = World::new();
    let keyed = world.client.clone().with("Idempotency-Key", "at-once");
    let ids: std::collections::BTreeSet<String> = std::thread::scope(|scope| {
        let makers: Vec<_> = (0..8)
            .map(|_| {
                let keyed = keyed.clone();
                scope.spawn(move || text(&keyed.post("/v1/objectives", &json!({"title": "One"})).expect(201)["id"]))
            })
            .collect();
        makers.into_iter().map(|maker| maker.join().expect("made")).collect()
    });
    assert_eq!(ids.len(), 1);
    assert_eq!(world.client.items("/v1/objectives").len(), 1);
}
