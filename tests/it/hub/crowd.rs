//! Fifty runs at once, and destinations that nobody else waits for.

use crate::harness::hub::{HubWorld, crowd, message, rows, run_of};
use crate::harness::sink::{Reply, Sink};
use crate::harness::until;
use crate::harness::world::PATIENCE;
use std::collections::BTreeSet;
use std::time::Instant;

const RUNS: usize = 50;
const ROWS: usize = 10_000;
/// More than are mapped at a time on any machine that this runs on, and more than requests to one
/// destination.
const SLOW: usize = 16;

#[test]
fn fifty_runs_at_once_of_ten_thousand_rows_wait_for_no_slow_destination() {
    let world = HubWorld::new();
    let (sink, slow) = (Sink::start(), Sink::start());
    slow.always(Reply::Hold);
    let run = &|order: serde_json::Value| world.execute("rudder_event", &order);
    std::thread::scope(|scope| {
        // Destinations that take a request and do not answer.
        let waiting: Vec<_> = (0..SLOW)
            .map(|n| {
                let order = world.order(&slow, &format!("slow{n}"), &rows(crowd(&format!("slow{n}"), 100)));
                scope.spawn(move || run(order))
            })
            .collect();
        until("all of them are sent to", PATIENCE, || (slow.came().len() == SLOW).then_some(()));
        let (began, before) = (Instant::now(), world.server.forget_peak());
        let running: Vec<_> = (0..RUNS)
            .map(|n| {
                // Five destinations, with ten runs for each.
                let order = world.order(&sink, &format!("k{}", n % 5), &rows(crowd(&format!("run{n}"), ROWS)));
                scope.spawn(move || run(order))
            })
            .collect();
        let told: Vec<_> = running.into_iter().map(|it| it.join().expect("an answer")).collect();
        let grown = before.and_then(|before| Some((world.server.peak()? - before) >> 20));
        println!("{RUNS} runs of {ROWS} rows in {:?}, in {grown:?} MiB", began.elapsed());
        for told in &told {
            assert!(message(told).starts_with("10000 rows, 10000 events: 10000 delivered. Run run_"), "{told}");
        }
        assert_eq!(told.iter().map(run_of).collect::<BTreeSet<_>>().len(), RUNS);
        assert_eq!(slow.count(), 0, "the slow ones have answered nothing yet");
        assert_eq!(slow.came().iter().map(|came| came.key.clone()).collect::<BTreeSet<_>>().len(), SLOW);
        slow.let_go();
        for waited in waiting {
            let told = waited.join().expect("an answer");
            assert!(message(&told).starts_with("100 rows, 100 events: 100 delivered."), "{told}");
        }
    });
    sink.has_exactly("fifty runs", (0..RUNS).flat_map(|n| crowd(&format!("run{n}"), ROWS).collect::<Vec<_>>()));
    assert_eq!(sink.again(), 0);
    slow.has_exactly("the slow ones", (0..SLOW).flat_map(|n| crowd(&format!("slow{n}"), 100).collect::<Vec<_>>()));
    assert_eq!(world.spooled(), 0);
}
