//! Whoever sends nothing, or next to nothing, or much of nothing: each is bounded, and told so.

use crate::harness::hub::{HubWorld, crowd, message, outcome, rows};
use crate::harness::sink::Sink;
use crate::harness::until;
use crate::harness::wire::Wire;
use crate::harness::world::PATIENCE;
use serde_json::Value;
use std::time::{Duration, Instant};

const SILENCE: u64 = 2;
const WHOLE: u64 = 5;

fn world() -> HubWorld {
    let (silence, whole) = (SILENCE.to_string(), WHOLE.to_string());
    HubWorld::with(&[("LENSMOUNT_HUB_SILENCE_SECONDS", &silence), ("LENSMOUNT_HUB_REQUEST_SECONDS", &whole)])
}

fn refused(told: &Value, said: &str) {
    assert_eq!(told["success"], false, "{told}");
    assert!(message(told).contains(said) && message(told).contains("so nothing was done"), "{told}");
}

#[test]
fn a_request_that_falls_silent_is_given_up_in_words() {
    let (world, sink) = (world(), Sink::start());
    let body = world.order(&sink, "k", &rows(crowd("silent", 40_000))).to_string();
    for sent in [0, 1, body.len() / 2, body.len()] {
        let began = Instant::now();
        let mut wire = Wire::execute(&world.server.url(), "rudder_event");
        for part in body.as_bytes()[..sent].chunks(64 << 10) {
            wire.part(part).expect("the server takes it in");
        }
        refused(&wire.told(), "nothing more of the request came for 2 s");
        assert!(began.elapsed() >= Duration::from_secs(SILENCE), "{:?}", began.elapsed());
    }
    assert!(world.runs().is_empty() && sink.came().is_empty());
    until("nothing is left on the disk", PATIENCE, || (world.spooled() == 0).then_some(()));
}

#[test]
fn a_request_that_is_dripped_in_is_given_up_in_words() {
    let world = world();
    let body = world.request(&rows(crowd("dripping", 10))).to_string();
    let began = Instant::now();
    let mut wire = Wire::execute(&world.server.url(), "rudder_event");
    let mut answer = Vec::new();
    // A byte each time that nothing was heard for a while.
    for byte in body.as_bytes() {
        if wire.part(&[*byte]).is_err() {
            break;
        }
        answer = wire.hear(Duration::from_millis(100));
        if !answer.is_empty() {
            break;
        }
    }
    let answer = String::from_utf8_lossy(&answer).into_owned() + &wire.rest().0;
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    assert!(answer.contains("the request took longer than 5 s to come, so nothing was done"), "{answer}");
    assert!(began.elapsed() >= Duration::from_secs(WHOLE), "{:?}", began.elapsed());
}

#[test]
fn hundreds_who_send_nothing_more_hold_nobody_up() {
    let world = HubWorld::new();
    let sink = Sink::start();
    let body = world.order(&sink, "k", &rows(crowd("many", 1_000))).to_string();
    let url = world.server.url();
    let silent: Vec<Wire> = (0..300)
        .map(|n| {
            // Some have sent no head, some no body, some a part of one.
            let mut wire = if n % 3 == 0 { Wire::new(&url) } else { Wire::execute(&url, "rudder_event") };
            if n % 3 == 1 {
                wire.part(&body.as_bytes()[..body.len() / 2]).expect("the server takes it in");
            }
            wire
        })
        .collect();
    let told = outcome(&world.looker.post_text("/hub/actions/rudder_event/execute", &body));
    assert!(message(&told).starts_with("1000 rows, 1000 events: 1000 delivered."), "{told}");
    drop(silent);
    until("nothing is left on the disk", PATIENCE, || (world.spooled() == 0).then_some(()));
    assert_eq!(world.runs().len(), 1);
}

#[test]
fn a_connection_that_never_sends_a_head_is_closed() {
    let world = HubWorld::new();
    let url = world.server.url();
    let began = Instant::now();
    let mut nothing = Wire::new(&url);
    let mut half = Wire::new(&url);
    half.send(b"POST /hub HTTP/1.1\r\nHost: x\r\n").expect("the server listens");
    let mut dripping = Wire::new(&url);
    dripping.send(b"GET /livez HTTP/1.1\r\n").expect("the server listens");
    // All of it is the name of one header, which is sound as far as it goes.
    until("the one that drips is closed", Duration::from_secs(90), || dripping.send(b"x").is_err().then_some(()));
    assert!(began.elapsed() >= Duration::from_secs(29), "one that drips is not cut at once: {:?}", began.elapsed());
    for wire in [&mut nothing, &mut half] {
        let (said, _) = wire.rest();
        assert!(!said.contains("HTTP/1.1 200"), "{said}");
    }
    assert!(began.elapsed() >= Duration::from_secs(29), "a slow client is not cut at once: {:?}", began.elapsed());
}

