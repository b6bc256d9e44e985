//! Product 10: an outline with nothing chosen lists every control; all defaults, plus the first
//! choice of each required control without one, form a valid selection. Over every case there is.

use crate::cases::all;
use crate::harness::client::Client;
use crate::harness::server::shared;
use crate::table::{Case, call};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// The outline of a case's document with nothing chosen, unless the document itself is refused.
fn outline(client: &Client, case: &Case) -> Option<Value> {
    let answer = ask(client, case, "outline", Map::new());
    (answer.0 == 200).then_some(answer.1)
}

fn ask(client: &Client, case: &Case, how: &'static str, selection: Map<String, Value>) -> (u16, Value) {
    let mut asked = call(how, case.extractor, "", case.result.clone());
    asked.tile = case.tile.clone();
    asked.context = case.context.clone();
    asked.selection = selection;
    let answer = asked.send(client);
    (answer.status, answer.json())
}

fn controls(outline: &Value) -> Vec<Value> {
    outline["controls"].as_array().cloned().unwrap_or_default()
}

/// All defaults, plus the first choice of each required control without one.
fn first_selection(controls: &[Value]) -> Map<String, Value> {
    let mut selection = Map::new();
    for control in controls {
        let name = control["name"].as_str().unwrap_or_default();
        if let Some(default) = control["default"].as_str() {
            selection.insert(name.into(), default.into());
        } else if control["required"] == true {
            // Where there is nothing to choose, nothing can be asked for either.
            let first = control["choices"][0]["value"].as_str();
            selection.extend(first.map(|first| (name.to_string(), first.into())));
        }
    }
    selection
}

/// The tiles of all cases, each once: many cases choose differently on one and the same.
fn tiles() -> Vec<Case> {
    let mut known = BTreeSet::new();
    let tile = |case: &Case| format!("{} {:?} {:?} {}", case.extractor, case.tile, case.context, case.result);
    all().into_iter().filter(|case| known.insert(tile(case))).collect()
}

/// Runs a check over the outline of each case, and reports all it finds.
fn over(cases: Vec<Case>, check: impl Fn(&Client, &Case, &[Value]) -> Result<(), String>) {
    let client = shared().admin();
    let (mut seen, mut faults) = (0, Vec::new());
    for case in cases {
        let Some(outline) = outline(&client, &case) else { continue };
        seen += 1;
        if let Err(fault) = check(&client, &case, &controls(&outline)) {
            faults.push(format!("{} ({}): {fault}\n  {}", case.name, case.extractor, case.body()));
        }
    }
    assert!(seen >= 100, "only {seen} cases have an outline");
    assert!(faults.is_empty(), "{} of {seen} outlines:\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn the_first_selection_of_an_outline_is_valid() {
    over(tiles(), |client, case, controls| {
        let selection = first_selection(controls);
        let (status, answer) = ask(client, case, "read", selection.clone());
        let valid = status == 200 || (status == 422 && answer["code"] != "bad-selection");
        valid.then_some(()).ok_or(format!("{} answers {answer}", Value::Object(selection)))
    });
}

#[test]
fn what_reads_without_a_choice_reads_the_same_with_its_defaults() {
    over(tiles(), |client, case, controls| {
        let (status, plain) = ask(client, case, "read", Map::new());
        if status != 200 {
            return Ok(());
        }
        let defaults =
            controls.iter().filter_map(|control| Some((control["name"].as_str()?.to_string(), Value::from(control["default"].as_str()?))));
        let (status, chosen) = ask(client, case, "read", defaults.collect());
        let same = status == 200 && chosen["value"] == plain["value"] && chosen["at"] == plain["at"];
        same.then_some(()).ok_or(format!("without a choice {plain}, with the defaults {chosen}"))
    });
}

#[test]
fn a_required_control_without_a_default_is_asked_for() {
    over(tiles(), |client, case, controls| {
        let open = controls.iter().any(|control| control["required"] == true && control["default"].is_null());
        let (status, answer) = ask(client, case, "read", Map::new());
        let asked = !open || status == 422;
        asked.then_some(()).ok_or(format!("a required control is open and the read gave {answer}"))
    });
}

/// What x and y are chosen decides which dimensions are left for `row` and `pivot`; nothing else does.
#[test]
fn every_control_is_listed_before_anything_but_the_axes_is_chosen() {
    over(all(), |client, case, controls| {
        if !case.reads() {
            return Ok(());
        }
        let axes = case.selection.iter().filter(|(name, _)| matches!(name.as_str(), "x" | "y"));
        let axes: Map<_, _> = axes.map(|(name, value)| (name.clone(), value.clone())).collect();
        let with_axes = if axes.is_empty() { controls.to_vec() } else { self::controls(&ask(client, case, "outline", axes).1) };
        let listed = |name: &String| with_axes.iter().any(|control| control["name"] == **name);
        let missing: Vec<_> = case.selection.keys().filter(|name| !listed(name)).collect();
        missing.is_empty().then_some(()).ok_or(format!("not listed, though a reading chooses it: {missing:?}"))
    });
}

#[test]
fn controls_are_whole() {
    over(tiles(), |_, _, controls| {
        for control in controls {
            let name = control["name"].as_str().unwrap_or_default();
            let choices = control["choices"].as_array().cloned().unwrap_or_default();
            let values: Vec<_> = choices.iter().filter_map(|choice| choice["value"].as_str()).collect();
            let once: BTreeSet<_> = values.iter().collect();
            let default = control["default"].as_str();
            if name.is_empty() || control["label"].as_str().is_none_or(str::is_empty) {
                return Err(format!("a control without name or label: {control}"));
            }
            if control["kind"] != "choice" || values.len() != choices.len() || once.len() != values.len() {
                return Err(format!("`{name}` offers a value twice, or something that is none: {values:?}"));
            }
            if default.is_some_and(|default| !values.contains(&default)) {
                return Err(format!("the default of `{name}` is none of its choices: {default:?}"));
            }
            // An empty text is shown as what it is.
            let nameless = |choice: &Value| choice["label"].as_str().is_none_or(|label| label.is_empty() && choice["value"] != "");
            if choices.iter().any(nameless) {
                return Err(format!("`{name}` has a choice without a label"));
            }
        }
        Ok(())
    });
}

#[test]
fn whatever_is_offered_is_taken() {
    over(tiles(), |client, case, controls| {
        let first = first_selection(controls);
        for control in controls {
            let name = control["name"].as_str().unwrap_or_default();
            // Choosing x or y may bring other controls along; what they need is not chosen here.
            if matches!(name, "x" | "y") {
                continue;
            }
            for choice in control["choices"].as_array().into_iter().flatten().take(20) {
                // Without any clock this one is refused (product 4); a server always has one.
                if choice["value"] == "latest-complete" {
                    continue;
                }
                let mut selection = first.clone();
                selection.insert(name.into(), choice["value"].clone());
                let (status, answer) = ask(client, case, "read", selection);
                if status != 200 && answer["code"] == "bad-selection" && answer["control"] == name {
                    return Err(format!("`{name}` offers {} and refuses it: {answer}", choice["value"]));
                }
            }
        }
        Ok(())
    });
}
