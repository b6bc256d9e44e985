//! What can be expected of an answer.

use serde_json::{Value, json};

/// One thing that must hold of the answer.
pub enum Expect {
    /// The member of the reading at this pointer is this.
    Is(&'static str, Value),
    /// A note of this code is there, or is not.
    Note(&'static str, bool),
    /// The call fails with one of these codes.
    Fails(&'static [&'static str]),
    /// The failure blames this control.
    Blames(&'static str),
    /// The failure's text holds this.
    Says(&'static str),
    /// The points of a series, each `at` and value.
    Points(Vec<(Value, String)>),
    /// The controls of an outline, in order.
    Controls(&'static [&'static str]),
    /// A control's member is this.
    Control(&'static str, &'static str, Value),
    /// A control offers exactly these values, in this order.
    Offers(&'static str, Vec<String>),
    /// A control lists a value under a group; "" is no group.
    Grouped(&'static str, &'static str, &'static str),
    /// A control, or one of its choices, shows this label.
    Shows(&'static str, &'static str),
}

/// Product 12: a reading says why, and who read it.
pub fn whole_reading(reading: &Value, extractor: &str) -> Result<(), String> {
    let by = &reading["extractor"];
    let digest = by["digest"].as_str().unwrap_or_default();
    if by["name"] != extractor || by["version"].as_str().is_none() || !digest.starts_with("sha256:") {
        return Err(format!("the reading does not say who read it: {by}"));
    }
    for name in ["field", "raw"] {
        if reading["why"][name].as_str().is_none() {
            return Err(format!("the reading does not say why: no `{name}` in {}", reading["why"]));
        }
    }
    Ok(())
}

impl Expect {
    /// What is not as expected.
    pub fn check(&self, status: u16, body: &Value) -> Result<(), String> {
        let control = |name: &str| {
            let all = body["controls"].as_array().cloned().unwrap_or_default();
            all.into_iter().find(|control| control["name"] == name).ok_or(format!("there is no control `{name}`"))
        };
        let choices = |name: &str| control(name).map(|c| c["choices"].as_array().cloned().unwrap_or_default());
        match self {
            Self::Is(pointer, value) => same(pointer, value, body.pointer(pointer).unwrap_or(&Value::Null)),
            Self::Note(code, there) => {
                let lists = [&body["notes"], &body["readings"][0]["notes"]];
                let found = lists.iter().filter_map(|list| list.as_array()).flatten().any(|note| note["code"] == *code);
                (found == *there).then_some(()).ok_or(format!("note `{code}`: expected {there}, got {found}"))
            }
            Self::Fails(codes) => {
                let code = body["code"].as_str().unwrap_or_default();
                let right = status == 422 && codes.contains(&code);
                right.then_some(()).ok_or(format!("expected 422 {codes:?}, got {status} {code}"))
            }
            Self::Blames(name) => same("control", &json!(name), &body["control"]),
            Self::Says(text) => {
                let detail = body["detail"].as_str().unwrap_or_default();
                detail.contains(text).then_some(()).ok_or(format!("the text does not say `{text}`"))
            }
            Self::Points(points) => {
                let list = body["readings"].as_array().cloned().unwrap_or_default();
                let got: Vec<_> = list.iter().map(|r| (r["at"].clone(), r["value"].as_str().unwrap_or_default().to_string())).collect();
                (got == *points).then_some(()).ok_or(format!("points: expected {points:?}, got {got:?}"))
            }
            Self::Controls(names) => {
                let list = body["controls"].as_array().cloned().unwrap_or_default();
                let got: Vec<_> = list.iter().map(|c| c["name"].as_str().unwrap_or_default()).collect();
                (got == *names).then_some(()).ok_or(format!("controls: expected {names:?}, got {got:?}"))
            }
            Self::Control(name, member, value) => same(member, value, &control(name)?[*member]),
            Self::Offers(name, values) => {
                let choices = choices(name)?;
                let got: Vec<_> = choices.iter().map(|c| c["value"].as_str().unwrap_or_default()).collect();
                (got == *values).then_some(()).ok_or(format!("`{name}`: expected {values:?}, got {got:?}"))
            }
            Self::Grouped(name, value, group) => {
                let choices = choices(name)?;
                let found = choices.iter().find(|choice| choice["value"] == *value);
                let found = found.ok_or(format!("`{name}` does not offer `{value}`"))?;
                same("group", &json!(group), &json!(found["group"].as_str().unwrap_or_default()))
            }
            Self::Shows(name, label) => {
                let shown = choices(name)?.iter().any(|choice| choice["label"] == *label);
                let shown = shown || control(name)?["label"] == *label;
                shown.then_some(()).ok_or(format!("`{name}` does not show `{label}`: {}", control(name)?))
            }
        }
    }
}

fn same(what: &str, expected: &Value, got: &Value) -> Result<(), String> {
    (expected == got).then_some(()).ok_or(format!("{what}: expected {expected}, got {got}"))
}
