//! What one extractor's calls may use is the operator's to say, while the server runs.

use crate::cases::sales;
use crate::harness::client::{Answer, Client};
use crate::harness::guests::{Card, SOUND, hostile};
use crate::harness::server::{Place, Server, TOKEN};
use crate::harness::until;
use crate::table::{TIMESERIES, read};
use serde_json::{Value, json};
use std::process::Command;
use std::time::Duration;

const PATH: &str = "/v1/extractors/hostile";
const PATIENCE: Duration = Duration::from_secs(60);

/// Two versions of the hostile guest, of which the first answers.
fn rolled_out(server: &Server) -> Client {
    let client = server.admin();
    client.upload(&hostile(SOUND)).expect(201);
    client.upload(&hostile(Card { version: "2.0.0", ..SOUND })).expect(201);
    client.post_empty("/v1/extractors/hostile/versions/1.0.0/activate").expect(200);
    client
}

fn tell(client: &Client, order: &str) -> Answer {
    client.post(&format!("{PATH}/read"), &json!({"result": {}, "selection": {"do": order}}))
}

fn tell_version(client: &Client, version: &str, order: &str) -> Answer {
    client.post(&format!("{PATH}/read"), &json!({"result": {}, "selection": {"do": order}, "version": version}))
}

fn set(client: &Client, limits: &Value) -> Value {
    client.clone().with("If-Match", "*").patch(PATH, &json!({"limits": limits})).expect(200)["limits"].clone()
}

