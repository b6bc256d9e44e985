//! What is told of runs to whoever listens: where they take a turn, in the words of their pages.

use crate::harness::hub::{HubWorld, WRITE_KEY, crowd, rows, run_of, users};
use crate::harness::listener::{Event, listen, next};
use crate::harness::receiver::Reply;
use crate::harness::sink::Sink;
use crate::harness::world::text;
use serde_json::{Value, json};
use std::sync::mpsc::Receiver;

/// What is told of a run up to a turn, which is in it.
fn up_to(events: &Receiver<Event>, run: &str, turn: &str) -> Vec<Value> {
    let mut told = Vec::new();
    while told.last().is_none_or(|last: &Value| last["change"] != turn) {
        let (_, _, event) = next(events, "delivery");
        assert_eq!((&event["topic"], &event["data"]["run_id"]), (&json!("delivery"), &json!(run)), "{event}");
        told.push(event["data"].clone());
    }
    told
}

fn turns(told: &[Value]) -> Vec<String> {
    told.iter().map(|it| text(&it["change"])).collect()
}

#[test]
fn a_run_of_many_requests_is_told_by_its_turns_and_not_by_its_steps() {
    let (world, sink) = (HubWorld::new(), Sink::start());
    let events = listen(&world.server, None);
    let answer = world.execute("rudder_event", &world.order(&sink, WRITE_KEY, &rows(crowd("many", 60_000))));
    let id = run_of(&answer);
    let told = up_to(&events, &id, "done");
    assert!(sink.came().len() > 2, "it was sent in {} requests", sink.came().len());
    assert_eq!(turns(&told), ["begun", "mapped", "done"]);
    let begun = json!({
        "run_id": id, "change": "begun", "action": "rudder_event", "plan_id": "17", "state": "mapping",
        "rows": 60_000, "mapped": 0, "events": 0, "delivered": 0, "waiting": 0, "rejected": 0, "dead": 0, "last_error": null,
    });
    assert_eq!(told[0], begun);
    assert_eq!((&told[1]["mapped"], &told[1]["events"]), (&json!(60_000), &json!(60_000)), "{}", told[1]);
    // The last word is what the page says.
    let page = world.run(&id);
    for name in ["action", "state", "rows", "mapped", "events", "delivered", "waiting", "rejected", "dead", "last_error"] {
        assert_eq!(told[2][name], page[name], "{name}");
    }
    assert_eq!((&page["state"], &page["delivered"]), (&json!("done"), &json!(60_000)));
    assert!(!json!(told).to_string().contains(WRITE_KEY));
}

#[test]
fn a_run_of_no_rows_is_done_with_its_mapping() {
    let world = HubWorld::new();
    let events = listen(&world.server, None);
    let answer = world.execute("rudder_event", &world.request(&users(&[])));
    let told = up_to(&events, &run_of(&answer), "done");
    assert_eq!(turns(&told), ["begun", "mapped", "done"]);
    assert_eq!((&told[1]["state"], &told[2]["state"]), (&json!("done"), &json!("done")));
}

#[test]
fn a_destination_that_goes_away_and_comes_back_is_told_of_once() {
    let world = HubWorld::with(&[("LENSMOUNT_HUB_ANSWER_SECONDS", "1")]);
    let events = listen(&world.server, None);
    world.plane.answers([Reply::Status(503), Reply::Status(429), Reply::Status(500)]);
    let answer = world.execute("rudder_event", &world.request(&users(&["ann", "bob"])));
    let told = up_to(&events, &run_of(&answer), "done");
    let mut turned = turns(&told);
    let mapped = turned.iter().position(|turn| turn == "mapped").expect("it is mapped");
    // The mapping ends beside the first request.
    turned.remove(mapped);
    assert_eq!(turned, ["begun", "away", "back", "done"]);
    let of = |turn: &str| told.iter().find(|it| it["change"] == turn).expect("a turn");
    assert!(text(&of("away")["last_error"]).contains("503") && of("away")["waiting"] == 2, "{}", of("away"));
    assert!(of("back")["last_error"].is_null() && of("back")["delivered"] == 2, "{}", of("back"));
    assert_eq!(world.plane.came().len(), 4);
}

#[test]
fn what_is_refused_for_good_and_sent_again_is_told() {
    let world = HubWorld::new();
    let events = listen(&world.server, None);
    world.plane.always(Some(Reply::Status(401)));
    let answer = world.execute("rudder_event", &world.request(&users(&["ann", "bob"])));
    let id = run_of(&answer);
    let told = up_to(&events, &id, "done");
    let refused = told.iter().find(|it| it["change"] == "refused").expect("it is told");
    assert!(refused["dead"] == 2 && text(&refused["last_error"]).contains("401"), "{refused}");
    world.plane.always(None);
    world.client.post_empty(&format!("/v1/runs/{id}/redrive")).expect(200);
    let told = up_to(&events, &id, "done");
    assert_eq!(turns(&told), ["redriven", "done"]);
    assert_eq!((&told[0]["waiting"], &told[0]["state"]), (&json!(2), &json!("sending")), "{}", told[0]);
    assert_eq!((&told[1]["delivered"], &told[1]["dead"]), (&json!(2), &json!(0)), "{}", told[1]);
}
