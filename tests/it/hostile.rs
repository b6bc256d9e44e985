//! An extractor can hurt nobody: each ending has its own code, and the server goes on.

use crate::cases::sales;
use crate::harness::client::{Answer, Client};
use crate::harness::guests::{Card, SOUND, hostile, with_module};
use crate::harness::server::{Place, Server};
use crate::harness::until;
use crate::table::{TIMESERIES, read};
use serde_json::json;
use std::time::{Duration, Instant};

/// What the guest is told to do, and the code it must end with.
const ENDINGS: &[(&str, &str)] = &[
    ("loop", "cpu-timeout"),
    ("bomb", "memory-limit"),
    ("gulp", "memory-limit"),
    ("huge", "output-limit"),
    ("recurse", "stack-overflow"),
    ("trap", "trap"),
    ("panic", "trap"),
    ("flood", "log-limit"),
    ("unended", "log-limit"),
    ("unended-nothing", "cpu-timeout"),
];

fn host() -> (Place, Server) {
    let place = Place::new();
    let server = Server::start(&place.data());
    server.admin().upload(&hostile(SOUND)).expect(201);
    server.admin().post_empty("/v1/extractors/hostile/versions/1.0.0/activate").expect(200);
    (place, server)
}

fn tell(client: &Client, function: &str, order: &str) -> Answer {
    let body = json!({"result": {}, "selection": {"do": order}});
    client.post(&format!("/v1/extractors/hostile/{function}"), &body)
}

/// The guest answers, which keeps it from resting.
fn answers(client: &Client) {
    assert_eq!(tell(client, "read", "").expect(200)["label"], "done");
}

/// A neighbour reads as if nothing had happened.
fn neighbour(client: &Client) {
    let reading = read(TIMESERIES, "neighbour", &sales()).send(client).expect(200);
    assert_eq!(reading["value"], "40");
}

#[test]
fn every_ending_has_its_code_and_names_extractor_and_function() {
    let (_place, server) = host();
    let client = server.admin();
    for (order, code) in ENDINGS {
        for function in ["read", "series", "outline"] {
            if *order == "huge" && function == "outline" {
                continue;
            }
            let problem = tell(&client, function, order).problem(422, code);
            let detail = problem["detail"].as_str().unwrap_or_default();
            assert!(detail.contains("hostile") && detail.contains(function), "{order} in {function}: {detail}");
            neighbour(&client);
            answers(&client);
        }
    }
    // The guest itself is none the worse: every call is a fresh one.
    assert_eq!(tell(&client, "read", "").expect(200)["label"], "done");
}

#[test]
fn a_panic_says_what_it_said() {
    let (_place, server) = host();
    let problem = tell(&server.admin(), "read", "panic").problem(422, "trap");
    assert!(problem.to_string().contains("told to panic"), "{problem}");
}

#[test]
fn a_trap_says_who_where_and_why() {
    let (_place, server) = host();
    for order in ["panic", "chatter-and-panic"] {
        let problem = tell(&server.admin(), "read", order).problem(422, "trap");
        let detail = problem["detail"].as_str().unwrap_or_default();
        for word in ["extractor hostile 1.0.0", "`read`", "told to panic", "hostile/src/lib.rs"] {
            assert!(detail.contains(word), "{order}: the text does not say `{word}`: {detail}");
        }
        let trace: Vec<_> = problem["trace"].as_array().expect("a trace").iter().filter_map(|frame| frame.as_str()).collect();
        let act = trace.iter().position(|frame| *frame == "hostile::act");
        let read = trace.iter().position(|frame| frame.contains("Hostile as") && frame.ends_with("::read"));
        assert!(act.is_some() && act < read, "the guest's own functions by their names, innermost first: {trace:?}");
        // However much it had said before, the last of its log is why.
        let last = problem["log"].as_array().and_then(|log| log.last()?.as_str()).expect("a line");
        assert!(last.starts_with("error: ") && last.contains("told to panic"), "{order}: {last}");
    }
}

#[test]
fn a_failure_is_no_way_around_the_limit_of_an_answer() {
    let (_place, server) = host();
    tell(&server.admin(), "read", "shout").problem(422, "output-limit");
    neighbour(&server.admin());
}

