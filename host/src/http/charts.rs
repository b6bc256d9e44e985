//! `/v1/charts`: charts on a live Looker, read without storing anything; and what can be read, and
//! why not.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json as Answer;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::catalog::{Catalog, Given, Verdict, Version};
use crate::chart::{Charts, Fresh, Live, Queue, Wanted};
use crate::id::ConnectionId;
use crate::looker::Source;
use crate::problem::Problem;
use crate::reading::{self, Reading};
use crate::sample::{query_text, result_text};

use super::access::Viewer;
use super::body::Json;
use super::readings::{Outline, Series};
use super::request::ProblemBody;

/// A chart on a live Looker, and what is wanted of it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct OnLooker {
    /// Through which connection.
    connection_id: ConnectionId,
    /// Which chart.
    source: Source,
    /// Which extractor; the one that reads the chart's type without it.
    #[serde(default)]
    extractor: Option<String>,
    /// Control name to value.
    #[serde(default)]
    #[schema(value_type = Object, example = json!({"x": "orders.created_month", "at": "latest"}))]
    selection: BTreeMap<String, String>,
    /// Values of the dashboard's filters, by name, in place of its own.
    #[serde(default)]
    #[schema(value_type = Object, example = json!({"Region": "EMEA"}))]
    filters: BTreeMap<String, String>,
    /// The zone that Looker's "today" is meant in.
    #[serde(default)]
    #[schema(example = "Europe/Berlin")]
    time_zone: Option<String>,
}

/// A chart with its result and its extractor.
struct Ready {
    live: Arc<Live>,
    version: Arc<Version>,
    notes: Vec<reading::Note>,
}

impl OnLooker {
    async fn ready(&self, charts: &Charts) -> Result<Ready, Problem> {
        if let Err(error) = crate::keyresult::schedule::zone(self.time_zone.as_deref()) {
            return Err(Problem::invalid("/time_zone", error.to_string()));
        }
        let wanted = Wanted {
            connection: self.connection_id.clone(),
            source: self.source.clone(),
            filters: self.filters.clone(),
            time_zone: self.time_zone.clone(),
            called: None,
            found: None,
        };
        let located = charts.locate(&wanted, Fresh::Now).await?;
        let chart_type = located.chart.chart_type.as_deref();
        let version = charts.reader(chart_type, self.extractor.as_deref())?;
        let ignored = located.chart.ignored.iter();
        let notes = ignored.map(|name| reading::Note {
            code: "filter-ignored".to_owned(),
            message: format!("This tile does not listen to the dashboard's filter {name:?}, so its value changes nothing here."),
        });
        let notes = notes.collect();
        let live = charts.fetch(&located, Fresh::Now, Queue::Within).await?;
        Ok(Ready {
            live,
            version,
            notes,
        })
    }

    fn chosen(&self) -> Vec<(&str, &str)> {
        let chosen = self.selection.iter();
        chosen
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect()
    }
}

/// Outline a chart on a live Looker
///
/// The choices that it offers, given what has been chosen so far.
#[utoipa::path(post, path = "/v1/charts/outline", tag = "charts", request_body = OnLooker,
    responses((status = 200, body = Outline), (status = "4XX", body = ProblemBody), (status = "5XX", body = ProblemBody)))]
pub(super) async fn outline(
    _: Viewer,
    State(charts): State<Arc<Charts>>,
    body: Json,
) -> Result<Answer<Outline>, Problem> {
    let input: OnLooker = body.parse()?;
    let ready = input.ready(&charts).await?;
    let offering = ready.live.outline(&ready.version, &input.chosen()).await?;
    let chart_type = ready.live.chart().chart_type.clone();
    let mut outline = Outline::of(offering, chart_type, &ready.version);
    outline.notes.extend(ready.notes);
    Ok(Answer(outline))
}

/// Read one number off a chart on a live Looker
///
/// Nothing is stored: it is a preview.
#[utoipa::path(post, path = "/v1/charts/read", tag = "charts", request_body = OnLooker,
    responses((status = 200, body = Reading), (status = "4XX", body = ProblemBody), (status = "5XX", body = ProblemBody)))]
pub(super) async fn read(
    _: Viewer,
    State(charts): State<Arc<Charts>>,
    body: Json,
) -> Result<Answer<Reading>, Problem> {
    let input: OnLooker = body.parse()?;
    let ready = input.ready(&charts).await?;
    let chosen = input.chosen();
    let mut reading = ready.live.read(&ready.version, &chosen, "preview").await?;
    reading.notes.extend(ready.notes);
    Ok(Answer(reading))
}

/// Read every number along x of a chart on a live Looker
#[utoipa::path(post, path = "/v1/charts/series", tag = "charts", request_body = OnLooker,
    responses((status = 200, body = Series), (status = "4XX", body = ProblemBody), (status = "5XX", body = ProblemBody)))]
