//! `/v1/extractors/{name}/outline`, `read`, `series` and `convert`: an extractor on a result that
//! is given in the request. Nothing is stored, and no Looker is needed.

use std::borrow::Cow;
use std::sync::Arc;

use axum::Json as Answer;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::catalog::{Catalog, Given, Version};
use crate::problem::Problem;
use crate::reading::{self, ExtractorRef, Reading};
use crate::sandbox::types::{Control, ControlKind};
use crate::sandbox::{chart, events};

use super::access::Viewer;
use super::body::{Json, Known, Words};
use super::request::ProblemBody;

/// A result and what is wanted of it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OnResult)]
pub(super) struct OnResult<'a> {
    /// Looker's `json_detail` answer: any JSON value, judged by the extractor. A string is taken
    /// as Looker's raw text.
    #[serde(borrow)]
    #[schema(value_type = Object)]
    result: &'a RawValue,
    /// The tile's `vis_config`.
    #[serde(borrow, default)]
    #[schema(value_type = Option<Object>)]
    vis_config: Option<&'a RawValue>,
    /// Looker's whole Query object, in place of `vis_config`.
    #[serde(borrow, default)]
    #[schema(value_type = Option<Object>)]
    query: Option<&'a RawValue>,
    /// Control name to value.
    #[serde(borrow, default)]
    #[schema(value_type = Object, example = json!({"x": "orders.created_month", "at": "latest"}))]
    selection: Words<'a>,
    /// An event mapper's settings, control name to value.
    #[serde(borrow, default)]
    #[schema(value_type = Object)]
    settings: Words<'a>,
    /// What neither result nor query say: `now` (RFC 3339), `time-zone`, `title`.
    #[serde(borrow, default)]
    #[schema(value_type = Object, example = json!({"now": "2026-11-22T10:00:00Z"}))]
    context: Words<'a>,
    /// A version to try; the active one without it.
    #[serde(borrow, default)]
    version: Option<Cow<'a, str>>,
}

/// What [`OnResult`] gives once its texts are unwrapped.
struct Unwrapped<'a> {
    result: Cow<'a, str>,
    query: Cow<'a, str>,
    chosen: Vec<(&'a str, &'a str)>,
    context: Vec<(&'a str, &'a str)>,
}

impl Unwrapped<'_> {
    fn given(&self) -> Given<'_> {
        Given {
            result: self.result.as_bytes(),
            query: self.query.as_bytes(),
            chosen: &self.chosen,
            context: &self.context,
        }
    }
}

/// What the chosen words are called in a request.
#[derive(Clone, Copy)]
enum Chosen {
    Selection,
    Settings,
}

impl<'a> OnResult<'a> {
    fn unwrapped(&'a self, chosen: Chosen) -> Result<Unwrapped<'a>, Problem> {
        let (taken, other, name) = match chosen {
            Chosen::Selection => (&self.selection, &self.settings, "/settings"),
            Chosen::Settings => (&self.settings, &self.selection, "/selection"),
        };
        if !other.0.is_empty() {
            return Err(Problem::invalid(
                name,
                "charts take a `selection`, event mappers take `settings`",
            ));
        }
        timely(&self.context)?;
        Ok(Unwrapped {
            result: result_text(self.result)?,
            query: query_text(self.vis_config, self.query)?,
            chosen: taken.lent(),
            context: self.context.lent(),
        })
    }
}

/// The result's bytes as they stand, or the text that a string holds.
pub(super) fn result_text(result: &RawValue) -> Result<Cow<'_, str>, Problem> {
    let text = result.get();
    if !text.starts_with('"') {
        return Ok(Cow::Borrowed(text));
    }
    serde_json::from_str::<String>(text)
        .map(Cow::Owned)
        .map_err(|error| Problem::invalid("/result", format!("the string is not text: {error}")))
}

/// The Query object that a `vis_config` stands for, or the one that is given.
pub(crate) fn query_text<'a>(
    vis_config: Option<&'a RawValue>,
    query: Option<&'a RawValue>,
) -> Result<Cow<'a, str>, Problem> {
    let object = |pointer, value: &'a RawValue| {
        let text = value.get();
        if text.starts_with('{') {
            Ok(text)
        } else {
            Err(Problem::invalid(pointer, "it is not an object"))
        }
    };
    match (vis_config, query) {
        (Some(_), Some(_)) => Err(Problem::invalid(
            "/query",
            "give `vis_config` or `query`, not both",
        )),
        (Some(vis_config), None) => Ok(Cow::Owned(format!(
            "{{\"vis_config\":{}}}",
            object("/vis_config", vis_config)?
        ))),
        (None, Some(query)) => object("/query", query).map(Cow::Borrowed),
        (None, None) => Ok(Cow::Borrowed("{}")),
    }
}

/// A `now` that is no time would make an extractor answer for another day.
fn timely(context: &Words<'_>) -> Result<(), Problem> {
    match context.get("now").map(str::parse::<jiff::Timestamp>) {
        Some(Err(_)) => Err(Problem::invalid(
            "/context/now",
            "it is not a time as RFC 3339 has it, such as 2026-11-22T10:00:00Z",
        )),
        Some(Ok(_)) | None => Ok(()),
    }
}