/// What a request of 250 MiB that is nearly all spaces is told, in front of, amid and inside of what it
/// says.
#[test]
fn a_quarter_of_a_gigabyte_of_spaces_costs_no_memory() {
    const ALL: usize = 250 << 20;
    let world = HubWorld::new();
    let order = world.request(&rows(crowd("spacious", 1_000)));
    assert_eq!(world.execute("rudder_event", &order)["success"], true);
    let settings = world.settings();
    let Some(before) = world.server.forget_peak() else { return };
    for (what, begin, end, more, said) in [
        ("nothing else", String::new(), "", 0, "No request type specified"),
        ("one too many", String::new(), "", 1, "the request is larger than 250 MiB, so nothing was done"),
        ("amid the settings", r#"{"type":"query","data":"#.to_owned(), "", 0, "the request is not a whole JSON object (its end at byte"),
        (
            "amid the rows as text",
            format!(r#"{{"type":"query","data":{settings},"attachment":{{"data":"{{\"data\":["#),
            r#""}}"#,
            0,
            "the result broke off after",
        ),
        (
            "amid the rows as they are",
            format!(r#"{{"type":"query","data":{settings},"attachment":{{"data":{{"data":["#),
            "]}}}",
            0,
            "Query requires a field tagged",
        ),
    ] {
        let mut wire = Wire::execute(&world.server.url(), "rudder_event");
        if !begin.is_empty() {
            wire.part(begin.as_bytes()).expect("the server takes it in");
        }
        let spaces = vec![b' '; 1 << 20];
        let mut left = ALL + more - begin.len() - end.len();
        while left > 0 {
            let part = &spaces[..left.min(spaces.len())];
            wire.part(part).expect("it is read to its end");
            left -= part.len();
        }
        if !end.is_empty() {
            wire.part(end.as_bytes()).expect("it is read to its end");
        }
        wire.end().expect("it is read to its end");
        let told = wire.told();
        assert!(told["success"] == false && message(&told).contains(said), "{what}: {told}");
        let peak = world.server.peak().expect("memory");
        println!("{what}: {} KiB more at most", (peak - before) >> 10);
        assert!(peak - before < 24 << 20, "{what}: {before} bytes at most before, and {peak} after");
    }
    assert_eq!(world.spooled(), 0);
}

/// Whoever falls silent amid what stands beside the rows holds it in memory for as long as it is waited
/// for. All of them together hold no more than there is room for, and the others are told.
#[test]
fn many_who_fall_silent_amid_large_heads_hold_little_memory() {
    const MOST: u64 = 300 << 20;
    let world = HubWorld::new();
    let order = world.request(&rows(crowd("small", 10)));
    assert_eq!(world.execute("rudder_event", &order)["success"], true);
    let Some(before) = world.server.forget_peak() else { return };
    let url = world.server.url();
    let begin = format!(r#"{{"type":"query","data":{},"attachment":{{"data":{{"pad":""#, world.settings());
    let head = [begin.as_bytes(), &vec![b'x'; 8_000_000]].concat();
    let mut silent: Vec<Wire> = (0..80)
        .map(|_| {
            let mut wire = Wire::execute(&url, "rudder_event");
            wire.part(&head).expect("the server takes it in");
            wire
        })
        .collect();
    // For the last of them there was no room.
    let last = silent.last_mut().expect("there are some");
    last.part(br#"","data":[]}}}"#).expect("the server listens");
    last.end().expect("the server listens");
    let told = last.told();
    assert!(message(&told).contains("taking in as much as it may at a time"), "{told}");
    drop(silent);
    if let Some(peak) = world.server.peak() {
        assert!(peak < before + MOST, "{} MiB more than before", (peak - before) >> 20);
    }
    until("there is room again", PATIENCE, || message(&world.execute("rudder_event", &order)).contains("not sent twice").then_some(()));
}
