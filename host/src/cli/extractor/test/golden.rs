//! What a call came to, in the API's own words, and how it differs from what was expected.

use anyhow::anyhow;
use lensmount_sdk::json::{Object, Token, object_text};
use serde::Serialize;
use serde_json::{Map, Value, json};
use similar::TextDiff;

use crate::catalog::CatalogError;
use crate::http::{Converted, OutlineControl};
use crate::problem::Problem;
use crate::reading::Note;
use crate::sandbox::{CallError, StopCode, chart, events};

use super::lay_out::{Order, lay_out};

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
#[derive(Debug)]
pub(super) struct Outcome {
    /// As a sample has it: `{"output": …}` or `{"problem": {"code": …}}`.
    pub text: String,
    /// What to tell a person beside it: the guest's stack, and what it wrote to the log.
    pub aside: Vec<String>,
}

impl Outcome {
    pub fn outline(offering: chart::Offering) -> anyhow::Result<Self> {
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

    pub fn read(read: chart::Reading) -> anyhow::Result<Self> {
        Self::output(&Number::from(read))
    }

    pub fn series(series: Vec<chart::Reading>) -> anyhow::Result<Self> {
        #[derive(Serialize)]
        struct Series {
            readings: Vec<Number>,
        }
        Self::output(&Series {
            readings: series.into_iter().map(Into::into).collect(),
        })
    }

    pub fn convert(batch: events::Batch) -> anyhow::Result<Self> {
        match Converted::of(batch) {
            Ok(converted) => Self::output(&converted),
            Err(problem) => Ok(Self::problem(&problem, true)),
        }
    }

    /// A call that gave no answer. How a stopped one is told names version and limits, which are not
    /// the extractor's own doing, so that only its code is kept.
    pub fn no_answer(error: CallError) -> Self {
        let stopped = match &error {
            CallError::Stopped(stopped) => Some(stopped.code),
            CallError::Failure(_) => None,
        };
        let problem = Problem::from(CatalogError::from(error));
        Self::problem(&problem, stopped.is_none_or(|code| code == StopCode::Busy))
    }

    fn output(answer: &impl Serialize) -> anyhow::Result<Self> {
        let text = serde_json::to_string(answer)?;
        Ok(Self {
            text: format!("{{\"output\":{text}}}"),
            aside: Vec::new(),
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
        }
    }

    /// The lines in which this differs from what was expected; none where it does not. Of a problem
    /// only the members that were expected count.
    pub fn differs(&self, expected: &str) -> anyhow::Result<Option<String>> {
        let wanted = object(expected)?;
        let known = ["output", "problem"];
        if wanted.iter().count() != 1 || !known.iter().any(|name| wanted.get(name).is_some()) {
            return Err(anyhow!(
                "`expected` has either `output` or `problem`, and nothing else"
            ));
        }
        let found = object(&self.text)?;
        let found = match (wanted.get("problem"), found.get("problem")) {
            (Some(wanted), Some(found)) => {
                let (wanted, found) = (object(wanted.raw())?, object(found.raw())?);
                let members = found.iter().filter(|(name, _)| wanted.get(name).is_some());
                let members = object_text(members.map(|(name, value)| (name.as_ref(), value)));
                format!("{{\"problem\":{members}}}")
            }
            _ => self.text.clone(),
        };
        let (wanted, found) = (
            lay_out(expected, Order::ByName),
            lay_out(&found, Order::ByName),
        );
        if wanted == found {
            return Ok(None);
        }
        let difference = TextDiff::from_lines(&wanted, &found);
        let difference = difference
            .unified_diff()
            .context_radius(3)
            .missing_newline_hint(false)
            .header("expected", "found")
            .to_string();
        Ok(Some(difference))
    }
}

fn object(text: &str) -> anyhow::Result<Object<'_>> {
    let object = Token::parse(text).and_then(Token::object);
    object.ok_or_else(|| anyhow!("`expected` is an object with `output` or `problem`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(text: &str) -> Outcome {
        Outcome {
            text: text.into(),
            aside: Vec::new(),
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
}
