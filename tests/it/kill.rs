//! kill -9 at any step, and a restart: the catalog is whole.

use crate::cases::sales;
use crate::harness::client::Client;
use crate::harness::guests::{Card, SOUND, gauge, gauge_2, hostile};
use crate::harness::server::{Place, READY, Server, TOKEN};
use crate::lifecycle::{answers, map, read, states};
use crate::table::{TIMESERIES, read as read_case};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

/// Until a folder has changed.
const PATIENCE: Duration = Duration::from_secs(60);

/// What is done, and how; the answer is its status.
type Step = (&'static str, fn(&Client) -> u16);

/// What is done to the gauge, one step after the other.
const STEPS: &[Step] = &[
    ("upload 1.0.0", |client| client.upload(&gauge()).status),
    ("activate 1.0.0", |client| client.post_empty("/v1/extractors/gauge/versions/1.0.0/activate").status),
    ("upload 2.0.0", |client| client.upload(&gauge_2()).status),
    ("activate 2.0.0", |client| client.post_empty("/v1/extractors/gauge/versions/2.0.0/activate").status),
    ("roll back", |client| client.post_empty("/v1/extractors/gauge/rollback").status),
    ("delete 2.0.0", |client| client.delete("/v1/extractors/gauge/versions/2.0.0").status),
];

/// Everything the catalog says, but for the counters of calls.
fn catalog(client: &Client) -> Value {
    let mut list = client.get("/v1/extractors").expect(200);
    for item in list["items"].as_array_mut().into_iter().flatten() {
        for version in item["versions"].as_array_mut().into_iter().flatten() {
            for counter in ["calls", "failures", "stopped", "refused", "use"] {
                version[counter] = Value::Null;
            }
        }
    }
    list
}

/// Every version that is listed can be called, and at most one of them is active.
fn whole(client: &Client) {
    let states = states(client);
    for version in states.keys() {
        assert_eq!(read(client, Some(version))["value"], "42", "version {version} of {states:?}");
    }
    let active: Vec<_> = states.iter().filter(|(_, state)| *state == "active").collect();
    assert!(active.len() <= 1, "{states:?}");
    if let Some((version, _)) = active.first() {
        assert_eq!(answers(client), **version);
    }
}

#[test]
fn what_was_answered_is_there_after_kill_9() {
    let place = Place::new();
    let mut server = Server::start(&place.data());
    for (step, act) in STEPS {
        let status = act(&server.admin());
        assert!((200..300).contains(&status), "{step}: {status}");
        let before = catalog(&server.admin());
        let entries = server.admin().get("/v1/audit").expect(200)["items"].as_array().map(Vec::len);
        server.kill();

        server = Server::start(&place.data());
        assert_eq!(catalog(&server.admin()), before, "after {step}");
        let now = server.admin().get("/v1/audit").expect(200)["items"].as_array().map(Vec::len);
        assert!(now >= entries, "audit entries were lost after {step}");
        whole(&server.admin());
    }
    assert_eq!(states(&server.admin()), map(&[("1.0.0", "active")]));
}

/// What there is in a folder: how large each file is, and when it was last written to.
type Look = BTreeMap<PathBuf, (u64, SystemTime)>;

/// A folder as its owner changes it.
struct Watch<'a> {
    folder: &'a Path,
    seen: Look,
}

impl<'a> Watch<'a> {
    /// From now on.
    fn new(folder: &'a Path) -> Self {
        let mut seen = Look::new();
        look(folder, &mut seen);
        Self { folder, seen }
    }

    /// Waits until the folder has changed so many times; false where it was `over` before that.
    fn changes(&mut self, times: usize, over: impl Fn() -> bool) -> bool {
        let end = Instant::now() + PATIENCE;
        for _ in 0..times {
            // Nothing is slept here: one change follows the other within microseconds.
            let now = loop {
                let now = Self::new(self.folder);
                if now.seen != self.seen {
                    break now;
                }
                if over() {
                    return false;
                }
                assert!(Instant::now() < end, "{} did not change {times} times within {PATIENCE:?}", self.folder.display());
            };
            *self = now;
        }
        true
    }
}

/// Files come and go while somebody looks, so whatever is gone is no fault.
fn look(folder: &Path, seen: &mut Look) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        match entry.metadata() {
            Ok(told) if told.is_dir() => look(&path, seen),
            Ok(told) => drop(seen.insert(path, (told.len(), told.modified().expect("a time")))),
            Err(_) => {}
        }
    }
}

/// The same folder once more, somewhere else.
fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).expect("a new folder");
    for entry in fs::read_dir(from).expect("a folder").map(|entry| entry.expect("an entry")) {
        let (path, to) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            copy(&path, &to);
        } else {
            fs::copy(&path, &to).expect("a file can be copied");
        }
    }
}

