//! Killed without warning, at no particular moment, again and again.
//!
//! The process that is killed is this test program, run with only [`child`] selected.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use super::{KIND, body, open};
use crate::store::{AuditEntry, Change, Expected, Store as _};

pub(super) const DIR: &str = "STORE_TEST_DIR";

/// Writes pairs of documents until it is killed, and says so once each pair is acknowledged.
#[tokio::test]
async fn child() {
    let Some(dir) = std::env::var_os(DIR) else {
        return;
    };
    let store = open(Path::new(&dir)).unwrap();
    let mut number = store
        .audit(None, 1)
        .await
        .unwrap()
        .first()
        .map_or(0, |newest| newest.seq);
    loop {
        number += 1;
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
            .audited(AuditEntry::new("token:test", "pair", number.to_string()));
        if store.commit(change).await.is_err() {
            return;
        }
        writeln!(std::io::stdout(), "acked {number}").unwrap();
    }
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

/// Every acknowledged pair is there; a pair is there wholly or not at all.
pub(super) async fn verify(dir: &Path, acked: u64) -> u64 {
    let store = open(dir).unwrap();
    let newest = store
        .audit(None, 1)
        .await
        .unwrap()
        .first()
        .map_or(0, |newest| newest.seq);
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
        assert_eq!(body(&store, &format!("right-{number}")).await, Some(left));
    }
    assert_eq!(body(&store, &format!("left-{}", newest + 1)).await, None);
    assert_eq!(body(&store, &format!("right-{}", newest + 1)).await, None);
    assert!(store.check().await.unwrap().is_sound());
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
