//! What a call came to, in the API's own words, and how it differs from what was expected or from
//! what another version made of the same.

use lensmount_sdk::json::{Object, Token, object_text};
use serde::Serialize;
use serde_json::{Map, Value, json};
use similar::TextDiff;
use utoipa::ToSchema;

use crate::catalog::CatalogError;
use crate::problem::Problem;
use crate::reading::Note;
use crate::sandbox::{CallError, StopCode, chart, events};

use super::answer::{Converted, OutlineControl};
use super::lay_out::{Order, lay_out};

/// The text of an expectation says neither an output nor a problem.
#[derive(Debug, thiserror::Error)]
#[error(
    "`expected` is an object with either `output`, or `problem` with its `code`, and nothing else"
)]
pub struct UnsoundExpectation;

/// How two versions' answers to the same differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// Not at all.
    Same,
    /// Only in what is said about the number: its label, its notes, why it is this one, how it is
    /// shown; of a problem in its words.
    Reworded,
    /// Another number, another point of the axis, another problem, other events.
    Changed,
}

/// What the answer to a call holds that is the extractor's own. When it was read and by which bytes
/// is left out: a golden sample outlives both.
#[derive(Serialize)]
struct Number {
    value: String,
    rendered: Option<String>,
    at: Option<String>,
    label: String,
    notes: Vec<Note>,
    why: Map<String, Value>,
}

impl From<chart::Reading> for Number {
    fn from(read: chart::Reading) -> Self {
        let why = read.attributes.into_iter();
        Self {
            value: read.value,
            rendered: read.rendered,
            at: read.at,
            label: read.label,
            notes: read.notes.into_iter().map(Into::into).collect(),
            why: why.map(|(name, value)| (name, value.into())).collect(),
        }
    }
}

/// What a call came to.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// As a sample has it: `{"output": …}` or `{"problem": {"code": …}}`.
    pub text: String,
    /// What to tell a person beside it: the guest's stack, and what it wrote to the log.
    pub aside: Vec<String>,
    /// The server was too busy to say anything of the extractor.
    pub undecided: bool,
    /// The call was stopped, or could not begin.
    pub stopped: bool,
}

impl Outcome {
    /// The choices that a chart offers.
    ///
    /// # Errors
    ///
    /// When it cannot be written as JSON, a defect.
    pub fn outline(offering: chart::Offering) -> serde_json::Result<Self> {
        #[derive(Serialize)]
        struct Offered {
            controls: Vec<OutlineControl>,
            notes: Vec<Note>,
        }
        Self::output(&Offered {
            controls: offering.controls.into_iter().map(Into::into).collect(),
            notes: offering.notes.into_iter().map(Into::into).collect(),
        })
    }

    /// One number.
    ///
    /// # Errors
    ///
    /// When it cannot be written as JSON, a defect.
    pub fn read(read: chart::Reading) -> serde_json::Result<Self> {
        Self::output(&Number::from(read))
    }

    /// Every number along x.
    ///
    /// # Errors
    ///
    /// When it cannot be written as JSON, a defect.
    pub fn series(series: Vec<chart::Reading>) -> serde_json::Result<Self> {
        #[derive(Serialize)]
        struct Series {
            readings: Vec<Number>,
        }
        Self::output(&Series {
            readings: series.into_iter().map(Into::into).collect(),
        })
    }

    /// Events of rows; a problem where the mapper gave what is no JSON.
    ///
    /// # Errors
    ///
    /// When it cannot be written as JSON, a defect.
    pub fn convert(batch: events::Batch) -> serde_json::Result<Self> {
        match Converted::of(batch) {
            Ok(converted) => Self::output(&converted),
            Err(problem) => Ok(Self::problem(&problem, true)),
        }
    }

    /// A call that gave no answer. How a stopped one is told names version and limits, which are not
    /// the extractor's own doing, so that only its code is kept.
    #[must_use]
    pub fn no_answer(error: CallError) -> Self {
        let stopped = match &error {
            CallError::Stopped(stopped) => Some(stopped.code),
            CallError::Failure(_) => None,
        };
        let problem = Problem::from(CatalogError::from(error));
        let outcome = Self::problem(&problem, stopped.is_none_or(|code| code == StopCode::Busy));
        Self {
            undecided: matches!(stopped, Some(StopCode::Busy | StopCode::WallTimeout)),
            stopped: stopped.is_some(),
            ..outcome
        }
    }

