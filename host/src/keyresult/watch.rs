//! What a read has to find out of a chart, so that drift is seen.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use crate::catalog::Version;
use crate::chart::{ChartError, Live};
use crate::looker::{Chart, LookerError};
use crate::reading::Reading;
use crate::sandbox::types::{Choice, Control, ControlKind};

use super::KeyResults;
use super::drift::{
    Came, Drift, Found, Linked, Offered, Offers, Seen, Watch, overdue, still_after,
};
use super::outcome::Outcome;
use super::record::{Integration, KeyResult};

/// Choices of a control beyond which it is not looked for a successor.
const MOST_OFFERS: usize = 500;
/// The longest label that is remembered, in characters.
const LONGEST_LABEL: usize = 200;
/// The longest value that may be a successor, in bytes: no longer one can be chosen.
const LONGEST_VALUE: usize = 2_000;
/// The longest name of a control or field that is remembered, in bytes, and how many controls. All of
/// it stands beside every reading of the key result.
const LONGEST_NAME: usize = 200;
const MOST_CONTROLS: usize = 16;

impl Found {
    /// What an error says of the chart that it kept from being found.
    pub(super) fn missed(error: &ChartError) -> Self {
        match error {
            ChartError::Looker(error) => match error.as_ref() {
                LookerError::NotFound { .. } => Self::Gone {
                    words: error.to_string(),
                },
                _ => Self::Unknown,
            },
            _ => Self::Unknown,
        }
    }
}

impl KeyResults {
    /// The extractor that reads a chart for a link: the one that was asked for, else the one for the
    /// chart's type. Where the type has changed since, it is the one that read it when it was linked:
    /// another one might find another number.
    pub(super) fn reader_for(
        &self,
        chart: &Chart,
        integration: &Integration,
    ) -> Result<Arc<Version>, ChartError> {
        let asked = integration.link.extractor.as_deref();
        let changed = chart.chart_type != integration.chart_type;
        let asked = asked.or_else(|| integration.reader.as_deref().filter(|_| changed));
        self.charts.reader(chart.chart_type.as_deref(), asked)
    }

    /// A chart as it is found for a link.
    pub(super) fn chart_seen(&self, chart: &Chart, integration: &Integration) -> Seen {
        let name = |version: Arc<Version>| version.name.clone();
        Seen {
            chart_type: chart.chart_type.clone(),
            elsewhere: Some(&chart.source)
                .filter(|source| **source != integration.link.source)
                .cloned(),
            read_by: self.reader_for(chart, integration).ok().map(name),
            claimed_by: self
                .charts
                .reader(chart.chart_type.as_deref(), None)
                .ok()
                .map(name),
            ..Seen::default()
        }
    }

    /// A chart as a read found it. What its extractor offers is asked for only where it is needed:
    /// with the first good read of a link, and when something chosen is gone.
    pub(super) async fn found(
        &self,
        live: &Live,
        integration: &Integration,
        before: &Watch,
        outcome: &Outcome,
    ) -> Found {
        let mut seen = self.chart_seen(live.chart(), integration);
        let wanted = match outcome {
            Outcome::Read(_) if !before.has_read() => None,
            Outcome::Failed {
                code: "bad-selection",
                control: Some(control),
                ..
            } if before.has_read() => Some(control),
            _ => return Found::Chart(seen),
        };
        let Ok(version) = self.reader_for(live.chart(), integration) else {
            return Found::Chart(seen);
        };
        match wanted {
            None => match live.outline(&version, &integration.chosen()).await {
                Ok(offering) => {
                    seen.chosen = chosen_of(&offering.controls, &integration.link.selection);
                }
                // It is a hint that is lost, and no reading.
                Err(error) => tracing::debug!(%error, "what a chart offers is not known"),
            },
            Some(control) => {
                seen.offers = still_offered(live, &version, integration, control).await;
            }
        }
        Found::Chart(seen)
    }
}

/// What a control offers that does not take what was chosen for it; none where that cannot be had.
/// It may depend on what else is chosen, so that stays as it is, save what is not taken either.
async fn still_offered(
    live: &Live,
    version: &Version,
    integration: &Integration,
    wanted: &str,
) -> Option<Offers> {
    let mut chosen = integration.chosen();
    let mut gone = wanted.to_owned();
    loop {
        chosen.retain(|(name, _)| *name != gone);
        let error = match live.outline(version, &chosen).await {
            Ok(offering) => {
                let mut controls = offering.controls.iter();
                let control = controls.find(|control| control.name == wanted);
                let before = integration.link.selection.get(wanted).map(String::as_str);
                // What is not there offers nothing.
                return Some(control.map_or_else(Offers::default, |it| Offers::of(it, before)));
            }
            Err(error) => error,
        };
        match Outcome::failed(&error) {
            Outcome::Failed {
                code: "bad-selection",
                control: Some(another),
                ..
            } if chosen.iter().any(|(name, _)| *name == another) => gone = another,
            _ => {
                tracing::debug!(%error, "what a chart offers is not known");
                return None;
            }
        }
    }
}

