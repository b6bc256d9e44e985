//! What breaks off on Looker's side: its request, its download, its patience.

use crate::harness::hub::{HubWorld, crowd, message, outcome, rows};
use crate::harness::sink::{Reply, Sink};
use crate::harness::source::{Serving, Source};
use crate::harness::until;
use crate::harness::wire::Wire;
use crate::harness::world::{PATIENCE, text};
use serde_json::{Value, json};
use std::time::Duration;

const ROWS: usize = 60_000;

fn nothing_is_left(world: &HubWorld, sink: &Sink, what: &str) {
    until(&format!("{what}: nothing is left on the disk"), PATIENCE, || (world.spooled() == 0).then_some(()));
    assert!(world.runs().is_empty(), "{what}: it is no run: {:?}", world.runs());
    assert!(sink.came().is_empty(), "{what}: something was sent");
}

#[test]
fn a_request_that_breaks_off_sends_nothing_and_leaves_nothing() {
    let (world, sink) = (HubWorld::new(), Sink::start());
    let body = world.order(&sink, "k", &rows(crowd("broken", ROWS))).to_string();
    let most = body.len() - 1;
    for (what, sent, reset) in [
        ("reset in the middle", body.len() / 2, true),
        ("reset before its last byte", most, true),
        ("closed in the middle", body.len() / 2, false),
        ("closed before its last byte", most, false),
        ("reset when all but its end was sent", body.len(), true),
    ] {
        let mut wire = Wire::execute(&world.server.url(), "rudder_event");
        for part in body.as_bytes()[..sent].chunks(64 << 10) {
            wire.part(part).expect("the server takes it in");
        }
        // Broken off are rows that have begun to come.
        until("rows come in", PATIENCE, || (world.spooled() > 0).then_some(()));
        if reset {
            wire.reset();
        } else {
            drop(wire);
        }
        nothing_is_left(&world, &sink, what);
    }
    let told = world.execute("rudder_event", &serde_json::from_str(&body).expect("JSON"));
    assert!(message(&told).starts_with("60000 rows, 60000 events: 60000 delivered."), "{told}");
    sink.has_exactly("sent again whole", crowd("broken", ROWS));
}

#[test]
fn a_download_that_breaks_off_in_the_middle_sends_nothing_and_leaves_nothing() {
    let (world, sink) = (HubWorld::new(), Sink::start());
    let result = rows(crowd("fetched", ROWS));
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", result.len());
    let part = |of: usize| (head.clone() + &result[..of]).into_bytes();
    let middle = result.len() / 2;
    let source = Source::start(vec![
        Serving::Reset(part(middle)),
        Serving::Bytes(part(middle)),
        Serving::Reset(part(result.len() - 1)),
        Serving::Bytes(part(result.len() - 1)),
        Source::ok(&result),
    ]);
    let mut order = world.order(&sink, "k", "");
    order["attachment"] = Value::Null;
    order["scheduled_plan"]["download_url"] = source.url().into();
    for time in 1..=4 {
        let told = world.execute("rudder_event", &order);
        assert_eq!(told["success"], false, "{told}");
        assert_eq!(message(&told), "the download of the rows from 127.0.0.1 broke off, so nothing was done; run the schedule again");
        nothing_is_left(&world, &sink, &format!("download {time}"));
    }
    let told = world.execute("rudder_event", &order);
    assert!(message(&told).starts_with("60000 rows, 60000 events: 60000 delivered."), "{told}");
    sink.has_exactly("fetched whole", crowd("fetched", ROWS));
    assert_eq!(source.asked().len(), 5, "a URL works once, so it is asked for once");
}

#[test]
fn whoever_hangs_up_in_the_middle_of_the_answer_finds_the_run_done() {
    let (world, sink) = (HubWorld::with(&[("LENSMOUNT_HUB_KEEP_ALIVE_SECONDS", "1")]), Sink::start());
    sink.always(Reply::Hold);
    let order = world.order(&sink, "k", &rows(crowd("gone", ROWS)));
    let mut wire = Wire::execute(&world.server.url(), "rudder_event");
    for part in order.to_string().as_bytes().chunks(64 << 10) {
        wire.part(part).expect("the server takes it in");
    }
    wire.end().expect("the server takes it in");
    let mut heard = String::new();
    // A sign of life is a chunk with a newline in it.
    until("a sign of life", PATIENCE, || {
        heard += &String::from_utf8_lossy(&wire.hear(Duration::from_secs(1)));
        heard.ends_with("1\r\n\n\r\n").then_some(())
    });
    assert!(heard.starts_with("HTTP/1.1 200 OK\r\n"), "{heard}");
    until("events are on their way", PATIENCE, || (!sink.came().is_empty()).then_some(()));
    wire.reset();
    let runs = world.runs();
    assert_eq!((runs.len(), &runs[0]["delivered"]), (1, &json!(0)), "{runs:?}");
    sink.takes_everything();
    let page = world.done(&text(&runs[0]["id"]));
    assert_eq!((&page["delivered"], &page["rejected"], &page["dead"]), (&json!(ROWS), &json!(0), &json!(0)), "{page}");
    let again = outcome(&world.looker.post("/hub/actions/rudder_event/execute", &order));
    assert!(message(&again).contains("not sent twice") && message(&again).contains("60000 delivered"), "{again}");
    sink.has_exactly("after hanging up", crowd("gone", ROWS));
    assert_eq!(sink.again(), 0);
}
