//! What a destination refuses for good, once what it was refused for has been mended.

use crate::harness::hub::{HubWorld, crowd, message, rows, run_of, users};
use crate::harness::receiver::Reply;
use crate::harness::sink::Sink;
use crate::harness::world::text;
use serde_json::{Value, json};

#[test]
fn dead_letters_of_a_named_destination_go_where_it_is_now_and_with_the_key_that_it_has_now() {
    let world = HubWorld::new();
    let new = json!({"name": "Sales", "kind": "rudderstack", "server_url": world.plane_url(), "write_key": "wrong"});
    let id = text(&world.client.post("/v1/destinations", &new).expect(201)["id"]);
    world.plane.always(Some(Reply::Status(401)));
    let mut order = world.request(&users(&["ada", "grace"]));
    order["form_params"] = json!({"destination": id});
    let told = world.execute("rudder_event", &order);
    assert_eq!(told["success"], false, "{told}");
    let run = run_of(&told);
    world.plane.always(None);
    let moved = Sink::start();
    let editor = world.client.clone().with("If-Match", "*");
    editor.patch(&format!("/v1/destinations/{id}"), &json!({"server_url": moved.url(), "write_key": "right"})).expect(200);
    world.client.post_empty(&format!("/v1/runs/{run}/redrive")).expect(200);
    let done = world.done(&run);
    assert_eq!((&done["delivered"], &done["dead"]), (&json!(2), &json!(0)), "{done}");
    moved.has_exactly("the dead letters", ["ada", "grace"].map(str::to_owned));
    assert!(text(&done["server_url"]).starts_with(&moved.url()), "{done}");
}

#[test]
fn the_same_request_again_sends_what_was_refused_before_and_nothing_twice() {
    let world = HubWorld::new();
    let sink = Sink::start();
    let all: Vec<String> = crowd("again", 100).collect();
    sink.dislikes([all[41].clone()]);
    let order = world.order(&sink, "k", &rows(all.iter().cloned()));
    let told = world.execute("rudder_event", &order);
    assert!(told["success"] == false && message(&told).contains("1 refused by the destination for good"), "{told}");
    sink.takes_everything();
    let again = world.execute("rudder_event", &order);
    assert_eq!((&again["success"], run_of(&again)), (&json!(true), run_of(&told)), "{again}");
    assert!(message(&again).contains("not sent twice") && message(&again).contains("100 delivered"), "{again}");
    sink.has_exactly("all of it", all);
}

#[test]
fn a_refused_message_is_told_by_its_row() {
    let world = HubWorld::new();
    let sink = Sink::start();
    let all: Vec<String> = crowd("row", 3_000).collect();
    sink.dislikes([all[1_234].clone(), all[2_999].clone()]);
    let told = world.execute("rudder_event", &world.order(&sink, "k", &rows(all.into_iter())));
    let run = world.done(&run_of(&told));
    let mut told_rows: Vec<&Value> = run["dead_letters"].as_array().expect("a list").iter().map(|it| &it["row"]).collect();
    told_rows.sort_by_key(|row| row.as_u64());
    assert_eq!(told_rows, [&json!(1_235), &json!(3_000)], "{run}");
    assert!(message(&told).contains("row 1235: ") && message(&told).contains("row 3000: "), "{told}");
}

#[test]
fn a_run_of_refused_messages_holds_up_no_other_run_to_its_destination() {
    let world = HubWorld::with(&[("LENSMOUNT_HUB_ANSWER_SECONDS", "1")]);
    let sink = Sink::start();
    // Enough to be searched for minutes: each takes some requests of its own.
    let bad: Vec<String> = crowd("bad", 40_000).collect();
    sink.dislikes(bad.iter().cloned());
    world.execute("rudder_event", &world.order(&sink, "k", &rows(bad.into_iter())));
    let bad = world.only_run();
    let good: Vec<String> = crowd("good", 3).collect();
    let told = world.execute("rudder_event", &world.order(&sink, "k", &rows(good.iter().cloned())));
    let done = world.done(&run_of(&told));
    assert_eq!(done["delivered"], 3, "{done}");
    assert_ne!(world.run(&bad)["state"], "done", "the other one was done before: the test shows nothing");
    sink.has_exactly("the good ones", good);
}
