//! A destination that fails in every way that one fails in: what the answer says, what the run's page
//! says, and what the destination has in the end.

use crate::harness::hub::{HubWorld, crowd, message, number, rows, run_of};
use crate::harness::sink::{Came, Reply, Sink};
use crate::harness::until;
use crate::harness::world::{PATIENCE, text};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use std::time::{Duration, Instant};

/// Rows of each storm: they make three requests.
const ROWS: usize = 20_000;

/// What a destination does.
enum Does {
    /// This to the first requests, and then it takes everything.
    Answers(Vec<Reply>),
    /// This to all requests, until it is mended.
    Always(Reply),
    /// This to the first, and the other to all that follow, until it is mended.
    Then(Reply, Reply),
    /// It refuses batches with any of these rows.
    Dislikes(&'static [usize]),
    /// It refuses connections.
    Down,
}

/// How far a run is when its answer comes.
#[derive(Debug, PartialEq, Eq)]
enum Is {
    /// All is delivered.
    Delivered,
    /// So many are refused for good, and the others are delivered.
    Refused(u64),
    /// Some wait, none is refused.
    Waiting,
}

struct Storm {
    sink: (&'static str, Does),
    answer: (bool, &'static [&'static str]),
    run: Is,
}

/// What is still under way when Looker would wait no longer is told as that; the rest is waited for.
fn storms() -> Vec<Storm> {
    let storm = |sink, answer, run| Storm { sink, answer, run };
    let all: &[&str] = &["20000 rows, 20000 events: 20000 delivered. Run run_"];
    let answers = |replies: &[Reply]| Does::Answers(replies.to_vec());
    vec![
        storm(("takes everything", answers(&[])), (true, all), Is::Delivered),
        storm(("500s", answers(&[Reply::Status(500), Reply::Status(503), Reply::Status(502)])), (true, all), Is::Delivered),
        storm(
            ("429 with Retry-After", answers(&[Reply::After(429, "1".into()), Reply::After(429, "2".into())])),
            (true, all),
            Is::Delivered,
        ),
        storm(("reset in the middle of requests", Does::Answers(vec![Reply::ResetHalf; 3])), (true, all), Is::Delivered),
        storm(("reset when all of a request has come", Does::Answers(vec![Reply::ResetWhole; 2])), (true, all), Is::Delivered),
        storm(("reset in the middle of an answer of 200", Does::Answers(vec![Reply::ResetAnswer; 2])), (true, all), Is::Delivered),
        storm(
            ("refuses one message in 5,000", Does::Dislikes(&[17, 5_003, 12_345, 19_999])),
            (
                false,
                &[
                    "20000 rows, 20000 events: 19996 delivered. 4 refused by the destination for good: ",
                    "400 Bad Request: request neither has anonymousId nor userId",
                    "sent again with `lensmount run redrive run_",
                ],
            ),
            Is::Refused(4),
        ),
        storm(
            ("does not know the key", Does::Always(Reply::Status(401))),
            (false, &["0 delivered. 20000 refused by the destination for good: the data plane answered 401"]),
            Is::Refused(20_000),
        ),
        storm(
            ("is down", Does::Down),
            (true, &["0 delivered. 20000 waiting (no connection to the data plane); kept and sent as soon as"]),
            Is::Waiting,
        ),
        storm(
            ("answers 500 to everything", Does::Always(Reply::Status(500))),
            (true, &["0 delivered. 20000 waiting (the data plane answered 500"]),
            Is::Waiting,
        ),
        storm(("never answers", Does::Always(Reply::Hold)), (true, &["0 delivered. 20000 waiting; kept and sent"]), Is::Waiting),
        storm(
            ("resets everything", Does::Always(Reply::ResetHalf)),
            (true, &["0 delivered. 20000 waiting (the connection to the data plane broke off)"]),
            Is::Waiting,
        ),
        storm(
            ("takes one request and no more", Does::Then(Reply::Take, Reply::Status(503))),
            (true, &["20000 rows, 20000 events: ", " delivered. ", " waiting (the data plane answered 503"]),
            Is::Waiting,
        ),
    ]
}

/// Goes through a storm to its end.
fn weather(world: &HubWorld, name: &str, storm: &Storm) {
    let Storm { sink: (what, does), answer: (success, said), run } = storm;
    let sink = Sink::start();
    match does {
        Does::Answers(replies) => sink.answers(replies.clone()),
        Does::Always(reply) => sink.always(reply.clone()),
        Does::Then(first, reply) => {
            sink.answers([first.clone()]);
            sink.always(reply.clone());
        }
        Does::Dislikes(rows) => sink.dislikes(rows.iter().map(|row| format!("{name}-{row}"))),
        Does::Down => sink.down(),
    }
    let told = world.execute("rudder_event", &world.order(&sink, "k", &rows(crowd(name, ROWS))));
    assert_eq!(told["success"], *success, "{what}: {told}");
    let place = |said: &&str| message(&told).find(*said).unwrap_or_else(|| panic!("{what}: no `{said}` in {told}"));
    assert!(said.iter().map(place).is_sorted(), "{what}: {told}");

    let (id, all) = (run_of(&told), ROWS as u64);
    let page = world.run(&id);
    let (state, dead) = match run {
        Is::Delivered => ("done", 0),
        Is::Refused(dead) => ("done", *dead),
        Is::Waiting => ("sending", 0),
    };
    let counts = ["rows", "events", "rejected", "dead"].map(|name| number(&page[name]));
    assert_eq!((counts, &page["state"]), ([all, all, 0, dead], &json!(state)), "{what}: {page}");
    assert_eq!(number(&page["delivered"]), sink.count() as u64, "{what}: {page}");
    assert!(message(&told).contains(&format!("20000 events: {} delivered.", page["delivered"])), "{what}: {told}, {page}");
    if *run == Is::Waiting {
        assert!(message(&told).contains(&format!("{} waiting", page["waiting"])), "{what}: {told}, {page}");
    }
    let reasons = page["dead_letters"].as_array().expect("reasons");
    assert!(reasons.is_empty() == (dead == 0) && reasons.iter().all(|it| text(&it["reason"]).contains("answered 4")), "{what}: {page}");

    if matches!(does, Does::Down) {
        sink.up();
    }
    sink.takes_everything();
    if dead > 0 {
        world.client.post_empty(&format!("/v1/runs/{id}/redrive")).expect(200);
    }
    let page = world.done(&id);
    assert_eq!(["delivered", "dead"].map(|name| number(&page[name])), [all, 0], "{what}: {page}");
    sink.has_exactly(what, crowd(name, ROWS));
    assert_eq!(sink.again(), 0, "{what}: nobody died, so nothing was sent after it was taken");
}

#[test]
fn whatever_a_destination_does_nothing_is_lost_nothing_doubled_and_the_truth_is_told() {
    // One waits for all that comes by itself; the other tells sooner what does not, and still has the
    // time to map all rows on a busy machine.
    let patient = HubWorld::new();
    let hasty = HubWorld::with(&[("LENSMOUNT_HUB_ANSWER_SECONDS", "30")]);
    std::thread::scope(|scope| {
        for (index, storm) in storms().into_iter().enumerate() {
            let world = if storm.run == Is::Waiting { &hasty } else { &patient };
            scope.spawn(move || weather(world, &format!("storm{index}"), &storm));
        }
    });
    assert_eq!((patient.spooled(), hasty.spooled()), (0, 0), "results are left on the disk");
}

#[test]
fn a_pause_that_a_destination_asks_for_outlasts_a_restart() {
    let world = HubWorld::with(&[("LENSMOUNT_HUB_ANSWER_SECONDS", "2")]);
    let sink = Sink::start();
    sink.answers([Reply::After(429, "8".into())]);
    let told = world.execute("rudder_event", &world.order(&sink, "k", &rows(crowd("eight", 100))));
    assert!(told["success"] == true && message(&told).contains("100 waiting (the data plane answered 429"), "{told}");
    let world = world.again();
    assert_eq!(world.done(&run_of(&told))["delivered"], 100);
    let came = sink.came();
    assert!(came.len() == 2 && came[1].at - came[0].at >= Duration::from_secs(8), "{came:?}");
    sink.has_exactly("eight seconds", crowd("eight", 100));
}

#[test]
fn a_pause_that_a_destination_asks_for_is_kept_to() {
    let world = HubWorld::new();
    let sink = Sink::start();
    // A moment that is some seconds off, as it is told in whole seconds.
    let until = Timestamp::now() + SignedDuration::from_secs(6);
    let date = until.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    sink.answers([Reply::After(429, "3".into()), Reply::After(503, date)]);
    let began = (Instant::now(), Timestamp::now());
    let told = world.execute("rudder_event", &world.order(&sink, "k", &rows(crowd("one", 100))));
    assert!(message(&told).contains("100 delivered"), "{told}");
    let came: Vec<Came> = sink.came();
    assert_eq!(came.len(), 3, "{came:?}");
    assert!(came[1].at - came[0].at >= Duration::from_secs(3), "{came:?}");
    let last = began.1 + SignedDuration::try_from(came[2].at - began.0).expect("a moment");
    assert!(last.as_second() >= until.as_second(), "asked to wait until {until}, and came at {last}");
}

#[test]
fn a_destination_that_is_down_does_not_end_a_run_and_is_asked_less_and_less() {
    let world = HubWorld::with(&[("LENSMOUNT_HUB_ANSWER_SECONDS", "1")]);
    let sink = Sink::start();
    sink.always(Reply::Status(503));
    world.execute("rudder_event", &world.order(&sink, "k", &rows(crowd("down", ROWS * 2))));
    let id = world.only_run();
    // Requests that are under way together make one try; four of them take 1 + 2 + 4 seconds.
    let tries = until("it is tried four times", PATIENCE, || {
        let came = sink.came();
        let breaks: Vec<Duration> =
            came.windows(2).map(|two| two[1].at - two[0].at).filter(|pause| *pause > Duration::from_millis(700)).collect();
        Some(breaks).filter(|breaks| breaks.len() >= 3)
    });
    for (pause, least) in tries.iter().zip([1, 2, 4]) {
        assert!(*pause >= Duration::from_millis(least * 1_000 - 300), "{tries:?}");
    }
    assert!(tries.iter().sum::<Duration>() < Duration::from_secs(20), "requests that fail together are counted one by one: {tries:?}");
    let page = world.run(&id);
    assert!(text(&page["last_error"]).contains("503"), "{page}");
    sink.takes_everything();
    assert_eq!(world.done(&id)["last_error"], json!(null));
    sink.has_exactly("down for a while", crowd("down", ROWS * 2));
}

#[test]
fn what_is_refused_message_by_message_is_kept_whole_and_sent_again() {
    let (world, sink) = (HubWorld::new(), Sink::start());
    for rows_of in [1, 2, 3] {
        let name = format!("sour{rows_of}");
        sink.dislikes(crowd(&name, rows_of));
        let told = world.execute("rudder_event", &world.order(&sink, "k", &rows(crowd(&name, rows_of))));
        assert!(message(&told).contains(&format!("0 delivered. {rows_of} refused by the destination for good")), "{told}");
        sink.takes_everything();
        let id = run_of(&told);
        world.client.post_empty(&format!("/v1/runs/{id}/redrive")).expect(200);
        let page = world.done(&id);
        assert_eq!((&page["delivered"], &page["dead"]), (&json!(rows_of), &json!(0)), "{page}");
    }
    sink.has_exactly("sour", (1..=3).flat_map(|rows_of| crowd(&format!("sour{rows_of}"), rows_of).collect::<Vec<_>>()));
}

/// One row of a thousand is refused, and the destination fails after so many requests of the search for it.
fn search(world: &HubWorld, bad: usize, taken: usize, fail: &Reply) {
    let (sink, name) = (Sink::start(), format!("bad{bad}taken{taken}{fail:?}"));
    sink.dislikes([format!("{name}-{bad}")]);
    sink.answers(vec![Reply::Take; taken].into_iter().chain([fail.clone()]));
    let told = world.execute("rudder_event", &world.order(&sink, "k", &rows(crowd(&name, 1_000))));
    assert!(message(&told).contains("1000 events: 999 delivered. 1 refused by the destination for good: "), "{name}: {told}");
    sink.takes_everything();
    let id = run_of(&told);
    world.client.post_empty(&format!("/v1/runs/{id}/redrive")).expect(200);
    assert_eq!(world.done(&id)["delivered"], 1_000, "{name}");
    sink.has_exactly(&name, crowd(&name, 1_000));
}

#[test]
fn a_destination_that_goes_away_amid_the_search_for_a_refused_message_gets_all_the_others() {
    let world = &HubWorld::new();
    std::thread::scope(|scope| {
        for bad in [0, 499, 500, 999] {
            for taken in 1..=4 {
                for fail in [Reply::Status(500), Reply::ResetHalf] {
                    scope.spawn(move || search(world, bad, taken, &fail));
                }
            }
        }
    });
}