    fn output(answer: &impl Serialize) -> serde_json::Result<Self> {
        let text = serde_json::to_string(answer)?;
        Ok(Self {
            text: format!("{{\"output\":{text}}}"),
            aside: Vec::new(),
            undecided: false,
            stopped: false,
        })
    }

    fn problem(problem: &Problem, whole: bool) -> Self {
        let mut told = json!({"code": problem.code.explained().code});
        let mut aside = Vec::new();
        if whole {
            told["detail"] = problem.detail.as_str().into();
            if let Some(control) = &problem.control {
                told["control"] = control.as_str().into();
            }
            if let Some(code) = &problem.extractor_code {
                told["extractor_code"] = code.as_str().into();
            }
        } else {
            aside.push(problem.detail.clone());
            aside.extend(problem.trace.iter().map(|frame| format!("  in {frame}")));
        }
        Self {
            text: json!({ "problem": told }).to_string(),
            aside,
            undecided: false,
            stopped: false,
        }
    }

    /// The lines in which this differs from what was expected; none where it does not. Of a problem
    /// only the members that were expected count.
    ///
    /// # Errors
    ///
    /// When `expected` is no expectation.
    pub fn differs(&self, expected: &str) -> Result<Option<String>, UnsoundExpectation> {
        let wanted = object(expected).ok_or(UnsoundExpectation)?;
        let known = ["output", "problem"];
        if wanted.iter().count() != 1 || !known.iter().any(|name| wanted.get(name).is_some()) {
            return Err(UnsoundExpectation);
        }
        let found = object(&self.text).unwrap_or_default();
        let found = match (wanted.get("problem"), found.get("problem")) {
            (Some(wanted), Some(found)) => {
                let wanted = object(wanted.raw()).ok_or(UnsoundExpectation)?;
                let found = object(found.raw()).unwrap_or_default();
                let members = found.iter().filter(|(name, _)| wanted.get(name).is_some());
                let members = object_text(members.map(|(name, value)| (name.as_ref(), value)));
                format!("{{\"problem\":{members}}}")
            }
            _ => self.text.clone(),
        };
        Ok(difference(("expected", expected), ("found", &found)))
    }

    /// How this differs from what another version made of the same, and in which lines.
    #[must_use]
    pub fn changed(&self, before: &Self, names: (&str, &str)) -> (Change, Option<String>) {
        let lines = difference((names.0, &before.text), (names.1, &self.text));
        let change = match &lines {
            None => Change::Same,
            Some(_) if self.core() == before.core() => Change::Reworded,
            Some(_) => Change::Changed,
        };
        (change, lines)
    }

    /// What listeners act on: the number and where it stands, or the code of the problem. Of events
    /// and choices it is all.
    fn core(&self) -> String {
        let whole = || lay_out(&self.text, Order::ByName);
        let Some(found) = object(&self.text) else {
            return whole();
        };
        if let Some(problem) = found.get("problem").and_then(Token::object) {
            return parts(&problem, &["code", "control", "extractor_code"]);
        }
        let Some(output) = found.get("output").and_then(Token::object) else {
            return whole();
        };
        let number = |object: &Object<'_>| parts(object, &["value", "at"]);
        if output.get("value").is_some() {
            return number(&output);
        }
        match output.get("readings").and_then(Token::items) {
            Some(readings) => {
                let objects = readings.into_iter().filter_map(Token::object);
                objects.map(|reading| number(&reading)).collect()
            }
            None => whole(),
        }
    }
}

/// Some members of an object, each in one form.
fn parts(object: &Object<'_>, names: &[&str]) -> String {
    let part = |name: &&str| object.get(name).map_or("", |value| value.raw()).to_owned();
    names.iter().map(part).collect::<Vec<_>>().join("\u{0}") + "\u{1}"
}

/// The most bytes of a difference that are told.
const TOLD: usize = 16 << 10;

