//! The form of a schedule: where to send, and what the mapper wants to know.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use serde_json::json;

use crate::event::destination::{DestinationRecord, MOST};
use crate::record::Stored;
use crate::sandbox::types::{Choice, Control, ControlKind};

use super::Hub;
use super::action::{Action, DESTINATION};
use super::door::{Looker, failed, json};
use super::envelope::{Kind, Request};
use super::list::unknown;
use super::reading;
use super::target::{BY_SETTINGS, missing};

/// The form.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Form {
    pub fields: Vec<Field>,
}

/// A field.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Field {
    pub name: String,
    pub label: String,
    pub description: String,
    pub r#type: &'static str,
    pub required: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<Choose>,
}

/// What may be chosen.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Choose {
    pub name: String,
    pub label: String,
}

/// The form of an action.
pub(super) async fn show(
    State(hub): State<Arc<Hub>>,
    looker: Looker,
    Path(name): Path<String>,
    body: Body,
) -> Response {
    let body = looker.json.then_some(body);
    if name == reading::NAME && reading::is_for(looker.release) {
        return reading::form(&hub, body).await;
    }
    let Some(action) = hub.action(&name, looker.release).await else {
        return failed(StatusCode::NOT_FOUND, &unknown(&name));
    };
    let request = match hub.take_settings(body).await {
        Ok(request) => request,
        Err(error) => return json(&json!({ "error": error.to_string() })),
    };
    if request.kind() == Kind::Null {
        return failed(StatusCode::NOT_FOUND, super::execute::NO_TYPE);
    }
    let Ok(destinations) = hub.destinations.list(None, MOST).await else {
        return failed(StatusCode::INTERNAL_SERVER_ERROR, "Internal server error.");
    };
    match missing(&request) {
        Some(error) if destinations.is_empty() => json(&json!({ "error": error })),
        _ => json(&form(&action, &destinations, &request)),
    }
}

fn form(action: &Action, destinations: &[Stored<DestinationRecord>], request: &Request) -> Form {
    let by_settings = missing(request).is_none();
    let mut fields: Vec<Field> = action.controls().map(field).collect();
    if !destinations.is_empty() {
        fields.insert(0, destination(destinations, by_settings));
    }
    Form { fields }
}

/// Where to send. What the action's settings say is one of the choices, if they say it.
fn destination(destinations: &[Stored<DestinationRecord>], by_settings: bool) -> Field {
    let choose = |name: &str, label: &str| Choose {
        name: name.to_owned(),
        label: label.to_owned(),
    };
    let mut options: Vec<Choose> = destinations
        .iter()
        .map(|it| choose(&it.key, &it.record.name))
        .collect();
    options.sort_by_key(|option| option.label.to_lowercase());
    if by_settings {
        options.insert(0, choose(BY_SETTINGS, "As the action's settings say"));
    }
    Field {
        name: DESTINATION.to_owned(),
        label: "Destination".to_owned(),
        description: "Where the events go.".to_owned(),
        r#type: "select",
        required: true,
        // What has no other choice is chosen already.
        default: (by_settings || options.len() == 1).then(|| options[0].name.clone()),
        options,
    }
}

fn field(control: &Control) -> Field {
    let (kind, options, hint) = match &control.kind {
        ControlKind::Choice(choices) => ("select", choices.iter().map(choose).collect(), None),
        ControlKind::Many(choices) => {
            let values: Vec<&str> = choices.iter().map(|it| it.value.as_str()).collect();
            let hint = format!("One in each line, out of: {}.", values.join(", "));
            ("textarea", Vec::new(), Some(hint))
        }
        ControlKind::Toggle => {
            let choices = [("true", "Yes"), ("false", "No")];
            let choices = choices.map(|(name, label)| Choose {
                name: name.to_owned(),
                label: label.to_owned(),
            });
            ("select", choices.into(), None)
        }
        ControlKind::Number => (
            "string",
            Vec::new(),
            Some("A number, such as 0.5.".to_owned()),
        ),
        ControlKind::Date => (
            "string",
            Vec::new(),
            Some("A date, such as 2024-12-31.".to_owned()),
        ),
        ControlKind::Text | ControlKind::Other(_) => ("string", Vec::new(), None),
    };
    let description = [Some(control.help.clone()), hint];
    let description: Vec<String> = description
        .into_iter()
        .flatten()
        .filter(|text| !text.is_empty())
        .collect();
    Field {
        name: control.name.clone(),
        label: control.label.clone(),
        description: description.join(" "),
        r#type: kind,
        required: control.required,
        default: control.default.clone(),
        options,
    }
}

