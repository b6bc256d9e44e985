//! Rules of the house that a compiler does not check.

use std::path::{Path, PathBuf};

/// Names that only files of built-ins, of the demo and of tests may hold.
const NAMES: &[&str] = &[
    "timeseries",
    "single-value",
    "single_value",
    "pivot-table",
    "pivot_table",
    // The mappers; the data plane that events go to is the host's.
    "rudder_event",
    "rudder-event",
    "rudder_group",
    "rudder-group",
    "rudder_track",
    "rudder-track",
    "looker_line",
    "looker_column",
    "looker_area",
    "looker_bar",
    "looker_scatter",
    "looker_pie",
    "looker_grid",
    "looker_single_record",
    "looker_funnel",
    "looker_donut",
    "looker_waterfall",
    "looker_timeline",
    "looker_map",
];

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    for entry in entries {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.push(path);
        }
    }
}

/// Whether a file, or a folder it lies in below `host/src`, may know built-ins by name.
fn knows(path: &Path) -> bool {
    path.iter().filter_map(|part| part.to_str()).any(|part| part.starts_with("builtin") || part.starts_with("demo") || part == "tests.rs")
}

#[test]
fn the_host_knows_no_chart_type_and_no_extractor() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut all = Vec::new();
    files(&source, &mut all);
    assert!(all.len() > 30, "only {} files below {}", all.len(), source.display());
    let mut found = Vec::new();
    for path in all {
        let below = path.strip_prefix(&source).expect("below the folder");
        if knows(below) {
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("a file in UTF-8").to_lowercase();
        for (number, line) in text.lines().enumerate() {
            let names = NAMES.iter().filter(|name| line.contains(*name));
            found.extend(names.map(|name| format!("{}:{}: {name}", below.display(), number + 1)));
        }
    }
    assert!(found.is_empty(), "the host names what belongs to extractors:\n{}", found.join("\n"));
}