pub(super) async fn series(
    _: Viewer,
    State(charts): State<Arc<Charts>>,
    body: Json,
) -> Result<Answer<Series>, Problem> {
    let input: OnLooker = body.parse()?;
    let ready = input.ready(&charts).await?;
    let origin = |_: Option<&str>| "preview".to_owned();
    let chosen = input.chosen();
    let readings = ready.live.series(&ready.version, &chosen, origin).await?;
    Ok(Answer(Series { readings }))
}

/// A chart to judge: one on a live Looker, or a result that is given.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = VerifyChart)]
pub(super) struct VerifyChart<'a> {
    /// Through which connection.
    #[serde(default)]
    connection_id: Option<ConnectionId>,
    /// Which chart.
    #[serde(default)]
    source: Option<Source>,
    /// Looker's `json_detail` answer; a string is taken as its raw text.
    #[serde(borrow, default)]
    #[schema(value_type = Option<Object>)]
    result: Option<&'a RawValue>,
    /// The tile's `vis_config`.
    #[serde(borrow, default)]
    #[schema(value_type = Option<Object>)]
    vis_config: Option<&'a RawValue>,
    /// Looker's whole Query object, in place of `vis_config`.
    #[serde(borrow, default)]
    #[schema(value_type = Option<Object>)]
    query: Option<&'a RawValue>,
}

/// Whether a chart can be read.
#[derive(Serialize, ToSchema)]
pub(super) struct Verified {
    /// Whether it can be linked as it is.
    supported: bool,
    /// The extractor that reads its type.
    #[serde(skip_serializing_if = "Option::is_none")]
    extractor: Option<String>,
    /// Why it is, or is not.
    reasons: Vec<String>,
    /// What to do.
    hints: Vec<String>,
}

impl From<Verdict> for Verified {
    fn from(verdict: Verdict) -> Self {
        Self {
            supported: verdict.supported,
            extractor: verdict.extractor,
            reasons: verdict.reasons,
            hints: verdict.hints,
        }
    }
}

/// Is my chart supported, and if not, why and what to change?
#[utoipa::path(post, path = "/v1/charts/verify", tag = "charts", request_body = VerifyChart,
    responses((status = 200, body = Verified), (status = "4XX", body = ProblemBody), (status = "5XX", body = ProblemBody)))]
pub(super) async fn verify(
    _: Viewer,
    State(catalog): State<Arc<Catalog>>,
    State(charts): State<Arc<Charts>>,
    body: Json,
) -> Result<Answer<Verified>, Problem> {
    let input: VerifyChart<'_> = body.parse()?;
    let given = input.vis_config.is_some() || input.query.is_some();
    match (input.connection_id, input.source, input.result) {
        (Some(connection), Some(source), None) if !given => {
            verify_live(&charts, connection, source).await
        }
        (None, None, Some(result)) => {
            verify_given(&catalog, result, input.vis_config, input.query).await
        }
        (None, None, None) => Err(Problem::invalid(
            "/result",
            "give `connection_id` and `source` for a chart on a Looker, or `result` for one at hand",
        )),
        (Some(_), None, None) => Err(Problem::invalid("/source", "it is missing")),
        (None, Some(_), None) => Err(Problem::invalid("/connection_id", "it is missing")),
        _ => Err(Problem::invalid(
            "/result",
            "a chart on a Looker comes with its result and settings; leave `result`, `vis_config` and `query` out",
        )),
    }
}

async fn verify_live(
    charts: &Charts,
    connection: ConnectionId,
    source: Source,
) -> Result<Answer<Verified>, Problem> {
    let wanted = Wanted {
        connection,
        source,
        filters: BTreeMap::new(),
        time_zone: None,
        called: None,
        found: None,
    };
    let fetched = async {
        let located = charts.locate(&wanted, Fresh::Now).await?;
        charts.fetch(&located, Fresh::Now, Queue::Within).await
    };
    let live = match fetched.await {
        Ok(live) => live,
        // A tile that has nothing to run, or nothing that can be joined, is a verdict and not a
        // failure of the call.
        Err(error) => {
            let problem = Problem::from(&error);
            if problem.code != crate::problem::Code::UNSUPPORTED {
                return Err(problem);
            }
            return Ok(Answer(Verified {
                supported: false,
                extractor: None,
                reasons: vec![problem.detail.clone()],
                hints: vec!["link another tile of the dashboard, or the look behind it".to_owned()],
            }));
        }
    };
    Ok(Answer(live.verify().await?.into()))
}

async fn verify_given(
    catalog: &Catalog,
    result: &RawValue,
    vis_config: Option<&RawValue>,
    query: Option<&RawValue>,
) -> Result<Answer<Verified>, Problem> {
    let (result, query) = (result_text(result)?, query_text(vis_config, query)?);
    let given = Given {
        result: result.as_bytes(),
        query: query.as_bytes(),
        chosen: &[],
        context: &[],
    };
    let verdict = catalog
        .verify(reading::chart_type(&query).as_deref(), given)
        .await?;
    Ok(Answer(verdict.into()))
}