#[test]
fn a_value_that_is_no_number_is_never_a_reading() {
    let (_place, server) = host();
    let answer = tell(&server.admin(), "read", "banana");
    answer.any_problem().unwrap_or_else(|fault| panic!("{answer}: {fault}"));
    assert_eq!(answer.status, 422, "{answer}");
}

#[test]
fn chatter_is_cut_and_harms_no_call() {
    let (_place, server) = host();
    assert_eq!(tell(&server.admin(), "read", "chatter").expect(200)["label"], "done");
}

#[test]
fn failures_of_the_extractors_own_are_told_as_such() {
    let (_place, server) = host();
    let client = server.admin();
    let internal = tell(&client, "read", "internal").problem(422, "internal");
    assert!(internal["detail"].as_str().is_some_and(|detail| detail.contains("the author is to blame")), "{internal}");
    let other = tell(&client, "read", "other").problem(422, "other");
    assert!(other.to_string().contains("house-rule"), "{other}");
}

#[test]
fn neighbours_read_while_a_guest_loops() {
    let (_place, server) = host();
    let client = server.admin();
    std::thread::scope(|scope| {
        // As many loops as there are cores and some more: no worker is theirs for long.
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        let loops: Vec<_> = (0..cores + 2)
            .map(|_| {
                let client = client.clone();
                scope.spawn(move || tell(&client, "read", "loop").any_problem().expect("a problem")["code"].clone())
            })
            .collect();
        let mut reads = 0;
        while loops.iter().any(|guest| !guest.is_finished()) {
            let began = Instant::now();
            neighbour(&client);
            assert!(began.elapsed() < Duration::from_secs(5), "a neighbour waited for {:?}", began.elapsed());
            reads += 1;
        }
        assert!(reads > 0, "no neighbour read while the guests looped");
        for guest in loops {
            let code = guest.join().expect("an answer");
            assert!(["cpu-timeout", "wall-timeout", "busy"].iter().any(|ending| code == *ending), "{code}");
        }
    });
}

#[test]
fn memory_returns_to_where_it_was() {
    let (_place, server) = host();
    let client = server.admin();
    let Some(_) = server.resident() else {
        println!("not checked: this system does not tell a process's resident memory");
        return;
    };
    // Loops cost seconds each and no memory.
    let orders = || ENDINGS.iter().map(|(order, _)| *order).filter(|order| *order != "loop");
    let round = || {
        orders().for_each(|order| {
            tell(&client, "read", order);
            answers(&client);
        });
    };
    // The first rounds fill caches and pools; what comes after must not add to it.
    (0..3).for_each(|_| round());
    let before = server.resident().expect("still there");
    (0..20).for_each(|_| round());
    let bound = before + (64 << 20);
    until("the server's memory returns", Duration::from_secs(20), || server.resident().filter(|now| *now <= bound));
    neighbour(&client);
}

#[test]
fn what_a_call_writes_no_other_call_finds() {
    let (_place, server) = host();
    let client = server.admin();
    // Small bodies and large ones get their memory from different places.
    for length in [0, 200 << 10, 4 << 20] {
        let body = json!({"result": {"padding": "x".repeat(length)}, "selection": {"do": "leave"}});
        for call in 0..4 {
            let found = client.post("/v1/extractors/hostile/read", &body).expect(200)["label"].clone();
            assert_eq!(found, "0", "call {call} with {length} bytes");
        }
    }
}

#[test]
fn a_describe_without_end_is_refused_at_upload() {
    let place = Place::new();
    let server = Server::start(&place.data());
    let client = server.admin();
    for describe in ["loop", "flood"] {
        let answer = client.upload(&hostile(Card { describe, ..SOUND }));
        let problem = answer.problem(422, "bad-description");
        assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains("describe")), "{answer}");
        client.get("/v1/extractors/hostile").problem(404, "not-found");
        neighbour(&client);
    }
}

#[test]
fn endings_are_counted() {
    let (_place, server) = host();
    let client = server.admin();
    tell(&client, "read", "trap").problem(422, "trap");
    tell(&client, "read", "internal").problem(422, "internal");
    tell(&client, "read", "").expect(200);
    let shown = client.get("/v1/extractors/hostile").expect(200);
    let version = &shown["versions"][0];
    assert_eq!((&version["calls"], &version["failures"], &version["stopped"]), (&json!(3), &json!(1), &json!(1)), "{shown}");
}

