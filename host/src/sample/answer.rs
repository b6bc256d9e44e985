//! What extractors answer, in the words of the API.

use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::problem::{Code, Problem};
use crate::sandbox::events;
use crate::sandbox::types::{Choice, Control, ControlKind};

/// One choice that a person makes.
#[derive(Serialize, ToSchema)]
pub(crate) struct OutlineControl {
    /// Its key in a selection.
    name: String,
    /// For the form.
    label: String,
    /// For the form.
    help: String,
    /// Whether a selection needs it.
    required: bool,
    /// What is taken when a selection leaves it out.
    default: Option<String>,
    /// `choice`, `many`, `text`, `number`, `date` or `toggle`; another word is shown as text.
    #[schema(example = "choice")]
    kind: String,
    /// What `choice` and `many` choose from.
    #[serde(skip_serializing_if = "Option::is_none")]
    choices: Option<Vec<OutlineChoice>>,
}

/// One value to choose.
#[derive(Serialize, ToSchema)]
struct OutlineChoice {
    /// What stands in a selection.
    value: String,
    /// For the form.
    label: String,
    /// The heading it stands under.
    group: Option<String>,
}

impl From<Control> for OutlineControl {
    fn from(control: Control) -> Self {
        let listed = |choices: Vec<Choice>| {
            Some(
                choices
                    .into_iter()
                    .map(|choice| OutlineChoice {
                        value: choice.value,
                        label: choice.label,
                        group: choice.group,
                    })
                    .collect(),
            )
        };
        let (kind, choices) = match control.kind {
            ControlKind::Choice(choices) => ("choice".into(), listed(choices)),
            ControlKind::Many(choices) => ("many".into(), listed(choices)),
            ControlKind::Text => ("text".into(), None),
            ControlKind::Number => ("number".into(), None),
            ControlKind::Date => ("date".into(), None),
            ControlKind::Toggle => ("toggle".into(), None),
            ControlKind::Other(word) => (word, None),
        };
        Self {
            name: control.name,
            label: control.label,
            help: control.help,
            required: control.required,
            default: control.default,
            kind,
            choices,
        }
    }
}

/// What an event mapper made of a result.
#[derive(Serialize, ToSchema)]
pub(crate) struct Converted {
    /// In the order of their rows.
    events: Vec<ConvertedEvent>,
    /// Rows that could not be mapped.
    rejected: Vec<Rejected>,
}

/// One customer event.
#[derive(Serialize, ToSchema)]
struct ConvertedEvent {
    /// `identify`, `group`, `track`, `page`, `screen` or `alias`.
    kind: &'static str,
    user_id: Option<String>,
    anonymous_id: Option<String>,
    /// What makes this person the same next time.
    identity_key: Option<String>,
    group_id: Option<String>,
    name: Option<String>,
    /// Traits of identify and group, properties of the others.
    #[schema(value_type = Object)]
    traits: Box<RawValue>,
    timestamp: Option<String>,
    /// Laid over the message.
    #[schema(value_type = Option<Object>)]
    extra: Option<Box<RawValue>>,
    /// The row it came from, the first being 0.
    row: u32,
}

/// A row that could not be mapped.
#[derive(Serialize, ToSchema)]
struct Rejected {
    /// The first being 0.
    row: u32,
    /// What to change.
    reason: String,
}

impl Converted {
    /// What a mapper made, as it is told; a problem where it gave what is no JSON object.
    pub fn of(batch: events::Batch) -> Result<Self, Problem> {
        let events = batch.events.into_iter().map(converted);
        let rejected = batch.rejected.into_iter().map(|row| Rejected {
            row: row.row,
            reason: row.reason,
        });
        Ok(Self {
            events: events.collect::<Result<_, _>>()?,
            rejected: rejected.collect(),
        })
    }
}

fn converted(event: events::Event) -> Result<ConvertedEvent, Problem> {
    Ok(ConvertedEvent {
        kind: match event.kind {
            events::Kind::Identify => "identify",
            events::Kind::Group => "group",
            events::Kind::Track => "track",
            events::Kind::Page => "page",
            events::Kind::Screen => "screen",
            events::Kind::Alias => "alias",
        },
        user_id: event.user_id,
        anonymous_id: event.anonymous_id,
        identity_key: event.identity_key,
        group_id: event.group_id,
        name: event.name,
        traits: object(event.traits, "traits", event.row)?,
        timestamp: event.timestamp,
        extra: event
            .extra
            .map(|extra| object(extra, "extra", event.row))
            .transpose()?,
        row: event.row,
    })
}

/// What a guest hands out as JSON is checked before it is passed on as JSON.
fn object(bytes: Vec<u8>, field: &str, row: u32) -> Result<Box<RawValue>, Problem> {
    let object = String::from_utf8(bytes)
        .ok()
        .and_then(|text| RawValue::from_string(text).ok());
    object.filter(|object| object.get().starts_with('{')).ok_or_else(|| {
        let detail = format!("the event mapper gave {field} for row {row} that are no JSON object; tell its author");
        Problem::new(Code::INTERNAL, detail)
    })
}
