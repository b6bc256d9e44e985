//! kill -9 in the middle of runs: while rows come in, while they are mapped, while events are sent.

use crate::harness::hub::{HubWorld, crowd, message, number, rows};
use crate::harness::sink::{Reply, Sink};
use crate::harness::until;
use crate::harness::wire::Wire;
use crate::harness::world::{PATIENCE, text};
use serde_json::Value;
use std::sync::atomic::{AtomicU64, Ordering};

/// Rows of each run: they make five requests or so.
const ROWS: usize = 40_000;
const KILLS: u64 = 12;
/// Rows that the destination refuses, in every other run.
const SOUR: [usize; 3] = [5, 29_999, 30_000];

/// When the process dies.
#[derive(Debug, Clone, Copy)]
enum Moment {
    /// When so many thousandths of the request have been sent.
    Receiving(usize),
    /// When so many of its rows are mapped; for none of them, as soon as all of it has been sent.
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
            1 if round == 1 => Moment::Mapping(0),
            1 => Moment::Mapping(1 + self.below(ROWS as u64)),
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
    let (before, runs) = (sink.came().len(), world.runs().len());
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
        Moment::Mapping(0) => wire.end().expect("the server takes it in"),
        Moment::Mapping(rows) => {
            wire.end().expect("the server takes it in");
            until("so many rows are mapped", PATIENCE, || {
                let all = world.runs();
                (all.len() > runs && number(&all[runs]["mapped"]) >= rows).then_some(())
            });
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
    let (mut expected, mut found_again) = (Vec::new(), 0);
    for round in 0..KILLS {
        let name = format!("round{round}");
        let order = world.order(&sink, "k", &rows(crowd(&name, ROWS)));
        let moment = seeded.moment(round);
        let dead = if round % 2 == 0 { 0 } else { SOUR.len() as u64 };
        sink.answers((0..6).map(|_| seeded.reply()));
        sink.dislikes(SOUR.iter().filter(|_| dead > 0).map(|row| format!("{name}-{row}")));
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
            let told = world.execute("rudder_event", &order);
            assert_eq!(told["success"], dead == 0, "{moment:?}: {told}");
            assert_eq!(message(&told).contains("not sent twice"), begun, "{moment:?}: {told}");
            let counts = format!("40000 rows, 40000 events: {} delivered.", ROWS as u64 - dead);
            assert!(message(&told).contains(&counts), "{moment:?}: {told}");
            found_again += usize::from(begun);
        }
        expected.push((name, dead));
        assert_eq!(known(&world), expected.len(), "{moment:?}: a run was lost or made twice");
    }
    // Runs stand in the order of their making.
    for (run, (name, dead)) in world.runs().iter().zip(&expected) {
        let page = world.done(&text(&run["id"]));
        let counts = ["rows", "events", "delivered", "waiting", "rejected", "dead"].map(|name| number(&page[name]));
        let all = ROWS as u64;
        assert_eq!(counts, [all, all, all - dead, 0, 0, *dead], "{name}: {page}");
    }
    sink.takes_everything();
    for run in world.runs().iter().filter(|run| number(&run["dead"]) > 0) {
        let id = text(&run["id"]);
        world.client.post_empty(&format!("/v1/runs/{id}/redrive")).expect(200);
        assert_eq!(number(&world.done(&id)["delivered"]), ROWS as u64, "{run}");
    }
    sink.has_exactly("after a dozen kills", expected.iter().flat_map(|(name, _)| crowd(name, ROWS)));
    until("no result is left on the disk", PATIENCE, || (world.spooled() == 0).then_some(()));
    assert!(found_again > 0, "no run was begun when its server died");
    println!("{} runs over {KILLS} kills, {found_again} found again, {} messages sent more than once", expected.len(), sink.again());
}