#[test]
fn what_hurts_before_the_first_call_is_refused_at_upload() {
    let place = Place::new();
    let server = Server::start(&place.data());
    let client = server.admin();
    let tables = "(table 10000000 funcref)".repeat(20);
    for module in [
        "(module (func $endless (loop (br 0))) (start $endless))".to_string(),
        "(module (func $trap unreachable) (start $trap))".to_string(),
        "(module (func $deep (call $deep)) (start $deep))".to_string(),
        "(module (memory 65536))".to_string(),
        format!("(module {tables})"),
    ] {
        let answer = client.upload(&with_module(hostile(SOUND), &module));
        let problem = answer.any_problem().expect("a problem");
        assert_eq!(answer.status, 422, "{answer}");
        assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains("describe")), "{answer}");
        client.get("/v1/extractors/hostile").problem(404, "not-found");
        neighbour(&client);
    }
    // What is added and does no harm is no reason to refuse.
    client.upload(&with_module(hostile(SOUND), "(module (memory 1))")).expect(201);
}

/// A module that is small, valid, and takes minutes and gigabytes to compile: every local is alive across
/// every branch.
fn compile_bomb() -> String {
    const LOCALS: usize = 40_000;
    const BRANCHES: usize = 400;
    let branch = |n: usize| {
        let sets: String = (0..100).map(|k| format!("(local.set {} (i32.const {n}))", 1 + (n * 100 + k) % LOCALS)).collect();
        format!("(block (br_if 0 (local.get 0)) {sets})")
    };
    let body: String = (0..BRANCHES).map(branch).collect();
    let uses: String = (1..=LOCALS).map(|local| format!("(drop (local.get {local}))")).collect();
    format!("(module (func (param i32) (local {}) (loop {body} (br_if 0 (local.get 0))) {uses}))", "i32 ".repeat(LOCALS))
}

#[test]
fn a_component_that_takes_too_long_to_compile_is_given_up_while_neighbours_read() {
    let place = Place::new();
    let server = Server::start_with(&place.data(), &[("LENSMOUNT_COMPILE_SECONDS", "10")]);
    let client = server.admin();
    let bomb = with_module(hostile(SOUND), &compile_bomb());
    let answer = std::thread::scope(|scope| {
        let upload = scope.spawn(|| client.upload(&bomb));
        while !upload.is_finished() {
            neighbour(&client);
        }
        upload.join().expect("an answer")
    });
    let problem = answer.problem(422, "compile-limit");
    assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains("more than 10 s of processor time")), "{answer}");
    client.get("/v1/extractors/hostile").problem(404, "not-found");
    // Nobody waits for what was given up.
    client.upload(&hostile(SOUND)).expect(201);
}

#[test]
fn a_component_that_takes_too_much_memory_to_compile_is_given_up() {
    let place = Place::new();
    let server = Server::start_with(&place.data(), &[("LENSMOUNT_COMPILE_MEMORY_MIB", "400")]);
    let client = server.admin();
    let answer = client.upload(&with_module(hostile(SOUND), &compile_bomb()));
    let problem = answer.problem(422, "compile-limit");
    assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains("more than 400 MiB of memory")), "{answer}");
    client.upload(&hostile(SOUND)).expect(201);
}

#[test]
fn the_least_memory_that_compiling_may_have_is_enough_for_extractors_like_ours() {
    let place = Place::new();
    let server = Server::start_with(&place.data(), &[("LENSMOUNT_COMPILE_MEMORY_MIB", "256")]);
    // It is compiled when the server starts, by the same child.
    neighbour(&server.admin());
    server.admin().upload(&hostile(SOUND)).expect(201);
}

#[test]
fn one_extractor_cannot_take_every_slot() {
    let (_place, server) = host();
    let client = server.admin();
    std::thread::scope(|scope| {
        // More than any server runs side by side on a machine of this size.
        let loops: Vec<_> = (0..80)
            .map(|_| {
                let client = client.clone();
                scope.spawn(move || tell(&client, "read", "loop").any_problem().expect("a problem")["code"].clone())
            })
            .collect();
        while loops.iter().any(|guest| !guest.is_finished()) {
            neighbour(&client);
        }
        for guest in loops {
            let code = guest.join().expect("an answer");
            // After some that were stopped it rests, which is told to the others.
            assert!(["cpu-timeout", "wall-timeout", "busy", "resting"].iter().any(|ending| code == *ending), "{code}");
        }
    });
}