impl Offers {
    fn of(control: &Control, before: Option<&str>) -> Self {
        let chosen = before.is_some_and(|before| match &control.kind {
            ControlKind::Choice(choices) => choices.iter().any(|choice| choice.value == before),
            ControlKind::Many(choices) => {
                let offered = |value: &String| choices.iter().any(|choice| choice.value == *value);
                serde_json::from_str::<Vec<String>>(before).is_ok_and(|all| all.iter().all(offered))
            }
            _ => false,
        });
        Self {
            chosen,
            values: offers(control),
        }
    }
}

fn offers(control: &Control) -> Vec<(String, String)> {
    let (ControlKind::Choice(choices) | ControlKind::Many(choices)) = &control.kind else {
        return Vec::new();
    };
    let long = |choice: &Choice| choice.value.len() > LONGEST_VALUE;
    if choices.len() > MOST_OFFERS || choices.iter().any(long) {
        return Vec::new();
    }
    let pair = |value: &str, label: &str| {
        let label = label.chars().take(LONGEST_LABEL).collect();
        (value.to_owned(), label)
    };
    choices
        .iter()
        .map(|choice| pair(&choice.value, &choice.label))
        .collect()
}

fn chosen_of(
    controls: &[Control],
    selection: &BTreeMap<String, String>,
) -> BTreeMap<String, Offered> {
    let offered = |control: &Control| {
        let value = selection.get(&control.name)?;
        let offers = offers(control);
        let place = offers.iter().position(|(offer, _)| offer == value)?;
        let offered = Offered {
            label: offers[place].1.clone(),
            place,
            of: offers.len(),
        };
        Some((control.name.clone(), offered))
    };
    controls
        .iter()
        .filter(|control| control.name.len() <= LONGEST_NAME)
        .filter_map(offered)
        .take(MOST_CONTROLS)
        .collect()
}

impl KeyResult {
    /// How it has drifted, as it is known at `now`; nothing while its integration is off.
    #[must_use]
    pub fn drift(&self, now: Timestamp) -> Vec<Drift> {
        let Some(integration) = self.enabled() else {
            return Vec::new();
        };
        let mut drift = self.progress.watch.drift.clone();
        let read = self
            .progress
            .last_reading
            .as_ref()
            .and_then(|it| it.read_at);
        let began = read.max(self.progress.watch.since);
        let began = began.unwrap_or(self.record.created_at);
        drift.extend(
            integration
                .schedule()
                .ok()
                .and_then(|schedule| overdue(&schedule, began, now)),
        );
        drift
    }

    /// What is known of its link after a read.
    pub(super) fn watched(&self, found: &Found, outcome: &Outcome, now: Timestamp) -> Watch {
        let before = &self.progress.watch;
        let Some(integration) = &self.record.integration else {
            return before.clone();
        };
        let ends = self.record.to.and_then(super::period::Moment::ends);
        let linked = Linked {
            chart_type: integration.chart_type.as_deref(),
            selection: &integration.link.selection,
            // It was checked when it was linked.
            still_after: still_after(integration.link.still_after.as_deref()).unwrap_or_default(),
            over: ends.is_some_and(|ends| ends <= now),
        };
        let came = match outcome {
            Outcome::Skipped => return before.clone(),
            Outcome::Read(reading) => came(reading),
            Outcome::Failed {
                code: "bad-selection",
                control: Some(control),
                detail,
            } => Came::BadSelection {
                control,
                words: detail,
            },
            Outcome::Failed { .. } => Came::Nothing,
        };
        before.after(linked, found, &came, now)
    }
}

fn came(reading: &Reading) -> Came<'_> {
    match reading.value.parse() {
        Ok(value) => Came::Number {
            value,
            field: (reading.why.get("field").and_then(|field| field.as_str()))
                .filter(|field| field.len() <= LONGEST_NAME),
            ran_at: reading.ran_at,
        },
        Err(_) => Came::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn control(
        values: impl Iterator<Item = String>,
        kind: fn(Vec<Choice>) -> ControlKind,
    ) -> Control {
        let choice = |value: String| Choice {
            label: value.clone(),
            value,
            group: None,
        };
        Control {
            name: "y".to_owned(),
            label: "Y".to_owned(),
            help: String::new(),
            required: false,
            default: None,
            attributes: Vec::new(),
            kind: kind(values.map(choice).collect()),
        }
    }

    #[test]
    fn what_is_offered_among_many_or_long_values_is_offered() {
        let many = || (0..=MOST_OFFERS).map(|nth| nth.to_string());
        let long = || ["a".repeat(LONGEST_VALUE + 1), "1".to_owned()].into_iter();
        for control in [
            control(many(), ControlKind::Choice),
            control(long(), ControlKind::Choice),
        ] {
            for (value, chosen) in [(Some("1"), true), (Some("gone"), false), (None, false)] {
                let offers = Offers::of(&control, value);
                assert_eq!(
                    (offers.chosen, offers.values),
                    (chosen, vec![]),
                    "{value:?}"
                );
            }
        }
        let several = control(many(), ControlKind::Many);
        for (value, chosen) in [
            (r#"["1","2"]"#, true),
            (r#"["1","gone"]"#, false),
            ("1", false),
        ] {
            assert_eq!(Offers::of(&several, Some(value)).chosen, chosen, "{value}");
        }
    }
}