/// Why a call was ended, in words.
fn ended(answer: &Answer, code: &str) -> String {
    answer.problem(422, code)["detail"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn limits_of_an_extractor_count_from_the_next_call_on_for_all_its_versions() {
    let place = Place::new();
    let server = Server::start(&place.data());
    let client = rolled_out(&server);
    let own = client.get(PATH).expect(200)["limits"].clone();
    assert_eq!(own["overridden"], json!({}), "{own}");
    for (limits, order, code, words) in [
        (json!({"output_kib": 64}), "huge", "output-limit", "larger than 64 KiB"),
        (json!({"memory_mib": 16}), "bomb", "memory-limit", "more than 16 MiB of memory"),
        (json!({"cpu_ms": 50}), "loop", "cpu-timeout", "more than 50 ms of processor time"),
        (json!({"cpu_ms": 60_000, "wall_ms": 800}), "loop", "wall-timeout", "not done within 800 ms"),
    ] {
        set(&client, &limits);
        for version in ["1.0.0", "2.0.0"] {
            let said = ended(&tell_version(&client, version, order), code);
            assert!(said.contains(words) && said.contains(version), "{limits}: {said}");
        }
        tell(&client, "").expect(200);
    }
    let all = json!({"cpu_ms": 60_000, "wall_ms": 800, "memory_mib": 16, "output_kib": 64});
    assert_eq!(client.get(PATH).expect(200)["limits"]["overridden"], all, "what an edit leaves out stays");
    // A limit that is null is the server's own again.
    let some = set(&client, &json!({"cpu_ms": null, "wall_ms": null, "output_kib": 65}));
    assert_eq!(some["overridden"], json!({"memory_mib": 16, "output_kib": 65}));
    assert_eq!((&some["cpu_ms"], &some["output_bytes"]), (&own["cpu_ms"], &json!(65 << 10)), "{some}");
    // It is kept.
    assert_eq!(server.stop(), Some(0));
    let server = Server::start(&place.data());
    let client = server.admin();
    assert_eq!(client.get(PATH).expect(200)["limits"], some);
    assert!(ended(&tell(&client, "bomb"), "memory-limit").contains("16 MiB"));
    assert_eq!(set(&client, &Value::Null), own, "all of it back to the server's own");
    let audit = client.items("/v1/audit");
    let edits: Vec<_> = audit.iter().filter(|it| it["action"] == "extractor.limits").collect();
    assert_eq!(edits.len(), 6, "{edits:?}");
    assert!(edits.iter().any(|it| it["detail"]["limits"] == json!({"memory_mib": 16})), "{edits:?}");
}

#[test]
fn a_server_with_less_memory_gives_what_it_has() {
    let place = Place::new();
    let server = Server::start(&place.data());
    set(&rolled_out(&server), &json!({"memory_mib": 200}));
    assert_eq!(server.stop(), Some(0));
    let server = Server::start_with(&place.data(), &[("LENSMOUNT_CALL_MEMORY_MIB", "32")]);
    let limits = server.admin().get(PATH).expect(200)["limits"].clone();
    assert_eq!((&limits["memory_bytes"], &limits["overridden"]["memory_mib"]), (&json!(32 << 20), &json!(200)), "{limits}");
    assert!(ended(&tell(&server.admin(), "bomb"), "memory-limit").contains("32 MiB"));
}

#[test]
fn the_servers_own_limits_are_set_at_its_start() {
    let place = Place::new();
    let variables = [("LENSMOUNT_CALL_OUTPUT_KIB", "32"), ("LENSMOUNT_CALL_LOG_LINES", "3"), ("LENSMOUNT_CALL_STACK_KIB", "64")];
    let server = Server::start_with(&place.data(), &variables);
    let client = rolled_out(&server);
    let limits = client.get(PATH).expect(200)["limits"].clone();
    assert_eq!(
        (&limits["output_bytes"], &limits["log_lines"], &limits["stack_bytes"]),
        (&json!(32 << 10), &json!(3), &json!(64 << 10)),
        "{limits}"
    );
    assert!(ended(&tell(&client, "huge"), "output-limit").contains("32 KiB"));
    let panic = tell(&client, "chatter-and-panic").problem(422, "trap");
    assert_eq!(panic["log"].as_array().map(Vec::len), Some(4), "three lines and the last words: {panic}");
    ended(&tell(&client, "deep"), "stack-overflow");
    set(&client, &json!({"log_lines": 5}));
    let panic = tell(&client, "chatter-and-panic").problem(422, "trap");
    assert_eq!(panic["log"].as_array().map(Vec::len), Some(6), "{panic}");
    assert_eq!(server.stop(), Some(0));
    let server = Server::start(&place.data());
    tell(&server.admin(), "deep").expect(200);
}

#[test]
fn limits_that_cannot_be_are_refused_in_words() {
    let place = Place::new();
    let server = Server::start(&place.data());
    let client = rolled_out(&server);
    let before = client.get(PATH).text();
    client.patch(PATH, &json!({"limits": {"cpu_ms": 1}})).problem(428, "precondition-required");
    let any = client.clone().with("If-Match", "*");
    for (limits, pointer, words) in [
        (json!({"cpu_ms": 0}), "/limits/cpu_ms", "1 to 600000"),
        (json!({"wall_ms": 600_001}), "/limits/wall_ms", "1 to 600000"),
        (json!({"memory_mib": 257}), "/limits/memory_mib", "--call-memory-mib"),
        (json!({"memory_mib": 0}), "/limits/memory_mib", "1 to 4096"),
        (json!({"output_kib": 65_537}), "/limits/output_kib", "1 to 65536"),
        (json!({"log_lines": 10_001}), "/limits/log_lines", "0 to 10000"),
        (json!({"log_kib": 1_025}), "/limits/log_kib", "0 to 1024"),
        (json!({"concurrency": 0}), "/limits/concurrency", "1 to 48"),
        (json!({"concurrency": 49}), "/limits/concurrency", "1 to 48"),
        (json!({"concurrency": -1}), "/limits/concurrency", "-1"),
        (json!({"cpu_ms": "2s"}), "/limits/cpu_ms", "2s"),
        (json!({"stack_kib": 64}), "/limits/stack_kib", "unknown field"),
    ] {
        let problem = any.patch(PATH, &json!({"limits": limits})).problem(400, "invalid-input");
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
        assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains(words)), "{limits}: {problem}");
    }
    assert_eq!(client.get(PATH).text(), before);
}

