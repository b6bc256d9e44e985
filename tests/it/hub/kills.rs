//! kill -9 in the middle of runs: while rows come in, while they are mapped, while events are sent.

use crate::harness::hub::{HubWorld, crowd, number, outcome, rows, run_of};
use crate::harness::sink::{Reply, Sink};
use crate::harness::until;
use crate::harness::wire::Wire;
use crate::harness::world::PATIENCE;
use serde_json::Value;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Rows of each run: they make five requests or so.
const ROWS: usize = 40_000;
const KILLS: u64 = 12;

/// When the process dies.
#[derive(Debug, Clone, Copy)]
enum Moment {
    /// When so many thousandths of the request have been sent.
    Receiving(usize),
    /// So many milliseconds after all of it has been sent: somewhere between the first row that is
    /// mapped and the last.
    Mapping(u64),
    /// When the destination has been sent so many requests more.
    Sending(usize),
}

/// Numbers that are the same each time.
struct Seeded(AtomicU64);

impl Seeded {
    fn below(&self, most: u64) -> u64 {
        let next = |seed: u64| Some(seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407));
        let seed = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next).expect("there is a next one");
        (seed >> 33) % most
    }

    fn moment(&self, round: u64) -> Moment {
        match round % 3 {
            0 => Moment::Receiving(usize::try_from(self.below(1_000)).expect("small")),
            1 => Moment::Mapping(self.below(400)),
            _ => Moment::Sending(1 + usize::try_from(self.below(5)).expect("small")),
        }
    }

    fn reply(&self) -> Reply {
        match self.below(6) {
            0 => Reply::Status(500),
            1 => Reply::ResetHalf,
            2 => Reply::ResetWhole,
            _ => Reply::Take,
        }
    }
}

/// Sends a request for a run, and kills the server at the moment.
fn killed(world: &mut HubWorld, sink: &Sink, order: &Value, moment: Moment) {
    let body = order.to_string();
    let before = sink.came().len();
    let sent = match moment {
        Moment::Receiving(part) => body.len() * part / 1_000,
        _ => body.len(),
    };
    let mut wire = Wire::execute(&world.server.url(), "rudder_event");
    for part in body.as_bytes()[..sent].chunks(64 << 10) {
        wire.part(part).expect("the server takes it in");
    }
    match moment {
        Moment::Receiving(_) => {}
        Moment::Mapping(pause) => {
            wire.end().expect("the server takes it in");
            // When the process dies is what the test is about; each round another moment is tried.
            std::thread::sleep(Duration::from_millis(pause));
        }
        Moment::Sending(more) => {
            wire.end().expect("the server takes it in");
            until("the destination is sent to", PATIENCE, || (sink.came().len() >= before + more).then_some(()));
        }
    }
    world.server.kill_now();
}

#[test]
fn a_dozen_kills_amid_receiving_mapping_and_sending_lose_nothing_and_double_nothing() {
    let seeded = Seeded(AtomicU64::new(20_260_511));
    let sink = Sink::start();
    let mut world = HubWorld::new();
    let (mut expected, mut found_by_id) = (Vec::new(), 0);
    for round in 0..KILLS {
        let name = format!("round{round}");
        let order = world.order(&sink, "k", &rows(crowd(&name, ROWS)));
        let moment = seeded.moment(round);
        sink.answers((0..6).map(|_| seeded.reply()));
        killed(&mut world, &sink, &order, moment);
        world = world.again();
        // Whoever got no answer runs the schedule again, within the hour, save every fourth time: then a
        // run that was begun goes on by itself, and one that was not has sent nothing.
        let known = |world: &HubWorld| world.runs().iter().filter(|run| number(&run["rows"]) == ROWS as u64).count();
        let begun = known(&world) > expected.len();
        if round % 4 == 3 && !begun {
            continue;
        }
        if round % 4 != 3 {
            let wire = world.looker.post("/hub/actions/rudder_event/execute", &order);
            let told = outcome(&wire);
            assert_eq!(told["success"], true, "{moment:?}: {told}");
            let again = told["message"].as_str().is_some_and(|text| text.contains("not sent twice"));
            assert_eq!(again, begun, "{moment:?}: {told}");
            assert_eq!(number(&world.done(&run_of(&told))["delivered"]), ROWS as u64, "{moment:?}");
            found_by_id += usize::from(again);
        }
        expected.push(name);
        assert_eq!(known(&world), expected.len(), "{moment:?}: a run was lost or made twice");
    }
    sink.takes_everything();
    for run in world.runs() {
        let page = world.done(run["id"].as_str().expect("an id"));
        let counts = ["rows", "events", "delivered", "waiting", "rejected", "dead"].map(|name| number(&page[name]));
        let all = ROWS as u64;
        assert_eq!(counts, [all, all, all, 0, 0, 0], "{page}");
    }
    sink.has_exactly("after a dozen kills", expected.iter().flat_map(|name| crowd(name, ROWS)));
    until("no result is left on the disk", PATIENCE, || (world.spooled() == 0).then_some(()));
    assert!(found_by_id > 0, "no run was begun when its server died");
    println!("{} runs over {KILLS} kills, {found_by_id} found again, {} messages sent more than once", expected.len(), sink.again());
}