/// The lines in which two JSON texts differ; none where they mean the same.
fn difference(before: (&str, &str), after: (&str, &str)) -> Option<String> {
    let (wanted, found) = (
        lay_out(before.1, Order::ByName),
        lay_out(after.1, Order::ByName),
    );
    if wanted == found {
        return None;
    }
    let difference = TextDiff::from_lines(&wanted, &found);
    let difference = difference
        .unified_diff()
        .context_radius(3)
        .missing_newline_hint(false)
        .header(before.0, after.0)
        .to_string();
    Some(cut(difference))
}

/// A text that is short enough to be told.
fn cut(mut text: String) -> String {
    if text.len() > TOLD {
        let more = text.len() - TOLD;
        text.truncate(text.floor_char_boundary(TOLD));
        text.push_str(&format!("\n… and {more} bytes more\n"));
    }
    text
}

fn object(text: &str) -> Option<Object<'_>> {
    Token::parse(text).and_then(Token::object)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(text: &str) -> Outcome {
        Outcome {
            text: text.into(),
            aside: Vec::new(),
            undecided: false,
            stopped: false,
        }
    }

    #[test]
    fn numbers_differ_by_a_digit() {
        let found = outcome(r#"{"output":{"row":9007199254740993}}"#);
        let same = found.differs(r#"{"output": {"row": 9007199254740993}}"#);
        assert_eq!(same.expect("a golden"), None);
        let differs = found.differs(r#"{"output": {"row": 9007199254740992}}"#);
        let differs = differs.expect("a golden").expect("a difference");
        assert!(
            differs.contains("-    \"row\": 9007199254740992"),
            "{differs}"
        );
        assert!(
            differs.contains("+    \"row\": 9007199254740993"),
            "{differs}"
        );
    }

    #[test]
    fn of_a_problem_what_is_expected_counts() {
        let found = outcome(r#"{"problem":{"code":"no-data","detail":"the cell is empty"}}"#);
        for (expected, same) in [
            (r#"{"problem": {"code": "no-data"}}"#, true),
            (r#"{"problem": {"code": "malformed"}}"#, false),
            (r#"{"problem": {"code": "no-data", "control": "x"}}"#, false),
            (r#"{"output": {}}"#, false),
        ] {
            let differs = found.differs(expected).expect("a golden");
            assert_eq!(differs.is_none(), same, "{expected}");
        }
        assert!(found.differs(r#"{"outptu": {}}"#).is_err());
    }

    #[test]
    fn another_number_is_more_than_other_words() {
        let read = |value: &str, at: &str, label: &str| {
            outcome(&format!(
                r#"{{"output":{{"value":"{value}","at":"{at}","label":"{label}"}}}}"#
            ))
        };
        let problem = |code: &str, detail: &str| {
            outcome(&format!(
                r#"{{"problem":{{"code":"{code}","detail":"{detail}"}}}}"#
            ))
        };
        let series = |value: &str, label: &str| {
            outcome(&format!(
                r#"{{"output":{{"readings":[{{"value":"1","label":"a"}},{{"value":"{value}","label":"{label}"}}]}}}}"#
            ))
        };
        let cases = [
            (read("1", "2026", "a"), read("1", "2026", "a"), Change::Same),
            (
                read("1", "2026", "a"),
                read("1", "2026", "b"),
                Change::Reworded,
            ),
            (
                read("1", "2026", "a"),
                read("2", "2026", "a"),
                Change::Changed,
            ),
            (
                read("1", "2026", "a"),
                read("1", "2027", "a"),
                Change::Changed,
            ),
            (
                read("1", "2026", "a"),
                problem("no-data", ""),
                Change::Changed,
            ),
            (
                problem("no-data", "x"),
                problem("no-data", "y"),
                Change::Reworded,
            ),
            (
                problem("no-data", "x"),
                problem("malformed", "x"),
                Change::Changed,
            ),
            (series("2", "a"), series("2", "b"), Change::Reworded),
            (series("2", "a"), series("3", "a"), Change::Changed),
            (
                outcome(r#"{"output":{"events":[{"row":0}]}}"#),
                outcome(r#"{"output":{"events":[{"row":1}]}}"#),
                Change::Changed,
            ),
        ];
        for (before, after, wanted) in cases {
            let (change, lines) = after.changed(&before, ("1.0.0", "2.0.0"));
            assert_eq!(change, wanted, "{} → {}", before.text, after.text);
            assert_eq!(lines.is_none(), wanted == Change::Same);
        }
    }
}
