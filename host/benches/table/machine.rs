//! What it was measured on.

use std::process::Command;

use serde_json::{Value, json};

/// The machine, the compiler and the profile, as far as they can be told.
pub fn told() -> Value {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    json!({
        "cpu": figure("/proc/cpuinfo", "model name"),
        "cores": cores,
        "memory": figure("/proc/meminfo", "MemTotal"),
        "kernel": std::fs::read_to_string("/proc/sys/kernel/osrelease").ok().map(|it| it.trim().to_owned()),
        "rustc": said("rustc", &["--version"]),
        "commit": said("git", &["describe", "--always", "--dirty"]),
        "date": jiff::Timestamp::now().strftime("%Y-%m-%d").to_string(),
        "profile": if cfg!(debug_assertions) { "with debug assertions" } else { "bench" },
    })
}

/// The same in a line.
pub fn line(machine: &Value) -> String {
    let text = |name: &str| match &machine[name] {
        Value::String(text) => text.clone(),
        Value::Null => format!("unknown {name}"),
        other => other.to_string(),
    };
    format!(
        "{}, {} cores, {} of memory, Linux {}, {}, profile {}, commit {}, {}",
        text("cpu"),
        text("cores"),
        text("memory"),
        text("kernel"),
        text("rustc"),
        text("profile"),
        text("commit"),
        text("date")
    )
}

/// What stands behind a name and a colon.
fn figure(path: &str, name: &str) -> Option<String> {
    let text = std::fs::read_to_string(path).ok()?;
    let found = text.lines().find_map(|line| {
        let (found, figure) = line.split_once(':')?;
        (found.trim() == name).then(|| figure.trim().to_owned())
    });
    found.filter(|it| !it.is_empty())
}

fn said(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .ok()?;
    let said = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    (output.status.success() && !said.is_empty()).then_some(said)
}