/// What a tile offers.
#[derive(Serialize, ToSchema)]
pub(super) struct Outline {
    /// The chart's type, as its `vis_config` names it.
    chart_type: Option<String>,
    /// Who made the outline.
    extractor: ExtractorRef,
    /// The form: one control after the other.
    controls: Vec<OutlineControl>,
    /// What a person should know.
    pub notes: Vec<reading::Note>,
}

impl Outline {
    /// What an extractor offers.
    pub fn of(offering: chart::Offering, chart_type: Option<String>, by: &Version) -> Self {
        Self {
            chart_type,
            extractor: by.identity().into(),
            controls: offering.controls.into_iter().map(Into::into).collect(),
            notes: offering.notes.into_iter().map(Into::into).collect(),
        }
    }
}

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
        let listed = |choices: Vec<crate::sandbox::types::Choice>| {
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

/// Every number along x.
#[derive(Serialize, ToSchema)]
pub(super) struct Series {
    /// Oldest first.
    pub readings: Vec<Reading>,
}

/// Outline a given result
///
/// The choices that the chart offers, given what has been chosen so far.
#[utoipa::path(post, path = "/v1/extractors/{name}/outline", tag = "readings", params(("name" = String, Path)),
    request_body = OnResult, responses((status = 200, body = Outline), (status = "4XX", body = ProblemBody)))]
pub(super) async fn outline(
    _: Viewer,
    State(catalog): State<Arc<Catalog>>,
    Known(name): Known,
    body: Json,
) -> Result<Answer<Outline>, Problem> {
    let input: OnResult<'_> = body.parse()?;
    let (version, unwrapped) = (
        version(&catalog, &name, &input)?,
        input.unwrapped(Chosen::Selection)?,
    );
    let offering = catalog.outline(&version, unwrapped.given()).await?;
    let chart_type = reading::chart_type(&unwrapped.query);
    Ok(Answer(Outline::of(offering, chart_type, &version)))
}

/// Read one number off a given result
#[utoipa::path(post, path = "/v1/extractors/{name}/read", tag = "readings", params(("name" = String, Path)),
    request_body = OnResult, responses((status = 200, body = Reading), (status = "4XX", body = ProblemBody)))]
pub(super) async fn read(
    _: Viewer,
    State(catalog): State<Arc<Catalog>>,
    Known(name): Known,
    body: Json,
) -> Result<Answer<Reading>, Problem> {
    let input: OnResult<'_> = body.parse()?;
    let (version, unwrapped) = (
        version(&catalog, &name, &input)?,
        input.unwrapped(Chosen::Selection)?,
    );
    let read = catalog.read(&version, unwrapped.given()).await?;
    let source = reading::Source::of(unwrapped.result.as_bytes());
    Ok(Answer(Reading::preview(
        read,
        &source,
        &version.identity().into(),
    )))
}

/// Read every number along x of a given result
#[utoipa::path(post, path = "/v1/extractors/{name}/series", tag = "readings", params(("name" = String, Path)),
    request_body = OnResult, responses((status = 200, body = Series), (status = "4XX", body = ProblemBody)))]
pub(super) async fn series(
    _: Viewer,
    State(catalog): State<Arc<Catalog>>,
    Known(name): Known,
    body: Json,
) -> Result<Answer<Series>, Problem> {
    let input: OnResult<'_> = body.parse()?;
    let (version, unwrapped) = (
        version(&catalog, &name, &input)?,
        input.unwrapped(Chosen::Selection)?,
    );
    let points = catalog.series(&version, unwrapped.given()).await?;
    let source = reading::Source::of(unwrapped.result.as_bytes());
    let by: ExtractorRef = version.identity().into();
    Ok(Answer(Series {
        readings: points
            .into_iter()
            .map(|point| Reading::preview(point, &source, &by))
            .collect(),
    }))
}

fn version(catalog: &Catalog, name: &str, input: &OnResult<'_>) -> Result<Arc<Version>, Problem> {
    Ok(catalog.version(name, input.version.as_deref())?)
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

/// Map the rows of a given result to events
#[utoipa::path(post, path = "/v1/extractors/{name}/convert", tag = "readings", params(("name" = String, Path)),
    request_body = OnResult, responses((status = 200, body = Converted), (status = "4XX", body = ProblemBody)))]
pub(super) async fn convert(
    _: Viewer,
    State(catalog): State<Arc<Catalog>>,
    Known(name): Known,
    body: Json,
) -> Result<Answer<Converted>, Problem> {
    let input: OnResult<'_> = body.parse()?;
    let (version, unwrapped) = (
        version(&catalog, &name, &input)?,
        input.unwrapped(Chosen::Settings)?,
    );
    let batch = catalog.convert(&version, unwrapped.given()).await?;
    Ok(Answer(Converted::of(batch)?))
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
        Problem::new(crate::problem::Code::INTERNAL, detail)
    })
}
