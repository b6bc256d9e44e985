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
use crate::sample::{Converted, OutlineControl, Words, query_text, result_text, timely};
use crate::sandbox::chart;

use super::access::Viewer;
use super::body::{Json, Known};
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