fn choose(choice: &Choice) -> Choose {
    let label = match &choice.group {
        Some(group) => format!("{group}: {}", choice.label),
        None => choice.label.clone(),
    };
    Choose {
        name: choice.value.clone(),
        label,
    }
}

/// What the form was filled in with, as the mapper takes it. What was left empty is left out.
pub(super) fn settings(action: &Action, request: &Request) -> Vec<(String, String)> {
    let filled = action.controls().filter_map(|control| {
        let value = request.param(&control.name)?;
        Some((control.name.clone(), filled_in(&control.kind, value)))
    });
    filled.collect()
}

/// A list is filled in line by line, or as the JSON that it becomes.
fn filled_in(kind: &ControlKind, value: String) -> String {
    let is_list = serde_json::from_str::<Vec<String>>(&value).is_ok();
    match kind {
        ControlKind::Many(_) if !is_list => {
            let lines = value.lines().map(str::trim).filter(|line| !line.is_empty());
            json!(lines.collect::<Vec<_>>()).to_string()
        }
        _ => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn control(kind: ControlKind) -> Control {
        Control {
            name: "c".into(),
            label: "C".into(),
            help: "Help.".into(),
            required: false,
            default: Some("a".into()),
            kind,
            attributes: Vec::new(),
        }
    }

    fn choices() -> Vec<Choice> {
        let choice = |value: &str, group: Option<&str>| Choice {
            value: value.into(),
            label: value.to_uppercase(),
            group: group.map(Into::into),
        };
        vec![choice("a", None), choice("b", Some("Others"))]
    }

    #[test]
    fn every_kind_of_control_has_a_field() {
        let shown = |kind| {
            let field = field(&control(kind));
            let options: Vec<_> = field
                .options
                .iter()
                .map(|it| format!("{}={}", it.name, it.label))
                .collect();
            (field.r#type, options.join(" "), field.description)
        };
        let of = |kind, options: &str, description: &str| {
            (kind, options.to_owned(), description.to_owned())
        };
        assert_eq!(
            shown(ControlKind::Choice(choices())),
            of("select", "a=A b=Others: B", "Help.")
        );
        assert_eq!(
            shown(ControlKind::Many(choices())),
            of("textarea", "", "Help. One in each line, out of: a, b.")
        );
        assert_eq!(
            shown(ControlKind::Toggle),
            of("select", "true=Yes false=No", "Help.")
        );
        assert_eq!(shown(ControlKind::Text), of("string", "", "Help."));
        assert_eq!(
            shown(ControlKind::Number),
            of("string", "", "Help. A number, such as 0.5.")
        );
        assert_eq!(
            shown(ControlKind::Date),
            of("string", "", "Help. A date, such as 2024-12-31.")
        );
        assert_eq!(
            shown(ControlKind::Other("hue".into())),
            of("string", "", "Help.")
        );
    }

    #[test]
    fn a_list_is_filled_in_line_by_line_or_as_json() {
        let many = ControlKind::Many(choices());
        for (given, taken) in [
            ("a\n b \n\n", r#"["a","b"]"#),
            ("a", r#"["a"]"#),
            (r#"["b"]"#, r#"["b"]"#),
            ("[1]", r#"["[1]"]"#),
        ] {
            assert_eq!(filled_in(&many, given.into()), taken, "{given}");
        }
        assert_eq!(filled_in(&ControlKind::Text, "a\nb".into()), "a\nb");
    }
}