/// All versions of a name have their calls at once together: one that takes all of them leaves the others
/// of its name without, and its neighbours unharmed.
#[test]
fn a_greedy_extractor_has_only_its_own_places_and_gets_more_while_it_runs() {
    let place = Place::new();
    let server = Server::start(&place.data());
    let client = rolled_out(&server);
    set(&client, &json!({"cpu_ms": 600_000, "wall_ms": 600_000, "concurrency": 1}));
    let under_way = || client.get(PATH).expect(200)["under_way"].as_u64();
    let body = json!({"result": {}, "selection": {"do": "loop"}}).to_string();
    let greedy = client.clone();
    // It ends when the server does, which this test does not wait for.
    let path = format!("{PATH}/read");
    std::thread::spawn(move || drop(greedy.try_send("POST", &path, Some("application/json"), body.into_bytes())));
    until("it runs", PATIENCE, || (under_way() == Some(1)).then_some(()));
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| tell_version(&client, "2.0.0", ""));
        while !waiting.is_finished() {
            assert_eq!(read(TIMESERIES, "neighbour", &sales()).send(&client).expect(200)["value"], "40");
        }
        waiting.join().expect("an answer").problem(503, "busy");
    });
    let more = set(&client, &json!({"concurrency": 2}));
    assert_eq!(more["concurrency"], 2);
    assert_eq!(tell_version(&client, "2.0.0", "").expect(200)["label"], "done");
    assert_eq!(under_way(), Some(1), "the first runs still, under the limits it began with");
    // Fewer than run already: what runs goes on, and nothing is added to it.
    set(&client, &json!({"concurrency": 1}));
    tell_version(&client, "2.0.0", "").problem(503, "busy");
}

#[test]
fn limits_are_set_from_the_command_line() {
    let place = Place::new();
    let server = Server::start(&place.data());
    let client = rolled_out(&server);
    let run = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lensmount"));
        command.args(["extractor", "limits", "hostile", "--url", &server.url()]).args(arguments);
        let output = command.env("LENSMOUNT_TOKEN", TOKEN).output().expect("it runs");
        (output.status.success(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
    };
    let overridden = || client.get(PATH).expect(200)["limits"]["overridden"].clone();
    for (arguments, expected) in [
        (&["--cpu", "1500ms", "--memory-mib", "64"][..], json!({"cpu_ms": 1500, "memory_mib": 64})),
        (&["--cpu", "default", "--wall", "20s"], json!({"wall_ms": 20_000, "memory_mib": 64})),
        (&["--concurrency", "4", "--default"], json!({"concurrency": 4})),
        (&["--default"], json!({})),
    ] {
        let (done, said) = run(arguments);
        assert!(done, "{said}");
        assert_eq!(overridden(), expected, "{arguments:?}");
    }
    let (done, shown) = run(&[]);
    assert!(done && shown.contains("memory_bytes"), "{shown}");
    let (done, said) = run(&["--memory-mib", "4000"]);
    assert!(!done && said.contains("--call-memory-mib"), "{said}");
    let (done, said) = run(&["--cpu", "soon"]);
    assert!(!done && said.contains("500ms"), "{said}");
}

#[test]
fn versions_are_tried_under_the_limits_of_their_name_and_no_try_is_a_call() {
    let place = Place::new();
    let server = Server::start(&place.data());
    let client = rolled_out(&server);
    set(&client, &json!({"cpu_ms": 50}));
    let sample = json!({"operation": "read", "result": {}, "selection": {"do": "loop"}});
    let samples = vec![sample; 6];
    let run = client.post(&format!("{PATH}/versions/2.0.0/dry-run"), &json!({"samples": samples})).expect(200);
    for tried in run["samples"].as_array().expect("samples") {
        for made in [&tried["made"], &tried["beside"]] {
            assert_eq!(made["answer"]["problem"]["code"], "cpu-timeout", "{run}");
            let (cpu, percent) = (made["cpu_us"].as_u64(), made["cpu_percent"].as_u64());
            assert!((Some(50_000)..Some(1_000_000)).contains(&cpu) && percent >= Some(100), "{made}");
        }
    }
    for version in client.get(PATH).expect(200)["versions"].as_array().expect("versions") {
        assert_eq!((&version["calls"], &version["breaker"]["state"]), (&json!(0), &json!("answering")), "{version}");
    }
}
