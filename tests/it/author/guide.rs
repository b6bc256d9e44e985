//! `extractors/GUIDE.md`, followed word for word.

use super::project::SHARED_TARGET;
use crate::harness::server::{Place, Server, TOKEN};
use std::path::Path;
use std::process::Command;

const GUIDE: &str = include_str!("../../../extractors/GUIDE.md");

/// What stands in the guide's blocks of commands, in order.
fn commands() -> String {
    let mut script = String::new();
    let mut inside = false;
    for line in GUIDE.lines() {
        match line {
            "```console" => inside = true,
            "```" => inside = false,
            line if inside => {
                script.push_str(line);
                script.push('\n');
            }
            _ => {}
        }
    }
    script
}

#[test]
fn its_commands_lead_from_nothing_to_a_number() {
    let place = Place::new();
    let server = Server::start(&place.data());
    let program = Path::new(env!("CARGO_BIN_EXE_lensmount")).parent().expect("a folder");
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap_or_default());
    // The first command that fails ends it; one that has to fail says so itself.
    let output = Command::new("bash")
        .args(["-euo", "pipefail", "-c", &commands()])
        .current_dir(place.file(""))
        .env("PATH", path)
        .env("LENSMOUNT_URL", server.url())
        .env("LENSMOUNT_TOKEN", TOKEN)
        .env("CARGO_TARGET_DIR", SHARED_TARGET)
        .env_remove("LENSMOUNT_SDK")
        .output()
        .expect("bash");
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{}: {out}{err}", output.status);
    for part in ["updated", "read differs:", "lensmount:extractor@1.0.0", "compile    passed"] {
        assert!(out.contains(part), "nothing of {part}: {out}");
    }
    let reading = out.lines().last().unwrap_or_default();
    let reading: serde_json::Value = serde_json::from_str(reading).unwrap_or_else(|error| panic!("{error}: {reading}: {err}"));
    assert_eq!(reading["value"], "77.3", "{reading}");
    assert_eq!(reading["extractor"]["name"], "dial", "{reading}");
}
