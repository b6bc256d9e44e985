//! Which extractor reads a chart, and why none does.

use std::sync::Arc;

use crate::sandbox::types::{Control, ControlKind};
use crate::sandbox::{CallError, StopCode, World, chart};

use super::ask::Given;
use super::error::CatalogError;
use super::live::{Catalog, Version};
use super::record::Origin;

/// The answer to "which extractor reads charts of this type?".
pub enum Choice {
    /// This one.
    Reads(Arc<Version>),
    /// None that is active.
    None,
}

/// The answer to "is my chart supported, and if not, why and what to change?".
#[derive(Debug, Default)]
pub struct Verdict {
    /// Whether it can be linked as it is.
    pub supported: bool,
    /// The extractor that reads it.
    pub extractor: Option<String>,
    /// Why it is, or is not.
    pub reasons: Vec<String>,
    /// What to do.
    pub hints: Vec<String>,
}

impl Catalog {
    /// The extractor for a chart type. Where several claim it the operator's order decides, else an
    /// uploaded one goes before a built-in, then the first by name.
    #[must_use]
    pub fn reads(&self, chart_type: &str) -> Choice {
        self.charts()
            .into_iter()
            .filter(|version| {
                version
                    .record
                    .chart_types
                    .iter()
                    .any(|known| known == chart_type)
            })
            .min_by_key(|version| {
                let order = self.get(&version.name).ok().and_then(|record| record.order);
                (
                    order.is_none(),
                    order,
                    version.record.origin != Origin::Uploaded,
                )
            })
            .map_or(Choice::None, Choice::Reads)
    }

    /// Tells whether a chart can be read, by trying.
    ///
    /// # Errors
    ///
    /// Only when the server itself fails; an extractor's failure is part of the answer.
    pub async fn verify(
        &self,
        chart_type: Option<&str>,
        given: Given<'_>,
    ) -> Result<Verdict, CatalogError> {
        let Some(chart_type) = chart_type else {
            let reason =
                "the chart's `vis_config` names no `type`, so no extractor can be chosen by it";
            return self.nearest(reason.into(), given).await;
        };
        match self.reads(chart_type) {
            Choice::Reads(version) => self.try_on(&version, chart_type, given).await,
            Choice::None => {
                self.nearest(
                    format!("no active extractor reads charts of type {chart_type}"),
                    given,
                )
                .await
            }
        }
    }

    async fn try_on(
        &self,
        version: &Version,
        chart_type: &str,
        given: Given<'_>,
    ) -> Result<Verdict, CatalogError> {
        let name = &version.name;
        let mut verdict = Verdict {
            extractor: Some(name.clone()),
            ..Verdict::default()
        };
        match self.outline(version, given).await {
            Ok(offering) => {
                verdict.supported = true;
                verdict.reasons.push(format!(
                    "charts of type {chart_type} are read by extractor {name}"
                ));
                verdict
                    .hints
                    .extend(offering.notes.iter().map(|note| note.message.clone()));
                let chosen = first_choices(&offering.controls);
                match self
                    .read(
                        version,
                        Given {
                            chosen: &chosen,
                            ..given
                        },
                    )
                    .await
                {
                    Ok(reading) => verdict.reasons.push(read(&reading)),
                    Err(CatalogError::Call(error)) if tells(&error) => {
                        verdict
                            .hints
                            .push(format!("with the defaults there is no number: {error}"));
                    }
                    Err(error) => return Err(error),
                }
            }
            Err(CatalogError::Call(error)) if tells(&error) => {
                verdict
                    .reasons
                    .push(format!("extractor {name} cannot read it: {error}"));
                verdict.hints.push(
                    "change the chart as the reason says, or choose another extractor by hand"
                        .into(),
                );
            }
            Err(error) => return Err(error),
        }
        Ok(verdict)
    }

    /// No extractor claims the chart: names those that could read the result all the same.
    async fn nearest(&self, reason: String, given: Given<'_>) -> Result<Verdict, CatalogError> {
        let mut verdict = Verdict {
            reasons: vec![reason],
            ..Verdict::default()
        };
        for version in self.charts() {
            let (name, types) = (&version.name, version.record.chart_types.join(", "));
            match self.try_outline(&version, given).await {
                Ok(_) => verdict.hints.push(format!(
                    "extractor {name} might read it: choose it by hand, or change the chart's type to one it reads ({types})"
                )),
                // Of one that rests nothing is known just now, and the others are asked all the same.
                Err(CatalogError::Resting { .. }) => {}
                Err(CatalogError::Call(error)) if tells(&error) => {}
                Err(error) => return Err(error),
            }
        }
        if verdict.hints.is_empty() {
            verdict.hints.push(
                "no active extractor can read this result; upload one for its chart type".into(),
            );
        }
        Ok(verdict)
    }

    /// Active chart extractors by name.
    fn charts(&self) -> Vec<Arc<Version>> {
        self.active()
            .into_iter()
            .filter(|version| version.record.world == World::ChartExtractor)
            .collect()
    }
}

/// Whether an error says something of the chart, rather than of how busy the server is.
fn tells(error: &CallError) -> bool {
    match error {
        CallError::Failure(_) => true,
        CallError::Stopped(stopped) => {
            !matches!(stopped.code, StopCode::Busy | StopCode::WallTimeout)
        }
    }
}

fn read(reading: &chart::Reading) -> String {
    let at = reading
        .at
        .as_ref()
        .map_or_else(String::new, |at| format!(" at {at}"));
    format!(
        "with the defaults it reads {} of {}{at}",
        reading.value, reading.label
    )
}

/// The first choice of each control that needs one and has no default.
fn first_choices(controls: &[Control]) -> Vec<(&str, &str)> {
    controls
        .iter()
        .filter(|control| control.required && control.default.is_none())
        .filter_map(|control| match &control.kind {
            ControlKind::Choice(choices) => {
                Some((control.name.as_str(), choices.first()?.value.as_str()))
            }
            _ => None,
        })
        .collect()
}
