//! Killed without warning, at no particular moment, again and again.
//!
//! The process that is killed is this test program, run with only [`child`] selected.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use futures_util::future::join;
use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;

use super::{KIND, body, open};
use crate::store::sled::SledStore;
use crate::store::{AuditEntry, Change, Due, Expected, Line, NewReading, Next, Store as _};

pub(super) const DIR: &str = "STORE_TEST_DIR";

const LEASE: SignedDuration = SignedDuration::from_hours(1);

/// Reads a poll until it is killed, and says so once each completion is acknowledged. With each it
/// writes a pair of documents and a reading, tells of it, and says when the poll is due again; and it
/// makes a change beside it that shares the way to the disk.
#[tokio::test]
async fn child() {
    let Some(dir) = std::env::var_os(DIR) else {
        return;
    };
    let store = open(Path::new(&dir)).unwrap();
    let mut number = newest(&store).await;
    let first = Change::new().due("poll", Due::NoLaterThan(due_after(number)));
    if store.commit(first).await.is_err() {
        return;
    }
    loop {
        number += 1;
        let Ok(mut leases) = store.claim_due(Line::Charts, "child", LEASE, 10).await else {
            return;
        };
        let lease = leases
            .pop()
            .expect("whoever held it before has been killed");
        // Bodies of several KiB now and then, so that pages are split and rewritten as well.
        let text = format!("\"{number}{}\"", "x".repeat((number as usize % 7) * 1500));
        let change = Change::new()
            .put(
                KIND,
                format!("left-{number}"),
                Expected::Absent,
                text.clone(),
            )
            .put(
                KIND,
                format!("right-{number}"),
                Expected::Absent,
                text.clone(),
            )
            .put(KIND, "newest", Expected::Any, number.to_string())
            .reading(NewReading {
                key_result: "kr".to_owned(),
                origin: number.to_string(),
                at: lease.due,
                body: text.into_bytes(),
            })
            .tell("reading", number.to_string())
            .completing(lease, Next::At(due_after(number)))
            .audited(AuditEntry::new("token:test", "pair", number.to_string()));
        let beside = format!("beside-{number}");
        let beside = Change::new().put(KIND, beside, Expected::Any, number.to_string());
        let made = join(store.commit(beside.patient()), store.commit(change)).await;
        if made.0.is_err() || made.1.is_err() {
            return;
        }
        writeln!(std::io::stdout(), "acked {number}").unwrap();
    }
}

fn due_after(number: u64) -> Timestamp {
    Timestamp::from_second(number as i64).unwrap()
}

/// The newest number there is.
async fn newest(store: &SledStore) -> u64 {
    let audit = store.audit(None, 1).await.unwrap();
    audit
        .first()
        .map_or(0, |newest| newest.entry.target.parse().unwrap())
}

/// A command that runs [`child`] on a folder.
pub(super) fn child_command(dir: &Path) -> Command {
    let module = module_path!().split_once("::").unwrap().1;
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "--nocapture", &format!("{module}::child")])
        .env(DIR, dir);
    command
}

/// Reads what the child acknowledges, and kills it after `kill_after` of them. Answers the last.
pub(super) fn run(mut command: Command, kill_after: usize) -> u64 {
    let mut child: Child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut acked = 0;
    let mut seen = 0;
    // After the kill, what it had still said before is read to the end.
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        // The test harness writes the name of the test in front of the first line.
        if let Some((_, number)) = line.unwrap().rsplit_once("acked ") {
            acked = number.parse().unwrap();
            seen += 1;
        }
        if seen == kill_after {
            child.kill().unwrap();
        }
    }
    child.wait().unwrap();
    acked
}

/// Every acknowledged pair is there; a pair is there wholly or not at all, with all that belongs to
/// it.
pub(super) async fn verify(dir: &Path, acked: u64) -> u64 {
    let store = open(dir).unwrap();
    let newest = newest(&store).await;
    assert!(
        newest >= acked,
        "{acked} was acknowledged, {newest} is the last there is"
    );
    assert_eq!(
        body(&store, "newest").await.unwrap_or_default(),
        newest.to_string()
    );
    for number in 1..=newest {
        let left = body(&store, &format!("left-{number}")).await.unwrap();
        assert!(left.starts_with(&format!("\"{number}")));
        let reading = store.reading("kr", &number.to_string()).await.unwrap();
        let reading = String::from_utf8(reading.unwrap().body).unwrap();
        assert_eq!(reading, left);
        assert_eq!(body(&store, &format!("right-{number}")).await, Some(left));
        let beside = body(&store, &format!("beside-{number}")).await;
        assert_eq!(beside, Some(number.to_string()), "it was asked for before");
    }
    let told = store.feed(None, 100_000).await.unwrap();
    let told = told.into_iter().map(|entry| entry.body);
    assert!(told.eq((1..=newest).map(|number| number.to_string().into_bytes())));
    let due = store
        .claim_due(Line::Charts, "parent", LEASE, 10)
        .await
        .unwrap();
    let due = due.iter().map(|lease| (lease.poll.as_str(), lease.due));
    assert!(due.eq([("poll", due_after(newest))]));
    assert_eq!(body(&store, &format!("left-{}", newest + 1)).await, None);
    assert_eq!(body(&store, &format!("right-{}", newest + 1)).await, None);
    let report = store.check().await.unwrap();
    assert!(report.is_sound(), "{report:?}");
    assert_eq!(report.readings, newest);
    newest
}

#[tokio::test]
async fn nothing_acknowledged_is_lost_when_the_process_is_killed() {
    let dir = TempDir::new().unwrap();
    let mut newest = 0;
    for kill_after in [1, 2, 40, 3, 100, 1, 17, 250, 5, 1, 60, 9] {
        let acked = run(child_command(dir.path()), kill_after);
        assert!(acked > newest);
        newest = verify(dir.path(), acked).await;
    }
}
