//! The table: a case is a document, what was chosen, and what must come of it.
//!
//! All cases run before the test ends; it fails with every disagreement at once. A case that rests
//! on facts nobody has confirmed says so (`unconfirmed`) and is printed as such.

mod expect;

use crate::harness::client::{Answer, Client};
use crate::harness::doc::Doc;
use expect::{Expect, whole_reading};
use serde_json::{Map, Value, json};
use std::fmt::Write as _;

/// The three chart extractors.
pub const TIMESERIES: &str = "timeseries";
pub const SINGLE: &str = "single-value";
pub const PIVOT_TABLE: &str = "pivot-table";

/// One case.
pub struct Case {
    pub name: String,
    pub extractor: &'static str,
    pub call: &'static str,
    /// JSON text of `result`.
    pub result: String,
    pub tile: Option<(&'static str, Value)>,
    pub selection: Map<String, Value>,
    pub context: Map<String, Value>,
    pub expect: Vec<Expect>,
    pub unconfirmed: bool,
}

/// A read of a document.
pub fn read(extractor: &'static str, name: impl Into<String>, doc: &Doc) -> Case {
    call("read", extractor, name, doc.text())
}

/// A series of a document.
pub fn series(extractor: &'static str, name: impl Into<String>, doc: &Doc) -> Case {
    call("series", extractor, name, doc.text())
}

/// An outline of a document.
pub fn outline(extractor: &'static str, name: impl Into<String>, doc: &Doc) -> Case {
    call("outline", extractor, name, doc.text())
}

/// A call on any JSON text.
pub fn call(call: &'static str, extractor: &'static str, name: impl Into<String>, result: String) -> Case {
    Case {
        name: name.into(),
        extractor,
        call,
        result,
        tile: None,
        selection: Map::new(),
        context: Map::new(),
        expect: Vec::new(),
        unconfirmed: false,
    }
}

impl Case {
    /// Chooses.
    pub fn choose(mut self, control: &str, value: impl Into<Value>) -> Self {
        self.selection.insert(control.to_string(), value.into());
        self
    }

    /// Shows the tile with this `vis_config`.
    pub fn vis(mut self, vis_config: Value) -> Self {
        self.tile = Some(("vis_config", vis_config));
        self
    }

    /// Gives the whole Query object.
    pub fn query(mut self, query: Value) -> Self {
        self.tile = Some(("query", query));
        self
    }

    /// Says what the body does not say.
    pub fn context(mut self, name: &str, value: &str) -> Self {
        self.context.insert(name.to_string(), value.into());
        self
    }

    /// The moment of asking.
    pub fn now(self, instant: &str) -> Self {
        self.context("now", instant)
    }

    /// Rests on a fact marked \[U\].
    pub fn unconfirmed(mut self) -> Self {
        self.unconfirmed = true;
        self
    }

    fn and(mut self, expect: Expect) -> Self {
        self.expect.push(expect);
        self
    }

    /// The value, to the digit.
    pub fn gives(self, value: impl Into<String>) -> Self {
        self.and(Expect::Is("/value", Value::String(value.into())))
    }

    /// The x value it stands at.
    pub fn at(self, at: &str) -> Self {
        self.and(Expect::Is("/at", at.into()))
    }

    /// A member of the reading (JSON pointer).
    pub fn is(self, pointer: &'static str, value: impl Into<Value>) -> Self {
        self.and(Expect::Is(pointer, value.into()))
    }

    /// Carries a note.
    pub fn notes(self, code: &'static str) -> Self {
        self.and(Expect::Note(code, true))
    }

    /// Carries no such note.
    pub fn silent_on(self, code: &'static str) -> Self {
        self.and(Expect::Note(code, false))
    }

    /// Fails.
    pub fn fails(self, codes: &'static [&'static str]) -> Self {
        self.and(Expect::Fails(codes))
    }

    /// Fails, and a control is to blame.
    pub fn blames(self, code: &'static [&'static str], control: &'static str) -> Self {
        self.fails(code).and(Expect::Blames(control))
    }

    /// The failure's text holds this.
    pub fn says(self, text: &'static str) -> Self {
        self.and(Expect::Says(text))
    }

    /// A series' points.
    pub fn points(self, points: &[(&str, &str)]) -> Self {
        let points = points.iter().map(|(at, value)| (json!(at), value.to_string())).collect();
        self.and(Expect::Points(points))
    }

    /// A series of one reading without x.
    pub fn one_point(self, value: &str) -> Self {
        self.and(Expect::Points(vec![(Value::Null, value.to_string())]))
    }

    /// An outline's controls, in order.
    pub fn controls(self, names: &'static [&'static str]) -> Self {
        self.and(Expect::Controls(names))
    }

    /// A control's default; null is none.
    pub fn default(self, control: &'static str, value: impl Into<Value>) -> Self {
        self.and(Expect::Control(control, "default", value.into()))
    }

    /// Whether a control is required.
    pub fn required(self, control: &'static str, required: bool) -> Self {
        self.and(Expect::Control(control, "required", required.into()))
    }

    /// A control's choices.
    pub fn offers(self, control: &'static str, values: &[&str]) -> Self {
        let values = values.iter().map(|value| value.to_string()).collect();
        self.and(Expect::Offers(control, values))
    }

    /// The heading a choice stands under; "" for none.
    pub fn groups(self, control: &'static str, value: &'static str, group: &'static str) -> Self {
        self.and(Expect::Grouped(control, value, group))
    }

    /// A label that a control or one of its choices shows.
    pub fn shows(self, control: &'static str, label: &'static str) -> Self {
        self.and(Expect::Shows(control, label))
    }

    /// The request's body.
    pub fn body(&self) -> String {
        let mut body = format!("{{\"result\":{}", self.result);
        if let Some((name, tile)) = &self.tile {
            let _ = write!(body, ",\"{name}\":{tile}");
        }
        if !self.selection.is_empty() {
            let _ = write!(body, ",\"selection\":{}", Value::Object(self.selection.clone()));
        }
        if !self.context.is_empty() {
            let _ = write!(body, ",\"context\":{}", Value::Object(self.context.clone()));
        }
        body + "}"
    }

    /// Sends it.
    pub fn send(&self, client: &Client) -> Answer {
        let path = format!("/v1/extractors/{}/{}", self.extractor, self.call);
        client.post_text(&path, &self.body())
    }

    /// Whether this case reads a number.
    pub fn reads(&self) -> bool {
        let value = |expect: &Expect| matches!(expect, Expect::Is("/value", _));
        self.call == "read" && self.expect.iter().any(value)
    }

    /// Whether this code, and no other, is the right answer.
    pub fn must_fail_with(&self, code: &str) -> bool {
        let only = |expect: &Expect| matches!(expect, Expect::Fails([one]) if *one == code);
        self.expect.iter().any(only)
    }

    /// What the answer has to be and is not.
    pub fn faults(&self, answer: &Answer) -> Vec<String> {
        let fails = self.expect.iter().any(|expect| matches!(expect, Expect::Fails(_)));
        if fails {
            return match answer.any_problem() {
                Ok(problem) => self.expect.iter().filter_map(|e| e.check(answer.status, &problem).err()).collect(),
                Err(fault) => vec![format!("expected a failure: {fault}")],
            };
        }
        if answer.status != 200 {
            return vec!["expected an answer".to_string()];
        }
        let body = answer.json();
        let mut faults: Vec<String> = self.expect.iter().filter_map(|e| e.check(200, &body).err()).collect();
        if self.call == "read" {
            faults.extend(whole_reading(&body, self.extractor).err());
        }
        faults
    }
}