#[test]
fn what_was_not_answered_is_there_whole_or_not_at_all() {
    let prepared = Place::new();
    for (done, (step, act)) in STEPS.iter().enumerate() {
        let server = Server::start(&prepared.data());
        if let Some((before, act)) = done.checked_sub(1).map(|before| &STEPS[before]) {
            assert!(act(&server.admin()) < 300, "{before}");
        }
        assert_eq!(server.stop(), Some(0));
        // The server dies at what it writes first while the step is under way, then at the second, and
        // so on until the step is over before that.
        for change in 0.. {
            let place = Place::new();
            copy(&prepared.data(), &place.data());
            let server = Server::start(&place.data());
            let client = server.admin();
            let before = states(&client);
            let (method, path, component) = REQUESTS[done];
            let (data, body) = (place.data(), component.map_or_else(Vec::new, |component| component()));
            let mut watch = Watch::new(&data);
            let busy = {
                let (client, kind) = (client.clone(), component.map(|_| "application/wasm"));
                std::thread::spawn(move || client.try_send(method, path, kind, body).map(|answer| answer.status).ok())
            };
            let amid = watch.changes(change, || busy.is_finished());
            server.kill();
            let answered = busy.join().expect("the request ends, with an answer or without");

            let server = Server::start(&place.data());
            let client = server.admin();
            whole(&client);
            let after = states(&client);
            if answered.is_some() {
                assert_ne!(after, before, "{step} was answered with {answered:?} and is lost");
            }
            // The step can be taken again; one that had happened and cannot happen twice says so.
            let again = act(&client);
            let happened = after != before && [404, 409].contains(&again);
            assert!((200..300).contains(&again) || happened, "{step} again: {again}");
            whole(&client);
            if !amid {
                assert!(change > 1, "{step} was over before anything was seen to be written");
                println!("{step}: died {change} times");
                break;
            }
        }
    }
}

/// What a request sends: its method, its path, and a component to upload.
type Request = (&'static str, &'static str, Option<fn() -> Vec<u8>>);

/// The requests of [`STEPS`], for a client that does not mind a dead server.
const REQUESTS: [Request; 6] = [
    ("POST", "/v1/extractors", Some(gauge)),
    ("POST", "/v1/extractors/gauge/versions/1.0.0/activate", None),
    ("POST", "/v1/extractors", Some(gauge_2)),
    ("POST", "/v1/extractors/gauge/versions/2.0.0/activate", None),
    ("POST", "/v1/extractors/gauge/rollback", None),
    ("DELETE", "/v1/extractors/gauge/versions/2.0.0", None),
];

fn still_reads(server: &Server) {
    let reading = read_case(TIMESERIES, "after", &sales()).send(&server.admin());
    assert_eq!(reading.expect(200)["value"], "40");
}

#[test]
fn a_first_start_cut_short_is_no_harm() {
    let place = Place::new();
    let data = place.data();
    // Each start goes on from what the last one left, and dies one change later.
    for change in 0.. {
        let mut watch = Watch::new(&data);
        let server = Command::new(env!("CARGO_BIN_EXE_lensmount"))
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(&data)
            .env("LENSMOUNT_ADMIN_TOKEN", TOKEN)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let mut server = server.expect("the program starts");
        let said = BufReader::new(server.stdout.take().expect("standard output is a pipe"));
        let listens = std::thread::spawn(|| said.lines().map_while(Result::ok).any(|line| line.contains(READY)));
        let amid = watch.changes(change, || listens.is_finished());
        let _ = server.kill();
        server.wait().expect("it is gone");
        let listened = listens.join().expect("what it said is read");
        if !amid {
            assert!(listened, "the start after {change} that were cut short ended by itself");
            println!("a start was cut short {change} times");
            break;
        }
    }
    let server = Server::start(&data);
    still_reads(&server);
}

/// Every file below a folder that a linker would take for machine code.
fn compiled(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(compiled(&path));
        } else if fs::read(&path).is_ok_and(|bytes| bytes.starts_with(b"\x7fELF")) {
            found.push(path);
        }
    }
    found
}

#[test]
fn compiled_code_that_was_tampered_with_is_not_run() {
    let place = Place::new();
    let server = Server::start(&place.data());
    for (step, act) in &STEPS[..2] {
        assert!(act(&server.admin()) < 300, "{step}");
    }
    server.kill();
    let files = compiled(&place.data());
    println!("{} files of compiled code", files.len());
    for (number, path) in files.iter().enumerate() {
        let mut bytes = fs::read(path).expect("a file");
        match number % 3 {
            0 => bytes.truncate(bytes.len() / 2),
            1 => bytes.fill(0),
            // A single bit in the middle of the code.
            _ => {
                let middle = bytes.len() / 2;
                bytes[middle] ^= 1;
            }
        }
        let writable = fs::remove_file(path).and_then(|()| fs::write(path, bytes));
        writable.expect("the file is ours to spoil");
    }
    let server = Server::start(&place.data());
    whole(&server.admin());
    assert_eq!(answers(&server.admin()), "1.0.0");
    still_reads(&server);
    assert!(compiles(&server) >= 2, "what was spoilt and called is compiled anew");
    // And kept again: the next start has it.
    assert_eq!(server.stop(), Some(0));
    let server = Server::start(&place.data());
    assert_eq!(answers(&server.admin()), "1.0.0");
    still_reads(&server);
    assert_eq!(compiles(&server), 0);
}

/// How many components a server has compiled.
fn compiles(server: &Server) -> u64 {
    let metrics = server.admin().get("/metrics").text();
    let line = metrics.lines().find_map(|line| line.strip_prefix("lensmount_extractors_compiled_total "));
    line.and_then(|count| count.parse().ok()).unwrap_or_else(|| panic!("no count of what was compiled: {metrics}"))
}

#[test]
fn a_start_with_many_extractors_compiles_none() {
    const MANY: usize = 20;
    let place = Place::new();
    let server = Server::start(&place.data());
    let names: Vec<String> = (0..MANY).map(|number| format!("many-{number}")).collect();
    for name in &names {
        server.admin().upload(&hostile(Card { name, ..SOUND })).expect(201);
        server.admin().post_empty(&format!("/v1/extractors/{name}/versions/1.0.0/activate")).expect(200);
    }
    assert!(compiles(&server) >= MANY as u64);
    server.kill();
    let server = Server::start(&place.data());
    for name in &names {
        let asked = serde_json::json!({"result": {}, "selection": {"do": ""}});
        server.admin().post(&format!("/v1/extractors/{name}/read"), &asked).expect(200);
    }
    assert_eq!(compiles(&server), 0);
}
