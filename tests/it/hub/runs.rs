//! Runs over the API and by commands: what became of the rows, and dead letters sent again.

use crate::harness::hub::{HubWorld, run_of, users};
use crate::harness::receiver::Reply;
use crate::harness::server::TOKEN;
use crate::harness::until;
use crate::harness::world::{PATIENCE, text};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::process::Command;

#[test]
fn dead_letters_are_seen_and_sent_again_by_commands() {
    let world = HubWorld::new();
    let command = |words: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_lensmount"))
            .args(words)
            .envs([("LENSMOUNT_URL", world.server.url().as_str()), ("LENSMOUNT_TOKEN", TOKEN)])
            .output()
            .expect("the program runs");
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text")
    };
    let json_of = |words: &[&str]| serde_json::from_str::<Value>(&command(&[words, &["--output", "json"]].concat())).expect("JSON");
    assert_eq!(json_of(&["run", "list"]), json!([]));
    world.plane.always(Some(Reply::Status(401)));
    let answer = world.execute("rudder_event", &world.request(&users(&["ada", "grace"])));
    assert_eq!(answer["success"], false, "{answer}");
    let run = json_of(&["run", "list"])[0].clone();
    let id = text(&run["id"]);
    assert_eq!((&run["rows"], &run["dead"], &run["delivered"], &run["state"]), (&json!(2), &json!(2), &json!(0), &json!("done")));
    assert!(text(&answer["message"]).contains(&format!("lensmount run redrive {id}")), "{answer}");
    assert!(text(&run["dead_letters"][0]["reason"]).contains("401"), "{run}");
    let shown = command(&["run", "show", &id]);
    for words in ["begun ", "mapped ", "done ", "sent to ", "last error ", "refused ", "401"] {
        assert!(shown.contains(words), "no {words:?} in {shown}");
    }
    world.plane.always(None);
    json_of(&["run", "redrive", &id]);
    let done = until("they are delivered", PATIENCE, || Some(json_of(&["run", "show", &id])).filter(|it| it["delivered"] == 2));
    assert_eq!((&done["dead"], &done["waiting"]), (&json!(0), &json!(0)), "{done}");
    assert!(command(&["run", "list"]).contains("done"));
    world.client.post_empty(&format!("/v1/runs/{id}/redrive")).problem(409, "conflict");
}

#[test]
fn a_run_says_when_it_took_its_turns() {
    let world = HubWorld::with(&[("LENSMOUNT_HUB_ANSWER_SECONDS", "1")]);
    world.plane.always(Some(Reply::Status(503)));
    let answer = world.execute("rudder_event", &world.request(&users(&["ada"])));
    let id = run_of(&answer);
    let waiting = until("all is mapped", PATIENCE, || Some(world.run(&id)).filter(|it| it["state"] == "sending"));
    assert_eq!(waiting["done_at"], Value::Null, "{waiting}");
    world.plane.always(None);
    let done = world.done(&id);
    assert_eq!(done["mapped_at"], waiting["mapped_at"]);
    let at = |name: &str| text(&done[name]).parse::<Timestamp>().unwrap_or_else(|error| panic!("{name}: {error}: {done}"));
    let turns = ["begun_at", "mapped_at", "done_at", "updated_at"].map(at);
    assert!(turns.is_sorted(), "{done}");
}
