//! Everything hostile there is, uploaded and called one after the other, while a neighbour reads on.

use crate::cases::sales;
use crate::contracts::exporting;
use crate::harness::client::Client;
use crate::harness::guests::{Card, SOUND, gauge, guest, hostile, with_module};
use crate::harness::server::{Place, Server};
use crate::harness::until;
use crate::table::{TIMESERIES, read};
use serde_json::json;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How much more memory the server may hold afterwards: what its allocator keeps for later.
const KEPT: u64 = 64 << 20;

/// What is uploaded, and the code that refuses it.
fn refused() -> Vec<(&'static str, Vec<u8>, u16, &'static str)> {
    let describing = |describe| hostile(Card { describe, ..SOUND });
    let whole = gauge();
    let engine = wasmtime::Engine::default();
    let compiled = engine.precompile_component(&wat::parse_str("(component)").expect("wat")).expect("compiled");
    let clock = |import| wat::parse_str(format!("(component (import {import:?} (instance)))")).expect("wat");
    let describe = [("chart-types", "(result (list string))")];
    vec![
        ("an endless loop in describe", describing("loop"), 422, "bad-description"),
        ("a trap in describe", describing("trap"), 422, "bad-description"),
        ("a memory bomb in describe", describing("bomb"), 422, "bad-description"),
        (
            "a table bomb",
            with_module(hostile(SOUND), &format!("(module {})", "(table 10000000 funcref)".repeat(20))),
            422,
            "bad-description",
        ),
        ("an endless start function", with_module(hostile(SOUND), "(module (func $f (loop (br 0))) (start $f))"), 422, "bad-description"),
        ("wrong types", exporting("lensmount:extractor/chart@1.0.0", &describe), 422, "incompatible-interface"),
        ("a future contract", exporting("lensmount:extractor/chart@3.0.0", &describe), 422, "incompatible-interface"),
        ("an extra import", guest("clock"), 422, "forbidden-import"),
        ("the network", clock("wasi:sockets/tcp@0.2.0"), 422, "forbidden-import"),
        ("a core module", wat::parse_str("(module)").expect("wat"), 422, "not-a-component"),
        ("compiled code renamed", compiled, 422, "precompiled"),
        ("a truncated component", whole[..whole.len() * 2 / 3].to_vec(), 422, "invalid-component"),
        ("60 MB of garbage", garbage(60_000_000), 422, "invalid-component"),
        ("100 MB of garbage", garbage(100_000_000), 413, "too-large"),
    ]
}

/// Bytes that begin as a component does and go on as noise.
fn garbage(size: usize) -> Vec<u8> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let noise = std::iter::repeat_with(move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    });
    b"\0asm\x0d\0\x01\0".iter().copied().chain(noise.flatten()).take(size).collect()
}

/// What a guest that was taken is told to do, and how that ends.
const ORDERS: &[(&str, &str)] = &[
    ("loop", "cpu-timeout"),
    ("bomb", "memory-limit"),
    ("gulp", "memory-limit"),
    ("huge", "output-limit"),
    ("recurse", "stack-overflow"),
    ("flood", "log-limit"),
    ("trap", "trap"),
    ("panic", "trap"),
];

fn besiege(client: &Client, refused: &[(&str, Vec<u8>, u16, &str)]) {
    for (what, bytes, status, code) in refused {
        let answer = client.upload(bytes);
        let problem = answer.any_problem().unwrap_or_else(|fault| panic!("{what}: {answer}: {fault}"));
        assert_eq!((answer.status, &problem["code"]), (*status, &json!(code)), "{what}: {answer}");
    }
    let call = |order: &str| client.post("/v1/extractors/hostile/read", &json!({"result": {}, "selection": {"do": order}}));
    for (order, code) in ORDERS {
        call(order).problem(422, code);
        // An answer between keeps it from resting.
        call("").expect(200);
    }
}

#[test]
fn whatever_is_uploaded_or_called_ends_with_its_own_code_and_a_neighbour_reads_on() {
    let place = Place::new();
    let server = Server::start(&place.data());
    let client = server.admin();
    client.upload(&hostile(SOUND)).expect(201);
    client.post_empty("/v1/extractors/hostile/versions/1.0.0/activate").expect(200);
    let refused = refused();
    // Once before, so that caches and pools are as full as they get.
    besiege(&client, &refused);
    let before = server.resident();

    let over = AtomicBool::new(false);
    let mut times = std::thread::scope(|scope| {
        let neighbour = scope.spawn(|| {
            let mut times = Vec::new();
            while !over.load(Ordering::Relaxed) {
                let began = Instant::now();
                let reading = read(TIMESERIES, "neighbour", &sales()).send(&client).expect(200);
                times.push(began.elapsed());
                assert_eq!(reading["value"], "40", "a neighbour reads another number");
            }
            times
        });
        let siege = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| besiege(&client, &refused)));
        over.store(true, Ordering::Relaxed);
        let times = neighbour.join().expect("every read of the neighbour answers");
        siege.unwrap_or_else(|fault| std::panic::resume_unwind(fault));
        times
    });
    times.sort_unstable();
    let at = |part: usize| times[(times.len() - 1) * part / 1_000];
    println!("{} reads of a neighbour meanwhile: p50 {:?}, p99 {:?}, worst {:?}", times.len(), at(500), at(990), at(1_000));
    assert!(times.len() > 50, "{} reads only", times.len());

    let listed = client.items("/v1/extractors");
    assert!(listed.iter().all(|it| it["name"] != "gauge" && it["name"] != "clock"), "nothing of what was refused is there: {listed:?}");
    if let Some(before) = before {
        let bound = before + KEPT;
        let after = until("the server's memory is what it was", Duration::from_secs(30), || server.resident().filter(|now| *now <= bound));
        println!("the server's memory: {} MiB before, {} MiB after", before >> 20, after >> 20);
    }
}
