//! A mapper that nobody at this server has heard of: it makes an event of each cell of a pivot. It is
//! uploaded, becomes an action with its own form, and runs, while the server runs.

use crate::harness::guests::guest;
use crate::harness::hub::{HubWorld, message, number, run_of};
use serde_json::{Value, json};

const MONTHS: [&str; 3] = ["2024-01", "2024-02", "2024-03"];
const PEOPLE: usize = 700;

/// A result with a row for each person and a column of both measures for each month, as Looker sends
/// it to an action. One has no id.
fn pivoted() -> String {
    let cell = |person: usize, place: usize| json!({"value": person * 10 + place});
    let rows: Vec<Value> = (0..PEOPLE)
        .map(|person| {
            let mut row = json!({"users.id": {"value": if person == 41 { Value::Null } else { json!(format!("u{person}")) }}});
            for (place, month) in MONTHS.iter().enumerate() {
                row["orders.count"][month] = cell(person, place);
                row["orders.total"][month] = json!({"value": null});
            }
            row
        })
        .collect();
    let fields = json!({
        "dimensions": [{"name": "users.name", "tags": []}, {"name": "users.id", "tags": ["user_id"]}],
        "measures": [{"name": "orders.count"}, {"name": "orders.total"}],
        "pivots": [{"name": "orders.created_month"}],
    });
    let pivots: Vec<Value> = MONTHS.iter().map(|month| json!({"key": month, "data": {"orders.created_month": month}})).collect();
    json!({"fields": fields, "pivots": pivots, "data": rows}).to_string()
}

fn action(world: &HubWorld) -> Option<Value> {
    let list = world.looker.post_empty("/hub").expect(200);
    list["integrations"].as_array().expect("integrations").iter().find(|it| it["name"] == "cells").cloned()
}

#[test]
fn a_mapper_of_a_tests_own_is_uploaded_listed_filled_in_and_run_without_a_restart() {
    let world = HubWorld::new();
    assert_eq!(action(&world), None);
    world.client.upload(&guest("cells")).expect(201);
    world.client.post_empty("/v1/extractors/cells/versions/1.0.0/activate").expect(200);
    let listed = action(&world).expect("it is an action now");
    assert_eq!((&listed["label"], &listed["description"]), (&json!("Cells"), &json!("Tracks each cell of a pivot.")));
    assert_eq!(listed["required_fields"], json!([{"all_tags": ["user_id"]}]));

    let path = |url: &Value| url.as_str().and_then(|url| url.strip_prefix(&world.server.url())).expect("a link to this server").to_owned();
    let form = world.looker.post(&path(&listed["form_url"]), &json!({"data": world.settings()})).expect(200);
    let event =
        json!({"name": "event", "label": "Event", "description": "What the events are called.", "type": "string", "required": true});
    assert_eq!(form, json!({"fields": [event]}));

    let mut order = world.request(&pivoted());
    let nameless = world.execute("cells", &order);
    assert_eq!(nameless["validation_errors"], json!({"event": "Say what the events are called."}), "{nameless}");
    order["form_params"]["event"] = "Ordered".into();
    let told = crate::harness::hub::outcome(&world.looker.post(&path(&listed["url"]), &order));
    let events = (PEOPLE - 1) * MONTHS.len() * 2;
    let said = format!("{PEOPLE} rows, {events} events: {events} delivered. 1 rejected: row 42: no user id. Run run_");
    assert!(told["success"] == false && message(&told).starts_with(&said), "{told}");
    let page = world.run(&run_of(&told));
    let counts = ["rows", "mapped", "events", "delivered", "rejected", "waiting", "dead"].map(|name| number(&page[name]) as usize);
    assert_eq!((counts, &page["action"]), ([PEOPLE, PEOPLE, events, events, 1, 0, 0], &json!("cells")), "{page}");

    let mut ids = std::collections::BTreeSet::new();
    let mut sent: Vec<(String, Value)> = Vec::new();
    for (_, message) in world.messages() {
        assert_eq!((&message["type"], &message["event"]), (&json!("track"), &json!("Ordered")), "{message}");
        assert!(ids.insert(message["messageId"].to_string()), "an id stands for two cells: {message}");
        sent.push((message["userId"].as_str().expect("a user").to_owned(), message["properties"].clone()));
    }
    let mut expected: Vec<(String, Value)> = (0..PEOPLE)
        .filter(|person| *person != 41)
        .flat_map(|person| {
            let of = |field: &'static str, value: fn(usize, usize) -> Value| {
                let cells = MONTHS.iter().enumerate();
                cells.map(move |(place, month)| {
                    (format!("u{person}"), json!({"field": field, "pivot": month, "value": value(person, place)}))
                })
            };
            of("orders.count", |person, place| json!(person * 10 + place)).chain(of("orders.total", |_, _| Value::Null))
        })
        .collect();
    // Within a user the cells come in order; requests may overtake each other.
    sent.sort_by(|one, other| one.0.cmp(&other.0));
    expected.sort_by(|one, other| one.0.cmp(&other.0));
    assert_eq!(sent, expected);
}
